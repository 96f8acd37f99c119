"""Puts marks and comments into a graded notebook, and takes out what only graders may see."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    GetGrades,
    NbGraderPreprocessor,
)
from nbgrader.utils import is_locked
from traitlets import List

#: nbgrader's own comment on an answer that is still what was handed out.
NO_RESPONSE = "No response."


class GetMarks(GetGrades):  # type: ignore[misc]
    """nbgrader's GetGrades, which also tells what is a bonus and what waits for a person."""

    def _get_comment(self, cell: Any, resources: Any) -> None:
        found = self.gradebook.find_comment(*self._place(cell))
        written = found.comment or ""
        cell.metadata.nbgrader["comment"] = "" if written == NO_RESPONSE else written
        cell.metadata.nbgrader["unanswered"] = found.auto_comment == NO_RESPONSE

    def _get_score(self, cell: Any, resources: Any) -> None:
        grade = self.gradebook.find_grade(*self._place(cell))
        cell.metadata.nbgrader.update(
            score=grade.score,
            points=grade.max_score,
            extra_credit=grade.extra_credit or 0,
            waiting=bool(grade.needs_manual_grade),
        )

    def _place(self, cell: Any) -> tuple[str, str, str, str]:
        grade_id = cell.metadata.nbgrader["grade_id"]
        return grade_id, self.notebook_id, self.assignment_id, self.student_id


class _LockedCellsOnly(NbGraderPreprocessor):  # type: ignore[misc]
    """A student who writes a delimiter into an answer must not lose the feedback."""

    # nbconvert configures this trait of every preprocessor; without it each page logs a warning.
    display_data_priority: Any = List().tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        if not is_locked(cell):
            return cell, resources
        before = cell.source
        cell, resources = super().preprocess_cell(cell, resources, index)
        if cell.source != before:
            cell.metadata.nbgrader["cleared"] = True
        return cell, resources


class HideTests(_LockedCellsOnly, ClearHiddenTests):  # type: ignore[misc]
    """Removes hidden tests, which autograding put back for the graders' eyes."""


class HideRubrics(_LockedCellsOnly, ClearMarkScheme):  # type: ignore[misc]
    """Removes rubrics, which autograding put back for the graders' eyes."""
