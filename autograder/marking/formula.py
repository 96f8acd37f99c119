"""Tell a function that somebody could have meant from a table of answers.

What follows from a student's own wrong function is right elsewhere: the mistake has been marked
where it was made. A table made to give certain values is no mistake. It is known by how its results
change on a short way from a vector: those of a formula change a little with each step, a table's
once, where it does not know the vector any more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, starmap

from autograder.marking.cases import Vector
from autograder.marking.observation import Observation

#: The way: so many steps, each so long, in a direction in which no two numbers go alike.
_STEPS = 6
_STEP = 0.05
_DIRECTION = (1.0, -0.62, 0.31, -0.87, 0.53)
#: How many times the second largest step of a formula its largest may be.
_LARGEST = 5


def way(vector: Vector) -> list[Vector]:
    """Return the vector, and others on a short way from it."""
    return [
        tuple(x + _STEP * step * _DIRECTION[i % len(_DIRECTION)] for i, x in enumerate(vector))
        for step in range(_STEPS + 1)
    ]


def is_formula(here: Sequence[Observation], there: Sequence[Observation]) -> bool:
    """Whether a function's results change as a formula's do.

    Args:
        here: on the way from a vector of usual size, where results have to change.
        there: on the way from another, where a formula may have run out of numbers.

    """
    own, other = _steps(here), _steps(there)
    return own is not None and max(own) > 0 and other is not None


def _steps(results: Sequence[Observation]) -> list[float] | None:
    """Return by how much each result differs from the last, or None if they are a table's."""
    first = results[0]
    alike = all((one.kind, one.shape) == (first.kind, first.shape) for one in results)
    if not alike or not first.values:
        return None
    steps = [_distance(one.values, other.values) for one, other in pairwise(results)]
    *_, second, largest = sorted(steps)
    return steps if largest <= _LARGEST * second else None


def _distance(one: Vector, other: Vector) -> float:
    """Return the largest difference of two numbers in the same place, by their size: at most 1."""
    return max(starmap(_difference, zip(one, other, strict=True)))


def _difference(a: float, b: float) -> float:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return 1.0
    return abs(a - b) / (abs(a) + abs(b))
