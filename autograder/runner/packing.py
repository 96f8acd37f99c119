"""Values on their way between the processes: plain data, tensors as dtype, shape and bytes.

A student's value is taken apart by its exact type in the student process and put together from
checked parts in the examiner. What is none of the known kinds arrives as a `Foreign`.
"""

from __future__ import annotations

import base64
import math
import sys
from collections.abc import Callable
from typing import Any

import torch

#: The most numbers of a tensor, the most items of all containers of one value, the longest text.
MAX_NUMBERS = 1_000_000
MAX_ITEMS = 20_000
MAX_TEXT = 100_000
_MAX_DEPTH = 20
_MAX_KEYS = 2_000
_MAX_INT_BITS = 4096

_Tensor: Any = torch._C.TensorBase
_DTYPES = {
    name: getattr(torch, name)
    for name in (
        *("float32", "float64", "float16", "bfloat16", "complex64", "complex128"),
        *("int64", "int32", "int16", "int8", "uint8", "bool"),
    )
}
_ARRAY_DTYPES = set(_DTYPES) - {"bfloat16", "complex64"}


class Foreign:
    """A student's value of a kind that does not travel: only its type's name does."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name} object>"


class Refused(ValueError):
    """What arrived is not a value, or is too large."""


# --- Taking apart, in the process that has the value --------------------------------------------


def pack(value: Any, name_function: Callable[[Any], str | None]) -> Any:
    """Return the value as JSON data.

    Args:
        value: anything.
        name_function: gives a callable the name by which the other side may call it, or None.

    """
    return _Packer(name_function).pack(value, 0)


class _Packer:
    def __init__(self, name_function: Callable[[Any], str | None]) -> None:
        self._name_function = name_function
        self._items = 0

    def pack(self, value: Any, depth: int) -> Any:
        try:
            return self._pack(value, depth)
        except Exception:  # a value that defends itself against being read does not travel
            return _foreign(value)

    def _pack(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self._items += 1
        if self._items > MAX_ITEMS or depth > _MAX_DEPTH:
            return _foreign(value)
        if value is None or value is ... or kind is bool:
            return {"is": "constant", "name": repr(value)}
        if issubclass(kind, _Tensor):
            return _pack_tensor(value)
        if kind is int and value.bit_length() <= _MAX_INT_BITS:
            return {"is": "int", "hex": hex(value)}
        if kind is float:
            return {"is": "float", "hex": value.hex() if math.isfinite(value) else repr(value)}
        if kind is str and len(value) <= MAX_TEXT:
            return {"is": "str", "text": value.encode("utf-8", "replace").decode()}
        if kind in (list, tuple, set, frozenset):
            return {"is": kind.__name__, "items": [self.pack(item, depth + 1) for item in value]}
        if issubclass(kind, dict):
            items = list(dict.items(value))
            pairs = [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in items]
            return {"is": "dict", "items": pairs}
        if issubclass(kind, str) and str.__len__(value) <= MAX_TEXT:  # such as an Enum's
            return {"is": "str", "text": str.encode(value, "utf-8", "replace").decode()}
        numpy: Any = sys.modules.get("numpy")
        if numpy is not None and kind is numpy.ndarray and value.dtype.name in _ARRAY_DTYPES:
            if value.size <= MAX_NUMBERS:
                return _data("array", value.dtype.name, value.shape, value.tobytes())
        elif kind.__module__ == "numpy" and isinstance(value, (numpy.floating, numpy.integer)):
            return _data("scalar", value.dtype.name, (), value.tobytes())
        if callable(value) and not isinstance(value, type):
            name = self._name_function(value)
            if name is not None:
                return {"is": "function", "name": name}
        return _foreign(value)


def _pack_tensor(tensor: Any) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        dtype = str(_Tensor.dtype.__get__(tensor)).removeprefix("torch.")
        shape = tuple(int(n) for n in _Tensor.size(tensor))
        usual = _Tensor.layout.__get__(tensor) is torch.strided and dtype in _DTYPES
        if not usual or _Tensor.is_meta.__get__(tensor) or _Tensor.numel(tensor) > MAX_NUMBERS:
            return {"is": "foreign", "type": f"tensor of {dtype} and shape {shape}"}
        plain = _Tensor.resolve_neg(_Tensor.resolve_conj(_Tensor.detach(tensor)))
        flat = _Tensor.contiguous(_Tensor.reshape(plain, (-1,)))
        data = _Tensor.numpy(_Tensor.view(flat, torch.uint8)).tobytes()
    return _data("tensor", dtype, shape, data)


def _data(what: str, dtype: str, shape: tuple[int, ...], data: bytes) -> Any:
    encoded = base64.b64encode(data).decode("ascii")
    return {"is": what, "dtype": dtype, "shape": list(shape), "data": encoded}


def _foreign(value: Any) -> Any:
    kind = type(value)
    return {"is": "foreign", "type": kind.__name__[:60] if type(kind) is type else "object"}


# --- Putting together, in the examiner ----------------------------------------------------------


def unpack(data: Any, function: Callable[[str], Any]) -> Any:
    """Return the value that JSON data of unknown origin stands for.

    Args:
        data: what `pack` made, or what somebody pretends it made.
        function: makes the stand-in of a callable from its name.

    Raises:
        Refused: it stands for nothing.

    """
    try:
        return _Unpacker(function).unpack(data, 0)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError, AttributeError) as error:
        raise Refused(f"no value: {type(error).__name__}") from None


_CONSTANTS = {"None": None, "Ellipsis": ..., "True": True, "False": False}


class _Unpacker:
    def __init__(self, function: Callable[[str], Any]) -> None:
        self._function = function
        self._items = 0

    def unpack(self, data: Any, depth: int) -> Any:
        self._items += 1
        if depth > _MAX_DEPTH + 1 or self._items > MAX_ITEMS:
            raise Refused
        what = data["is"]
        if what == "constant":
            return _CONSTANTS[data["name"]]
        if what == "int":
            return int(data["hex"][: _MAX_INT_BITS // 4 + 4], 16)
        if what == "float":
            return float.fromhex(data["hex"])
        if what == "str":
            return str(data["text"])[:MAX_TEXT]
        if what in ("list", "tuple", "set", "frozenset", "dict"):
            return self._container(what, data["items"], depth)
        if what == "function":
            return self._function(str(data["name"])[:200])
        if what in ("tensor", "array", "scalar"):
            return _unpack_numbers(what, data)
        if what == "foreign":
            return Foreign(str(data["type"])[:100])
        raise Refused

    def _container(self, what: str, items: Any, depth: int) -> Any:
        if what in ("list", "tuple"):
            unpacked = [self.unpack(item, depth + 1) for item in items]
            return unpacked if what == "list" else tuple(unpacked)
        if len(items) > _MAX_KEYS:  # keys can be made to collide, which takes quadratic time
            raise Refused
        if what == "dict":
            return {self.unpack(k, depth + 1): self.unpack(v, depth + 1) for k, v in items}
        unique = {self.unpack(item, depth + 1) for item in items}
        return unique if what == "set" else frozenset(unique)


def _unpack_numbers(what: str, data: Any) -> Any:
    shape = tuple(data["shape"])
    if len(shape) > 16 or not all(type(n) is int and 0 <= n <= MAX_NUMBERS for n in shape):
        raise Refused
    count = math.prod(shape)
    if count > MAX_NUMBERS:
        raise Refused
    raw = bytearray(base64.b64decode(data["data"], validate=True))
    if what == "tensor":
        dtype = _DTYPES[data["dtype"]]
        if len(raw) != count * dtype.itemsize:
            raise Refused
        if not count:
            return torch.empty(shape, dtype=dtype)
        if dtype is torch.bool and set(raw) - {0, 1}:
            raise Refused
        return torch.frombuffer(raw, dtype=dtype).reshape(shape).clone()
    import numpy

    if data["dtype"] not in _ARRAY_DTYPES:
        raise Refused
    array = numpy.frombuffer(bytes(raw), dtype=data["dtype"]).reshape(shape).copy()
    return array if what == "array" else array[()]
