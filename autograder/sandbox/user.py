"""The layer `user`: no privileges, and an id that nothing else belongs to."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from autograder.sandbox.kernel import PR_CAPBSET_DROP, PR_SET_KEEPCAPS, libc, prctl
from autograder.sandbox.layer import Missing

_CAP_DAC_READ_SEARCH = 2
_CLONE_NEWUSER = 0x10000000
_CAPABILITY_VERSION = 0x20080522
#: Ids that systemd keeps free for short-lived users; inside the 65536 that a container maps.
_CONTAINER_IDS = range(61184, 65520)
_FIRST_ID = 0x6000_0000


def become_nobody(scratch: Path, may_read: bool) -> bool:
    """Drop every privilege, and see that they are gone.

    Root becomes a user that nothing else belongs to. An ordinary user stays who it is, but in a
    user namespace of its own, if it may make one: the kernel then counts its processes apart.

    Where the Python installation lies in a folder that only root may enter, such as /root, the
    right to read is kept, provided that Landlock says what it reaches.

    Returns:
        Whether its processes are counted apart from all others.

    """
    if os.geteuid() == 0:
        new = _unused_id()
        blocked = unreachable(Path(os.__file__)) or unreachable(Path(sys.executable))
        keep = blocked is not None and may_read and _has_capability(_CAP_DAC_READ_SEARCH)
        if blocked is not None and not keep:
            raise Missing(
                f"Python is installed where only root may read ({blocked}), so an unprivileged "
                "user cannot run it. Install Python and this package elsewhere, such as in "
                "/opt, or grade as an ordinary user."
            )
        try:
            _give(scratch, new)
            for capability in range(64):  # ends at the last one that the kernel knows
                try:
                    prctl(PR_CAPBSET_DROP, capability)
                except OSError:
                    break
            prctl(PR_SET_KEEPCAPS, int(keep))
            os.setgroups([])
            os.setresgid(new, new, new)
            os.setresuid(new, new, new)
            prctl(PR_SET_KEEPCAPS, 0)
        except OSError as error:
            raise Missing(
                f"root may not change into an unprivileged user here ({error}). Allow SETUID, "
                "SETGID and CHOWN in the container, or grade as an ordinary user."
            ) from None
        _set_capabilities(1 << _CAP_DAC_READ_SEARCH if keep else 0)
        if set(os.getresuid()) != {new} or set(os.getresgid()) != {new} or os.getgroups():
            raise Missing("the change into an unprivileged user did not take place.")
        with suppress(PermissionError):
            os.setuid(0)
            raise Missing("it could become root again.")
        return True
    apart = enter_namespace()
    _set_capabilities(0)
    return apart


def enter_namespace() -> bool:
    """Enter a new user namespace, with every capability there; return whether that is allowed.

    RLIMIT_NPROC counts a user's processes by namespace since Linux 5.14, user_namespaces(7).
    """
    release = tuple(int(n) for n in re.findall(r"\d+", platform.release())[:2])
    return release >= (5, 14) and libc().unshare(_CLONE_NEWUSER) == 0


def _unused_id() -> int:
    """Return an id of no user, one a process: then its processes are counted apart as well."""
    mapped = set()
    for file in ("/proc/self/uid_map", "/proc/self/gid_map"):
        rows = [[int(n) for n in row.split()] for row in Path(file).read_text().splitlines()]
        mapped.add(max((first + length for first, _, length in rows), default=0))
    pid = os.getpid()
    if min(mapped) > _FIRST_ID + pid:
        return _FIRST_ID + pid
    if min(mapped) >= _CONTAINER_IDS.stop:
        return _CONTAINER_IDS[pid % len(_CONTAINER_IDS)]
    raise Missing(
        "this container has no user but root. Give it a full range of users, or grade as an "
        "ordinary user outside of it."
    )


def unreachable(path: Path) -> Path | None:
    """Return what keeps a user to whom nothing belongs from reading the path, or None."""
    path = path.resolve()
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None if path.stat().st_mode & stat.S_IROTH else path


def _give(scratch: Path, owner: int) -> None:
    os.chown(scratch, owner, owner, follow_symlinks=False)
    for folder, folders, files in os.walk(scratch):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), owner, owner, follow_symlinks=False)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _set_capabilities(wanted: int) -> None:
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    low, high = wanted & 0xFFFF_FFFF, wanted >> 32
    data = (_CapabilityData * 2)(_CapabilityData(low, low, 0), _CapabilityData(high, high, 0))
    if libc().capset(ctypes.byref(header), data) != 0:
        raise Missing(f"capabilities cannot be given up: {os.strerror(ctypes.get_errno())}.")
    if capabilities() != wanted:
        raise Missing("it still has capabilities that it gave up.")


def capabilities() -> int:
    """Return the capabilities in effect, one bit each."""
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    data = (_CapabilityData * 2)()
    libc().capget(ctypes.byref(header), data)
    return int(data[0].effective | data[1].effective << 32)


def _has_capability(capability: int) -> bool:
    return bool(capabilities() >> capability & 1)
