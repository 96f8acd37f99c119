"""Put the calling process into a box before it runs a student's code, and say what the box holds.

Every layer is applied from inside, lasts until the process ends, is inherited by whatever it
starts, and needs neither root nor a container. Linux only: elsewhere `layers` says what is missing
and `check` refuses.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import shutil
import signal
import site
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import autograder
from autograder.errors import LabError

_MIB = 1 << 20


class CannotConfine(LabError):
    """A student's code would run with less protection than was asked for."""


@dataclass(frozen=True)
class Limits:
    """What a student's code may use.

    Attributes:
        memory: bytes of address space of each process, beyond what the caller uses now.
        cpu: CPU seconds of each process.
        file_size: bytes of each file.
        processes: processes and threads at once. Of an ordinary user's other processes, those that
            run when the limit is set are allowed for; later ones share it.
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


@dataclass(frozen=True)
class Layer:
    """One part of the box.

    Attributes:
        name: what `--without-NAME` calls it.
        available: whether this machine enforces it.
        what: what it keeps a student's code from.
        why: why it is missing, and what to do about it; "" where it is available.

    """

    name: str
    available: bool
    what: str
    why: str = ""


#: The layers in the order in which they are applied.
LAYERS = {
    "user": "acting as root, or touching what belongs to other users",
    "limits": "using up memory, CPU time, processes, open files or a disk with one file",
    "landlock": "reading or writing files outside its own folder and the Python installation, "
    "looking into other processes and signalling them",
    "seccomp": "using the network, changing owners and permissions of files, tracing, "
    "leaving its process group, and rare parts of the kernel",
}


class _Missing(Exception):
    """A layer could not be applied; the text is a `Layer`'s `why`."""


# --- What the runner calls ----------------------------------------------------------------------


def layers() -> list[Layer]:
    """Try every layer in a forked child and tell which hold; changes nothing in the caller."""
    return [
        Layer(name, not why, what, why) for name, what in LAYERS.items() for why in [_try(name)]
    ]


def check(waived: Collection[str] = ()) -> None:
    """Make sure that this machine enforces every layer that is not waived.

    Raises:
        CannotConfine: some are missing; the message names them and the options that accept less.

    """
    _check_names(waived)
    missing = [layer for layer in layers() if not layer.available and layer.name not in waived]
    if missing:
        told = [f"- {one.name}, which keeps it from {one.what}: {one.why}" for one in missing]
        options = " ".join(f"--without-{one.name}" for one in missing)
        raise CannotConfine(
            "this machine cannot keep a student's code in its box. Missing:\n"
            + "\n".join(told)
            + f"\nTo run it with less protection all the same: {options}"
        )


def warm() -> None:
    """Do beforehand, in the template that is forked, what need not be done in every fork."""
    if sys.platform == "linux":
        import resource  # noqa: F401
        import socket  # noqa: F401

        with suppress(_Missing):
            _sandlock()
        with suppress(_Missing):
            _filters()
        _installation()


def confine(
    scratch: Path,
    readable: Sequence[Path],
    limits: Limits,
    waived: Collection[str] = (),
    *,
    keep: Collection[int] = (),
) -> None:
    """Confine the calling process for good; called before the first line of a student's code.

    Afterwards the process leads a session of its own, works in `scratch`, has a small fixed
    environment, and is killed when the process that forked it ends. All of it is tried out before
    this returns. When it raises, the process is half confined: end it.

    Args:
        scratch: an empty folder for this run alone, the only one that may be written to. Where the
            caller is root it is given to the unprivileged user.
        readable: files and folders that may be read besides the Python installation.
        limits: what may be used.
        waived: names of layers to do without.
        keep: file descriptors that stay open besides 0, 1 and 2.

    Raises:
        CannotConfine: a layer that is not waived could not be applied, or does not hold.

    """
    _check_names(waived)
    parent = os.getppid()
    scratch = scratch.resolve()
    warm()  # later, the box would keep it from importing what is installed in an odd place
    try:
        if sys.platform == "linux":
            _confine(scratch, readable, limits, waived, keep, parent)
        elif missing := [name for name in LAYERS if name not in waived]:
            raise _Missing(_elsewhere(missing[0]))
        else:
            _scrub(scratch)
    except _Missing as missing_layer:
        raise CannotConfine(f"a student's code was not run: {missing_layer}") from None
    except OSError as error:
        raise CannotConfine(
            f"a student's code was not run, because it cannot be confined: {error}."
        ) from error


def _confine(
    scratch: Path,
    readable: Sequence[Path],
    limits: Limits,
    waived: Collection[str],
    keep: Collection[int],
    parent: int,
) -> None:
    _be_alone()
    _close_descriptors(keep)
    _lead_a_group()
    _scrub(scratch)
    _be_first_out_of_memory()
    becomes_nobody = "user" not in waived and os.geteuid() == 0
    if "user" not in waived:
        _become_nobody(scratch, may_read="landlock" not in waived)
    if "limits" not in waived:
        _limit(limits, alone=becomes_nobody)
    _tie_to_parent(parent, hide="landlock" in waived)
    if "landlock" not in waived:
        _restrict_files(scratch, readable, strict="seccomp" in waived)
    if "seccomp" not in waived:
        _filter_calls(strict="landlock" in waived or not _scopes_signals())
    _verify(scratch, waived)


def _check_names(waived: Collection[str]) -> None:
    if unknown := set(waived) - set(LAYERS):
        raise ValueError(f"no such layer: {', '.join(sorted(unknown))}")


# --- The process itself -------------------------------------------------------------------------

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_PR_GET_SECCOMP = 21


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int = 0) -> int:
    libc = _libc()
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    result: int = libc.prctl(ctypes.c_int(option), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}): {os.strerror(ctypes.get_errno())}")
    return result


def _be_alone() -> None:
    """Make sure that no other thread stays outside of the box: the kernel confines a thread."""
    if (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise _Missing(
            f"it has {threads} threads, and a process can only be confined while it has one. "
            "Fork it from a process that has started none."
        )


def _close_descriptors(keep: Collection[int]) -> None:
    first = 3
    for kept in sorted(set(keep)):
        os.closerange(first, kept)
        first = max(first, kept + 1)
    os.closerange(first, max(first, os.sysconf("SC_OPEN_MAX")))


def _lead_a_group() -> None:
    """Lead a process group of its own, so that all of it can be killed; lose the terminal."""
    if os.getpgrp() == os.getpid():
        return
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        os.setpgid(0, 0)  # without a terminal this does as well, and takes 2 ms less
    else:
        os.setsid()


def _scrub(scratch: Path) -> None:
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


def _be_first_out_of_memory() -> None:
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _tie_to_parent(parent: int, hide: bool) -> None:
    """Die with the parent; after the change of user, which undoes this.

    Args:
        parent: the process that started this one.
        hide: keep other students' processes out of this one's /proc where Landlock does not. It
            keeps an ordinary user's `runner.guard` out too.

    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if hide:
        _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise _Missing("the process that started it has ended.")


# --- user ---------------------------------------------------------------------------------------

_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION = 0x20080522
#: Ids that systemd keeps free for short-lived users; inside the 65536 that a container maps.
_CONTAINER_IDS = range(61184, 65520)
_FIRST_ID = 0x6000_0000


def _become_nobody(scratch: Path, may_read: bool) -> None:
    """Drop every privilege; root becomes a user that nothing else belongs to.

    Where the Python installation lies in a folder that only root may enter, such as /root, the
    right to read is kept, provided that Landlock says what it reaches.
    """
    if os.geteuid() == 0:
        new = _unused_id()
        blocked = _unreachable(Path(os.__file__)) or _unreachable(Path(sys.executable))
        keep = blocked is not None and may_read and _has_capability(_CAP_DAC_READ_SEARCH)
        if blocked is not None and not keep:
            raise _Missing(
                f"Python is installed where only root may read ({blocked}), so an unprivileged "
                "user cannot run it. Install Python and this package elsewhere, such as in "
                "/opt, or grade as an ordinary user."
            )
        try:
            _give(scratch, new)
            for capability in range(64):  # ends at the last one that the kernel knows
                try:
                    _prctl(_PR_CAPBSET_DROP, capability)
                except OSError:
                    break
            _prctl(_PR_SET_KEEPCAPS, int(keep))
            os.setgroups([])
            os.setresgid(new, new, new)
            os.setresuid(new, new, new)
            _prctl(_PR_SET_KEEPCAPS, 0)
        except OSError as error:
            raise _Missing(
                f"root may not change into an unprivileged user here ({error}). Allow SETUID, "
                "SETGID and CHOWN in the container, or grade as an ordinary user."
            ) from None
        _set_capabilities(1 << _CAP_DAC_READ_SEARCH if keep else 0)
        if set(os.getresuid()) != {new} or set(os.getresgid()) != {new} or os.getgroups():
            raise _Missing("the change into an unprivileged user did not take place.")
        with suppress(PermissionError):
            os.setuid(0)
            raise _Missing("it could become root again.")
    else:
        _set_capabilities(0)


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
    raise _Missing(
        "this container has no user but root. Give it a full range of users, or grade as an "
        "ordinary user outside of it."
    )


def _unreachable(path: Path) -> Path | None:
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
    if _libc().capset(ctypes.byref(header), data) != 0:
        raise _Missing(f"capabilities cannot be given up: {os.strerror(ctypes.get_errno())}.")
    if _capabilities() != wanted:
        raise _Missing("it still has capabilities that it gave up.")


def _capabilities() -> int:
    """Return the capabilities in effect, one bit each."""
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    data = (_CapabilityData * 2)()
    _libc().capget(ctypes.byref(header), data)
    return int(data[0].effective | data[1].effective << 32)


def _has_capability(capability: int) -> bool:
    return bool(_capabilities() >> capability & 1)


# --- limits -------------------------------------------------------------------------------------


def _limit(limits: Limits, alone: bool) -> None:
    import resource

    for name, (soft, hard) in _resources(limits, alone).items():
        _, ceiling = resource.getrlimit(name)
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        try:
            resource.setrlimit(name, (soft, hard))
        except (OSError, ValueError) as error:
            raise _Missing(f"resource limits cannot be set: {error}.") from None
        if resource.getrlimit(name) != (soft, hard):
            raise _Missing("a resource limit was not kept.")


def _resources(limits: Limits, alone: bool) -> dict[int, tuple[int, int]]:
    import resource

    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    others = 0 if alone else _tasks_of(os.geteuid())
    single = {
        resource.RLIMIT_AS: used + limits.memory,
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


# --- landlock -----------------------------------------------------------------------------------

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


def _restrict_files(scratch: Path, readable: Sequence[Path], strict: bool) -> None:
    """Leave only `scratch` writable, only the installation and `readable` readable.

    Args:
        scratch: the folder to write in.
        readable: what may be read besides.
        strict: do not count on seccomp for what an older Landlock does not cover.

    """
    sandlock = _sandlock()
    version = sandlock.landlock_abi_version()
    if version < _MIN_LANDLOCK:
        raise _Missing(_too_old(version))
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
        raise _Missing(f"Landlock refused: {error}.") from None


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
        raise _Missing(
            f"the package sandlock cannot be imported ({error}): `pip install sandlock`."
        ) from None
    return sandlock


def _scopes_signals() -> bool:
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


# --- seccomp ------------------------------------------------------------------------------------

_MACHINES = ("x86_64", "aarch64")

#: What programs need that compute, draw, wait, and start threads and processes. What is on neither
#: list does not exist: C libraries then fall back on something older.
_ALLOWED = """
    access alarm arch_prctl brk cachestat capget chdir clock_getres clock_gettime clock_nanosleep
    clone close close_range copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
    epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat
    faccessat2 fadvise64 fallocate fchdir fcntl fdatasync flock fork fstat fstatfs fsync ftruncate
    futex futex_requeue futex_wait futex_waitv futex_wake get_mempolicy get_robust_list getcpu
    getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid
    getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid
    getsockname getsockopt gettid gettimeofday getuid ioctl kill link linkat lseek lstat madvise
    mbind membarrier mincore mkdir mkdirat mlock mlock2 mmap mprotect mremap msync munlock munmap
    nanosleep newfstatat open openat openat2 pause pidfd_open pipe pipe2 pkey_alloc pkey_free
    pkey_mprotect poll ppoll prctl pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev
    pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg rename renameat
    renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn
    rt_sigsuspend rt_sigtimedwait sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
    sched_yield seccomp select sendfile sendto set_mempolicy set_robust_list
    set_tid_address setitimer setrlimit setsockopt shutdown sigaltstack signalfd signalfd4
    socketpair stat statfs statx symlink symlinkat sync_file_range sysinfo tgkill time
    timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
    timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat vfork wait4
    waitid write writev
"""

#: What gets a plain "Operation not permitted", because a student may try it.
_REFUSED = """
    accept accept4 add_key bind bpf capset chown chroot connect delete_module fanotify_init
    fanotify_mark fchown fchownat finit_module fremovexattr fsconfig
    fsetxattr fsmount fsopen fspick init_module io_setup io_uring_enter
    io_uring_register io_uring_setup ioprio_set kcmp kexec_load keyctl lchown listen
    lookup_dcookie lremovexattr lsetxattr memfd_create memfd_secret migrate_pages mknod mknodat
    mount mount_setattr move_mount move_pages mq_open msgget name_to_handle_at open_by_handle_at
    open_tree perf_event_open personality pidfd_getfd pidfd_send_signal pivot_root
    process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl reboot
    removexattr request_key rt_sigqueueinfo rt_tgsigqueueinfo sched_setattr sched_setparam
    sched_setscheduler seccomp semget sendmmsg sendmsg setdomainname setgid setgroups sethostname
    setns setpgid setpriority setregid setresgid setresuid setreuid setsid setuid setxattr shmget
    socket splice swapoff swapon sync syslog tee umount2 unshare userfaultfd vhangup vmsplice
"""

#: What does nothing and says that it succeeded. It must not reach files outside, which Landlock
#: would let it do; refused, it would break `shutil.copy` in the scratch folder, where modes and
#: times matter to nobody.
_IGNORED = "chmod fchmod fchmodat fchmodat2 futimesat utime utimensat utimes"

#: Refused for these values of an argument: call, its position, the values.
_REFUSED_VALUES: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    # Ties of the box: PDEATHSIG, DUMPABLE, KEEPCAPS, SECCOMP, SECUREBITS, MM, CHILD_SUBREAPER,
    # PTRACER.
    ("prctl", 0, (1, 4, 8, 22, 28, 35, 36, 0x59616D61)),
    # Input typed into a terminal (TIOCSTI, TIOCLINUX), a terminal taken (TIOCSCTTY), attributes of
    # files (FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR), signals by way of a file (FIOSETOWN, SIOCSPGRP).
    ("ioctl", 1, (0x5412, 0x541C, 0x540E, 0x40086602, 0x401C5820, 0x8901, 0x8902)),
    ("fcntl", 1, (8, 10, 15)),  # signals by way of a file: F_SETOWN, F_SETSIG, F_SETOWN_EX
    ("setsockopt", 2, (7,)),  # SO_SNDBUF: `runner.guard` counts on what is usual
)
#: MAP_SHARED with MAP_ANONYMOUS: memory that belongs to no process, so that nobody can count it.
_SHARED_MEMORY = 0x21
#: CLONE_PTRACE, _PARENT, _NEWNS, _UNTRACED, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID,
#: _NEWNET.
_CLONE_FLAGS = (
    *(0x2000, 0x8000, 0x20000, 0x800000, 0x2000000),
    *(0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000),
)
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPES = 1, 1, range(2, 11)
_INT = 0xFFFF_FFFF  # the kernel ignores the upper half of an int's register


def _filter_calls(strict: bool) -> None:
    """Install the filters; with `strict`, signals reach this process only."""
    try:
        # The last filter forbids to load another.
        for one in (_own_signals(), *_filters()) if strict else _filters():
            one.load()
        state = _prctl(_PR_GET_SECCOMP)
    except OSError as error:
        raise _Missing(
            f"the kernel refused the filter of system calls ({error}). It needs CONFIG_SECCOMP_"
            "FILTER, and a container that allows seccomp."
        ) from None
    if state != 2:
        raise _Missing("the filter of system calls is not in force.")


def _pyseccomp() -> Any:
    try:
        import pyseccomp
    except ImportError as error:
        raise _Missing(f"{error}: `pip install pyseccomp`.") from None
    except (RuntimeError, OSError) as error:
        raise _Missing(
            f"{error}: `apt install libseccomp2`, `dnf install libseccomp`, or `apk add "
            "libseccomp`."
        ) from None
    return pyseccomp


@cache
def _filters() -> tuple[Any, ...]:
    """Return the filter of what is allowed and, to be loaded after it, that of what is refused.

    Where both say no, the one that was loaded last gives the reason.
    """
    s = _pyseccomp()
    if platform.machine() not in _MACHINES:
        raise _Missing(
            f"the filter is known for {' and '.join(_MACHINES)}, not for {platform.machine()}. "
            "Grade on such a machine."
        )
    allowed = s.SyscallFilter(s.ERRNO(errno.ENOSYS))
    refused = s.SyscallFilter(s.ALLOW)
    for one in (allowed, refused):
        one.set_attr(s.Attr.ACT_BADARCH, s.KILL_PROCESS)
        with suppress(OSError):  # a search tree instead of a list; needs libseccomp 2.5
            one.set_attr(s.Attr.CTL_OPTIMIZE, 2)
    no = s.ERRNO(errno.EPERM)
    _add(s, allowed, s.ALLOW, _ALLOWED.split())
    _add(s, refused, no, _REFUSED.split())
    _add(s, refused, s.ERRNO(0), _IGNORED.split())
    for call, position, values in _REFUSED_VALUES:
        for value in values:
            refused.add_rule(no, call, s.Arg(position, s.MASKED_EQ, _INT, value))
    for flag in _CLONE_FLAGS:
        refused.add_rule(no, "clone", s.Arg(0, s.MASKED_EQ, flag, flag))
    refused.add_rule(no, "mmap", s.Arg(3, s.MASKED_EQ, _SHARED_MEMORY, _SHARED_MEMORY))
    # A pair of datagram sockets could be turned to any address.
    refused.add_rule(no, "socketpair", s.Arg(0, s.NE, _AF_UNIX))
    for kind in _SOCK_TYPES:
        refused.add_rule(no, "socketpair", s.Arg(1, s.MASKED_EQ, 0xF, kind))
    refused.add_rule(no, "sendto", s.Arg(4, s.NE, 0))
    # Of other processes of the same user, as the runner may be.
    for call in ("prlimit64", "sched_setaffinity"):
        refused.add_rule(no, call, s.Arg(0, s.NE, 0))
    return allowed, refused


def _add(s: Any, rules: Any, action: int, calls: Iterable[str]) -> None:
    for call in calls:
        try:
            number = s.resolve_syscall(s.Arch.NATIVE, call)
        except (OSError, ValueError):
            continue  # newer than libseccomp, so not allowed either
        if number >= 0:  # negative: not on this machine
            rules.add_rule(action, number)


def _own_signals() -> Any:
    s = _pyseccomp()
    rules = s.SyscallFilter(s.ALLOW)
    for call in ("kill", "tkill", "tgkill"):
        rules.add_rule(s.ERRNO(errno.EPERM), call, s.Arg(0, s.NE, os.getpid()))
    return rules


# --- Does it hold? ------------------------------------------------------------------------------


def _verify(scratch: Path, waived: Collection[str]) -> None:
    """Try what must not work, and what must."""
    if _prctl(_PR_GET_NO_NEW_PRIVS) != 1:
        raise _Missing("it could still gain privileges.")
    if os.getpgrp() != os.getpid():
        raise _Missing("it has no process group of its own.")
    if "landlock" not in waived:
        _verify_files(scratch)
    if "seccomp" not in waived:
        _verify_calls()
    probe = scratch / ".probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _Missing(
            f"it cannot write to its own folder ({error}). The folders above must let every "
            "user through."
        ) from None
    try:
        with open(os.__file__, "rb") as file:
            file.read(1)
    except OSError as error:
        raise _Missing(
            f"it cannot read the Python installation ({error}): install it where every user may "
            "read, such as in /opt."
        ) from None


def _verify_files(scratch: Path) -> None:
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
        raise _Missing("Landlock is in force, and files outside can be reached all the same.")


def _verify_calls() -> None:
    import socket

    attempts: tuple[Callable[[], object], ...] = (
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        lambda: socket.socket(socket.AF_UNIX).close(),
        lambda: os.setpgid(0, 0),
        lambda: os.chown(".", -1, -1),
        lambda: os.kill(os.getppid(), 0),
    )
    for attempt in attempts:
        try:
            attempt()
        except (PermissionError, ProcessLookupError):
            continue
        raise _Missing("the filter of system calls is in force, and does not hold.")


# --- What this machine can do -------------------------------------------------------------------


def _try(name: str) -> str:
    """Confine a forked child with one layer; return why that is impossible, or ""."""
    if sys.platform != "linux":
        return _elsewhere(name)
    folder = tempfile.mkdtemp(prefix="softmax-lab-")
    reading, writing = os.pipe()
    try:
        child = os.fork()
        if child == 0:
            _be_the_probe(name, Path(folder), writing)
        os.close(writing)
        with open(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not told:
        return "the process that tried it out died."
    return str(json.loads(told))


def _be_the_probe(name: str, folder: Path, writing: int) -> NoReturn:
    why = ""
    try:
        scratch = folder / "scratch"
        scratch.mkdir()
        folder.chmod(0o711)
        if name == "user":
            _become_nobody(scratch, may_read=True)
        elif name == "limits":
            _limit(Limits(), alone=False)
        elif name == "landlock":
            _tie_to_parent(os.getppid(), hide=False)
            _restrict_files(scratch, (), strict=False)
            _verify_files(scratch)
        else:
            _tie_to_parent(os.getppid(), hide=False)
            _filter_calls(strict=True)
            _verify_calls()
    except Exception as error:  # whatever it is, the layer does not work here
        why = str(error) or type(error).__name__
    finally:
        os.write(writing, json.dumps(why).encode())
        os._exit(0)


def _elsewhere(name: str) -> str:
    system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
    return (
        f"nothing in {system} that an ordinary program can use does this. Grade on Linux: a "
        f"virtual machine, a container{', WSL 2' if system == 'Windows' else ''} or a server."
    )
