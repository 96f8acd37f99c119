"""What the runner is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

#: The outputs of a cell, as nbformat has them.
Outputs = list[dict[str, Any]]

Kind = Literal["student", "given", "test"]


@dataclass(frozen=True)
class Cell:
    """A code cell to run.

    Attributes:
        kind: whose it is: the student's, given by the lesson, or a test.
        source: its text.

    """

    kind: Kind
    source: str


@dataclass(frozen=True)
class Examined:
    """What running a submission gave.

    Attributes:
        outputs: of each cell, as nbformat has them.
        notes: what happened to the student process, in words for the instructor.

    """

    outputs: list[Outputs]
    notes: list[str]
