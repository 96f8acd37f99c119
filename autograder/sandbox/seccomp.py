"""The layer `seccomp`: which system calls there are."""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any

from autograder.sandbox.kernel import PR_GET_SECCOMP, prctl
from autograder.sandbox.layer import Missing

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


def warm() -> None:
    """Make the filters beforehand."""
    import socket  # noqa: F401 - for `verify`

    with suppress(Missing):
        _filters()


def filter_calls(strict: bool) -> None:
    """Install the filters.

    Args:
        strict: let signals reach this process only.

    Raises:
        Missing: they cannot be made, or the kernel refuses them.

    """
    try:
        # The last filter forbids to load another.
        for one in (_own_signals(), *_filters()) if strict else _filters():
            one.load()
        state = prctl(PR_GET_SECCOMP)
    except OSError as error:
        raise Missing(
            f"the kernel refused the filter of system calls ({error}). It needs CONFIG_SECCOMP_"
            "FILTER, and a container that allows seccomp."
        ) from None
    if state != 2:
        raise Missing("the filter of system calls is not in force.")


def _pyseccomp() -> Any:
    try:
        import pyseccomp
    except ImportError as error:
        raise Missing(f"{error}: `pip install pyseccomp`.") from None
    except (RuntimeError, OSError) as error:
        raise Missing(
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
        raise Missing(
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


def verify() -> None:
    """Try what must not work.

    Raises:
        Missing: it works.

    """
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
        raise Missing("the filter of system calls is in force, and does not hold.")
