"""What the runner is given, and what it gives back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.sandbox.box import Limits

#: The outputs of a cell, as nbformat has them.
Outputs = list[dict[str, Any]]

#: The tag of a given cell that is there for the figure it shows.
FIGURE = "figure"

CellKind = Literal["student", "given", "test"]


@dataclass(frozen=True)
class CodeCell:
    """A code cell to run.

    Attributes:
        kind: whose it is: the student's, given by the lesson, or a test.
        source: its text.
        is_figure: whether it is a given cell that is there for the figure it shows.
        shows: what it shows, if that is known: then it is not run.

    """

    kind: CellKind
    source: str
    is_figure: bool = False
    shows: Outputs | None = None


@dataclass(frozen=True)
class Settings:
    """How submissions are run.

    Attributes:
        jobs: how many at once.
        cell_seconds: how long one cell may take.
        submission_seconds: how long all cells of a student's may take together, and then all
            calls of their functions by tests.
        limits: what a student's code may use.
        waived: layers of the box to do without.
        measure: whether to find out what memory a submission takes, which costs time.

    """

    jobs: int = os.cpu_count() or 1
    cell_seconds: float = 30.0
    submission_seconds: float = 300.0
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    waived: frozenset[str] = frozenset()
    measure: bool = False


@dataclass(frozen=True)
class Job:
    """A submission to examine; it can be pickled.

    Attributes:
        cells: the code cells, in order.
        settings: how they are run.
        files: a folder whose files the lesson's and the student's cells find in theirs, or None.

    """

    cells: tuple[CodeCell, ...]
    settings: Settings
    files: Path | None = None


@dataclass(frozen=True)
class Cost:
    """What examining a submission took.

    Attributes:
        fork: seconds until there was an examiner.
        confine: seconds until the student process was ready.
        cells: seconds in which the student process ran cells.
        tests: seconds in which the examiner ran the lesson's cells and tests, which call functions
            in the student process.
        cpu: CPU seconds of both processes and all they started.
        memory: bytes that were theirs alone at the end; 0 unless it was asked for.

    """

    fork: float = 0
    confine: float = 0
    cells: float = 0
    tests: float = 0
    cpu: float = 0
    memory: int = 0


@dataclass(frozen=True)
class MarkOfTest:
    """What a test cell gave, as data: the examiner's own, never read back from what is shown.

    Attributes:
        points: a number; None for all that the cell can give.
        why: why it gave no number that counts, in words for the instructor, or "".

    """

    points: float | None
    why: str = ""


@dataclass(frozen=True)
class Examined:
    """What running a submission gave.

    Attributes:
        outputs: of each cell, as nbformat has them.
        marks: of each cell; None for all but tests.
        notes: what happened to the student process, in words for the instructor.
        cost: what it took.

    """

    outputs: list[Outputs]
    marks: list[MarkOfTest | None]
    notes: list[str]
    cost: Cost = Cost()
