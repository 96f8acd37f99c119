"""Watches, from the examiner, what all processes of a submission use together.

The kernel's limits are each process's own; only a cgroup, which an ordinary user seldom may make,
adds them up. A look five times a second is enough to save the machine.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path

from autograder.sandbox.box import Limits

_SECONDS = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
#: What waits in a socket, at most, where nobody may ask for more.
_BUFFER = "/proc/sys/net/core/wmem_default"


class Guard(threading.Thread):
    """Ends the student process when its limits are exceeded, and the examiner with its parent.

    Args:
        pid: the student process.
        scratch: its folder.
        limits: what it may use.
        end: ends it; is given the reason.

    """

    def __init__(self, pid: int, scratch: Path, limits: Limits, end: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._pid, self._scratch, self._limits, self._end = pid, scratch, limits, end
        self._before = _memory(pid)  # shared with the template, nearly all of it

    def run(self) -> None:
        """Look again and again, until something is exceeded or the parent is gone.

        A guard that cannot look ends the examiner, and with it what it guards.
        """
        parent = multiprocessing.parent_process()
        sentinels = [parent.sentinel] if parent is not None else []
        try:
            while not wait(sentinels, _SECONDS):
                if why := self._excess():
                    self._end(why)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _excess(self) -> str:
        limits = self._limits
        pids = family(self._pid)
        buffers, removed = _held(pids, self._scratch, limits.file_size)
        used = buffers + sum(max(0, _memory(pid) - self._before) for pid in pids)
        if used > limits.total_memory:
            return f"The code used more than {limits.total_memory >> 20} MiB of memory in all"
        if not _fits(self._scratch, limits, removed):
            return (
                f"The code wrote more than {limits.total_disk >> 20} MiB or {limits.files} files "
                "in all, or where nobody can look"
            )
        return ""


def _memory(pid: int) -> int:
    """Return the bytes of a process that are no file's; 0 if there is no such process."""
    for task in _tasks(pid):  # the first thread may have ended, and then tells 0
        with suppress(OSError), open(f"{task}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
            if resident:
                return (resident - shared) * _PAGE
    return 0


def _held(pids: Iterable[int], scratch: Path, file_size: int) -> tuple[int, int]:
    """Return the bytes that sockets may hold, and those of removed files still open or mapped.

    What a file that is only mapped takes nobody tells: it counts as `file_size`.
    """
    sockets, opened, mapped = set(), dict[int, int](), set()
    below = f"{os.path.realpath(scratch)}/"
    for task in (task for pid in pids for task in _tasks(pid)):  # each may have files of its own
        for descriptor in _listed(f"{task}/fd"):
            with suppress(OSError):
                file = os.stat(f"{task}/fd/{descriptor}")
                if stat.S_ISSOCK(file.st_mode):
                    sockets.add(file.st_ino)
                elif stat.S_ISREG(file.st_mode) and not file.st_nlink:
                    opened[file.st_ino] = 512 * file.st_blocks
        with suppress(OSError), open(f"{task}/maps", "rb") as maps:
            for line in maps:
                if line.endswith(b" (deleted)\n"):
                    *_, inode, path = line.split(maxsplit=5)
                    if path.startswith(os.fsencode(below)):
                        mapped.add(int(inode))
    buffer = int(Path(_BUFFER).read_text())
    return buffer * len(sockets), sum(opened.values()) + file_size * len(mapped - opened.keys())


def count_tasks(pids: Iterable[int]) -> int:
    """Return how many threads these processes have in all."""
    return sum(len(_tasks(pid)) for pid in pids)


def _tasks(pid: int) -> list[str]:
    return [f"/proc/{pid}/task/{task}" for task in _listed(f"/proc/{pid}/task")]


def computed(pids: Iterable[int]) -> float:
    """Return how many seconds of a processor these processes have had, and those they waited for.

    What ended unnoticed is missing.
    """
    ticks = 0
    for pid in pids:
        with suppress(OSError), open(f"/proc/{pid}/stat") as file:
            ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
    return ticks / _TICKS


def family(pid: int, root: int | None = None) -> list[int]:
    """Return all processes below the root, this one unless another is given.

    A process that is orphaned there comes to the root. If there are none, it is just `pid`.
    """
    found, waiting = [], [root if root is not None else os.getpid()]
    while waiting:
        one = waiting.pop()
        for task in _tasks(one):
            with suppress(OSError), open(f"{task}/children") as file:
                children = [int(child) for child in file.read().split()]
                found += children
                waiting += children
    return found or [pid]


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _fits(folder: Path, limits: Limits, removed: int) -> bool:
    size, count, waiting = removed, 0, [os.fspath(folder)]
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
        except OSError:
            return False  # nested too deep, or closed to its owner: what is in it would not count
    return size <= limits.total_disk
