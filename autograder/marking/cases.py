"""Vectors that a function is tried on, each group with the property it tests.

The property's words may be told to a student. The numbers may not, unless the lesson itself shows
them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

Vector = tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """One input, and what is special about it, in words for a student."""

    vector: Vector
    about: str


def group(about: str, *vectors: Vector) -> list[Case]:
    """Return cases that test the same property."""
    return [Case(vector, about) for vector in vectors]


def drawn(about: str, size: int, spread: float, seed: int, centre: float = 0.0) -> Case:
    """Return a vector of random numbers, the same ones for the same seed.

    Args:
        about: what is special about it.
        size: how many numbers it has.
        spread: how far they may lie from the centre.
        seed: of the random numbers.
        centre: what they lie around.

    """
    draw = random.Random(seed)
    return Case(
        # Multiples of 1/64 are exact in float32.
        tuple(round(64 * (centre + draw.uniform(-spread, spread))) / 64 for _ in range(size)),
        about,
    )
