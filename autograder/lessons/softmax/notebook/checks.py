"""The checks of the exercises, by the exercise's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import signature
from numbers import Number
from typing import Any

import torch

from .causes import close, numbers_in
from .causes import softmax as softmax_of
from .cells import watch_cells, why_stopped
from .claims import attempted, cause_in, computed, one_of, vector
from .functions import computes_softmax, outputs_of
from .names import notebook
from .panel import Cause, NotYet, Praise, expect, show_praise, show_problem

#: The five changes of x, as the students' dictionaries spell them.
CHANGES = ("x + 1", "x - 100", "x - x.max()", "x * 0.5", "x * 3.0")
WORDS = ("same", "flatter", "sharper")
#: The names of the results, in the order of the changes.
RESULTS = ("p_plus_1", "p_minus_100", "p_minus_max", "p_half", "p_triple")

_X = (1.0, 2.0, 3.0)
_SHIFTED = (-100.0, -50.0, 0.0)  # has the same softmax as x2
#: What each change makes of x.
CHANGED = dict(
    zip(
        CHANGES,
        (
            *((2.0, 3.0, 4.0), (-99.0, -98.0, -97.0), (-2.0, -1.0, 0.0)),
            *((0.5, 1.0, 1.5), (3.0, 6.0, 9.0)),
        ),
        strict=True,
    )
)
_LARGEST = 0.96466  # of output 1 for sliders between -2 and 2, with what float32 may lack
_TYPED = (
    "these are the digits that are printed. Did you type them from there? What is computed has all "
    "of its digits."
)


def largest_shares(change: str) -> tuple[float, float]:
    """Return the largest share of softmax of x, and of softmax of x after a change."""
    return max(softmax_of(_X)), max(softmax_of(CHANGED[change]))


def effect_of(change: str) -> str:
    """Return the word for what a change of x does to its softmax."""
    before, after = largest_shares(change)
    if abs(after - before) < 1e-4:
        return WORDS[0]
    return WORDS[1] if after < before else WORDS[2]


def check(exercise: str) -> None:
    """Say what is right about the answer to an exercise.

    Raises:
        NotYet: something is not; a panel shows what.

    """
    try:
        if why := why_stopped(names_of(exercise)):
            raise NotYet(
                f"the cell above stopped: {why}. Nothing is said of what an earlier run may have "
                "left behind. Repair that cell, run it, and then this one.",
                title="The cell above stopped",
            )
        praise = judge(exercise, notebook())
    except NotYet as problem:
        _waiting[exercise] = problem.title
        show_problem(problem)
        raise problem from None
    _waiting.pop(exercise, None)
    show_praise(praise)


def what_next() -> None:
    """Show which checks are not content yet, or have not been run."""
    waiting = [f"`{exercise}`: {_waiting[exercise]}" for exercise in CHECKS if exercise in _waiting]
    if waiting:
        words = f"{len(waiting)} of {len(CHECKS)} checks are not content yet. Go on with the first."
        show_praise(Praise(words, is_right=False), waiting)
        return
    show_praise(
        Praise(
            "all checks are content. If every question has an answer, too, you can hand in. You "
            "know what softmax computes, what it ignores, how it can break, and how to write one "
            "that does not. Well done!"
        )
    )


def names_of(exercise: str) -> list[str]:
    """Return the names that an exercise defines."""
    return [*signature(CHECKS[exercise]).parameters]


def judge(exercise: str, answers: dict[str, Any]) -> Praise:
    """Return what is to be said of an answer, without showing it.

    Args:
        exercise: its id.
        answers: the student's values by their names.

    Raises:
        NotYet: something is not right.

    """
    names = names_of(exercise)
    for name in names:
        if name not in answers:
            missing = (
                f"there is no `{name}` so far. Run the cell above first. If it stops with an "
                "error, fix that."
            )
            raise NotYet(missing, title="Not attempted yet")
        attempted(name, answers[name])
    return CHECKS[exercise](*(answers[name] for name in names))


def explore_largest(logits_for_output_1: Any) -> Praise:
    """Claim that the settings make output 1 as large as the sliders can."""
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
    reached = torch.softmax(found, 0)[1].item()
    expect(
        reached >= _LARGEST,
        f"with these settings output 1 is {reached:.4f}, and it can be larger.",
        hint="Is there a slider that you can still move? Which way does each of them move it?",
    )
    return Praise(f"output 1 is {reached:.4f} now, and no slider can make it larger.")


def softmax(softmax: Any) -> Praise:
    """Claim that the function is softmax."""
    computes_softmax("softmax", softmax, "What does exp do to a negative number?")
    return Praise(
        "shares that add up to 1, in the proportions of the exponentials. This is softmax, "
        "well done!"
    )


def softmax_of_x(p: Any) -> Praise:
    """Claim that p is softmax of x."""
    if computed("p", p, _X, "Is it your `softmax` that was called, and with `x`?"):
        return Praise(_TYPED)
    if not _is_from_own_softmax(torch.tensor(_X), p):
        return Praise("your p agrees with PyTorch. It is not what your own `softmax` gives.")
    return Praise("your p agrees with PyTorch. Your function does what theirs does.")


def predict(predictions: Any) -> Praise:
    """Claim that there are predictions."""
    _words_for_changes("predictions", predictions)
    return Praise("five predictions made. Keep them as they are, and find out.", is_right=False)


def experiments(
    p_plus_1: Any, p_minus_100: Any, p_minus_max: Any, p_half: Any, p_triple: Any
) -> Praise:
    """Claim that each result is the softmax of what the table above it says."""
    results = (p_plus_1, p_minus_100, p_minus_max, p_half, p_triple)
    typed = [
        computed(name, value, CHANGED[change], f"What is softmax_torch({change})?")
        for name, value, change in zip(RESULTS, results, CHANGES, strict=True)
    ]
    if any(typed):
        return Praise(_TYPED)
    return Praise("five times three shares, and each belongs to the vector that the table names.")


def verdicts(verdicts: Any) -> Praise:
    """Claim that the verdicts fit what softmax does, which the table above shows."""
    _words_for_changes("verdicts", verdicts)
    for change in CHANGES:
        word = verdicts[change].strip().lower()
        before, after = largest_shares(change)
        expect(
            word == effect_of(change),
            f'`{change}` is not "{word}": the largest share of `softmax_torch(x)` is '
            f"{before:.3f}, and that of `softmax_torch({change})` is {after:.3f}.",
            hint="Put the two results beside each other: is the largest share larger, smaller, or "
            "as it was?",
        )
    return Praise("each of the five verdicts fits what softmax did.")


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
        return Praise(
            "your `softmax` gives no nan for x2. What would the plain formula give, and why not "
            "yours? Whether `first_step` is its first step was not looked at.",
            is_right=False,
        )
    expect(
        p_overflow.isnan().any(),
        "the plain formula breaks on x2, so you should see nan in p_overflow; yours is "
        f"{p_overflow.tolist()}.",
        cause_in("p_overflow", p_overflow, _SHIFTED)
        or Cause("it was not computed by your plain `softmax`."),
    )
    expect(
        close(numbers_in(first_step) or (), numbers_in(x2.float().exp()) or (), 1e-4),
        f"your `softmax` exponentiates first; `first_step` is {first_step.tolist()}.",
        cause_in("first_step", first_step, _X),
        hint="Which line of your `softmax` comes first, and what does it give for x2?",
    )
    return Praise("where is there inf in first_step, and where nan in p_overflow?")


def _is_from_own_softmax(logits: torch.Tensor, outputs: object) -> bool:
    """Whether outputs are what the student's own softmax gives for these logits."""
    try:
        own = outputs_of("softmax", notebook().get("softmax"), logits.clone())
    except NotYet:
        return False
    wanted = numbers_in(outputs)
    return wanted is not None and close(numbers_in(own) or (), wanted, 1e-5)


def shifted(p_shifted: Any, shift: Any) -> Praise:
    """Claim that the shift helps, and that it is 150."""
    hint = "Was 150 subtracted from `x2`, before softmax?"
    typed = computed("p_shifted", p_shifted, _SHIFTED, hint)
    is_tensor = isinstance(shift, torch.Tensor) and shift.numel() == 1
    expect(
        (is_tensor or isinstance(shift, Number)) and shift == 150,
        f"`shift` should be the number that was subtracted, 150; yours is `{shift!r:.200}`.",
        Cause("a function is called by brackets after its name.") if callable(shift) else None,
        hint="What is special about 150 among the numbers 50, 100 and 150?",
    )
    if typed:
        return Praise(_TYPED)
    return Praise("which other vectors would this shift save, and which would it not?")


def softmax_stable(softmax_stable: Any, p_stable: Any) -> Praise:
    """Claim that the function is softmax for large numbers too, and was used for p_stable."""
    hint = "Subtract one number from all. Anything else changes how far they are apart."
    computes_softmax("softmax_stable", softmax_stable, hint)
    hint = "Is it `softmax_stable` that was called, and with `x2`?"
    if computed("p_stable", p_stable, _SHIFTED, hint):
        return Praise(_TYPED)
    return Praise(
        "no overflow, shares that add up to 1, and an untouched input. This is how it is "
        "done in earnest."
    )


def analysis_shift(y2_y3: Any) -> Praise:
    """Claim that there is an answer."""
    one_of(("same", "different"), "y2_y3", y2_y3)
    return Praise(_COMPUTE_BOTH, is_right=False)


def analysis_scale(y2_y4: Any) -> Praise:
    """Claim that there is an answer."""
    one_of(("same", "different"), "y2_y4", y2_y4)
    return Praise(_COMPUTE_BOTH, is_right=False)


_COMPUTE_BOTH = "if you want to be sure, compute both in a cell of your own."


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
#: What keeps each check from being content.
_waiting = dict.fromkeys(CHECKS, "not checked yet")

watch_cells([name for exercise in CHECKS for name in names_of(exercise)])
