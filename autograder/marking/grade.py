"""Mark an exercise: `grade(exercise, answer)`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from autograder.marking.cases import LESSON, LESSON_LARGE
from autograder.marking.exercises import EFFECTS, EXERCISES, HAND_MARKED, Exercise
from autograder.marking.functions import SOFTMAX, SOFTMAX_STABLE, mark_function
from autograder.marking.observe import CannotFork, Observation, call, look
from autograder.marking.reference import exp32
from autograder.marking.report import Finding, Outcome, Report
from autograder.marking.values import (
    TENSOR_RULES,
    TensorRule,
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
    known = EXERCISES.get(exercise) if isinstance(exercise, str) else None
    if known is None:
        return _not_checked(str(exercise), _why_unknown(exercise))
    try:
        return Report(known.id, tuple(_mark(known, _by_name(known, answer))))
    except CannotFork:
        why = "Marking runs a student's code in a forked process, which Windows has not: use WSL."
    except Exception as error:  # grade never raises: a fault of ours must not stop a class
        why = f"The marking itself failed ({type(error).__name__}: {error}). Tell your instructor."
    return _not_checked(known.id, why, known.max_points)


def _why_unknown(exercise: object) -> str:
    if isinstance(exercise, str) and exercise in HAND_MARKED:
        return "This exercise is marked by hand."
    return f"There is no such exercise. There are: {', '.join(EXERCISES)}."


def _not_checked(exercise: str, why: str, max_points: float = 0) -> Report:
    return Report(exercise, (Finding(exercise, Outcome.NOT_CHECKED, 0, max_points, why),))


def _by_name(exercise: Exercise, answer: object) -> Mapping[str, Any]:
    """Return the answer as a mapping of names to values, whichever form it has."""
    if type(answer) is MappingProxyType:
        answer = dict(answer)
    if not isinstance(answer, dict):
        names = list(exercise.names)
        return {names[0]: answer} if len(names) == 1 or callable(answer) else {}
    if len(exercise.names) == 1 and not any(name in answer for name in exercise.names):
        # A bare dictionary of predictions or verdicts, unless its keys are names of variables.
        expressions = [key for key in answer if isinstance(key, str) and not key.isidentifier()]
        if expressions or any(key in EFFECTS for key in answer):
            return {next(iter(exercise.names)): answer}
    return answer


def _mark(exercise: Exercise, answer: Mapping[str, Any]) -> list[Finding]:
    seen: dict[str, Observation] = look(
        {name: answer[name] for name in exercise.names if name in answer}
    )
    findings: list[Finding] = []
    for name, points in exercise.names.items():
        if name == "p_stable" and name not in answer and set(answer) == {"softmax_stable"}:
            findings.append(_p_stable_of(findings[0], points))
        else:
            findings.append(_mark_name(name, points, answer, seen))
    return findings


def _p_stable_of(function: Finding, points: float) -> Finding:
    """Mark `p_stable` where the function alone was given: its first points are for x2."""
    right = function.points > 0
    return Finding(
        "p_stable",
        Outcome.RIGHT if right else Outcome.WRONG,
        points if right else 0,
        points,
        "" if right else "softmax_stable(x2) is not softmax of x2.",
    )


def _mark_name(
    name: str,
    points: float,
    answer: Mapping[str, Any],
    seen: Mapping[str, Observation],
) -> Finding:
    value = seen.get(name)
    if name in _FUNCTION_RULES:
        if name not in answer:
            message = f"`{name}` is not defined: its cell is missing, or stopped with an error."
            return Finding(name, Outcome.NOT_DEFINED, 0, points, message)
        return mark_function(_FUNCTION_RULES[name], answer[name])
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
        finding = mark_tensor(
            TENSOR_RULES[name], value, points, _follow_through(name, answer, seen)
        )
    return finding


def _follow_through(
    name: str, answer: Mapping[str, Any], seen: Mapping[str, Observation]
) -> list[Observation]:
    """Return what `name` would be, given the student's own softmax and x2, which may be wrong."""
    x2 = seen.get("x2")
    own_x2 = x2.values if x2 is not None and x2.kind == "tensor" and len(x2.shape) == 1 else ()
    if name == "first_step" and own_x2:
        rule: TensorRule = TENSOR_RULES[name]
        values = exp32(own_x2)
        return [Observation("tensor", shape=(len(rule.expected),), values=values)]
    if "softmax" not in answer:
        return []
    softmax = answer["softmax"]
    if name == "p":
        return [call(softmax, [LESSON])[0].result]
    if name == "x2":  # a softmax that shifts in place leaves another x2 behind
        return [call(softmax, [LESSON_LARGE])[0].argument]
    if name == "p_overflow":
        vectors = [LESSON_LARGE, own_x2] if own_x2 else [LESSON_LARGE]
        return [one.result for one in call(softmax, vectors)]
    if name == "p_shifted":
        return [call(softmax, [tuple(value - 150 for value in LESSON_LARGE)])[0].result]
    return []
