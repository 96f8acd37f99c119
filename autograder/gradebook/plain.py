"""A wall for plain `nbgrader autograde`: a test cell without a mark gives no points.

nbgrader reads the points of a test cell from what it shows, and gives all of them where it shows
none. `softmax-lab grade` carries marks as data and does not need this.
"""

from __future__ import annotations

import math
import re
from typing import Any

from nbformat import from_dict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_solution

from autograder.marking.report import MIME_TYPE, Outcome

_CALLS_GRADE = re.compile(r"\bgrade\(")
_IMPORTS_OURS = re.compile(r"^\s*(?:from|import)\s+autograder\b", re.MULTILINE)


class CouldNotMark(Exception):
    """The marking itself failed: nbgrader leaves the submission ungraded, and says why."""


class NoMarkNoPoints(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Let a test that calls `grade` count only if it shows exactly one number in its range."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Look at the tests of a notebook that is ours; another's `grade` is its own affair."""
        locked = (cell for cell in nb.cells if cell.cell_type == "code" and is_locked(cell))
        if not any(_IMPORTS_OURS.search(cell.source) for cell in locked):
            return nb, resources
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Add an error to what such a cell shows, if it shows anything else."""
        is_test = cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)
        if is_test and _CALLS_GRADE.search(cell.source):
            if any(map(_is_unchecked, cell.outputs)):
                name = cell.metadata.nbgrader["grade_id"]
                raise CouldNotMark(f"{name}: the marking itself failed. Grade it again.")
            if why := _fault(cell):  # first, for nbgrader goes by what comes first
                cell.outputs.insert(0, _error("NoMark", f"{why}, so the test earned nothing"))
        return cell, resources


def autograde_preprocessors() -> list[Any]:
    """Return nbgrader's own, with the wall before marks are saved."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import SaveAutoGrades

    usual = list(Autograde.autograde_preprocessors.default_args[0])
    usual.insert(usual.index(SaveAutoGrades), NoMarkNoPoints)
    return usual


def _error(name: str, text: str) -> NotebookNode:
    error = {"ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}
    return from_dict({"output_type": "error", **error})  # type: ignore[no-untyped-call,no-any-return]


def _fault(cell: NotebookNode) -> str:
    """Return why what a test shows is no mark, or "": an error is one, of no points."""
    results = [one for one in cell.outputs if one.output_type == "execute_result"]
    failed = any(one.output_type == "error" for one in cell.outputs)
    if failed:
        return "an error beside a result" if results else ""
    if len(results) != 1:
        return f"{len(results)} results instead of one"
    try:
        points = float(results[0].data["text/plain"])
    except (KeyError, TypeError, ValueError):
        points = math.nan
    if not 0 <= points <= float(cell.metadata.nbgrader["points"]):
        return "no number of points in the cell's range"
    return ""


def _is_unchecked(output: NotebookNode) -> bool:
    report = output.get("data", {}).get(MIME_TYPE)
    unchecked = Outcome.NOT_CHECKED.name.lower()
    findings = report.get("findings", ()) if isinstance(report, dict) else ()
    return any(isinstance(one, dict) and one.get("outcome") == unchecked for one in findings)
