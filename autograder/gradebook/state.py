"""What the grading remembers of its last run, in small files; losing them only costs time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.errors import LabError


class State:
    """What became of each submission of one assignment.

    Args:
        folder: a folder of ours; it is made when something is kept.
        assignment: the assignment's id.

    """

    def __init__(self, folder: Path, assignment: str) -> None:
        self._folder = folder / "graded"
        self._assignment = assignment

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other grading runs out; the system lets go when the process ends, however it ends.

        Raises:
            LabError: another run is going on.

        """
        import fcntl  # not on Windows, where nothing is graded

        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / ".lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(
                    "another `softmax-lab grade` is running in this course: wait until it is done."
                ) from None
            yield

    def source(self) -> str | None:
        """Return the version of the source that the gradebook knows, or None."""
        version = _load(self._source).get("version")
        return version if isinstance(version, str) else None

    def set_source(self, version: str | None) -> None:
        """Remember the version of the source that the gradebook knows."""
        _save(self._source, {"version": version})

    def of(self, student: str) -> dict[str, Any]:
        """Return what was kept of a student's submission, or an empty dictionary."""
        return _load(self._file(student))

    def keep(self, student: str, result: Mapping[str, Any]) -> None:
        """Keep what became of a student's submission, as JSON data."""
        _save(self._file(student), result)

    def forget(self, student: str) -> None:
        """Keep nothing of a student's submission, so that it counts as never graded."""
        self._file(student).unlink(missing_ok=True)

    @property
    def _source(self) -> Path:
        return self._folder / f".{self._assignment}.json"

    def _file(self, student: str) -> Path:
        return self._folder / student / f"{self._assignment}.json"


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _save(file: Path, data: Mapping[str, Any]) -> None:
    """Write all of a file or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(new, file)
