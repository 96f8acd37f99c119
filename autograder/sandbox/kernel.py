"""The C library, and what `prctl` asks of the kernel."""

from __future__ import annotations

import ctypes
import os
from functools import cache

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_GET_SECCOMP = 21
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39


@cache
def libc() -> ctypes.CDLL:
    """Return the C library, which keeps errno."""
    return ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int = 0) -> int:
    """Call prctl(2).

    Raises:
        OSError: the kernel refused.

    """
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    result: int = libc().prctl(ctypes.c_int(option), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}): {os.strerror(ctypes.get_errno())}")
    return result
