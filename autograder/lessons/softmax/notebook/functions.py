"""What the checks claim of a student's function, by calling it."""

from __future__ import annotations

import io
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from copy import deepcopy
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch

from .asked import VECTORS
from .causes import (
    Numbers,
    close,
    known,
    likely_cause,
    named_by_error,
    numbers_in,
    softmax,
    tolerance,
)
from .claims import agree, attempted, is_softmax, proportions, vector
from .panel import Cause, NotYet

#: The lesson's own vector: a function may be right for no other.
_X = (1.0, 2.0, 3.0)


class TooSlow(NotYet):
    """A function was stopped because it took too long."""


@dataclass(frozen=True)
class Answer:
    """What one call of a student's function did.

    Attributes:
        logits: what it was called with.
        argument: the tensor that held them.
        value: what it returned.
        numbers: the numbers of that, as they were then.
        problem: why it returned nothing, if it stopped.

    """

    logits: Numbers
    argument: torch.Tensor
    value: Any = None
    numbers: list[float] | None = None
    problem: NotYet | None = None

    @property
    def is_right(self) -> bool:
        """Whether it returned the softmax of the logits."""
        return self.problem is None and is_softmax(self.value, self.logits)

    @property
    def has_right_numbers(self) -> bool:
        """Whether it returned the numbers of softmax, in whatever form."""
        return close(self.numbers or (), softmax(self.logits), tolerance(self.logits))

    @property
    def changed_argument(self) -> bool:
        """Whether the argument holds other numbers by now, or keeps a history."""
        before = _vector(self.logits).tolist()
        return self.argument.requires_grad or numbers_in(self.argument) != before

    @property
    def changed_value(self) -> bool:
        """Whether what it returned holds other numbers by now."""
        return repr(numbers_in(self.value)) != repr(self.numbers)

    def is_like(self, other: Answer) -> bool:
        """Whether another answer to the same question is the same, but for rounding."""
        if type(self.value) is not type(other.value) or bool(self.problem) != bool(other.problem):
            return False
        allowed = 2 * tolerance(self.logits)
        return close(self.numbers or (), other.numbers or (), allowed)


def computes_softmax(name: str, function: Any, hint: str) -> None:
    """Claim that a student's function is right, its own work, and leaves its argument alone.

    Where several things are wrong, the first to act is told, as it is in the marks.

    Args:
        name: the function's name.
        function: whatever the student has by that name.
        hint: what to think about where the proportions of the shares are wrong.

    """
    if _is_empty(function):
        attempted(name, ...)
    vectors = VECTORS[name]
    fresh = _copy(name, function)
    first = ask(name, function, vectors[0])
    if first.problem is not None and first.problem.title == "Not attempted yet":
        raise first.problem
    with redirect_stdout(io.StringIO()):  # what it prints is shown once
        answers = [first, *(ask(name, function, logits) for logits in vectors[1:])]
        if first.is_right:
            is_own_work(name, function)
        if first.problem is None and first.value is None:
            vector(written(name, first.logits), None, len(first.logits), known("missing-return"))
        again = _ask_backwards(name, function)
        is_always_the_same(name, function, answers, again)
        if not all(one.is_right for one in answers):
            # What earlier calls left behind must not hide that the others depend on it.
            is_always_the_same(name, fresh, answers, _ask_backwards(name, fresh))
        is_right(name, answers, again, hint)
    leaves_its_argument_alone(name, [*answers, *again])


def _ask_backwards(name: str, function: Any) -> list[Answer]:
    """Ask the same as before, the last question first; return the answers in the usual order."""
    return [ask(name, function, logits) for logits in VECTORS[name][::-1]][::-1]


def _copy(name: str, function: Any) -> Any:
    """Return a function of the notebook anew, with copies of what it may remember things in."""
    if not isinstance(function, FunctionType):
        return function
    if name not in function.__globals__ or function.__globals__[name] is not function:
        return function
    names = dict(function.__globals__)
    for used in function.__code__.co_names:
        if used in names:
            names[used] = _kept(names[used])
    defaults = _kept(function.__defaults__)
    copy = FunctionType(function.__code__, names, name, defaults, function.__closure__)
    copy.__kwdefaults__ = _kept(function.__kwdefaults__)
    return copy


def _kept(value: Any) -> Any:
    """Return a copy of what a function may remember things in, and anything else as it is."""
    if type(value) in (tuple, list, dict, set):
        with suppress(Exception):  # something in it cannot be copied
            return deepcopy(value)
    return value


def outputs_of(name: str, function: Any, argument: torch.Tensor) -> Any:
    """Call a student's function; an error becomes a sentence that tells its line.

    Raises:
        NotYet: it stopped with an error, or gave `...` back.

    """
    try:
        with redirect_stderr(sys.stdout):  # nbgrader takes a warning for a failure
            outputs = function(argument)
    except Exception as error:
        file = getattr(getattr(function, "__code__", None), "co_filename", None)
        steps = traceback.extract_tb(error.__traceback__)
        lines = [f" at `{step.line}`" for step in steps if step.filename == file]
        dots = Cause("there is still a `...` in it.") if "ellipsis" in str(error) else None
        kind = TooSlow if isinstance(error, TimeoutError) else NotYet
        raise kind(
            f"`{name}` stopped{''.join(lines[-1:])}: {type(error).__name__}: {error!s:.300}",
            title="Stopped by an error",
            cause=dots or named_by_error(str(error)),
            hint="Run its lines one by one in a cell of your own, with a small vector.",
        ) from None
    attempted(name, outputs)
    return outputs


def ask(name: str, function: Any, logits: Numbers, argument: torch.Tensor | None = None) -> Answer:
    """Call a student's function with logits, in a new tensor unless one is given."""
    if argument is None:
        argument = _vector(logits)
    try:
        value = outputs_of(name, function, argument)
    except TooSlow:  # as when it is graded: to ask for more would take as long each time
        raise
    except NotYet as problem:
        return Answer(logits, argument, problem=problem)
    return Answer(logits, argument, value, numbers_in(value))


def written(name: str, logits: Numbers) -> str:
    """Return a call as it is written: softmax([2, 1, -1])."""
    return f"{name}({_list(logits)})"


def is_own_work(name: str, function: Any) -> None:
    """Claim that a function's results are not, in every bit, those of PyTorch's softmax.

    PyTorch adds in another order than anybody does by hand: on a long vector some last bit differs.
    """
    for centre in _CENTRES[name]:
        forms = _THEIRS
        for seed in range(_HOW_MANY):
            draw = random.Random(seed)
            logits = [centre + round(64 * draw.uniform(-20, 20)) / 64 for _ in range(150)]
            own = ask(name, function, logits).numbers
            forms = [form for form in forms if numbers_in(form(_vector(logits))) == own]
            if not forms:
                break
        else:
            words = f"`{name}` leaves the work to PyTorch's softmax. Here you build what that does."
            raise NotYet(words, cause=known("library-call"))


#: PyTorch's softmax, each way that has last bits of its own.
_THEIRS: Sequence[Callable[[torch.Tensor], torch.Tensor]] = (
    lambda v: torch.softmax(v, 0),
    lambda v: torch.softmax(v.double(), 0),
    lambda v: torch.log_softmax(v, 0).exp(),
    lambda v: torch.log_softmax(v.double(), 0).exp(),
    lambda v: torch.softmax(v[:, None].repeat(1, 3), 0)[:, 0],
)
#: How many vectors have to agree, and around which numbers they lie.
_HOW_MANY = 24
_CENTRES = {"softmax": (0,), "softmax_stable": (0, 1000)}


def is_always_the_same(
    name: str, function: Any, answers: Sequence[Answer], again: Sequence[Answer]
) -> None:
    """Claim that a function gives the same answer to the same question."""
    changed = next((one for one in (*answers, *again) if one.changed_value), None)
    pairs = zip(answers, again, strict=True)
    changed = changed or next((one for one, other in pairs if not other.is_like(one)), None)
    if changed is None and not any(one.changed_argument for one in answers):
        changed = _with_one_tensor(name, function, answers)
    if changed is not None:
        raise NotYet(
            f"asked for `{written(name, changed.logits)}` once more, your function did not give "
            "what it had given before.",
            cause=known("depends-on-earlier-calls"),
        )


def _with_one_tensor(name: str, function: Any, answers: Sequence[Answer]) -> Answer | None:
    """Ask again with one tensor that is overwritten each time, as is what was returned.

    Returns:
        An answer that was another one before, if there is one.

    """
    argument = _vector(answers[0].logits)
    as_long = [one for one in answers if len(one.logits) == len(argument)]
    for before in (as_long[0], *as_long, as_long[-1]):
        if not _overwrite(argument, _vector(before.logits)):
            return None
        now = ask(name, function, before.logits, argument)
        if not now.is_like(before):
            return before
        _overwrite(now.value, torch.tensor(0.0))
    return None


def _overwrite(tensor: Any, source: torch.Tensor) -> bool:
    """Copy numbers into a tensor, and return whether it can be written to."""
    try:
        tensor.detach().copy_(source)
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


def is_right(name: str, answers: Sequence[Answer], again: Sequence[Answer], hint: str) -> None:
    """Claim that a function returned softmax each time."""
    wrong = next((one for one in (*answers, *again) if not one.is_right), None)
    if wrong is None:
        return
    if wrong.problem is not None:
        raise wrong.problem
    cause = _cause_of(name, answers, wrong)
    where = written(name, wrong.logits)
    proportions(where, wrong.value, wrong.logits, cause)
    agree(where, wrong.value, wrong.logits, hint, cause)


def _cause_of(name: str, answers: Sequence[Answer], wrong: Answer) -> Cause | None:
    """Return the misconception behind a wrong answer, if one is recognised."""
    if wrong.value is None:
        return known("missing-return")
    is_tensor = isinstance(wrong.value, torch.Tensor)
    if isinstance(wrong.value, tuple) and len(wrong.value) != len(wrong.logits):
        return known("several-results")
    if not is_tensor and all(one.has_right_numbers for one in answers):
        return known("wrong-container")
    has_shape = is_tensor and wrong.value.shape == (len(wrong.logits),)
    if is_tensor and wrong.has_right_numbers and not has_shape:
        return known("wrong-shape")
    cause = likely_cause(name, [one.logits for one in answers], [one.numbers for one in answers])
    if cause is None and any(one.changed_argument for one in answers):
        return known("mutates-argument")  # while it still needed it
    if cause is None and is_tensor and not has_shape:
        return known("wrong-shape")
    if cause is None and [one.logits for one in answers if one.is_right] == [_X]:
        return known("right-only-for-lesson-x")
    return cause


def leaves_its_argument_alone(name: str, answers: Sequence[Answer]) -> None:
    """Claim that a function has not changed the tensors that it was given."""
    for one in answers:
        if one.changed_argument:
            became = _list(numbers_in(one.argument) or ())
            became += ", requires_grad=True" * one.argument.requires_grad
            raise NotYet(
                f"{name} should leave its input alone, but {_list(one.logits)} became {became}.",
                cause=known("mutates-argument"),
            )


def _vector(logits: Numbers) -> torch.Tensor:
    return torch.tensor(logits, dtype=torch.float32)


def _list(numbers: Numbers) -> str:
    return f"[{', '.join(f'{v:g}' for v in numbers)}]"


def _nothing() -> None: ...


def _nothing_documented() -> None:
    """Do nothing."""


def _is_empty(function: object) -> bool:
    """Whether a function has no statements."""
    empty = (_nothing.__code__.co_code, _nothing_documented.__code__.co_code)
    return isinstance(function, FunctionType) and function.__code__.co_code in empty
