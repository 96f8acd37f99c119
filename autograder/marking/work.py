"""A student's answer to one exercise, as its parts see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.marking.cases import Vector
from autograder.marking.misconceptions import Misconception
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
        if self.answer.get(function) is None:
            return None
        known = self._calls.setdefault(function, {})
        if vector not in known:
            vectors = [v for v in (*self.probes.get(function, ()), vector) if v not in known]
            vectors = list(dict.fromkeys(vectors))
            calls = self.observer.call(self.answer[function], vectors)
            known.update(zip(vectors, calls, strict=True))
        return known[vector]

    def follows(self, function: str, *vectors: Vector) -> list[Observation]:
        """Return what the student's own function gives, right or wrong, for these vectors.

        From a function that ignores its argument nothing follows. Vectors without numbers are
        left out.
        """
        if not self._depends_on_argument(function):
            return []
        calls = [self.call(function, vector) for vector in vectors if vector]
        return [one.result for one in calls if one is not None]

    def left_behind(self, function: str, vector: Vector) -> list[Observation]:
        """Return what the student's own function makes of its argument, if it changes it."""
        if not self._depends_on_argument(function):
            return []
        one = self.call(function, vector)
        return [one.argument] if one is not None and one.argument_changed else []

    def _depends_on_argument(self, function: str) -> bool:
        calls = [self.call(function, vector) for vector in self.probes.get(function, ())[:2]]
        return len({one.result.values for one in calls if one is not None}) == 2
