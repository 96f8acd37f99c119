"""What a person is told instead of a traceback; where the course is."""

from __future__ import annotations

from pathlib import Path

#: nbgrader's settings, which every course directory holds.
CONFIG = "nbgrader_config.py"

#: Exit statuses of `softmax-lab`.
OK = 0
FAILED = 1  # it ran, and the answer is no: something is stale, some submission was not graded
BAD_INPUT = 2  # it could not run: an option, a file or the environment has to change first


class LabError(Exception):
    """Something a person can put right; the message says what, where and how.

    Its text is all that `softmax-lab` prints of it. `status` is the exit status.
    """

    status = BAD_INPUT


def find_root(start: Path) -> Path:
    """Return the course's directory, `start` or one above it.

    Raises:
        LabError: if none of them holds nbgrader's settings.

    """
    for directory in (start, *start.parents):
        if (directory / CONFIG).is_file():
            return directory
    raise LabError(f"{start}: no {CONFIG} here or above. Run this in the course's directory.")
