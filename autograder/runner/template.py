"""The warm process that is forked for each submission: import this module to become it.

It knows the student's side of things only: neither tests nor the marking's cases are imported
before the student process has been forked from it.
"""

# ruff: noqa: E402 - what follows must be set before the heavy imports

from __future__ import annotations

import os
import signal

# Ctrl-C is for the process that grades, which then ends this one: here too while it imports.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as the pool started it

# A fork has one thread only, and the libraries' pools of threads would wait for the others.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from autograder.runner import examiner
from autograder.runner.shell import warm_up
from autograder.sandbox import confine

SHELL = warm_up()
confine.warm()


def serve_job(
    connection: Any, scratch: str, limits: confine.Limits, waived: Collection[str]
) -> None:
    """Examine one submission in this fork of the template, which ends afterwards.

    Args:
        connection: where the job comes from and the result goes to.
        scratch: an empty folder that the student process may write to.
        limits: what the student process may use.
        waived: layers of the box to do without.

    """
    box = partial(_confine, scratch, limits, waived)
    examiner.serve_examiner(connection, scratch, limits, SHELL, box)


def _confine(scratch: str, limits: confine.Limits, waived: Collection[str], keep: int) -> None:
    confine.confine(Path(scratch), (), limits, waived, keep=(keep,))
