"""What a layer of the box is, and how it says that it is missing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One part of the box.

    Attributes:
        name: what `--without-NAME` calls it.
        available: whether this machine enforces it.
        what: what it keeps a student's code from.
        why: why it is missing, and what to do about it; "" where it is available.

    """

    name: str
    available: bool
    what: str
    why: str = ""


class Missing(Exception):
    """A layer could not be applied; the text is a `Layer`'s `why`."""
