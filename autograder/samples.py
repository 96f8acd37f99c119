"""Makes sample submissions: a short text for each student becomes the lesson's current notebook."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import LabError

_HEADING = re.compile(r"^## (\S+)[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
_DELIMITER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """What a student handed in.

    Attributes:
        student: the student's id.
        what: in a few words, what is right or wrong with it.
        settings: `starts from` (release or solution) and `damage`.
        cells: the text of cells, by grade_id.
        raw: a file that is handed in as it is, instead of all that.

    """

    student: str
    what: str
    settings: Mapping[str, str]
    cells: Mapping[str, str]
    raw: bytes | None = None


def read_samples(folder: Path) -> list[Sample]:
    """Return the samples of a folder, by student.

    Raises:
        LabError: there is none.

    """
    samples = [
        _parse(file.stem, file.read_text(encoding="utf-8"))
        for file in folder.glob("*.md")
        if file.stem != "README"
    ]
    for file in folder.glob("*.broken"):
        samples.append(Sample(file.stem, "a file that breaks off", {}, {}, file.read_bytes()))
    if not samples:
        raise LabError(f"there are no sample submissions in {folder}.")
    return sorted(samples, key=lambda sample: sample.student)


def _parse(student: str, text: str) -> Sample:
    head, *parts = _HEADING.split(text)
    what, *lines = [line.strip() for line in head.splitlines() if line.strip()]
    settings = dict(re.split(r":\s*", line, maxsplit=1) for line in lines)
    cells = {}
    for grade_id, body in zip(parts[::2], parts[1::2], strict=True):
        fenced = _FENCE.match(body.strip())
        cells[grade_id] = fenced[1] if fenced else body.strip()
    return Sample(student, what, settings, cells)


def make(sample: Sample, release: Any, source: Any) -> bytes:
    """Return the file a student hands in.

    Args:
        sample: what is in it.
        release: the students' notebook.
        source: the instructor's, with the model answers.

    Raises:
        LabError: the sample names a cell the lesson does not have, or an unknown damage.

    """
    if sample.raw is not None:
        return sample.raw
    notebook = copy.deepcopy(release)
    if sample.settings.get("starts from") == "solution":
        notebook = solved(release, source)
    by_id = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    for grade_id, text in sample.cells.items():
        if grade_id not in by_id:
            raise LabError(f"sample {sample.student}: the lesson has no cell {grade_id}.")
        by_id[grade_id].source = text
    damage = sample.settings.get("damage")
    if damage is not None:
        if damage not in _DAMAGES:
            raise LabError(f"sample {sample.student}: there is no damage {damage}.")
        _DAMAGES[damage](notebook)
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def solved(release: Any, source: Any) -> Any:
    """Return the students' notebook with the model answers in its code cells."""
    notebook = copy.deepcopy(release)
    models = {c.metadata.nbgrader.grade_id: c for c in source.cells if "nbgrader" in c.metadata}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and marks.get("solution"):
            cell.source = _DELIMITER.sub("", models[marks["grade_id"]].source)
    return notebook


def _drop_metadata(notebook: Any) -> None:
    notebook.nbformat_minor = 0
    notebook.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    for cell in notebook.cells:
        cell.metadata = {}
        cell.pop("id", None)


def _edit_tests(notebook: Any) -> None:
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"):
            cell.source = "print('Looks right.')"


_DAMAGES: Mapping[str, Callable[[Any], None]] = {
    "no-metadata": _drop_metadata,
    "edited-tests": _edit_tests,
}
