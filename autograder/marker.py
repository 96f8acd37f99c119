"""Mark an answer: find its exercise among the lessons, and have the engine mark it."""

from __future__ import annotations

from autograder import lessons
from autograder.marking import mark as engine
from autograder.marking.lesson import Exercise
from autograder.marking.observer import IN_A_CHILD, Observer
from autograder.marking.report import Report


def grade(exercise: str, answer: object) -> Report:
    """Mark a student's answer to an exercise.

    Never raises and prints nothing. The answer's code runs in a child process with limits of its
    own, so it cannot change the caller.

    Args:
        exercise: an id of a lesson's exercise, such as "softmax".
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
    """Do what `grade` does, with an observer of the caller's choice."""
    if type(exercise) is not str:
        return engine.not_checked(f"<{type(exercise).__name__}>", _unknown())
    try:
        found = lessons.find(exercise)
    except Exception as error:  # grade never raises: one broken lesson must not stop a class
        why = f"The lessons cannot be loaded ({type(error).__name__}: {error})."
        return engine.not_checked(exercise, f"{why} Tell your instructor.")
    if found is None:
        return engine.not_checked(exercise, _unknown())
    lesson, known = found
    if not isinstance(known, Exercise):
        return engine.not_checked(exercise, "This exercise is marked by hand.")
    return engine.mark(lesson, known, answer, observer)


def _unknown() -> str:
    known = (id for name in lessons.names() for id in lessons.load(name).tested)
    return f"There is no such exercise. There are: {', '.join(known)}."
