"""Run a program in a forked child with limits of its own, and take what it sends.

What it runs is a student's code: it may loop, exit, print, eat memory or patch torch, and the
caller never notices. The child sends lines of JSON.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

#: CPU seconds a student's code may use in one child, and seconds it may take besides. Right answers
#: need hundredths of either, or three CPU seconds where torch first imports its compiler.
CPU_LIMIT = 4
WALL_LIMIT = 4.0
#: What a child may allocate beyond what the caller has, in bytes.
MEMORY_LIMIT = 1 << 30
#: What one child may send, in bytes.
_MAX_MESSAGES = 16 << 20

#: Sends a message, which is JSON data.
Send = Callable[[Any], None]
#: Does something and sends what came of it.
Program = Callable[[Send], None]


class CannotFork(RuntimeError):
    """This platform has no fork, so a student's code cannot be watched from outside."""


class Unable(RuntimeError):
    """The machine could not do what the marking needs, which says nothing of the answer."""


class MarkingFault(RuntimeError):
    """The marking's own code failed in the child."""


@dataclass(frozen=True)
class Sent:
    """What a program has sent.

    Attributes:
        messages: in order.
        ending: why there are no more, if there should be.

    """

    messages: list[Any]
    ending: Literal["timed out", "died"]


def run_in_child(program: Program) -> Sent:
    """Run a program in a child that can neither harm nor delay this process for long.

    Raises:
        CannotFork: where the platform has no fork.
        Unable: the machine has no room for another process.
        MarkingFault: when the program raised an exception.

    """
    if not hasattr(os, "fork"):
        raise CannotFork
    try:
        receiving, sending = os.pipe()
    except OSError:  # the student's code has left no descriptor free
        return Sent([], "died")
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of forks beside threads; the child uses none of the parent's.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError as error:
        os.close(receiving)
        os.close(sending)
        raise Unable(f"no process could be started ({error.strerror})") from None
    if child == 0:
        _be_the_child(program, sending)
    os.close(sending)
    with suppress(OSError):  # the child has done it already and gone on
        os.setpgid(child, child)
    status = 0
    started = time.monotonic()
    try:
        received, timed_out = _receive(receiving, child)
    finally:  # an interrupt, too, leaves nothing behind
        os.close(receiving)
        with suppress(ProcessLookupError, PermissionError):  # it may have ended by itself
            os.killpg(child, signal.SIGKILL)  # with whatever the student's code has started
        with suppress(ProcessLookupError):  # it may have left its group
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):  # whoever ignores SIGCHLD has its children reaped
            status = os.waitpid(child, 0)[1]
    # The limit of CPU time ends a child with SIGXCPU, or where that is caught, with SIGKILL.
    long = time.monotonic() - started >= CPU_LIMIT
    signals = (signal.SIGXCPU, signal.SIGKILL) if long else (signal.SIGXCPU,)
    stopped = os.WIFSIGNALED(status) and os.WTERMSIG(status) in signals
    told = list(_messages(received))
    if told and isinstance(told[-1], dict) and "fault" in told[-1]:
        fault = str(told[-1]["fault"])[:300]  # which the student's code may have written
        raise MarkingFault(fault.encode("ascii", "backslashreplace").decode())
    finished = bool(told) and told[-1] == "finished"
    if finished:
        told.pop()
    return Sent(told, "timed out" if timed_out or (stopped and not finished) else "died")


def _be_the_child(program: Program, sending: int) -> None:
    """Run the program and end the process; never returns."""
    status = 1
    try:
        with suppress(PermissionError):  # the runner's box keeps everything in one group
            os.setpgid(0, 0)
        _limit_resources()
        _silence()

        me = os.getpid()

        def send(message: Any) -> None:
            if os.getpid() != me:
                os._exit(1)  # the student's code forked, and both came back
            data = json.dumps(message).encode() + b"\n"
            while data:
                data = data[os.write(sending, data) :]

        try:
            program(send)
        except MemoryError:
            pass  # reading a huge answer: told as "died", like a child that was killed
        except Exception as error:  # a fault of ours, for the parent to raise
            send({"fault": f"{type(error).__name__}: {error}"})
        else:
            send("finished")
        status = 0
    finally:
        # Not sys.exit: the caller's clean-up belongs to the caller.
        os._exit(status)


def _limit_resources() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
    except (FileNotFoundError, PermissionError):
        # No /proc, as on macOS, which does not enforce RLIMIT_AS either; or the runner's box,
        # which has a limit of its own.
        return
    limit = used + MEMORY_LIMIT
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    # Jupyter's streams would hand what is printed to the parent's threads.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)
    sys.__stdout__ = sys.__stderr__ = sys.stdout  # type: ignore[misc]
    warnings.simplefilter("ignore")
    logging.disable()
    # In a kernel, what is displayed would be sent through the parent's sockets.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.display_pub.publish = lambda *args, **kwargs: None


def _receive(pipe: int, child: int) -> tuple[bytes, bool]:
    """Read until the child ends; return the bytes and whether the time ran out."""
    end = time.monotonic() + WALL_LIMIT
    received = bytearray()
    while len(received) < _MAX_MESSAGES:
        # On a busy machine even a right answer takes long: what it computes has its own limit.
        left = end + _cpu_seconds(child) - time.monotonic()
        if left <= 0:
            return bytes(received), True
        if not select.select([pipe], [], [], left)[0]:
            continue
        chunk = os.read(pipe, 1 << 16)
        received += chunk
        # The end of the file may never come: a grandchild can hold the pipe open.
        if not chunk or received.endswith(b'"finished"\n'):
            break
    return bytes(received), False


def _cpu_seconds(process: int) -> float:
    """Return how long a process has computed, or 0 where the platform does not tell."""
    clock = ctypes.c_int()
    try:
        failed = ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(clock))
        return 0.0 if failed else time.clock_gettime(clock.value)
    except (AttributeError, OSError):  # no such clock, as on macOS; or the process is no more
        return 0.0


def _messages(received: bytes) -> Iterator[Any]:
    for line in received.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            return  # the student's code wrote to the pipe; what came before it stands
