"""Run a command, and tell which processes it leaves behind: now, or while it runs.

Whatever loses its parent below this process becomes its child, and nothing that the process does
can undo that: not another session, another name, an empty environment. Call it as

    python tests/orphans.py REPORT COMMAND ...

REPORT is then a JSON list of the command lines of those that did not end by themselves. They are
ended. The exit status is the command's.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
#: Seconds in which what has lost its parent has to end: it may have been killed a moment ago.
PATIENCE = 10.0


def command(report: Path, arguments: list[str]) -> list[str]:
    """Return the command that runs another and writes the report."""
    return [sys.executable, __file__, str(report), *arguments]


def main(report: str, *arguments: str) -> int:
    """Run the command; return its exit status."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("cannot become a subreaper")
    known: dict[int, float] = {}  # when each was first seen here
    left: dict[int, str] = {}
    with subprocess.Popen(arguments) as run:
        while run.poll() is None or set(_orphans(run.pid)) - set(left):
            for pid in _orphans(run.pid):
                if time.monotonic() - known.setdefault(pid, time.monotonic()) > PATIENCE:
                    left[pid] = _command_line(pid)
            time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    Path(report).write_text(json.dumps(list(left.values())))
    return run.returncode


def _orphans(run: int) -> list[int]:
    """Return the children of this process that live, besides the command."""
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
    return [pid for pid in map(int, children) if pid != run and not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    return True


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    return ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
