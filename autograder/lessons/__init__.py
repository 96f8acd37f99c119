"""The lessons, as data: a folder each, which declares the exercises of `notebooks/NAME.md`.

A lesson holds what students must not see. Nothing of it is imported before a student's process has
been forked; `names` and `default` import nothing of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from autograder.errors import LabError

if TYPE_CHECKING:
    from autograder.marking.lesson import Exercise, Lesson, Question


def names() -> list[str]:
    """Return the names of all lessons, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def default() -> str | None:
    """Return the lesson that commands take where none is named, or None if there are several."""
    known = names()
    marked = [
        name
        for name in known
        if getattr(importlib.import_module(f"{__name__}.{name}"), "IS_DEFAULT", False)
    ]
    chosen = marked or known
    return chosen[0] if len(chosen) == 1 else None


def load(name: str) -> Lesson:
    """Return a lesson.

    Raises:
        LabError: there is no lesson of that name, or it does not declare itself.

    """
    known = names()
    if name not in known:
        raise LabError(f"no lesson {name!r}; there is {', '.join(known) or 'none'}.")
    module = importlib.import_module(f"{__name__}.{name}.lesson")
    lesson: Lesson = module.LESSON
    return lesson


def find(id: str) -> tuple[Lesson, Exercise | Question] | None:
    """Return the lesson that an exercise belongs to, and the exercise; None if there is none."""
    for name in names():
        lesson = load(name)
        for exercise in lesson.exercises:
            if exercise.id == id:
                return lesson, exercise
    return None
