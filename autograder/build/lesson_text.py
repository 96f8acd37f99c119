"""Reads a lesson's text, MyST Markdown, as cells that know their place in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FRONT_MATTER = """\
---
jupytext:
  notebook_metadata_filter: -jupytext.text_representation.jupytext_version
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---"""

HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)

#: What nbgrader removes from the students' copy. A region stands between `### BEGIN <kind>` and
#: `### END <kind>`.
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
DELIMITERS = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in REGIONS]


@dataclass(frozen=True)
class LessonCell:
    """One cell of the lesson's text.

    Attributes:
        number: from 1.
        line: of the file, from 1.
        cell_type: "code", "markdown" or "raw".
        source: what stands in it.
        metadata: what its header says.
        header: the lines of the file that say it, as indices.

    """

    number: int
    line: int
    cell_type: str
    source: str
    metadata: Mapping[str, Any]
    header: range

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """nbgrader's settings, where the header has them in full."""
        settings: Mapping[str, Any] | None = self.metadata.get("nbgrader")
        return settings

    @property
    def grade_id(self) -> str:
        """The name nbgrader knows the cell by, or an empty string."""
        name = self.metadata.get("name")
        return str((self.settings or {}).get("grade_id") or ("" if name is None else name))

    @property
    def label(self) -> str:
        """How a message calls the cell."""
        if self.grade_id:
            return f"cell `{self.grade_id}`"
        first = self.source.strip().split("\n")[0]
        return f"cell {self.number} ({first[:50]!r})"


@dataclass(frozen=True)
class Region:
    """What stands between two delimiters; `lines` are indices into the cell's source lines."""

    kind: str
    lines: range

    def text(self, cell: LessonCell) -> list[str]:
        """Return the region's lines that are not blank, without their indentation."""
        lines = cell.source.split("\n")
        return [lines[i].strip() for i in self.lines if lines[i].strip()]


def read_cells(text: str) -> tuple[Any, list[LessonCell]]:
    """Return the notebook of a MyST text, and its cells as the rules see them.

    Raises:
        jupytext.myst.MystMetadataParsingError, yaml.YAMLError, nbformat.ValidationError: if a
            cell's metadata cannot be read.

    """
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook

    # The front matter has rules of its own, and what it says is not used: blank lines instead.
    body = HEAD.sub(lambda head: "\n" * head[0].count("\n"), text, count=1)
    notebook = myst_to_notebook(body, add_source_map=True)
    starts = notebook.metadata.pop("source_map")
    lines = text.split("\n")
    cells = []
    for number, (start, cell) in enumerate(zip(starts, notebook.cells, strict=True), 1):
        header = _header(lines, start, cell)
        while start + 1 < len(lines) and not lines[start].strip():  # the map counts blank lines
            start += 1
        settings = cell.metadata.get("nbgrader", {})
        if not isinstance(settings, Mapping):
            raise MystMetadataParsingError(
                f"line {start + 1}: `nbgrader:` has no settings below it"
            )
        cells.append(
            LessonCell(number, start + 1, cell.cell_type, cell.source, dict(cell.metadata), header)
        )
    return notebook, cells


def _header(lines: list[str], start: int, cell: Any) -> range:
    """Return the lines of a cell's header; `start` is the one after the cell's first delimiter."""
    if not cell.metadata:
        return range(start, start)
    if cell.cell_type == "markdown":
        return range(start - 1, start)
    end = start + 1
    if lines[start].startswith("---"):
        while not lines[end].startswith("---"):
            end += 1
        return range(start, end + 1)
    while lines[end].lstrip().startswith(":"):
        end += 1
    return range(start, end if lines[end].strip() else end + 1)


def regions(cell: LessonCell) -> list[Region]:
    """Return the regions of a cell; one that is never closed ends with the cell."""
    found: list[Region] = []
    kind, start = "", 0
    lines = cell.source.split("\n")
    for i, line in enumerate(lines):
        edge, _, name = delimiter(line).partition(" ")
        if edge == "BEGIN" and not kind:
            kind, start = name, i + 1
        elif edge == "END" and name == kind:
            found.append(Region(kind, range(start, i)))
            kind = ""
    if kind:
        found.append(Region(kind, range(start, len(lines))))
    return found


def delimiter(line: str) -> str:
    """Return the delimiter that a line is for nbgrader: it looks for the words anywhere."""
    return next((words for words in DELIMITERS if words in line), "")
