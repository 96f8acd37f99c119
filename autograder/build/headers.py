"""What a cell is for follows from its name, and nbgrader's settings from that.

An author writes the name only. The Create Assignment panel needs the settings in full: `expand`
writes them into a lesson's text, and `shrink` takes out again what follows from the names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.build.lesson_text import LessonCell, read_cells

#: nbgrader's metadata format that the installed version reads.
SCHEMA_VERSION = 3

#: How the names of cells end that go with an exercise `<id>`.
CHECK, TESTS, QUESTION = "-check", "-tests", "-question"

#: The name of the cell that holds the lesson's own Python.
MACHINERY = "machinery"


@dataclass(frozen=True)
class Contract:
    """What the text of a lesson has to hold.

    Attributes:
        tested: the points of each exercise that `<id>-tests` marks, in the order of the lesson.
        hand_marked: the points of each exercise that a person marks, in the same order.
        placeholder: what stands in the cell `machinery`, or "" if there is none.

    """

    tested: Mapping[str, float]
    hand_marked: Mapping[str, float]
    placeholder: str = ""


@dataclass(frozen=True)
class CellRole:
    """What a cell is for: the cell type and the nbgrader flags that make it so."""

    what: str
    cell_type: str | None
    grade: bool
    solution: bool

    @property
    def locked(self) -> bool:
        """Whether autograding puts the original text back."""
        return not self.solution


GIVEN = CellRole("a given cell", None, grade=False, solution=False)
CODE = CellRole("an exercise", "code", grade=False, solution=True)
ANSWER = CellRole("a hand-marked answer", "markdown", grade=True, solution=True)
ROLES = {
    CHECK: CellRole("a visible check", "code", grade=True, solution=False),
    TESTS: CellRole("a tests cell", "code", grade=True, solution=False),
    QUESTION: CellRole("a hand-marked question", "markdown", grade=False, solution=False),
}


def role_of(grade_id: str, contract: Contract) -> CellRole:
    """Return the role that a name gives a cell."""
    if grade_id in contract.tested:
        return CODE
    if grade_id in contract.hand_marked:
        return ANSWER
    return next((role for end, role in ROLES.items() if grade_id.endswith(end)), GIVEN)


def points_of(grade_id: str, contract: Contract) -> float | None:
    """Return the points of a graded cell, or None if the lesson does not declare them."""
    if grade_id.endswith(TESTS):
        return contract.tested.get(grade_id.removesuffix(TESTS))
    if grade_id.endswith(CHECK):
        return 0  # what students can see, they can also pass without understanding
    return contract.hand_marked.get(grade_id)


def settings_of(grade_id: str, contract: Contract) -> dict[str, Any]:
    """Return nbgrader's settings of the cell of a name."""
    role = role_of(grade_id, contract)
    settings: dict[str, Any] = {
        "grade": role.grade,
        "grade_id": grade_id,
        "locked": role.locked,
        "schema_version": SCHEMA_VERSION,
        "solution": role.solution,
        "task": False,
    }
    points = points_of(grade_id, contract) if role.grade else None
    if points is not None:
        settings["points"] = int(points) if points == int(points) else points
    return dict(sorted(settings.items()))


def expand(text: str, contract: Contract) -> str:
    """Return a lesson's text with nbgrader's settings in full wherever there is a name.

    Raises:
        jupytext.myst.MystMetadataParsingError, yaml.YAMLError, nbformat.ValidationError: if a
            cell's metadata cannot be read.

    """

    def full(cell: LessonCell) -> dict[str, Any]:
        metadata = dict(cell.metadata)
        if cell.settings is None and cell.grade_id:
            return _replaced(metadata, "name", "nbgrader", settings_of(cell.grade_id, contract))
        return metadata

    return _with_headers(text, full)


def shrink(text: str, contract: Contract) -> str:
    """Return a lesson's text with names in place of the settings that follow from them.

    Settings that say anything else stay, for everyone to see and for the build to refuse.

    Raises:
        jupytext.myst.MystMetadataParsingError, yaml.YAMLError, nbformat.ValidationError: if a
            cell's metadata cannot be read.

    """

    def lean(cell: LessonCell) -> dict[str, Any]:
        metadata = dict(cell.metadata)
        if cell.settings == settings_of(cell.grade_id, contract) and "name" not in metadata:
            return _replaced(metadata, "nbgrader", "name", cell.grade_id)
        return metadata

    return _with_headers(text, lean)


def _replaced(metadata: dict[str, Any], old: str, new: str, value: Any) -> dict[str, Any]:
    """Return metadata with another key and value in the place of one."""
    return {new if key == old else key: value if key == old else v for key, v in metadata.items()}


def _with_headers(text: str, metadata_of: Callable[[LessonCell], dict[str, Any]]) -> str:
    """Return a lesson's text with other headers, and every other line as it was."""
    from jupytext.myst import dump_yaml_blocks

    lines = text.split("\n")
    for cell in reversed(read_cells(text)[1]):
        metadata = metadata_of(cell)
        if metadata == dict(cell.metadata):
            continue
        plain = json.loads(json.dumps(metadata))
        header = (
            [f"+++ {json.dumps(plain)}"]
            if cell.cell_type == "markdown"
            else dump_yaml_blocks(plain).split("\n")[:-1]
        )
        lines[cell.header.start : cell.header.stop] = header
    return "\n".join(lines)
