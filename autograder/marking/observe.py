"""Look at a student's values and call a student's functions without trusting either.

Everything that touches an object of the student's happens in a forked child with its own limits:
it may loop, exit, print, eat memory or patch torch, and the caller never notices. The child sends
plain facts (kinds, shapes, floats) as lines of JSON; the marking only ever sees those.

Tensors are made and read through `torch._C.TensorBase` and `torch._C._VariableFunctions`, whose
attributes cannot be replaced, so a patched `torch.Tensor` or a lying subclass changes nothing.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import re
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from types import FrameType, FunctionType
from typing import Any, cast

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_Tensor: Any = torch._C.TensorBase
_functions: Any = torch._C._VariableFunctions
_float32 = torch.float32
_strided = torch.strided
_set_num_threads = torch.set_num_threads

#: CPU seconds a student's code may use in one child, and seconds it may take besides. Right answers
#: need hundredths of either, or three CPU seconds where torch first imports its compiler.
CPU_LIMIT = 4
WALL_LIMIT = 4.0
#: What a child may allocate beyond what the caller has, in bytes.
MEMORY_LIMIT = 1 << 30
#: The largest value that is read, in numbers, and the longest text, in characters.
MAX_NUMBERS = 10_000
MAX_TEXT = 300
#: What one child may send, in bytes.
_MAX_MESSAGES = 16 << 20


_in_this_process = False


def look_in_this_process() -> None:
    """From now on, look at values without a child: for a process no code of a student's runs in.

    Functions are `RemoteFunction` there, which are watched where they live.
    """
    global _in_this_process
    _in_this_process = True


class CannotFork(RuntimeError):
    """This platform has no fork, so a student's code cannot be watched from outside."""


class MarkingFault(RuntimeError):
    """The marking's own code failed in the child."""


@dataclass(frozen=True)
class Observation:
    """What a value was found to be.

    Attributes:
        kind: "tensor", "array" (NumPy), "list" (or tuple), "number", "text", "mapping", "callable",
            "none", "dots" (`...`), "other"; or, for a call, "raised", "timed out", "died".
        type_name: the type's name as a student knows it.
        dtype: of a tensor or array, such as "float32".
        shape: of a tensor, array or list.
        values: its numbers in row-major order; empty where they could not be read.
        text: of a text, or an exception's message; "empty" for a function without statements,
            "requires grad" for a tensor that does.
        items: of a mapping with text keys.

    """

    kind: str
    type_name: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    text: str = ""
    items: tuple[tuple[str, Observation], ...] = ()


_NOTHING = Observation("none")


@dataclass(frozen=True)
class Call:
    """What one call of a student's function did.

    Attributes:
        result: what it returned, or how it ended.
        argument: the argument as it was afterwards, if that is not what it was before.
        argument_changed: whether this call or a later one changed it.
        result_changed: whether a later call changed what this one had returned.
        library: the library softmax that was called, or "".
        replaceable: whether all such calls are of the kind that `nudged` changes.

    """

    result: Observation
    argument: Observation = _NOTHING
    argument_changed: bool = False
    result_changed: bool = False
    library: str = ""
    replaceable: bool = True


TIMED_OUT = Call(Observation("timed out"))
DIED = Call(Observation("died"))


class RemoteFunction:
    """A student's function that lives in another process, and is watched there.

    Attributes:
        text: as in `Observation.text`.

    """

    text = ""

    def watched(
        self,
        arguments: Sequence[Sequence[float]],
        reused: Sequence[Sequence[float]] = (),
        nudged: bool = False,
    ) -> list[Call]:
        """Have `call` done in the function's process."""
        raise NotImplementedError


def look(values: Mapping[str, object]) -> dict[str, Observation]:
    """Describe the values in a child; one that stops the child is reported as "died".

    Raises:
        CannotFork: where the platform has no fork.
        MarkingFault: when the marking's own code failed.

    """

    def program(send: Callable[[Any], None]) -> None:
        for value in values.values():
            send(_plain(_describe(value)))

    told, end = _run(program)
    seen = [_observation(message) for message in told]
    seen += [end.result] * (len(values) - len(seen))
    return dict(zip(values, seen, strict=True))


def call(
    function: object,
    arguments: Sequence[Sequence[float]],
    reused: Sequence[Sequence[float]] = (),
    nudged: bool = False,
) -> list[Call]:
    """Call a function with float32 vectors, in order, in one child.

    A call that never returns or ends the process also ends those after it.

    Args:
        function: the student's function; anything.
        arguments: one vector a call. Library calls are looked for the first time a vector comes.
        reused: vectors of one length for calls after those, all with one and the same tensor, which
            is overwritten with each vector in turn. What such a call returned is overwritten with
            zeros. A function that remembers nothing does not notice.
        nudged: change what a library's softmax gives by about a millionth, each number by another
            chance. A function that returns the same as ever at most compares itself with it.

    Returns:
        One `Call` for each argument and each reused vector.

    Raises:
        CannotFork: where the platform has no fork.
        MarkingFault: when the marking's own code failed.

    """
    if issubclass(type(function), RemoteFunction):
        return cast(RemoteFunction, function).watched(arguments, reused, nudged)

    def program(send: Callable[[Any], None]) -> None:
        _call_all(function, arguments, reused, send, partial(_LibraryWatch, nudged))

    return _calls(program, len(arguments) + len(reused))


def results(
    functions: Sequence[Callable[[Any], Any]], arguments: Sequence[Sequence[float]]
) -> list[list[Observation]]:
    """Call functions of our own, of which only the results matter, with float32 vectors.

    Returns:
        For each function a list of what it returned for each vector.

    Raises:
        CannotFork: where the platform has no fork.
        MarkingFault: when the marking's own code failed.

    """

    def program(send: Callable[[Any], None]) -> None:
        _set_num_threads(1)
        tensors = [_functions.tensor(list(values), dtype=_float32) for values in arguments]
        for function in functions:
            told = []
            for tensor in tensors:
                try:
                    told.append(_plain(_describe(function(tensor))))
                except Exception as error:  # not every formula is defined for every vector
                    told.append(_plain(_describe_error(error)))
            send(told)

    told, end = _run(program)
    seen = [[_observation(one) for one in message] for message in told]
    return seen + [[end.result] * len(arguments)] * (len(functions) - len(seen))


def _calls(program: Callable[[Callable[[Any], None]], None], count: int) -> list[Call]:
    told, end = _run(program)
    calls: list[Call] = []
    results_changed: set[int] = set()
    arguments_changed: set[int] = set()
    for message in told:
        if "result" in message:
            calls.append(
                Call(
                    _observation(message["result"]),
                    _observation(message["argument"]),
                    bool(message["argument_changed"]),
                    library=str(message["library"]),
                    replaceable=bool(message["replaceable"]),
                )
            )
        else:
            results_changed = {int(index) for index in message["results_changed"]}
            arguments_changed = {int(index) for index in message["arguments_changed"]}
    calls = [
        replace(
            c,
            result_changed=index in results_changed,
            argument_changed=c.argument_changed or index in arguments_changed,
        )
        for index, c in enumerate(calls[:count])
    ]
    return calls + [end] * (count - len(calls))


# ---------------------------------------------------------------- in the child


def _call_all(
    function: Any,
    arguments: Sequence[Sequence[float]],
    reused: Sequence[Sequence[float]],
    send: Callable[[Any], None],
    watching: Callable[[], Any],
) -> None:
    _set_num_threads(1)  # a pool of threads does not survive a fork
    kept: list[tuple[Any, Observation]] = []
    given: list[tuple[Any, Observation]] = []
    known: set[tuple[float, ...]] = set()
    for vector in arguments:
        argument = _functions.tensor(list(vector), dtype=_float32)
        watch = nullcontext if tuple(vector) in known else watching
        known.add(tuple(vector))
        value, result, after = _call_once(function, argument, send, watch)
        kept.append((value, result))
        given.append((argument, after))
    argument = None
    zero = _functions.tensor(0.0, dtype=_float32)
    for values in reused:
        tensor = _functions.tensor(list(values), dtype=_float32)
        if argument is None or not _overwrite(argument, tensor):
            argument = tensor
        value, _, _ = _call_once(function, argument, send, nullcontext)
        if issubclass(type(value), _Tensor):
            _overwrite(value, zero)
    _tell_late_changes(kept, given, send)


def _overwrite(tensor: Any, source: Any) -> bool:
    """Copy into a tensor, and return whether it can be written to."""
    try:
        with torch._C.DisableTorchFunctionSubclass():
            # Through a view without a history, in case the function made it require gradients.
            _Tensor.copy_(_Tensor.detach(tensor), source)
    except BaseException:  # resized, expanded, of another layout, or defended by its class
        return False
    return True


def _call_once(
    function: Any, argument: Any, send: Callable[[Any], None], watching: Callable[[], Any]
) -> tuple[Any, Observation, Observation]:
    before = _describe(argument)
    watch = watching()
    value: Any = None
    try:
        with watch:
            value = function(argument)
        result = _describe(value)
    except BaseException as error:  # a student's code may raise anything, SystemExit too
        result = _describe_error(error)
    after = _describe(argument)
    changed = not _same(after, before)
    send(
        {
            "result": _plain(result),
            "argument": _plain(after if changed else _NOTHING),
            "argument_changed": changed,
            "library": getattr(watch, "found", ""),
            "replaceable": getattr(watch, "replaceable", True),
        }
    )
    return value, result, after


def _tell_late_changes(
    results: Sequence[tuple[Any, Observation]],
    arguments: Sequence[tuple[Any, Observation]],
    send: Callable[[Any], None],
) -> None:
    """Say which results and arguments later calls have changed."""

    def changed(kept: Sequence[tuple[Any, Observation]]) -> list[int]:
        return [
            index
            for index, (value, seen) in enumerate(kept)
            if seen.kind == "tensor" and not _same(_describe(value), seen)
        ]

    send({"results_changed": changed(results), "arguments_changed": changed(arguments)})


def _same(one: Observation, other: Observation) -> bool:
    return one == other or repr(one) == repr(other)  # to ==, one nan differs from another


_KERNELS = ("softmax", "scaled_dot_product", "cross_entropy_loss", "attention")


@cache
def _softmax_kernel(func: Any) -> str:
    """Return the name of an operator of torch's that computes a softmax, or ""."""
    name = str(func)
    is_one = name.startswith("aten.") and any(kernel in name for kernel in _KERNELS)
    return name.split(".")[1].strip("_") if is_one else ""


class _LibraryWatch(TorchDispatchMode):
    """Notice a library's softmax, whatever name it is called by.

    Kernels are seen where torch dispatches them; functions of installed packages, and what other
    threads call, where they are entered.

    Args:
        nudged: whether what kernels give is changed a little.

    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Wrapped for the compiler, the first kernel would import it: seconds, in every child.
        return False

    def __init__(self, nudged: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = ""
        self._has_kernel = self._has_other = False
        self._nudged = nudged
        self._thread = threading.get_ident()

    @property
    def replaceable(self) -> bool:
        """Whether the kernels that were seen are all that did the work."""
        return self._has_kernel and not self._has_other

    def __enter__(self) -> _LibraryWatch:
        super().__enter__()  # type: ignore[no-untyped-call]
        threading.setprofile(self._entered)
        sys.setprofile(self._entered)
        return self

    def __exit__(self, *exc: Any) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        super().__exit__(*exc)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        kernel = _softmax_kernel(func)
        if kernel:
            self.found = self.found or kernel
            self._has_kernel = True
            if self._nudged:
                for tensor in result if isinstance(result, tuple) else (result,):
                    if issubclass(type(tensor), _Tensor) and _Tensor.is_floating_point(tensor):
                        _nudge(tensor)
        return result

    def _entered(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            if frame.f_globals is globals():
                return  # this module, which may be installed too
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            file = code.co_filename
            if "softmax" not in name.lower() or not _INSTALLED.search(file):
                return
            is_torch = f"{os.sep}torch{os.sep}" in file
        elif event == "c_call":
            name, is_torch = str(getattr(arg, "__name__", "")), True
            if "softmax" not in name:
                return
        else:
            return
        self.found = self.found or name.removesuffix(".__init__").strip("_")
        if not is_torch or threading.get_ident() != self._thread:
            self._has_other = True  # no kernel that this mode sees


#: Too little for a comparison with it to fail, enough to be seen in what is computed from it.
_NUDGE = 1e-6


def _nudge(tensor: Any) -> None:
    chances = os.urandom(_Tensor.numel(tensor))  # a student's own random numbers stay as they are
    factors = [1 + _NUDGE * (byte / 127.5 - 1) for byte in chances]
    by = _functions.tensor(factors, dtype=torch.float64)
    _Tensor.mul_(tensor, _Tensor.reshape(by, _Tensor.size(tensor)))


_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


def _nothing() -> None: ...


def _nothing_documented() -> None:
    """Do nothing."""


_NO_STATEMENTS = (_nothing.__code__.co_code, _nothing_documented.__code__.co_code)


def is_empty(function: object) -> bool:
    """Whether a function has no statements."""
    return type(function) is FunctionType and function.__code__.co_code in _NO_STATEMENTS


def _describe(value: Any, depth: int = 0) -> Observation:
    try:
        return _describe_known(value, depth)
    except Exception:  # a subclass that defends itself against being read is a value of no use
        return Observation("other", "object that cannot be read")


def _describe_known(value: Any, depth: int) -> Observation:
    kind = type(value)
    name = kind.__name__ if type(kind) is type else "object"
    if value is None:
        return Observation("none", "None")
    if value is ...:
        return Observation("dots", "...")
    if issubclass(kind, _Tensor):
        return _describe_tensor(value)
    if kind in (bool, int, float):
        return Observation("number", name, values=_numbers([value]))
    if issubclass(kind, str):
        return Observation("text", "str", text=str.__getitem__(value, slice(MAX_TEXT)))
    if issubclass(kind, dict) and depth < 3:
        items = list(dict.items(value))[:100]
        return Observation(
            "mapping",
            name,
            items=tuple(
                (str.__getitem__(key, slice(MAX_TEXT)), _describe(item, depth + 1))
                for key, item in items
                if issubclass(type(key), str)
            ),
        )
    if issubclass(kind, (list, tuple)):
        return _describe_list(value, "list" if issubclass(kind, list) else "tuple")
    array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if isinstance(array, type) and issubclass(kind, array):
        small = array.size.__get__(value) <= MAX_NUMBERS  # type: ignore[attr-defined]
        inner = _describe_list([array.tolist(value)] if small else [], "numpy.ndarray")  # type: ignore[attr-defined]
        shape = tuple(int(n) for n in array.shape.__get__(value))  # type: ignore[attr-defined]
        dtype = str(array.dtype.__get__(value))  # type: ignore[attr-defined]
        return Observation("array", "numpy.ndarray", dtype, shape, inner.values)
    if kind.__module__ == "numpy":
        return Observation("number", f"numpy.{name}", values=_numbers([value]))
    if issubclass(kind, RemoteFunction):
        return Observation("callable", "function", text=value.text)
    if callable(value):
        return Observation("callable", name, text="empty" if is_empty(value) else "")
    return Observation("other", name)


def _describe_tensor(tensor: Any) -> Observation:
    with torch._C.DisableTorchFunctionSubclass():
        dtype = str(_Tensor.dtype.__get__(tensor)).removeprefix("torch.")
        shape = tuple(int(n) for n in _Tensor.size(tensor))
        readable = (
            _Tensor.layout.__get__(tensor) == _strided
            and not _Tensor.is_meta.__get__(tensor)
            and not dtype.startswith("complex")
            and _Tensor.numel(tensor) <= MAX_NUMBERS
        )
        listed = _Tensor.tolist(tensor) if readable else []
        values = tuple(map(float, listed)) if len(shape) == 1 else _numbers([listed])
        text = "requires grad" if _Tensor.requires_grad.__get__(tensor) else ""
    return Observation("tensor", "tensor", dtype, shape, values, text)


def _describe_list(value: Any, name: str) -> Observation:
    plain = list.__getitem__(value, slice(MAX_NUMBERS)) if name != "tuple" else tuple(value)
    return Observation("list", name, shape=(len(plain),), values=_numbers(plain))


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    """Flatten nested lists of plain numbers and one-element tensors; () if anything else is in."""
    flat: list[float] = []
    waiting = list(values)[::-1]
    while waiting:
        value = waiting.pop()
        if type(value) in (list, tuple):
            waiting.extend(value[::-1])
        elif type(value) in (bool, int, float) or type(value).__module__ == "numpy":
            flat.append(float(value))
        elif issubclass(type(value), _Tensor) and (inner := _describe_tensor(value).values):
            flat.extend(inner)
        else:
            return ()
        if len(flat) > MAX_NUMBERS:
            return ()
    return tuple(flat)


def _describe_error(error: BaseException) -> Observation:
    try:
        text = str(error)[:MAX_TEXT]
    except BaseException:  # its own __str__ raised: there is no text to tell
        text = ""
    return Observation("raised", type(error).__name__[:MAX_TEXT], text=text)


# ---------------------------------------------------------------- child and parent


def _run(program: Callable[[Callable[[Any], None]], None]) -> tuple[list[Any], Call]:
    """Run a program in a child; return what it sent, and the `Call` that stands for the rest."""
    if _in_this_process:
        sent: list[Any] = []
        program(sent.append)
        return sent, DIED
    if not hasattr(os, "fork"):
        raise CannotFork
    receiving, sending = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of forks beside threads; the child uses none of the parent's.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
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
        raise MarkingFault(told[-1]["fault"])
    finished = bool(told) and told[-1] == "finished"
    if finished:
        told.pop()
    return told, TIMED_OUT if timed_out or (stopped and not finished) else DIED


def _be_the_child(program: Callable[[Callable[[Any], None]], None], sending: int) -> None:
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


def call_to_message(one: Call) -> dict[str, Any]:
    """Return what `call_from_message` reads, for JSON."""
    return {**vars(one), "result": _plain(one.result), "argument": _plain(one.argument)}


def call_from_message(message: Mapping[str, Any]) -> Call:
    """Return the `Call` that `call_to_message` made a message of.

    Raises:
        LookupError, TypeError, ValueError: what came is none.

    """
    return Call(
        _observation(message["result"]),
        _observation(message["argument"]),
        bool(message["argument_changed"]),
        bool(message["result_changed"]),
        str(message["library"]),
        bool(message["replaceable"]),
    )


def _plain(seen: Observation) -> dict[str, Any]:
    """Return what `_observation` reads, for JSON: what says something."""
    told = {name: value for name, value in vars(seen).items() if value}
    if seen.items:
        told["items"] = [(key, _plain(item)) for key, item in seen.items]
    return told


def _observation(message: Mapping[str, Any]) -> Observation:
    return Observation(
        kind=str(message["kind"]),
        type_name=_whole(message.get("type_name", "")),
        dtype=str(message.get("dtype", "")),
        shape=tuple(map(int, message.get("shape", ()))),
        values=tuple(map(float, message.get("values", ()))),
        text=_whole(message.get("text", "")),
        items=tuple((_whole(key), _observation(item)) for key, item in message.get("items", ())),
    )


def _whole(text: object) -> str:
    """Put ? for half characters, which no page or stream can hold."""
    return str(text).encode(errors="replace").decode()
