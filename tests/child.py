"""Run something in a forked child: what it patches, prints or leaves behind ends with it."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from typing import Any


class ChildFailed(Exception):
    """The child died, or took too long."""


def in_child(function: Callable[..., Any], *args: Any, seconds: float = 30.0) -> Any:
    """What `function(*args)` returns, pickled; an exception it raises is raised here as text.

    The child is a process group of its own: nothing it starts outlives this call.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _child(writing, function, args)
    os.close(writing)
    try:
        answer = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        for kill in (lambda: os.killpg(pid, signal.SIGKILL), lambda: os.kill(pid, signal.SIGKILL)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill()
        os.waitpid(pid, 0)
    if answer is None:
        raise ChildFailed(f"no answer within {seconds} seconds")
    if not answer:
        raise ChildFailed("ended without an answer")
    succeeded, value = pickle.loads(answer)
    if not succeeded:
        raise ChildFailed(value)
    return value


def _child(writing: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        try:
            answer = pickle.dumps((True, function(*args)))
        except BaseException as error:
            answer = pickle.dumps((False, f"{type(error).__name__}: {error}"))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def _read(reading: int, deadline: float) -> bytes | None:
    """Everything up to the end of the pipe; None when the deadline comes first."""
    parts = []
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(reading, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
