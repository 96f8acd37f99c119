"""Whether numbers agree.

Written with the operators of Python's floats and nothing else: unlike a function of torch or math,
they cannot be replaced by the code that is being marked.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Below the smallest normal float32 precision is lost gradually and results may be flushed to zero.
_FLOAT32_TINY = 1.1754943508222875e-38
_INF = float("inf")
#: How far float32 is from a decimal number.
_SINGLE = 1e-7


def printed(got: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether all numbers are what torch prints of others: so many digits, and no more.

    Where those are all there are, nobody can tell.
    """
    if len(got) != len(expected) or close(got, expected, 1e-5):
        return False
    return all(
        close([one], [other], _SINGLE)
        or any(close([one], [float(form % other)], _SINGLE) for form in ("%.4f", "%.4e"))
        for one, other in zip(got, expected, strict=True)
    )


def close(got: Sequence[float], expected: Sequence[float], relative: float) -> bool:
    """Whether all numbers agree; nan agrees with nan and an infinity with itself."""
    if len(got) != len(expected):
        return False
    for one, other in zip(got, expected, strict=True):
        if one != one or other != other:
            if one == one or other == other:
                return False
            continue
        if one == other:
            continue
        if one in (_INF, -_INF) or other in (_INF, -_INF):
            return False
        size = other if other > 0 else -other
        gap = one - other if one > other else other - one
        if gap > relative * size + _FLOAT32_TINY:
            return False
    return True
