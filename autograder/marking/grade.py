"""Mark an exercise: `grade(exercise, answer)`."""

from __future__ import annotations

from collections import ChainMap, UserDict
from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any, cast

from autograder.marking.cases import LESSON, LESSON_LARGE, Vector
from autograder.marking.child import CannotFork
from autograder.marking.exercises import EXERCISES, HAND_MARKED, Exercise
from autograder.marking.functions import SOFTMAX, SOFTMAX_STABLE, mark_function
from autograder.marking.observation import Call, Observation
from autograder.marking.observer import IN_A_CHILD, Observer
from autograder.marking.reference import exp32
from autograder.marking.report import Finding, Outcome, Report
from autograder.marking.values import (
    TENSOR_RULES,
    mark_predictions,
    mark_shift,
    mark_tensor,
    mark_verdicts,
    mark_word,
)

_FUNCTION_RULES = {rule.name: rule for rule in (SOFTMAX, SOFTMAX_STABLE)}


def grade(exercise: str, answer: object) -> Report:
    """Mark a student's answer to an exercise.

    Never raises and prints nothing. The answer's code runs in a child process with limits of its
    own, so it cannot change the caller.

    Args:
        exercise: an id of `autograder.marking.exercises.EXERCISES`, such as "softmax".
        answer: what the exercise asks for, if it is one thing (a function, a tensor, a
            dictionary of verdicts); or a mapping of names to values, such as `globals()`. With a
            mapping, a value that follows from the student's own function is right even where that
            function is not: the mistake has been marked where it was made.

    Returns:
        The report. An unknown exercise, a hand-marked one, and a platform without fork give one
        whose outcome is `Outcome.NOT_CHECKED`.

    """
    return mark(exercise, answer, IN_A_CHILD)


def mark(exercise: str, answer: object, observer: Observer) -> Report:
    """Do what `grade` does, with an observer of the answer."""
    if type(exercise) is not str or exercise not in EXERCISES:
        name = exercise if type(exercise) is str else f"<{type(exercise).__name__}>"
        return _not_checked(name, _why_unknown(name))
    known = EXERCISES[exercise]
    try:
        return Report(known.id, tuple(_mark(known, _by_name(known, answer), observer)))
    except CannotFork:
        why = "Marking runs a student's code in a forked process, which Windows has not: use WSL."
    except Exception as error:  # grade never raises: a fault of ours must not stop a class
        why = f"The marking itself failed ({type(error).__name__}: {error}). Tell your instructor."
    return _not_checked(known.id, why, known.max_points)


def _why_unknown(exercise: str) -> str:
    if exercise in HAND_MARKED:
        return "This exercise is marked by hand."
    return f"There is no such exercise. There are: {', '.join(EXERCISES)}."


def _not_checked(exercise: str, why: str, max_points: float = 0) -> Report:
    return Report(exercise, (Finding(exercise, Outcome.NOT_CHECKED, 0, max_points, why),))


def _by_name(exercise: Exercise, answer: object) -> dict[str, Any]:
    """Return the answer as a dictionary of names to values, whichever form it has.

    No method of the answer's is called, unless its type is exactly one that is known.
    """
    if type(answer) in (MappingProxyType, ChainMap, UserDict):
        answer = dict(cast(Mapping[Any, Any], answer))
    names = list(exercise.names)
    if not issubclass(type(answer), dict):
        return {names[0]: answer} if len(names) == 1 or callable(answer) else {}
    given = {key: v for key, v in dict.items(cast(Any, answer)) if type(key) is str}
    # A bare dictionary of predictions or verdicts has keys that are no names of variables.
    is_bare = names[0] not in given and any(not key.isidentifier() for key in given)
    return {names[0]: answer} if len(names) == 1 and is_bare else given


def _mark(exercise: Exercise, answer: Mapping[str, Any], observer: Observer) -> list[Finding]:
    seen: dict[str, Observation] = observer.look(
        {name: answer[name] for name in exercise.names if name in answer}
    )
    own = _OwnAnswers(answer, seen.get("x2"), observer)
    findings: list[Finding] = []
    for name, points in exercise.names.items():
        if name == "p_stable" and name not in answer and set(answer) == {"softmax_stable"}:
            findings.append(_p_stable_of(findings[0], points))
        else:
            findings.append(_mark_name(name, points, answer, seen, own, observer))
    return findings


def _p_stable_of(function: Finding, points: float) -> Finding:
    """Mark `p_stable` where the function alone was given: its first points are for x2."""
    right = function.points > 0
    return Finding(
        "p_stable",
        Outcome.RIGHT if right else Outcome.WRONG,
        points if right else 0,
        points,
        "" if right else "`p_stable` goes with `softmax_stable`.",
    )


def _mark_name(
    name: str,
    points: float,
    answer: Mapping[str, Any],
    seen: Mapping[str, Observation],
    own: _OwnAnswers,
    observer: Observer,
) -> Finding:
    value = seen.get(name)
    if name in _FUNCTION_RULES:
        if name not in answer:
            message = f"`{name}` is not defined: its cell is missing, or stopped with an error."
            return Finding(name, Outcome.NOT_DEFINED, 0, points, message)
        return mark_function(_FUNCTION_RULES[name], answer[name], observer)
    if name == "shift":
        return mark_shift(value, points)
    if name == "predictions":
        return mark_predictions(value, points)
    if name == "verdicts":
        return mark_verdicts(value, points)
    if name in ("y2_y3", "y2_y4"):
        return mark_word(name, value, points)
    finding = mark_tensor(TENSOR_RULES[name], value, points)
    if finding.outcome is not Outcome.RIGHT and value is not None:
        follow_through = own.answers_for(name)
        finding = mark_tensor(TENSOR_RULES[name], value, points, follow_through)
    return finding


_SHIFTED = tuple(value - 150 for value in LESSON_LARGE)


class _OwnAnswers:
    """What each name would be, given the student's own softmax and x2, which may be wrong.

    Args:
        answer: everything the student defined.
        x2: the student's x2, if there is one.
        observer: calls the student's softmax.

    """

    def __init__(
        self, answer: Mapping[str, Any], x2: Observation | None, observer: Observer
    ) -> None:
        self._softmax = answer.get("softmax")
        self._observer = observer
        is_vector = x2 is not None and x2.kind == "tensor" and len(x2.shape) == 1
        self._x2 = x2.values if x2 is not None and is_vector else ()
        self._seen: dict[Vector, Call] = {}

    def answers_for(self, name: str) -> list[Observation]:
        """Return the values that follow from the student's own answers."""
        if name == "first_step":
            return self._first_steps()
        if self._softmax is None or self._is_constant():
            return []
        if name == "p":
            return [self._calls()[LESSON].result]
        if name == "x2":  # a softmax that shifts in place leaves another x2 behind
            left = self._calls()[LESSON_LARGE]
            return [left.argument] if left.argument_changed else []
        if name == "p_overflow":
            vectors = [LESSON_LARGE, self._x2] if self._x2 else [LESSON_LARGE]
            return [self._calls()[vector].result for vector in vectors]
        if name == "p_shifted":
            return [self._calls()[_SHIFTED].result]
        return []

    def _first_steps(self) -> list[Observation]:
        steps = [exp32(self._x2)] if self._x2 else []
        large = self._calls()[LESSON_LARGE].result.values if self._softmax is not None else ()
        if large and all(map(isfinite, large)):
            # Their softmax does not overflow: it shifts first, or works in double precision.
            steps.append(_SHIFTED)
            steps.append(tuple(2.718281828459045**value for value in LESSON_LARGE))
        return [
            Observation("tensor", dtype=dtype, shape=(len(values),), values=values)
            for values in steps
            for dtype in ("float32", "float64")
        ]

    def _is_constant(self) -> bool:
        """Whether the student's softmax ignores its argument: then nothing follows from it."""
        seen = self._calls()
        return seen[LESSON].result.values == seen[LESSON[::-1]].result.values

    def _calls(self) -> dict[Vector, Call]:
        """Call the student's softmax once with every vector that anything follows from."""
        if not self._seen:
            vectors = [LESSON, LESSON[::-1], _SHIFTED, LESSON_LARGE]
            vectors += [self._x2] if self._x2 else []
            calls = self._observer.call(self._softmax, vectors)
            self._seen = dict(zip(vectors, calls, strict=True))
        return self._seen
