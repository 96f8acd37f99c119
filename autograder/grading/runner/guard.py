"""Watches, from the examiner, what all processes of a submission use together.

The kernel's limits are each process's own; only a cgroup, which an ordinary user seldom may make,
adds them up. A look five times a second is enough to save the machine.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait

from autograder.grading.confine import Limits

_SECONDS = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Guard(threading.Thread):
    """Ends the student process when its limits are exceeded, and the examiner with its parent.

    Args:
        pid: the student process.
        scratch: its folder.
        limits: what it may use.
        end: ends it; is given the reason.

    """

    def __init__(self, pid: int, scratch: str, limits: Limits, end: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._pid, self._scratch, self._limits, self._end = pid, scratch, limits, end
        self._before = _memory(pid)  # shared with the template, nearly all of it

    def run(self) -> None:
        """Look again and again, until something is exceeded or the parent is gone."""
        parent = multiprocessing.parent_process()
        sentinels = [parent.sentinel] if parent is not None else []
        while not wait(sentinels, _SECONDS):
            if why := self._excess():
                self._end(why)
        os.kill(os.getpid(), signal.SIGTERM)

    def _excess(self) -> str:
        limits = self._limits
        used = sum(max(0, _memory(pid) - self._before) for pid in _family(self._pid))
        if used > limits.total_memory:
            return f"The code used more than {limits.total_memory >> 20} MiB of memory in all"
        if not _fits(self._scratch, limits):
            return (
                f"The code wrote more than {limits.total_disk >> 20} MiB or {limits.files} files "
                "in all"
            )
        return ""


def _memory(pid: int) -> int:
    """Return the bytes of a process that are no file's; 0 if there is no such process."""
    with suppress(OSError), open(f"/proc/{pid}/statm") as file:
        _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * _PAGE
    return 0


def _family(pid: int) -> list[int]:
    """Return a process and all below it, and what was orphaned there and came to us."""
    found, waiting = [], [os.getpid()]
    while waiting:
        one = waiting.pop()
        for task in _listed(f"/proc/{one}/task"):
            with suppress(OSError), open(f"/proc/{one}/task/{task}/children") as file:
                children = [int(child) for child in file.read().split()]
                found += children
                waiting += children
    return found or [pid]


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _fits(folder: str, limits: Limits) -> bool:
    size, count, waiting = 0, 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    with suppress(OSError):
                        size += 512 * entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if size > limits.total_disk or count > limits.files:
                        return False
        except (FileNotFoundError, NotADirectoryError):
            continue  # it went away meanwhile
        except OSError:  # made without the right to list it, or so deep that its name is too long
            return False
    return True
