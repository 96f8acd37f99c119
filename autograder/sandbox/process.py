"""The process itself: its threads, descriptors, group, environment and parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from autograder.sandbox.kernel import (
    PR_GET_NO_NEW_PRIVS,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    prctl,
)
from autograder.sandbox.layer import Missing


def be_alone() -> None:
    """Make sure that no other thread stays outside of the box: the kernel confines a thread."""
    if (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise Missing(
            f"it has {threads} threads, and a process can only be confined while it has one. "
            "Fork it from a process that has started none."
        )


def close_descriptors(keep: Collection[int]) -> None:
    """Close all but 0, 1, 2 and what is kept."""
    first = 3
    for kept in sorted(set(keep)):
        os.closerange(first, kept)
        first = max(first, kept + 1)
    os.closerange(first, max(first, os.sysconf("SC_OPEN_MAX")))


def lead_a_group() -> None:
    """Lead a process group of its own, so that all of it can be killed; lose the terminal."""
    if os.getpgrp() == os.getpid():
        return
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        os.setpgid(0, 0)  # without a terminal this does as well, and takes 2 ms less
    else:
        os.setsid()


def scrub(scratch: Path) -> None:
    """Give it an environment that tells nothing, and work in the scratch folder."""
    home = str(scratch)
    new = {
        "HOME": home,
        "TMPDIR": home,
        "MPLCONFIGDIR": home,
        "IPYTHONDIR": home,
        "JUPYTER_CONFIG_DIR": home,
        "JUPYTER_DATA_DIR": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "student",
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "dumb",
        "USER": "student",
    }
    os.environ.clear()
    os.environ.update(new)
    if sys.platform == "linux":
        _wipe_initial_environment()
    tempfile.tempdir = None  # it remembers the caller's
    os.umask(0o077)
    os.chdir(scratch)


def _wipe_initial_environment() -> None:
    """Overwrite what the kernel put on the stack when the interpreter was started.

    `os.environ.clear` leaves it there for /proc/self/environ and for whoever reads memory.
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start, env_end of proc_pid_stat(5)
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)


def be_first_out_of_memory() -> None:
    """Be what the kernel ends when there is no memory left."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def tie_to_parent(parent: int, hide: bool) -> None:
    """Die with the parent; after the change of user, which undoes this.

    Args:
        parent: the process that started this one.
        hide: keep other students' processes out of this one's /proc where Landlock does not. It
            keeps an ordinary user's `runner.guard` out too.

    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if hide:
        prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise Missing("the process that started it has ended.")


def verify() -> None:
    """Try what must not work.

    Raises:
        Missing: it works.

    """
    if prctl(PR_GET_NO_NEW_PRIVS) != 1:
        raise Missing("it could still gain privileges.")
    if os.getpgrp() != os.getpid():
        raise Missing("it has no process group of its own.")


def verify_that_it_works(scratch: Path) -> None:
    """Try what must work.

    Raises:
        Missing: it does not.

    """
    probe = scratch / ".probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Missing(
            f"it cannot write to its own folder ({error}). The folders above must let every "
            "user through."
        ) from None
    try:
        with open(os.__file__, "rb") as file:
            file.read(1)
    except OSError as error:
        raise Missing(
            f"it cannot read the Python installation ({error}): install it where every user may "
            "read, such as in /opt."
        ) from None
