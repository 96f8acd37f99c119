"""What a library that does a student's work is known by, in its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LibraryNames:
    """What in a name tells that a library does the work.

    Attributes:
        kernels: parts of the names of torch's kernels, in lower case.
        functions: parts of the names of functions of installed packages, in lower case.

    """

    kernels: tuple[str, ...]
    functions: tuple[str, ...]

    def to_message(self) -> dict[str, Any]:
        """Return what `from_message` reads, for JSON."""
        return dict(vars(self))

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> LibraryNames:
        """Return the names that a message tells of.

        Raises:
            LookupError, TypeError: it tells of none.

        """
        return cls(tuple(message["kernels"]), tuple(message["functions"]))
