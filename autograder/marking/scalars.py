"""Mark a single number that the student computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from autograder.marking.compare import close
from autograder.marking.observation import Observation
from autograder.marking.report import Finding, Outcome
from autograder.marking.wording import article, missing_value
from autograder.marking.work import Work


@dataclass(frozen=True)
class ScalarPart:
    """One number: a plain one, or a tensor or array with one element.

    Attributes:
        name: the variable.
        points: what the right number earns; in a list, it earns half of it.
        expected: the right number.
        question: what to ask about a wrong one.
        mistaken_for: other numbers that are easily mistaken for it, each with what it is.
        relative: the relative error that is forgiven.
        follows: other values that are right, because they follow from the student's answer to
            another exercise, where that answer has been marked.

    """

    name: str
    points: float
    expected: float
    question: str
    mistaken_for: Mapping[float, str] = field(default_factory=lambda: MappingProxyType({}))
    relative: float = 1e-5
    follows: Callable[[Work], Sequence[Observation]] = lambda work: ()

    def mark(self, work: Work) -> Finding:
        """Mark it."""
        seen = work.seen.get(self.name)
        if (missing := missing_value(self.name, seen, self.points)) is not None:
            return missing
        assert seen is not None
        if seen.kind == "callable":
            message = f"`{self.name}` is a function. Did you forget the parentheses that call it?"
            return self._finding(Outcome.WRONG_TYPE, 0, message)
        if len(seen.values) != 1:
            message = f"`{self.name}` should be one number; it is {article(seen)}."
            return self._finding(Outcome.WRONG_TYPE, 0, message)
        value = seen.values[0]
        if close([value], [self.expected], self.relative):
            if seen.kind in ("number", "tensor", "array"):
                return self._finding(Outcome.RIGHT, 1, f"`{self.name}` is right.")
            message = (
                f"`{self.name}` holds the right number, but it is {article(seen)}; take it out of "
                "it."
            )
            return self._finding(Outcome.WRONG_TYPE, 0.5, message)
        if any(close([value], other.values, 1e-5) for other in self.follows(work)):
            message = f"`{self.name}` is what follows from your own function: right."
            return self._finding(Outcome.RIGHT, 1, message)
        mistaken = (what for one, what in self.mistaken_for.items() if close([value], [one], 1e-4))
        like = next(mistaken, None)
        told = f": that is {like}." if like else f", not {self.expected:g}."
        return self._finding(
            Outcome.WRONG, 0, f"`{self.name}` is {value:g}{told}", question=self.question
        )

    def _finding(self, outcome: Outcome, share: float, message: str, **more: str) -> Finding:
        return Finding(self.name, outcome, share * self.points, self.points, message, **more)
