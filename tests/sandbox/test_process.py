"""What a confined process knows and holds, and when it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from boxed import HURRY, ON_LINUX, PACKAGES, REPOSITORY, Box

from autograder.sandbox.box import CannotConfine, Limits, confine

pytestmark = ON_LINUX


def test_open_files_of_the_caller_are_closed(box: Box) -> None:
    with open(__file__) as open_file:
        number = open_file.fileno()
        assert box.run(lambda: os.fstat(number)) == "OSError"


def test_dies_with_its_parent(box: Box) -> None:
    reading, writing = os.pipe()
    box.scratch.mkdir()
    if (parent := os.fork()) == 0:
        if os.fork() == 0:
            confine(box.scratch, [PACKAGES], Limits(), keep=[writing])
            os.write(writing, b"x")
            time.sleep(1000)
        time.sleep(1000)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([reading], [], [], HURRY)[0]
    assert os.read(reading, 1) == b""  # the last end of the pipe is gone
    os.close(reading)


def test_a_process_with_threads_is_refused(box: Box) -> None:
    box.scratch.mkdir()
    reading, writing = os.pipe()
    if os.fork() == 0:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        try:
            confine(box.scratch, [], Limits(), keep=[writing])
        except CannotConfine as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        assert "2 threads" in pipe.read()
    os.wait()


def test_the_environment_tells_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    told = box.run(lambda: dict(os.environ))
    assert "SECRET" not in told
    assert str(REPOSITORY) not in json.dumps({k: v for k, v in told.items() if k != "PATH"})
    assert told["HOME"] == told["TMPDIR"] == told["MPLCONFIGDIR"] == str(box.scratch)
    assert box.run(lambda: subprocess.getoutput("echo .$SECRET.")) == ".."
    assert box.run(tempfile.gettempdir) == str(box.scratch)


def test_the_environment_is_gone_from_memory(box: Box) -> None:
    """Of a process that was started with a secret; its own kernel record is looked at."""
    program = (
        "import ctypes, os, sys\n"
        "from pathlib import Path\n"
        "from autograder.sandbox.box import Limits, confine\n"
        "fields = open('/proc/self/stat').read().rpartition(')')[2].split()\n"
        "start, end = int(fields[47]), int(fields[48])\n"
        "before = ctypes.string_at(start, end - start)\n"
        f"confine(Path({str(box.scratch)!r}), [], Limits())\n"
        "after = ctypes.string_at(start, end - start)\n"
        "print(b'hunter2' in before, b'hunter2' in after, any(after))\n"
    )
    box.scratch.mkdir()
    path = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"SECRET": "hunter2", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "False", "False"]
