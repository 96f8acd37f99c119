"""Reads a submitted file, says what is wrong with it, and rebuilds the notebook to grade.

The notebook to grade is the released one. Of a submission only source text is taken: that of the
answers, matched by grade_id, else by cell id, text or position, and that of cells the student
added. Metadata, tags, points, order, outputs and other files are not. Nothing here is written, and
nothing here knows which lesson it is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.intake.matching import (
    How,
    Matching,
    Released,
    defined_names,
    describe,
    match,
    same_text,
)
from autograder.intake.submission import (
    MAX_CELLS,
    Problem,
    SubmittedCell,
    Unusable,
    as_dict,
    as_text,
    find_file,
    read_cells,
    read_text,
)


@dataclass(frozen=True)
class Intake:
    """A submitted notebook after intake.

    Attributes:
        student: the student's id.
        path: the file that was read, or looked for.
        notebook: the notebook to grade, or None if the submission could not be read.
        problems: what was wrong, in the order it was found.

    """

    student: str
    path: Path
    notebook: NotebookNode | None
    problems: tuple[Problem, ...] = ()


def students(submitted: Path) -> list[str]:
    """Return the names of the folders in `submitted`, sorted.

    Raises:
        OSError: `submitted` is not a readable folder.

    """
    return sorted(
        entry.name
        for entry in submitted.iterdir()
        if not entry.name.startswith(".") and (entry.is_dir() or entry.is_symlink())
    )


def take_in(
    submitted: Path, student: str, assignment: str, notebook: str, release: NotebookNode
) -> Intake:
    """Read one student's notebook and rebuild it from the released one.

    Args:
        submitted: the folder that holds a folder for each student.
        student: the student's id.
        assignment: the assignment's id.
        notebook: the notebook's name, without `.ipynb`.
        release: the notebook students were given, with nbgrader's metadata.

    A submission never raises: what is wrong with it is in the result's `problems`.
    """
    wanted = submitted / student / assignment / f"{notebook}.ipynb"
    problems: list[Problem] = []
    try:
        path = find_file(wanted, problems)
        cells, kernel = read_cells(read_text(path, problems), problems)
        rebuilt = _rebuild(release, cells, problems)
    except Unusable as error:
        return Intake(student, wanted, None, (*problems, error.problem))
    except MemoryError:
        what, done = "The file takes more memory than grading may use.", "It was not graded."
        return Intake(student, wanted, None, (*problems, Problem("too-large", None, what, done)))
    _compare_kernels(release, kernel, problems)
    return Intake(student, path, rebuilt, tuple(problems))


def _rebuild(
    release: NotebookNode, cells: Sequence[SubmittedCell], problems: list[Problem]
) -> NotebookNode:
    released = [describe(index, cell) for index, cell in enumerate(release.cells)]
    matching = match(released, cells, problems)
    _report_matches(released, matching, problems)
    extras = _extras(released, cells, matching, problems)
    kept = frozenset[str]().union(
        *(defined_names(c.source) for c in cells if c.index not in matching.dropped)
    )

    rebuilt: NotebookNode = copy.deepcopy(release)
    rebuilt.cells = []
    ids = {cell.get("id") for cell in release.cells}
    for cell in extras.get(-1, ()):
        rebuilt.cells.append(_added(cell, ids, rebuilt))
    for r in released:
        new = copy.deepcopy(release.cells[r.index])
        if new.cell_type == "code":
            new.outputs, new.execution_count = [], None
        if r.role == "answer":
            _answer(r, new, matching.taken.get(r.index), kept, problems)
        rebuilt.cells.append(new)
        for cell in extras.get(r.index, ()):
            rebuilt.cells.append(_added(cell, ids, rebuilt))
    return rebuilt


def _report_matches(
    released: Sequence[Released], matching: Matching, problems: list[Problem]
) -> None:
    strays: dict[How, list[str]] = {}
    marked = [r for r in released if r.role != "plain"]
    for r in marked:
        how = matching.how.get(r.index)
        if how is not None and how != "grade_id":
            strays.setdefault(how, []).append(r.label)
    if strays:
        count = sum(map(len, strays.values()))
        ways = " and ".join(f"by {how} ({len(labels)})" for how, labels in strays.items())
        look = ", ".join(strays.get("position", ()))
        look = f" Look at those matched by position: {look}." if look else ""
        whose = "All" if count == len(marked) else f"{count} of {len(marked)}"
        which = f"{whose} marked cells have"
        if count == 1:
            which = f"The cell {next(iter(strays.values()))[0]} has"
        problems.append(
            Problem(
                "metadata",
                None if count > 1 else next(iter(strays.values()))[0],
                f"{which} lost nbgrader’s metadata, as happens in Colab.",
                f"They were matched {ways}.{look}",
            )
        )
    for r in marked:
        cell = matching.taken.get(r.index)
        if r.role == "locked":
            if cell is None:
                what, done = f"The cell {r.label} was deleted.", "It was put back."
                problems.append(Problem("missing-cell", r.label, what, done))
            elif not same_text(cell.source, r.source) and cell.index not in matching.dropped:
                what = f"The locked cell {r.label} was edited."
                problems.append(
                    Problem("edited-cell", r.label, what, "The instructor’s version was used.")
                )


def _extras(
    released: Sequence[Released],
    cells: Sequence[SubmittedCell],
    matching: Matching,
    problems: list[Problem],
) -> dict[int, list[SubmittedCell]]:
    """Return what the student added, by the released cell it follows (-1: none).

    Edited text of unlocked cells of the lesson is among it: it follows the lesson's own.
    """
    extras: dict[int, list[SubmittedCell]] = {}
    place = -1
    for cell in cells:
        here = matching.places.get(cell.index)
        if here is not None:
            place = here
            r = released[here]
            changed = not same_text(cell.source, r.source)
            if r.role == "plain" and changed and cell.index not in matching.dropped:
                extras.setdefault(place, []).append(cell)
        elif cell.index not in matching.dropped and cell.source.strip():
            if cell.cell_type in ("code", "markdown"):
                extras.setdefault(place, []).append(cell)
            else:
                what = f"The student added a cell (number {cell.index + 1}) of the type raw."
                problems.append(Problem("cell-type", None, what, "It was left out."))
    return extras


def _answer(
    r: Released,
    new: NotebookNode,
    cell: SubmittedCell | None,
    kept: frozenset[str],
    problems: list[Problem],
) -> None:
    """Put a student's answer into the released cell; an unchanged one keeps the exact stub."""
    if cell is None:
        what, done = f"The exercise cell {r.label} is missing.", "It counts as not attempted."
        if r.names & kept:
            # The stub would undo what the student defined elsewhere.
            new.source = "# This cell is missing from the submission."
            done = f"Its {', '.join(sorted(r.names & kept))} is taken from another cell."
        problems.append(Problem("missing-cell", r.label, what, done))
        return
    if cell.cell_type != r.cell_type:
        what = f"The cell {r.label} is of the type {cell.cell_type} instead of {r.cell_type}."
        done = f"Its text was taken as {r.cell_type}."
        problems.append(Problem("cell-type", r.label, what, done))
    if same_text(cell.source, r.source):
        return
    new.source = cell.source
    _attach(new, cell)


def _attach(new: NotebookNode, cell: SubmittedCell) -> None:
    if new.cell_type == "markdown" and cell.attachments:
        new.attachments = nbformat.from_dict(cell.attachments)  # type: ignore[no-untyped-call]


def _added(cell: SubmittedCell, ids: set[str | None], notebook: NotebookNode) -> NotebookNode:
    if cell.cell_type == "code":
        new: NotebookNode = nbformat.v4.new_code_cell(cell.source)  # type: ignore[no-untyped-call]
    else:
        new = nbformat.v4.new_markdown_cell(cell.source)  # type: ignore[no-untyped-call]
        _attach(new, cell)
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        new.pop("id", None)
    else:
        number = cell.index + 1
        while f"added-{number}" in ids:
            number += MAX_CELLS
        new.id = f"added-{number}"
        ids.add(new.id)
    return new


def _compare_kernels(release: NotebookNode, kernel: str | None, problems: list[Problem]) -> None:
    wanted = as_text(as_dict(as_dict(release.metadata).get("kernelspec")).get("name"))
    if kernel and wanted and kernel != wanted:
        problems.append(
            Problem(
                "kernel",
                None,
                f"The notebook asks for the kernel {kernel}.",
                f"The lesson’s, {wanted}, was used.",
            )
        )
