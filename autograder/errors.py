"""What the command line tells a person, instead of a traceback."""

from __future__ import annotations

#: Exit statuses of `softmax-lab`.
OK = 0
FAILED = 1  # it ran, and the answer is no: something is stale, some submission was not graded
BAD_INPUT = 2  # it could not run: an option, a file or the environment has to change first


class LabError(Exception):
    """Something a person can put right; the message says what, where and how.

    Its text is all that `softmax-lab` prints of it. `status` is the exit status.
    """

    status = BAD_INPUT
