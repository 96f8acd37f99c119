"""Run a command as an ordinary user who may read this Python and this repository.

Both may lie below a folder that only root may enter. In a mount namespace of the command's own,
such a folder then holds nothing but them; nothing outside of it changes. Call it as root:

    python tests/ordinary.py COMMAND ...
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
USER = 1000
_CLONE_NEWNS = 0x20000


def command(arguments: Iterable[str]) -> list[str]:
    """Return the command that runs another as an ordinary user."""
    return [sys.executable, __file__, *arguments]


def may_be_one() -> bool:
    """Whether this process may mount, and become another user."""
    return os.geteuid() == 0 and subprocess.run(command(["true"]), check=False).returncode == 0


def give(folder: Path) -> None:
    """Make a folder, and what is in it, the user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER, follow_symlinks=False)


def main(arguments: list[str]) -> None:
    """Become the user and the command."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        sys.exit(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    _mount("--make-rprivate", "/")
    _open_the_way({Path(os.path.realpath(p)) for p in (sys.base_prefix, sys.prefix, ROOT)})
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.execvp(arguments[0], arguments)


def _open_the_way(needed: set[Path]) -> None:
    closed = {path: folder for path in needed if (folder := _closed_above(path))}
    held = {path: tempfile.mkdtemp() for path in closed}
    for path, place in held.items():
        _mount("--rbind", path, place)
    for folder in set(closed.values()):
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    for path, place in held.items():
        path.mkdir(parents=True, exist_ok=True)
        _mount("--rbind", place, path)
        subprocess.run(["umount", "--lazy", place], check=True)
        os.rmdir(place)


def _closed_above(path: Path) -> Path | None:
    """Return the first folder on the way that others may not enter, or None.

    Of two paths, neither's can lie below the other's: that one would be the first on both ways.
    """
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def _mount(*arguments: str | os.PathLike[str]) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
