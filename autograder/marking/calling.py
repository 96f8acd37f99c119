"""Call a student's functions, and formulas of our own, and tell what they did in messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch

from autograder.marking.child import Send
from autograder.marking.describing import describe, describe_error
from autograder.marking.library import LibraryNames
from autograder.marking.library_watch import LibraryWatch
from autograder.marking.observation import NOTHING, Call, Observation, readable

_Tensor: Any = torch._C.TensorBase
_functions: Any = torch._C._VariableFunctions
_float32 = torch.float32
_set_num_threads = torch.set_num_threads


def tell_calls(
    send: Send,
    function: Any,
    arguments: Sequence[Sequence[float]],
    reused: Sequence[Sequence[float]],
    watched: Sequence[Sequence[float]],
    library: LibraryNames | None,
) -> None:
    """Do what `Observer.call` says, and send what `calls_told` reads."""
    _set_num_threads(1)  # a pool of threads does not survive a fork
    kept: list[tuple[Any, Observation]] = []
    given: list[tuple[Any, Observation]] = []
    for vector in arguments:
        argument = _float32_tensor(vector)
        value, result, after = _call_once(function, argument, send)
        kept.append((value, result))
        given.append((argument, after))
    argument = None
    zero = _functions.tensor(0.0, dtype=_float32)
    for vector in reused:
        tensor = _float32_tensor(vector)
        if argument is None or not _overwrite(argument, tensor):
            argument = tensor
        value, _, _ = _call_once(function, argument, send)
        if issubclass(type(value), _Tensor):
            _overwrite(value, zero)
    for vector in watched:
        _call_once(function, _float32_tensor(vector), send, library)
    _tell_late_changes(kept, given, send)


def calls_told(messages: Sequence[Mapping[str, Any]]) -> list[Call]:
    """Return the calls that `tell_calls` has told of."""
    calls: list[Call] = []
    results_changed: Collection[int] = ()
    arguments_changed: Collection[int] = ()
    for told in readable(_call_or_changes, messages):
        if isinstance(told, Call):
            calls.append(told)
        else:
            results_changed, arguments_changed = told
    return [
        replace(
            one,
            result_changed=index in results_changed,
            argument_changed=one.argument_changed or index in arguments_changed,
        )
        for index, one in enumerate(calls)
    ]


def _call_or_changes(message: Mapping[str, Any]) -> Call | tuple[list[Any], list[Any]]:
    if "result" in message:
        return Call.from_message({**message, "result_changed": False})
    return list(message["results_changed"]), list(message["arguments_changed"])


def tell_results(
    send: Send, functions: Sequence[Callable[[Any], Any]], arguments: Sequence[Sequence[float]]
) -> None:
    """Call each function with each vector, and send a message for each function."""
    _set_num_threads(1)
    tensors = [_float32_tensor(vector) for vector in arguments]
    for function in functions:
        told = []
        for tensor in tensors:
            try:
                result = describe(function(tensor))
            except Exception as error:  # not every formula is defined for every vector
                result = describe_error(error)
            told.append(result.to_message())
        send(told)


def _float32_tensor(vector: Sequence[float]) -> Any:
    return _functions.tensor(list(vector), dtype=_float32)


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
    function: Any, argument: Any, send: Send, library: LibraryNames | None = None
) -> tuple[Any, Observation, Observation]:
    before = describe(argument)
    watch = LibraryWatch(library) if library is not None else nullcontext()
    value: Any = None
    try:
        with watch:
            value = function(argument)
        result = describe(value)
    except BaseException as error:  # a student's code may raise anything, SystemExit too
        result = describe_error(error)
    after = describe(argument)
    changed = not _same(after, before)
    send(
        {
            "result": result.to_message(),
            "argument": (after if changed else NOTHING).to_message(),
            "argument_changed": changed,
            "library": getattr(watch, "found", ""),
        }
    )
    return value, result, after


def _tell_late_changes(
    results: Sequence[tuple[Any, Observation]],
    arguments: Sequence[tuple[Any, Observation]],
    send: Send,
) -> None:
    """Say which results and arguments later calls have changed."""

    def changed(kept: Sequence[tuple[Any, Observation]]) -> list[int]:
        return [
            index
            for index, (value, seen) in enumerate(kept)
            if seen.kind == "tensor" and not _same(describe(value), seen)
        ]

    send({"results_changed": changed(results), "arguments_changed": changed(arguments)})


def _same(one: Observation, other: Observation) -> bool:
    return one == other or repr(one) == repr(other)  # to ==, one nan differs from another
