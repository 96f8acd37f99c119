"""Facts about a student's values and calls: all that the marking ever sees of either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from autograder.marking.library import LibraryNames

#: The largest value that is read, in numbers; the longest text, in characters; the most dimensions,
#: items of a mapping, and mappings in one another. Whatever sends more is not believed.
MAX_NUMBERS = 10_000
MAX_TEXT = 300
MAX_DIMENSIONS = 64
MAX_ITEMS = 100
MAX_DEPTH = 3
_MAX_SIZE = 2**63 - 1

_KINDS = {
    *("tensor", "array", "list", "number", "text", "mapping", "callable", "none", "dots", "other"),
    *("raised", "timed out", "too slow", "died"),
}
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Observation:
    """What a value was found to be. `from_message` bounds every field.

    Attributes:
        kind: "tensor", "array" (NumPy), "list" (or tuple), "number", "text", "mapping", "callable",
            "none", "dots" (`...`), "other"; or, for a call, "raised", "timed out", "too slow" (with
            those before it), "died".
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

    def to_message(self) -> dict[str, Any]:
        """Return what `from_message` reads, for JSON: what says something."""
        told = {name: value for name, value in vars(self).items() if value}
        if self.items:
            told["items"] = [(key, item.to_message()) for key, item in self.items]
        return told

    @classmethod
    def from_message(cls, message: Mapping[str, Any], depth: int = 0) -> Observation:
        """Return the observation that a message of unknown origin tells of.

        Args:
            message: what `to_message` made, or what somebody pretends it made.
            depth: how many mappings it is in.

        Raises:
            LookupError, TypeError, ValueError, OverflowError: it tells of none, or of too much.

        """
        if message["kind"] not in _KINDS:
            raise ValueError("an unknown kind")
        items = _few(message.get("items", ()), MAX_ITEMS if depth < MAX_DEPTH else 0)
        return cls(
            kind=message["kind"],
            type_name=_text(message.get("type_name", "")),
            dtype=_text(message.get("dtype", "")),
            shape=tuple(map(_size, _few(message.get("shape", ()), MAX_DIMENSIONS))),
            values=tuple(map(_number, _few(message.get("values", ()), MAX_NUMBERS))),
            text=_text(message.get("text", "")),
            items=tuple((_text(key), cls.from_message(item, depth + 1)) for key, item in items),
        )


def _few(values: Any, most: int) -> Sequence[Any]:
    if not isinstance(values, (list, tuple)):
        raise TypeError("no list")
    if len(values) > most:
        raise ValueError("too many")
    return values


def _size(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("no count")
    if not 0 <= value <= _MAX_SIZE:
        raise ValueError("no size of anything")
    return value


def _number(value: Any) -> float:
    if type(value) not in (bool, int, float):
        raise TypeError("no number")
    return float(value)


def _text(text: Any) -> str:
    """Return a text, cut, with ? for half characters, which no page or stream can hold."""
    if not isinstance(text, str):
        raise TypeError("no text")
    return text[:MAX_TEXT].encode(errors="replace").decode()


NOTHING = Observation("none")


@dataclass(frozen=True)
class Call:
    """What one call of a student's function did.

    Attributes:
        result: what it returned, or how it ended.
        argument: the argument as it was afterwards, if that is not what it was before.
        argument_changed: whether this call or a later one changed it.
        result_changed: whether a later call changed what this one had returned.
        library: the library's function that it was seen to call, or "".

    """

    result: Observation
    argument: Observation = NOTHING
    argument_changed: bool = False
    result_changed: bool = False
    library: str = ""

    def to_message(self) -> dict[str, Any]:
        """Return what `from_message` reads, for JSON."""
        result, argument = self.result.to_message(), self.argument.to_message()
        return {**vars(self), "result": result, "argument": argument}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Call:
        """Return the call that a message tells of.

        Raises:
            LookupError, TypeError, ValueError, OverflowError: it tells of none, or of too much.

        """
        return cls(
            Observation.from_message(message["result"]),
            Observation.from_message(message["argument"]),
            bool(message["argument_changed"]),
            bool(message["result_changed"]),
            _text(message["library"]),
        )


def readable(read: Callable[[Any], _Read], messages: Iterable[Any]) -> list[_Read]:
    """Return what messages of unknown origin tell, up to the first that cannot be read."""
    told: list[_Read] = []
    for message in messages:
        try:
            told.append(read(message))
        except (LookupError, TypeError, ValueError, OverflowError, AttributeError):
            break
    return told


class RemoteFunction:
    """A student's function that lives in another process, and is watched there.

    Attributes:
        text: as in `Observation.text`.

    """

    text = ""

    def watched(
        self,
        arguments: Sequence[Sequence[float]],
        reused: Sequence[Sequence[float]],
        watched: Sequence[Sequence[float]],
        library: LibraryNames | None,
    ) -> list[Call]:
        """Have `Observer.call` done in the function's process."""
        raise NotImplementedError
