"""Mark a tensor that the student computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.marking.cases import Vector
from autograder.marking.compare import close, printed
from autograder.marking.functions import FLOATS, FunctionPart
from autograder.marking.misconceptions import Misconception, recognise
from autograder.marking.observation import Observation
from autograder.marking.report import Finding, Outcome
from autograder.marking.wording import article, missing_value, show
from autograder.marking.work import Work


@dataclass(frozen=True)
class Hint:
    """A wrong value that says what went wrong.

    Attributes:
        values: its numbers.
        says: what these numbers are.
        question: a question that leads on, or "".

    """

    values: Vector
    says: str
    question: str = ""


@dataclass(frozen=True)
class TensorPart:
    """A vector of numbers that a student computes.

    Attributes:
        name: the variable.
        points: what a right tensor earns; the right numbers in another form earn half of it.
        expected: its numbers.
        relative: the relative error that is forgiven.
        function: the part of the function that it is the result of, so that the misconceptions of
            that function can be recognised; or None.
        argument: what that function was called with.
        hints: wrong values that are easily mistaken for it.
        remark: says what is odd about other wrong numbers, of which there are as many as there
            should be; "" for nothing.
        follows: other values that are right, because they follow from the student's answer to
            another exercise, where that answer has been marked.
        goes_with: the function of this exercise of which it is the result: where only that
            function is given, its mark decides.

    """

    name: str
    points: float
    expected: Vector
    relative: float
    function: FunctionPart | None = None
    argument: Vector = ()
    hints: tuple[Hint, ...] = ()
    remark: Callable[[Observation], str] = lambda seen: ""
    follows: Callable[[Work], Sequence[Observation]] = lambda work: ()
    goes_with: str = ""

    def mark(self, work: Work) -> Finding:
        """Mark it."""
        if self.goes_with and self.name not in work.answer and set(work.answer) == {self.goes_with}:
            return self._of_function(work)
        seen = work.seen.get(self.name)
        if (missing := missing_value(self.name, seen, self.points)) is not None:
            return missing
        assert seen is not None
        right = close(seen.values, self.expected, self.relative)
        is_printed = printed(seen.values, self.expected)
        is_vector = seen.kind == "tensor" and seen.shape == (len(self.expected),)
        if is_vector and seen.dtype in FLOATS and is_printed:
            message = (
                f"`{self.name}` is right in the digits that are printed. Did you type them from "
                "there? What is computed has all of its digits."
            )
            return self._finding(Outcome.RIGHT, 1, message)
        if is_vector and seen.dtype in FLOATS and right:
            return self._finding(Outcome.RIGHT, 1, f"`{self.name}` is right.")
        if any(_same_value(seen, other) for other in self.follows(work)):
            message = f"`{self.name}` is what follows from your own function: right."
            return self._finding(Outcome.RIGHT, 1, message)
        if right or is_printed:
            return self._finding(Outcome.WRONG_TYPE, 0.5, self._right_numbers(seen))
        return self._wrong(seen, work)

    def _wrong(self, seen: Observation, work: Work) -> Finding:
        if seen.kind == "callable":
            message = f"`{self.name}` is a function. Did you forget to call it: name(argument)?"
            return self._finding(Outcome.WRONG_TYPE, 0, message)
        if not seen.values:
            message = f"`{self.name}` should be a tensor; it is {article(seen)}."
            return self._finding(Outcome.WRONG_TYPE, 0, message)
        is_shown = f"`{self.name}` is {show(seen.values)}."
        for hint in self.hints:
            if close(seen.values, hint.values, 1e-4):
                says = f"{is_shown} {hint.says}"
                return self._finding(Outcome.WRONG, 0, says, question=hint.question)
        if (known := self._recognised(seen, work)) is not None:
            message = f"{is_shown} {known.says}"
            return Finding(
                self.name, Outcome.WRONG, 0, self.points, message, known.question, known.id
            )
        return self._finding(Outcome.WRONG, 0, f"{is_shown} {self._remark(seen)}")

    def _of_function(self, work: Work) -> Finding:
        """Mark it where the function alone was given: its first points are for this."""
        function = next(one for one in work.findings if one.name == self.goes_with)
        if function.points > 0:
            return self._finding(Outcome.RIGHT, 1, "")
        return self._finding(Outcome.WRONG, 0, f"`{self.name}` goes with `{self.goes_with}`.")

    def _finding(self, outcome: Outcome, share: float, message: str, **more: str) -> Finding:
        return Finding(self.name, outcome, share * self.points, self.points, message, **more)

    def _recognised(self, seen: Observation, work: Work) -> Misconception | None:
        part = self.function
        if part is None:
            return None
        return recognise(
            part.in_order(work.recognised),
            [self.argument],
            [seen],
            lambda one, v: part.has_shape(one, v) and part.agrees(one, v),
            part.expected,
            work.observer,
        )

    def _remark(self, seen: Observation) -> str:
        count = len(self.expected)
        if len(seen.values) != count:
            return f"It should hold {count} numbers, and holds {len(seen.values)}."
        otherwise = (
            "That is not what was asked for: read the question once more, one name at a time."
        )
        return self.remark(seen) or otherwise

    def _right_numbers(self, seen: Observation) -> str:
        start = f"`{self.name}` holds the right numbers"
        shape = (len(self.expected),)
        if seen.kind != "tensor":
            return f"{start}, but it is {article(seen)}; make it a tensor of floats."
        if seen.shape != shape:
            return f"{start}, but its shape is {seen.shape}; {shape} was expected."
        return (
            f"{start}, but its dtype is {seen.dtype}: whole numbers. Write 1. in place of 1 to "
            "make a tensor of floats."
        )


def _same_value(one: Observation, other: Observation) -> bool:
    if one.kind in ("none", "dots", "raised", "died", "timed out"):
        return False
    if (one.kind, one.dtype, one.shape) != (other.kind, other.dtype, other.shape):
        return False
    if not one.values:
        return False
    return close(one.values, other.values, 1e-5)
