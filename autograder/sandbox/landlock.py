"""The layer `landlock`: which files, and which other processes, can be reached at all."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import autograder
from autograder.sandbox.layer import Missing

_MIN_LANDLOCK = 3  # below, opening a readable file could truncate it
_SIGNAL_SCOPE = 6

_SYSTEM_READABLE = (
    *("/lib", "/lib32", "/lib64", "/libx32", "/bin"),
    *("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec", "/usr/bin"),
    *("/usr/local/lib", "/usr/local/lib64", "/usr/local/bin"),
    *(f"/usr/share/{name}" for name in ("fonts", "fontconfig", "locale", "mime", "zoneinfo")),
    *("/usr/local/share/fonts", "/usr/share/misc", "/usr/share/terminfo"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/mime.types", "/etc/os-release", "/etc/timezone"),
    *("/dev/urandom", "/dev/random"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/devices/system/node"),
)
_OWN_READABLE = ("maps", "stat", "statm", "status")  # of /proc/self


def warm() -> None:
    """Import and look up beforehand what `restrict_files` needs."""
    with suppress(Missing):
        _sandlock()
    _installation()


def restrict_files(scratch: Path, readable: Sequence[Path], strict: bool) -> None:
    """Leave only `scratch` writable, only the installation and `readable` readable.

    Args:
        scratch: the folder to write in.
        readable: what may be read besides.
        strict: do not count on seccomp for what an older Landlock does not cover.

    Raises:
        Missing: Landlock is not there, too old, or refuses.

    """
    sandlock = _sandlock()
    version = sandlock.landlock_abi_version()
    if version < _MIN_LANDLOCK:
        raise Missing(_too_old(version))
    kinds = sandlock.Protection
    covered_by_seccomp = (
        [kinds.NET_TCP, kinds.FS_IOCTL_DEV, kinds.SIGNAL_SCOPE, kinds.ABSTRACT_UNIX_SOCKET_SCOPE]
        if not strict
        else []
    )
    own = [Path(f"/proc/{os.getpid()}/{name}") for name in _OWN_READABLE]
    policy = sandlock.Sandbox(
        fs_readable=[str(path) for path in (*_installation(), *readable, *own) if path.exists()],
        fs_writable=[str(scratch), "/dev/null"],
        allow_degraded=covered_by_seccomp,
    )
    try:
        sandlock.confine(policy)
    except sandlock.SandlockError as error:
        raise Missing(f"Landlock refused: {error}.") from None


def _too_old(version: int) -> str:
    if version <= 0:
        return (
            "the kernel has no Landlock, or it is switched off. Use Linux 6.2 or later with "
            "`landlock` among the names in /sys/kernel/security/lsm, or a container whose "
            "seccomp profile lets Landlock through, as Docker's does."
        )
    return f"the kernel's Landlock is version {version}, and {_MIN_LANDLOCK} is needed: Linux 6.2."


@cache
def _sandlock() -> Any:
    try:
        import sandlock
    except (ImportError, OSError) as error:
        raise Missing(
            f"the package sandlock cannot be imported ({error}): `pip install sandlock`."
        ) from None
    return sandlock


def scopes_signals() -> bool:
    """Whether this kernel's Landlock keeps signals inside."""
    return bool(_sandlock().landlock_abi_version() >= _SIGNAL_SCOPE)


@cache
def _installation() -> tuple[Path, ...]:
    """Return what Python, its packages and the shared libraries need, without this package."""
    paths = [Path(path) for path in _SYSTEM_READABLE]
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        paths += [Path(prefix, name) for name in ("lib", "lib64", "bin", "pyvenv.cfg")]
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths += [Path(sysconfig.get_path(name)) for name in names]
    packages = [*site.getsitepackages(), site.getusersitepackages()]
    paths += [Path(path) for path in packages if path in sys.path]
    hidden = Path(autograder.__file__).parent.resolve()
    chosen = {path.resolve() for path in paths if path.exists()}
    outermost = [path for path in chosen if chosen.isdisjoint(path.parents)]
    return tuple(sorted(shown for path in outermost for shown in _except(path, hidden)))


def _except(path: Path, hidden: Path) -> Iterator[Path]:
    """Yield the path, or what is in it if something in it is to stay hidden."""
    if path == hidden:
        return
    if path not in hidden.parents:
        yield path
        return
    for child in path.iterdir():
        if not child.is_symlink():
            yield from _except(child, hidden)


def verify(scratch: Path) -> None:
    """Try what must not work.

    Raises:
        Missing: it works.

    """
    attempts: tuple[Callable[[], object], ...] = (
        lambda: os.listdir("/"),
        lambda: os.listdir(Path(autograder.__file__).parent),
        lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        lambda: os.close(os.open(f"/proc/{os.getppid()}/status", os.O_RDONLY)),
        lambda: os.mkdir(scratch.parent / f".probe-{os.getpid()}"),
    )
    for attempt in attempts:
        try:
            attempt()
        except (PermissionError, FileNotFoundError):
            continue
        raise Missing("Landlock is in force, and files outside can be reached all the same.")
