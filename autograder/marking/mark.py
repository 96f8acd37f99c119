"""Mark a student's answer to an exercise of any lesson."""

from __future__ import annotations

from collections import ChainMap, UserDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from autograder.marking.cases import Vector
from autograder.marking.child import CannotFork, Unable
from autograder.marking.functions import FunctionPart
from autograder.marking.lesson import Exercise, Lesson
from autograder.marking.observer import Observer
from autograder.marking.report import Finding, Outcome, Report
from autograder.marking.work import Work


def mark(lesson: Lesson, exercise: Exercise, answer: object, observer: Observer) -> Report:
    """Mark an answer; never raises.

    Args:
        lesson: the lesson that the exercise belongs to.
        exercise: the exercise.
        answer: what it asks for, or a mapping of names to values; see `autograder.grade`.
        observer: looks at the answer.

    """
    try:
        work = Work(
            _by_name(exercise, answer),
            observer,
            exercise.names,
            lesson.recognised,
            lesson.misconceptions,
            _probes(lesson),
        )
        for part in exercise.parts:
            work.findings.append(part.mark(work))
        return Report(exercise.id, tuple(work.findings))
    except CannotFork:
        why = "Marking runs a student's code in a forked process, which Windows has not: use WSL."
    except Unable as error:
        why = f"This machine could not mark it now: {error}."
    except Exception as error:  # a fault of ours must not stop a class
        why = f"The marking itself failed ({type(error).__name__}: {error}). Tell your instructor."
    return not_checked(exercise.id, why, exercise.points)


def not_checked(exercise: str, why: str, max_points: float = 0) -> Report:
    """Return the report of an exercise that could not be marked."""
    return Report(exercise, (Finding(exercise, Outcome.NOT_CHECKED, 0, max_points, why),))


def _probes(lesson: Lesson) -> dict[str, tuple[Vector, ...]]:
    parts = (part for exercise in lesson.tested.values() for part in exercise.parts)
    return {part.name: part.probes for part in parts if isinstance(part, FunctionPart)}


def _by_name(exercise: Exercise, answer: object) -> dict[str, Any]:
    """Return the answer as a dictionary of names to values, whichever form it has.

    No method of the answer's is called, unless its type is exactly one that is known.
    """
    if type(answer) in (MappingProxyType, ChainMap, UserDict):
        answer = dict(cast(Mapping[Any, Any], answer))
    names = exercise.names
    if not issubclass(type(answer), dict):
        return {names[0]: answer} if len(names) == 1 or callable(answer) else {}
    given = {key: v for key, v in dict.items(cast(Any, answer)) if type(key) is str}
    # A bare dictionary of words has keys that are no names of variables.
    is_bare = names[0] not in given and any(not key.isidentifier() for key in given)
    return {names[0]: answer} if len(names) == 1 and is_bare else given
