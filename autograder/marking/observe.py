"""Look at a student's values and call a student's functions without trusting either.

Everything that touches an object of the student's happens in a forked child with its own limits:
it may loop, exit, print, eat memory or patch torch, and the caller never notices. The child sends
plain facts (kinds, shapes, floats) as lines of JSON; the marking only ever sees those.

Tensors are made and read through `torch._C.TensorBase` and `torch._C._VariableFunctions`, whose
attributes cannot be replaced, so a patched `torch.Tensor` or a lying subclass changes nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from types import FrameType, FunctionType
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_Tensor: Any = torch._C.TensorBase
_functions: Any = torch._C._VariableFunctions
_float32 = torch.float32
_strided = torch.strided
_set_num_threads = torch.set_num_threads

#: CPU seconds a student's code may use in one child, and seconds it may take in all. Right answers
#: need some hundredths of either.
CPU_LIMIT = 3
WALL_LIMIT = 5.0
#: What a child may allocate beyond what the caller has, in bytes.
MEMORY_LIMIT = 1 << 30
#: The largest value that is read, in numbers, and the longest text, in characters.
MAX_NUMBERS = 10_000
MAX_TEXT = 300
#: What one child may send, in bytes.
_MAX_MESSAGES = 16 << 20


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
        text: of a text, or an exception's message; "empty" for a function without statements.
        items: of a mapping with text keys.

    """

    kind: str
    type_name: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    text: str = ""
    items: tuple[tuple[str, Observation], ...] = ()


@dataclass(frozen=True)
class Call:
    """What one call of a student's function did.

    Attributes:
        result: what it returned, or how it ended.
        argument: the argument as it was afterwards.
        argument_changed: whether it was another one before.
        result_changed: whether a later call changed what this one had returned.
        library: the library softmax that did the work, or "".

    """

    result: Observation
    argument: Observation = Observation("none")
    argument_changed: bool = False
    result_changed: bool = False
    library: str = ""


TIMED_OUT = Call(Observation("timed out"))
DIED = Call(Observation("died"))


def look(values: Mapping[str, object]) -> dict[str, Observation]:
    """Describe the values in a child; one that stops the child is reported as "died".

    Raises:
        CannotFork: where the platform has no fork.
        MarkingFault: when the marking's own code failed.

    """

    def program(send: Callable[[Any], None]) -> None:
        for value in values.values():
            send(asdict(_describe(value)))

    told, end = _run(program)
    seen = [_observation(message) for message in told]
    seen += [end.result] * (len(values) - len(seen))
    return dict(zip(values, seen, strict=True))


def call(
    function: object, arguments: Sequence[Sequence[float]], *, is_ours: bool = False
) -> list[Call]:
    """Call a function with float32 vectors, in order, in one child.

    A call that never returns or ends the process also ends those after it.

    Args:
        function: the student's function; anything.
        arguments: one vector a call.
        is_ours: the function is no student's: do not look for library calls, which is slow.

    Returns:
        One `Call` for each argument.

    Raises:
        CannotFork: where the platform has no fork.
        MarkingFault: when the marking's own code failed.

    """

    def program(send: Callable[[Any], None]) -> None:
        _call_all(function, arguments, send, nullcontext if is_ours else _LibraryWatch)

    told, end = _run(program)
    calls: list[Call] = []
    changed: set[int] = set()
    for message in told:
        if "result" in message:
            calls.append(
                Call(
                    _observation(message["result"]),
                    _observation(message["argument"]),
                    bool(message["argument_changed"]),
                    library=str(message["library"]),
                )
            )
        else:
            changed = {int(index) for index in message["changed"]}
    calls = [replace(c, result_changed=index in changed) for index, c in enumerate(calls)]
    return calls + [end] * (len(arguments) - len(calls))


# ---------------------------------------------------------------- in the child


def _call_all(
    function: Any,
    arguments: Sequence[Sequence[float]],
    send: Callable[[Any], None],
    watching: Callable[[], Any],
) -> None:
    _set_num_threads(1)  # a pool of threads does not survive a fork
    kept: list[tuple[Any, Observation]] = []
    for values in arguments:
        argument = _functions.tensor(list(values), dtype=_float32)
        before = _describe(argument)
        watch = watching()
        value: Any = None
        try:
            with watch:
                value = function(argument)
            result = _describe(value)
        except BaseException as error:  # a student's code may raise anything, SystemExit too
            result = _describe_error(error)
        kept.append((value, result))
        after = _describe(argument)
        send(
            {
                "result": asdict(result),
                "argument": asdict(after),
                "argument_changed": not _same(after, before),
                "library": getattr(watch, "found", ""),
            }
        )
    send(
        {
            "changed": [
                index
                for index, (value, seen) in enumerate(kept)
                if seen.kind == "tensor" and not _same(_describe(value), seen)
            ]
        }
    )


def _same(one: Observation, other: Observation) -> bool:
    return repr(one) == repr(other)  # unlike ==, calls nan the same as nan


class _LibraryWatch(TorchDispatchMode):
    """Notice a library's softmax, whatever name it is called by.

    Kernels are seen where torch dispatches them, Python functions of installed packages where they
    are entered.
    """

    _KERNELS = ("softmax", "scaled_dot_product", "cross_entropy", "attention")

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Wrapped for the compiler, the first kernel would import it: seconds, in every child.
        return False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = ""

    def __enter__(self) -> _LibraryWatch:
        super().__enter__()  # type: ignore[no-untyped-call]
        sys.setprofile(self._entered)
        return self

    def __exit__(self, *exc: Any) -> None:
        sys.setprofile(None)
        super().__exit__(*exc)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        if any(kernel in name for kernel in self._KERNELS):
            self.found = self.found or name.split(".")[1].strip("_")
        return func(*args, **(kwargs or {}))

    def _entered(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if (
            event == "call"
            and "softmax" in code.co_name
            and ("site-packages" in code.co_filename or "dist-packages" in code.co_filename)
        ):
            self.found = self.found or code.co_name.strip("_")


def _nothing() -> None: ...


def _nothing_documented() -> None:
    """Do nothing."""


_NO_STATEMENTS = (_nothing.__code__.co_code, _nothing_documented.__code__.co_code)


def _describe(value: Any) -> Observation:
    try:
        return _describe_known(value)
    except Exception:  # a subclass that defends itself against being read is a value of no use
        return Observation("other", "object that cannot be read")


def _describe_known(value: Any) -> Observation:
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
    if issubclass(kind, dict):
        items = list(dict.items(value))[:100]
        return Observation(
            "mapping",
            name,
            items=tuple(
                (str.__getitem__(key, slice(MAX_TEXT)), _describe(item))
                for key, item in items
                if isinstance(key, str)
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
    if callable(value):
        empty = kind is FunctionType and value.__code__.co_code in _NO_STATEMENTS
        return Observation("callable", name, text="empty" if empty else "")
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
        values = _numbers([_Tensor.tolist(tensor)]) if readable else ()
    return Observation("tensor", "tensor", dtype, shape, values)


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
    received, timed_out = _receive(receiving)
    os.close(receiving)
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.killpg(child, signal.SIGKILL)  # with whatever the student's code has started
    _, status = os.waitpid(child, 0)
    stopped = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
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
        os.setpgid(0, 0)
        _limit_resources()
        _silence()

        def send(message: Any) -> None:
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
    except FileNotFoundError:
        return  # no /proc, as on macOS, which does not enforce RLIMIT_AS either
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
    warnings.simplefilter("ignore")


def _receive(pipe: int) -> tuple[bytes, bool]:
    """Read until the child ends; return the bytes and whether the time ran out."""
    end = time.monotonic() + WALL_LIMIT
    received = bytearray()
    while len(received) < _MAX_MESSAGES:
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return bytes(received), True
        chunk = os.read(pipe, 1 << 16)
        received += chunk
        # The end of the file may never come: a grandchild can hold the pipe open.
        if not chunk or received.endswith(b'"finished"\n'):
            break
    return bytes(received), False


def _messages(received: bytes) -> Iterator[Any]:
    for line in received.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            return  # the student's code wrote to the pipe; what came before it stands


def _observation(message: Mapping[str, Any]) -> Observation:
    return Observation(
        kind=str(message["kind"]),
        type_name=str(message["type_name"]),
        dtype=str(message["dtype"]),
        shape=tuple(int(n) for n in message["shape"]),
        values=tuple(float(v) for v in message["values"]),
        text=str(message["text"]),
        items=tuple((str(key), _observation(item)) for key, item in message["items"]),
    )
