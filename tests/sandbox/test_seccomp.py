"""What the layer `seccomp` keeps from a student's code; run as root and as an ordinary user."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from boxed import HURRY, LIBC, ON_LINUX, Box, errno_of

pytestmark = ON_LINUX


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_no_sockets(box: Box, family: str, kind: str) -> None:
    new = lambda: socket.socket(getattr(socket, family), getattr(socket, kind)).close()  # noqa: E731
    assert box.run(new) == "PermissionError"


def test_a_pair_of_sockets_stays_a_pair(box: Box) -> None:
    def turn() -> list[str]:
        one, other = socket.socketpair()
        one.send(b"x")
        return [
            other.recv(1).decode(),
            errno_of(lambda: LIBC.connect(one.fileno(), b"\1\0/run/x\0", 9)),
            errno_of(lambda: LIBC.bind(one.fileno(), b"\1\0x\0", 4)),
            errno_of(lambda: LIBC.sendto(one.fileno(), b"x", 1, 0, b"\1\0/run/x\0", 9)),
        ]

    assert box.run(turn) == ["x", "EPERM", "EPERM", "EPERM"]
    assert box.run(lambda: socket.socketpair(type=socket.SOCK_DGRAM)) == "PermissionError"


@pytest.mark.parametrize("waived", [(), ("landlock", "user")])
def test_cannot_signal_others(box: Box, waived: tuple[str, ...]) -> None:
    for other in (os.getpid(), 1, -os.getpgrp()):
        assert box.run(lambda: os.kill(other, 0), waived=waived) == "PermissionError"  # noqa: B023


def test_can_signal_its_own(box: Box) -> None:
    def stop_a_child() -> int:
        child = subprocess.Popen(["sleep", "1000"])
        child.terminate()
        return child.wait()

    assert box.run(stop_a_child) == -signal.SIGTERM


def test_cannot_leave_its_process_group(box: Box) -> None:
    assert box.run(os.setsid) == "PermissionError"
    assert box.run(lambda: os.setpgid(0, 0)) == "PermissionError"

    def daemonise() -> int:
        if (child := os.fork()) == 0:
            try:
                os.setsid()
            except PermissionError:
                time.sleep(1000)
        return child

    grandchild = box.run(daemonise)  # `told` kills the group

    def is_alive() -> bool:
        try:
            state = Path(f"/proc/{grandchild}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"  # dead; its new parent has not looked

    give_up = time.monotonic() + HURRY
    while is_alive() and time.monotonic() < give_up:
        os.sched_yield()
    assert not is_alive()


CALLS: dict[str, Callable[[], int]] = {
    "ptrace the parent": lambda: LIBC.ptrace(16, os.getppid(), 0, 0),
    "be traced": lambda: LIBC.ptrace(0, 0, 0, 0),
    "read another's memory": lambda: LIBC.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0),
    "limit another": lambda: LIBC.prlimit(os.getppid(), resource.RLIMIT_CPU, 0, 0),
    "slow down the user": lambda: LIBC.setpriority(2, os.getuid(), 19),
    "pin another": lambda: LIBC.sched_setaffinity(os.getppid(), 8, b"\1" + bytes(7)),
    "io_uring": lambda: LIBC.syscall(425, 8, ctypes.create_string_buffer(256)),
    "bpf": lambda: LIBC.syscall(321 if os.uname().machine == "x86_64" else 280, 0, 0, 0),
    "namespaces": lambda: LIBC.unshare(0x10000000),
    "mount": lambda: LIBC.mount(b"none", b".", b"tmpfs", 0, 0),
    "chroot": lambda: LIBC.chroot(b"."),
    "anonymous files": lambda: LIBC.memfd_create(b"x", 0),
    "shared memory": lambda: LIBC.shmget(0, 4096, 0o1600),
    "outlive the parent": lambda: LIBC.prctl(1, 0, 0, 0, 0),
    "outlive the parent, with dirt in the register": lambda: LIBC.prctl(
        ctypes.c_ulong(1 << 32 | 1), 0, 0, 0, 0
    ),
    "be looked into": lambda: LIBC.prctl(4, 1, 0, 0, 0),
    "become root": lambda: LIBC.setuid(0),
    "type into the terminal": lambda: LIBC.ioctl(0, 0x5412, b"x"),
    "signal by way of a file": lambda: LIBC.fcntl(0, 8, os.getppid()),
    "files under way in a socket": lambda: LIBC.sendmsg(0, 0, 0),
    "more room in a socket": lambda: LIBC.setsockopt(0, socket.SOL_SOCKET, socket.SO_SNDBUF, 0, 0),
    "open by handle": lambda: LIBC.open_by_handle_at(-100, bytes(16), 0),
    "another filter": lambda: LIBC.syscall(317 if os.uname().machine == "x86_64" else 277, 1, 0, 0),
}


@pytest.mark.parametrize("what", CALLS)
def test_refused_calls(box: Box, what: str) -> None:
    assert box.run(lambda: errno_of(CALLS[what])) == "EPERM"
