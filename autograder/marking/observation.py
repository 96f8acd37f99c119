"""Facts about a student's values and calls: all that the marking ever sees of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.marking.library import Library


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

    def to_message(self) -> dict[str, Any]:
        """Return what `from_message` reads, for JSON: what says something."""
        told = {name: value for name, value in vars(self).items() if value}
        if self.items:
            told["items"] = [(key, item.to_message()) for key, item in self.items]
        return told

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Observation:
        """Return the observation that a message tells of.

        Raises:
            LookupError, TypeError, ValueError: it tells of none.

        """
        items = message.get("items", ())
        return cls(
            kind=str(message["kind"]),
            type_name=_whole(message.get("type_name", "")),
            dtype=str(message.get("dtype", "")),
            shape=tuple(map(int, message.get("shape", ()))),
            values=tuple(map(float, message.get("values", ()))),
            text=_whole(message.get("text", "")),
            items=tuple((_whole(key), cls.from_message(item)) for key, item in items),
        )


def _whole(text: object) -> str:
    """Put ? for half characters, which no page or stream can hold."""
    return str(text).encode(errors="replace").decode()


NOTHING = Observation("none")


@dataclass(frozen=True)
class Call:
    """What one call of a student's function did.

    Attributes:
        result: what it returned, or how it ended.
        argument: the argument as it was afterwards, if that is not what it was before.
        argument_changed: whether this call or a later one changed it.
        result_changed: whether a later call changed what this one had returned.
        library: the library's function that was called, or "".
        replaceable: whether all such calls are of the kind that `nudged` changes.

    """

    result: Observation
    argument: Observation = NOTHING
    argument_changed: bool = False
    result_changed: bool = False
    library: str = ""
    replaceable: bool = True

    def to_message(self) -> dict[str, Any]:
        """Return what `from_message` reads, for JSON."""
        result, argument = self.result.to_message(), self.argument.to_message()
        return {**vars(self), "result": result, "argument": argument}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Call:
        """Return the call that a message tells of.

        Raises:
            LookupError, TypeError, ValueError: it tells of none.

        """
        return cls(
            Observation.from_message(message["result"]),
            Observation.from_message(message["argument"]),
            bool(message["argument_changed"]),
            bool(message["result_changed"]),
            str(message["library"]),
            bool(message["replaceable"]),
        )


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
        nudged: bool,
        library: Library | None,
    ) -> list[Call]:
        """Have `Observer.call` done in the function's process."""
        raise NotImplementedError
