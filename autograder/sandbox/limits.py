"""The layer `limits`: memory, CPU time, processes, files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from autograder.sandbox.layer import Missing

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a student's code may use.

    Attributes:
        memory: bytes of address space of each process, beyond what the caller uses now.
        cpu: CPU seconds of each process.
        file_size: bytes of each file.
        processes: processes and threads at once. Where an ordinary user's cannot be counted apart,
            the user's other processes that run when the limit is set are allowed for; later ones
            share it.
        open_files: of each process.
        total_memory: bytes of all processes together, beyond what they share with the caller.
            These totals are not the kernel's: `runner.guard` looks after them.
        total_disk: bytes of all files together.
        files: how many files and folders.

    """

    memory: int = 2048 * _MIB
    cpu: int = 60
    file_size: int = 64 * _MIB
    processes: int = 64
    open_files: int = 256
    total_memory: int = 3072 * _MIB
    total_disk: int = 256 * _MIB
    files: int = 10_000


def limit(limits: Limits, alone: bool) -> None:
    """Set the kernel's limits of this process, and see that they are set.

    Args:
        limits: what may be used.
        alone: whether no other process is counted with this one's.

    Raises:
        Missing: they cannot be set.

    """
    import resource

    for name, (soft, hard) in _resources(limits, alone).items():
        _, ceiling = resource.getrlimit(name)
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        try:
            resource.setrlimit(name, (soft, hard))
        except (OSError, ValueError) as error:
            raise Missing(f"resource limits cannot be set: {error}.") from None
        if resource.getrlimit(name) != (soft, hard):
            raise Missing("a resource limit was not kept.")


@contextmanager
def own_memory_limited(beyond: int) -> Iterator[None]:
    """Let this trusted process allocate only so many bytes more than it has, for a while.

    Its children inherit that, and may raise it again.

    Raises:
        OSError: the limit cannot be set.

    """
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _address_space() + beyond
    if before == resource.RLIM_INFINITY or wanted < before:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _address_space() -> int:
    """Return the bytes of address space that this process has."""
    import resource

    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _resources(limits: Limits, alone: bool) -> dict[int, tuple[int, int]]:
    import resource

    others = 0 if alone else _tasks_of(os.geteuid())
    single = {
        resource.RLIMIT_AS: _address_space() + limits.memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NPROC: others + limits.processes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 1,  # 0 would not keep a system's crash handler from starting
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    # A second between the signal that can be caught and the one that cannot.
    return {resource.RLIMIT_CPU: (limits.cpu, limits.cpu + 1)} | {
        name: (value, value) for name, value in single.items()
    }


def _tasks_of(user: int) -> int:
    """Count a user's processes and threads, which the kernel's limit is about."""
    tasks = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                found = os.stat(f"/proc/{name}/task")
                if found.st_uid == user:
                    tasks += found.st_nlink - 2
    return tasks
