"""The warm process that is forked for each submission: import this module to become it.

It knows the student's side of things only: neither tests nor the marking's cases are imported
before the student process has been forked from it.
"""

# ruff: noqa: E402 - what follows must be set before the heavy imports

from __future__ import annotations

import os
import resource
import signal

# Ctrl-C is for the process that grades, which then ends this one: here too while it imports.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as the pool started it

# One that is started again, after a fault, comes from a process that has limited its own memory.
_, _memory = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (_memory, _memory))

# A fork has one thread only, and the libraries' pools of threads would wait for the others.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from autograder.runner.examiner import serve_examiner
from autograder.runner.shell import warm_up
from autograder.sandbox import box

__all__ = ["SHELL", "serve_examiner"]

SHELL = warm_up()
box.warm()
