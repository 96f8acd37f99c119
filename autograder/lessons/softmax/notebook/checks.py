"""The checks of the exercises, by the exercise's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import signature
from numbers import Number
from typing import Any

import torch

from .claims import attempted, cause_in, computed, one_of, shares, vector
from .functions import computes_softmax, outputs_of
from .names import notebook
from .panel import Cause, NotYet, expect, show_praise, show_problem

#: What a check says of an answer that it is content with: a title and a sentence.
Praise = tuple[str, str]

#: The five changes of x, as the students' dictionaries spell them.
CHANGES = ("x + 1", "x - 100", "x - x.max()", "x * 0.5", "x * 3.0")
WORDS = ("same", "flatter", "sharper")

_X = (1.0, 2.0, 3.0)
_SHIFTED = (-100.0, -50.0, 0.0)  # has the same softmax as x2


def check(exercise: str) -> None:
    """Say what is right about the answer to an exercise.

    Raises:
        NotYet: something is not; a panel shows what.

    """
    try:
        title, praise = judge(exercise, notebook())
    except NotYet as problem:
        show_problem(problem)
        raise problem from None
    show_praise(title, praise)


def judge(exercise: str, answers: dict[str, Any]) -> Praise:
    """Return what is to be said of an answer, without showing it.

    Args:
        exercise: its id.
        answers: the student's values by their names.

    Raises:
        NotYet: something is not right.

    """
    claims = CHECKS[exercise]
    names = [*signature(claims).parameters]
    for name in names:
        if name not in answers:
            missing = (
                f"there is no `{name}` so far. Run the cell above first. If it stops with an "
                "error, fix that."
            )
            raise NotYet(missing, title="Not attempted yet")
        attempted(name, answers[name])
    return claims(*(answers[name] for name in names))


def explore_largest(logits_for_output_1: Any) -> Praise:
    """Claim that the settings can be those of the sliders."""
    found = vector("logits_for_output_1", logits_for_output_1)
    expect(
        found.is_floating_point(),
        "softmax works on decimal numbers: write 1.0 where you would write 1.",
        Cause(f"yours are whole numbers, {found.tolist()}."),
    )
    expect(
        found.abs().max() <= 2,
        "the sliders go from -2 to 2, so each number must lie between these; "
        f"yours are {found.tolist()}.",
    )
    reached = torch.softmax(found, 0)[1]
    return "Noted", (
        f"with these settings output 1 is {reached:.4f}. Is there a slider you can still move "
        "to make it larger?"
    )


def softmax(softmax: Any) -> Praise:
    """Claim that the function is softmax."""
    computes_softmax("softmax", softmax, "What does exp do to a negative number?")
    return "Looks right", (
        "shares that add up to 1, in the proportions of the exponentials. This is softmax, "
        "well done!"
    )


def softmax_of_x(p: Any) -> Praise:
    """Claim that p is softmax of x."""
    computed("p", p, _X, "Is it your `softmax` that was called, and with `x`?")
    return "Looks right", "your p agrees with PyTorch. Your function does what theirs does."


def predict(predictions: Any) -> Praise:
    """Claim that there are predictions."""
    _words_for_changes("predictions", predictions)
    return "Noted", "five predictions made. Keep them as they are, and find out."


def experiments(
    p_plus_1: Any, p_minus_100: Any, p_minus_max: Any, p_half: Any, p_triple: Any
) -> Praise:
    """Claim that the results are shares; of what, the student is to judge."""
    for name, value, logits in (
        ("p_plus_1", p_plus_1, [v + 1 for v in _X]),
        ("p_minus_100", p_minus_100, [v - 100 for v in _X]),
        ("p_minus_max", p_minus_max, [v - 3 for v in _X]),
        ("p_half", p_half, [v * 0.5 for v in _X]),
        ("p_triple", p_triple, [v * 3 for v in _X]),
    ):
        shares(name, value, logits, cause_in(name, value, logits))
    return "Noted", (
        "five times three shares, each time adding up to 1. Does each belong to the vector that "
        "the table names?"
    )


def verdicts(verdicts: Any) -> Praise:
    """Claim that there are verdicts."""
    _words_for_changes("verdicts", verdicts)
    return "Noted", "five verdicts given. Does each of them fit its row of the table?"


def overflow(x2: Any, p_overflow: Any, first_step: Any) -> Praise:
    """Claim that softmax of 50 * x broke, if it was the plain one."""
    for name, value in {"x2": x2, "p_overflow": p_overflow, "first_step": first_step}.items():
        vector(name, value)
    expect(
        x2.tolist() == [50, 100, 150],
        f"50 times [1., 2., 3.] has the numbers 50, 100 and 150; your x2 is {x2.tolist()}.",
        cause_in("x2", x2, _X),
    )
    if not p_overflow.isnan().any() and _is_from_own_softmax(x2, p_overflow):
        return "Noted", (
            "your `softmax` gives no nan for x2. What would the plain formula give, and why "
            "not yours?"
        )
    expect(
        p_overflow.isnan().any(),
        "the plain formula breaks on x2, so you should see nan in p_overflow; yours is "
        f"{p_overflow.tolist()}.",
        cause_in("p_overflow", p_overflow, _SHIFTED)
        or Cause("it was not computed by your plain `softmax`."),
    )
    return "Noted", "where is there inf in first_step, and where nan in p_overflow?"


def _is_from_own_softmax(x2: torch.Tensor, p_overflow: object) -> bool:
    """Whether p_overflow is what the student's own softmax gives for x2."""
    try:
        own = outputs_of("softmax", notebook().get("softmax"), x2.clone())
    except NotYet:
        return False
    return repr(own) == repr(p_overflow)


def shifted(p_shifted: Any, shift: Any) -> Praise:
    """Claim that the shift helps, and that it is 150."""
    hint = "Was 150 subtracted from `x2`, before softmax?"
    computed("p_shifted", p_shifted, _SHIFTED, hint)
    is_tensor = isinstance(shift, torch.Tensor) and shift.numel() == 1
    expect(
        (is_tensor or isinstance(shift, Number)) and shift == 150,
        f"`shift` should be the number that was subtracted, 150; yours is `{shift!r:.200}`.",
        Cause("a function is called by brackets after its name.") if callable(shift) else None,
        hint="What is special about 150 among the numbers 50, 100 and 150?",
    )
    return "Looks right", "which other vectors would this shift save, and which would it not?"


def softmax_stable(softmax_stable: Any, p_stable: Any) -> Praise:
    """Claim that the function is softmax for large numbers too, and was used for p_stable."""
    hint = "Subtract one number from all. Anything else changes how far they are apart."
    computes_softmax("softmax_stable", softmax_stable, hint)
    hint = "Is it `softmax_stable` that was called, and with `x2`?"
    computed("p_stable", p_stable, _SHIFTED, hint)
    return "Looks right", (
        "no overflow, shares that add up to 1, and an untouched input. This is how it is "
        "done in earnest."
    )


def analysis_shift(y2_y3: Any) -> Praise:
    """Claim that there is an answer."""
    one_of(("same", "different"), "y2_y3", y2_y3)
    return "Noted", "if you want to be sure, compute both in a cell of your own."


def analysis_scale(y2_y4: Any) -> Praise:
    """Claim that there is an answer."""
    one_of(("same", "different"), "y2_y4", y2_y4)
    return "Noted", "if you want to be sure, compute both in a cell of your own."


def _words_for_changes(name: str, answers: Any) -> None:
    """Claim that there is one of the three words for each of the five changes."""
    expect(
        isinstance(answers, dict),
        f"`{name}` should be a dictionary with a word for each of the five changes.",
    )
    for change in CHANGES:
        missing = f'there is no `"{change}": ...` in `{name}`. Keep its five keys as they were.'
        expect(change in answers, missing)
        attempted(f'"{change}": ...', answers[change])
        one_of(WORDS, change, answers[change])


def _by_id(checks: Iterable[Callable[..., Praise]]) -> dict[str, Callable[..., Praise]]:
    return {check.__name__.replace("_", "-"): check for check in checks}


#: The check of each exercise. Its parameters are the names that the exercise defines.
CHECKS = _by_id(
    (
        *(explore_largest, softmax, softmax_of_x, predict, experiments, verdicts, overflow),
        *(shifted, softmax_stable, analysis_shift, analysis_scale),
    )
)
