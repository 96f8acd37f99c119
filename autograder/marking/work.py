"""A student's answer to one exercise, as its parts see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.marking.cases import Vector
from autograder.marking.compare import close
from autograder.marking.formula import is_formula, way
from autograder.marking.misconceptions import Misconception, recognise
from autograder.marking.observation import Call, Observation
from autograder.marking.observer import Observer
from autograder.marking.report import Finding


@dataclass
class Work:
    """What a student answered, what there is to know for marking it, and what was found so far.

    Attributes:
        answer: everything that the student defined, by name. May hold anything: it is only looked
            at through the observer.
        observer: looks at values and calls functions.
        names: what the exercise asks for.
        recognised: the lesson's misconceptions that have formulas, likelier ones first.
        misconceptions: every one that may be named, by id.
        probes: of each function of the lesson, vectors for which other exercises use it.
        seen: what the values that the exercise asks for were found to be.
        findings: of the parts that are marked already.

    """

    answer: Mapping[str, Any]
    observer: Observer
    names: Sequence[str]
    recognised: Sequence[Misconception]
    misconceptions: Mapping[str, Misconception]
    probes: Mapping[str, tuple[Vector, ...]]
    seen: Mapping[str, Observation] = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    _calls: dict[str, dict[Vector, Call]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = {name: self.answer[name] for name in self.names if name in self.answer}
        self.seen = self.observer.look(wanted)

    def vector(self, name: str) -> Vector:
        """Return the numbers of the student's own vector of this exercise; () if it is none."""
        seen = self.seen.get(name)
        is_vector = seen is not None and seen.kind == "tensor" and len(seen.shape) == 1
        return seen.values if seen is not None and is_vector else ()

    def call(self, function: str, vector: Vector) -> Call | None:
        """Call a function that the student wrote for this lesson; None if there is none.

        Each function is called once with every vector.
        """
        return next(iter(self._called(function, [vector])), None)

    def follows(self, function: str, *vectors: Vector) -> list[Observation]:
        """Return what the student's own function gives, right or wrong, for these vectors.

        Nothing follows from a function that ignores its argument, or from a table: see `formula`.
        Vectors without numbers are left out, and so is what is no answer of this exercise.
        """
        if not self._depends_on_argument(function):
            return []
        found = []
        for vector in filter(None, vectors):
            if not any(self._is_answer(call.result) for call in self._called(function, [vector])):
                continue  # whether it is a table does not matter
            usual, there = self._ways(function, vector)
            results = [call.result for call in self._called(function, [*usual, *there])]
            here, seen = results[: len(usual)], results[len(usual) :]
            if is_formula(here, seen) or self._is_known([*usual, *there], results):
                found.append(seen[0])
        return found

    def left_behind(self, function: str, vector: Vector) -> list[Observation]:
        """Return what the student's own function makes of its argument, if it changes it."""
        if not (vector and self._depends_on_argument(function)):
            return []
        if not self._called(function, [vector])[0].argument_changed:
            return []
        here, there = (
            [
                _argument_after(one, call)
                for one, call in zip(way, self._called(function, way), strict=True)
            ]
            for way in self._ways(function, vector)
        )
        return there[:1] if is_formula(here, there) else []

    def _called(self, function: str, wanted: Sequence[Vector]) -> list[Call]:
        """Call it with every vector, in one go; return nothing if there is no such function."""
        if self.answer.get(function) is None:
            return []
        known = self._calls.setdefault(function, {})
        if any(vector not in known for vector in wanted):
            vectors = [v for v in (*self.probes.get(function, ()), *wanted) if v not in known]
            vectors = list(dict.fromkeys(vectors))
            calls = self.observer.call(self.answer[function], vectors)
            known.update(zip(vectors, calls, strict=True))
        return [known[vector] for vector in wanted]

    def _is_answer(self, result: Observation) -> bool:
        answers = (seen.values for seen in self.seen.values())
        return any(values and close(values, result.values, 1e-5) for values in answers)

    def _ways(self, function: str, vector: Vector) -> tuple[list[Vector], list[Vector]]:
        """Return the ways from a vector of usual size, the first probe, and from another."""
        return way(self.probes.get(function, (vector,))[0]), way(vector)

    def _is_known(self, vectors: Sequence[Vector], results: Sequence[Observation]) -> bool:
        """Whether a mistake that is known gives these results."""

        def is_right(result: Observation, vector: Vector) -> bool:
            return False  # it matters only that somebody makes this mistake

        wrong = recognise(
            self.recognised, vectors, results, is_right, lambda vector: vector, self.observer
        )
        return wrong is not None

    def _depends_on_argument(self, function: str) -> bool:
        calls = self._called(function, self.probes.get(function, ()))
        return len({repr(one.result.values) for one in calls}) > 1


def _argument_after(vector: Vector, call: Call) -> Observation:
    """Return what a call has left of its argument."""
    if call.argument_changed:
        return call.argument
    return Observation("tensor", "tensor", "float32", (len(vector),), vector)
