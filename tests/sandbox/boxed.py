"""Forks that confine themselves and try things."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

import autograder
from autograder.sandbox.box import CannotConfine, Limits, confine

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the box is made of Linux's parts")
REPOSITORY = Path(autograder.__file__).resolve().parents[1]
PACKAGES = Path(torch.__file__).parents[1]
LIBC = ctypes.CDLL(None, use_errno=True)
HURRY = 60  # seconds; only a test that fails waits as long


class Box:
    """Runs functions in forks that have confined themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.pid = 0

    def run(self, student: Callable[[], Any], limits: Limits | None = None, **options: Any) -> Any:
        """Return what the function returns, or the name of the error that it ends with."""
        return self.told(student, limits, **options)[0]

    def told(
        self, student: Callable[[], Any], limits: Limits | None = None, **options: Any
    ) -> tuple[Any, int]:
        """Return that and the status that the process ended with."""
        self.scratch.mkdir(exist_ok=True)
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_student(student, limits or Limits(), writing, options)
        os.close(writing)
        data = b""
        while not data.endswith(b"\n") and select.select([reading], [], [], HURRY)[0]:
            if not (more := os.read(reading, 1 << 16)):
                break
            data += more
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        return json.loads(data) if data else None, status

    def _be_the_student(
        self, student: Callable[[], Any], limits: Limits, writing: int, options: dict[str, Any]
    ) -> None:
        try:
            try:
                confine(self.scratch, [PACKAGES], limits, keep=[writing], **options)
                told = student()
            except CannotConfine as error:
                told = f"CannotConfine: {error}"
            except BaseException as error:
                told = type(error).__name__
            os.write(writing, json.dumps(told).encode() + b"\n")
        finally:
            os._exit(0)


def errno_of(call: Callable[[], int]) -> str:
    """Return the name of the error that a C function reports, or "done"."""
    ctypes.set_errno(0)
    return "done" if call() >= 0 else errno.errorcode[ctypes.get_errno()]
