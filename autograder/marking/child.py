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

from autograder.marking.stopwatch import Stopwatch, slowness

#: Seconds (see `stopwatch`) from one message to the next, and for all of them, on a machine of
#: usual speed; a slower one has more. Right answers need hundredths, or one where torch first
#: imports its compiler: the limits are for what never ends.
STEP_SECONDS = 4.0
ALL_SECONDS = 16.0
#: Seconds of a processor after which a child ends that nobody is there to end.
_LOST_SECONDS = 600
#: What a child may allocate beyond what the caller has, in bytes.
MEMORY_LIMIT = 1 << 30
#: How often a child is looked at, in seconds.
_LOOK_SECONDS = 0.1
#: What one child may send, in bytes.
_MAX_MESSAGES = 16 << 20

#: Sends a message, which is JSON data.
Send = Callable[[Any], None]
#: Does something and sends what came of it.
Program = Callable[[Send], None]
Ending = Literal["timed out", "too slow", "died"]


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
        ending: why there are no more, if there should be: the next one did not come, all of them
            took too long, or the process ended.

    """

    messages: list[Any]
    ending: Ending


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
    try:
        received, ending = _receive(receiving, child)
    finally:  # an interrupt, too, leaves nothing behind
        os.close(receiving)
        with suppress(ProcessLookupError, PermissionError):  # it may have ended by itself
            os.killpg(child, signal.SIGKILL)  # with whatever the student's code has started
        with suppress(ProcessLookupError):  # it may have left its group
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):  # whoever ignores SIGCHLD has its children reaped
            os.waitpid(child, 0)
    told = list(_messages(received))
    if told and isinstance(told[-1], dict) and "fault" in told[-1]:
        fault = str(told[-1]["fault"])[:300]  # which the student's code may have written
        raise MarkingFault(fault.encode("ascii", "backslashreplace").decode())
    if told and told[-1] == "finished":
        told.pop()
    return Sent(told, ending)


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

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > _LOST_SECONDS:
        resource.setrlimit(resource.RLIMIT_CPU, (_LOST_SECONDS, _LOST_SECONDS))
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


def _receive(pipe: int, child: int) -> tuple[bytes, Ending]:
    """Read until the child ends or takes too long; return the bytes and how it ended."""
    watch = Stopwatch(lambda: _computed(child))
    begun, slower = 0.0, 0.0  # when the last message came; how slow this machine is, once needed
    received = bytearray()
    while len(received) < _MAX_MESSAGES:
        is_ready = select.select([pipe], [], [], _LOOK_SECONDS)[0]
        now = watch.look()
        if is_ready:
            chunk = os.read(pipe, 1 << 16)
            received += chunk
            # The end of the file may never come: a grandchild can hold the pipe open.
            if not chunk or received.endswith(b'"finished"\n'):
                break
            begun = now if b"\n" in chunk else begun
        if now - begun > STEP_SECONDS or now > ALL_SECONDS:
            slower = slower or slowness()
            if now - begun > STEP_SECONDS * slower:
                return bytes(received), "timed out"
            if now > ALL_SECONDS * slower:
                return bytes(received), "too slow"
    return bytes(received), "died"


def _computed(process: int) -> float:
    """Return how many seconds a process has computed.

    Where the platform does not tell, as on macOS, every second counts as one.
    """
    clock = ctypes.c_int()
    try:
        failed = ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(clock))
        return 0.0 if failed else time.clock_gettime(clock.value)
    except AttributeError:  # no such clock
        return time.monotonic()
    except OSError:  # the process is no more
        return 0.0


def _messages(received: bytes) -> Iterator[Any]:
    for line in received.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            return  # the student's code wrote to the pipe; what came before it stands
