"""Describe a student's value without trusting it.

Tensors are read through `torch._C.TensorBase`, whose attributes cannot be replaced, so a patched
`torch.Tensor` or a lying subclass changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from math import prod
from types import FunctionType
from typing import Any

import torch

from autograder.marking.observation import (
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_ITEMS,
    MAX_NUMBERS,
    MAX_TEXT,
    Observation,
    RemoteFunction,
)

_Tensor: Any = torch._C.TensorBase
_strided = torch.strided


def _nothing() -> None: ...


def _nothing_documented() -> None:
    """Do nothing."""


_NO_STATEMENTS = (_nothing.__code__.co_code, _nothing_documented.__code__.co_code)


def is_empty(function: object) -> bool:
    """Whether a function has no statements."""
    return type(function) is FunctionType and function.__code__.co_code in _NO_STATEMENTS


def describe(value: Any, depth: int = 0) -> Observation:
    """Say what a value is; `depth` is how many dictionaries it is in."""
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
    if issubclass(kind, dict) and depth < MAX_DEPTH:
        items = list(islice(dict.items(value), MAX_ITEMS))
        return Observation(
            "mapping",
            name,
            items=tuple(
                (str.__getitem__(key, slice(MAX_TEXT)), describe(item, depth + 1))
                for key, item in items
                if issubclass(type(key), str)
            ),
        )
    if issubclass(kind, (list, tuple)):
        return _describe_list(value, "list" if issubclass(kind, list) else "tuple")
    array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if isinstance(array, type) and issubclass(kind, array):
        shape = tuple(int(n) for n in array.shape.__get__(value))  # type: ignore[attr-defined]
        listed = [array.tolist(value)] if _is_small(shape) else []  # type: ignore[attr-defined]
        inner = _describe_list(listed, "numpy.ndarray")
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
        if len(shape) > MAX_DIMENSIONS:
            return Observation("other", "tensor of too many dimensions")
        readable = (
            _Tensor.layout.__get__(tensor) == _strided
            and not _Tensor.is_meta.__get__(tensor)
            and not dtype.startswith("complex")
            and _is_small(shape)
        )
        listed = _Tensor.tolist(tensor) if readable else []
        values = tuple(map(float, listed)) if len(shape) == 1 else _numbers([listed])
        text = "requires grad" if _Tensor.requires_grad.__get__(tensor) else ""
    return Observation("tensor", "tensor", dtype, shape, values, text)


def _is_small(shape: Iterable[int]) -> bool:
    """Whether its lists are few: a tensor of shape (50000, 1000, 0) has 50 million."""
    return prod(max(n, 1) for n in shape) <= MAX_NUMBERS


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


def describe_error(error: BaseException) -> Observation:
    """Say what an exception is."""
    try:
        text = str(error)[:MAX_TEXT]
    except BaseException:  # its own __str__ raised: there is no text to tell
        text = ""
    return Observation("raised", type(error).__name__[:MAX_TEXT], text=text)
