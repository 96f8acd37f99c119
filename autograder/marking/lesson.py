"""What a lesson declares: its exercises in order, what each is worth, and the mistakes it knows.

The engine knows no lesson. A lesson is data: `autograder/lessons/NAME/` makes a `Lesson` of the
parts that stand in `functions`, `tensors`, `scalars` and `choices`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Protocol

from autograder.marking.misconceptions import BEHAVIOURS, Misconception
from autograder.marking.report import Finding
from autograder.marking.work import Work


class Part(Protocol):
    """What an exercise asks for under one name."""

    @property
    def name(self) -> str:
        """The variable or function that the student's cell defines."""

    @property
    def points(self) -> float:
        """What a right one earns."""

    def mark(self, work: Work) -> Finding:
        """Mark it; called by `mark.mark` for each part, in order."""


@dataclass(frozen=True)
class Exercise:
    """An exercise that is marked automatically.

    Attributes:
        id: the grade_id of the student's cell; `<id>-tests` marks it.
        parts: what that cell defines, in the order in which it is marked.

    """

    id: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the student's cell defines."""
        return tuple(part.name for part in self.parts)

    @property
    def points(self) -> float:
        """The points of a right answer."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True)
class Question:
    """A question that a person marks.

    Attributes:
        id: the grade_id of the cell for the answer; `<id>-question` asks it.
        points: of a right answer.
        bonus: points of extra credit that a person may give besides. nbgrader has no bonus
            points: a question that is all bonus carries 0 points.

    """

    id: str
    points: float
    bonus: float = 0


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        exercises: everything that is marked, in the order of the notebook.
        recognised: the misconceptions that explain a wrong function or tensor, likelier ones
            first. One that has an id of `BEHAVIOURS` replaces those general words.

    """

    exercises: tuple[Exercise | Question, ...]
    recognised: tuple[Misconception, ...] = ()

    @cached_property
    def tested(self) -> Mapping[str, Exercise]:
        """The exercises that are marked automatically, by id."""
        return MappingProxyType({e.id: e for e in self.exercises if isinstance(e, Exercise)})

    @cached_property
    def by_hand(self) -> Mapping[str, Question]:
        """The questions that a person marks, by id."""
        return MappingProxyType({q.id: q for q in self.exercises if isinstance(q, Question)})

    @cached_property
    def misconceptions(self) -> Mapping[str, Misconception]:
        """Every misconception that may be named, by id: the lesson's own, then the general ones."""
        own = {each.id: each for each in self.recognised}
        general = {each.id: each for each in BEHAVIOURS if each.id not in own}
        return MappingProxyType(own | general)
