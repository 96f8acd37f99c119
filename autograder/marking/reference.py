"""What softmax really is, and how near to it an answer must be.

Written with the operators of Python's floats (double precision) and nothing else: unlike a function
of torch or math, they cannot be replaced by the code that is being marked. A test holds this
reference and `torch.softmax` together.
"""

from __future__ import annotations

from collections.abc import Sequence

_E = 2.718281828459045
_FLOAT32_MAX = 3.4028235677973366e38
#: Below the smallest normal float32 precision is lost gradually and results may be flushed to zero.
_FLOAT32_TINY = 1.1754943508222875e-38
_INF = float("inf")


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """Return exp(x_i) / sum_j exp(x_j) for a vector of at least one finite number."""
    largest = logits[0]
    for value in logits:
        if value > largest:
            largest = value
    powers = [_E ** (value - largest) for value in logits]
    total = 0.0
    for power in powers:
        total += power
    return tuple(power / total for power in powers)


def exp32(logits: Sequence[float]) -> tuple[float, ...]:
    """Return exp(x_i) as float32 has it: what is too large is inf."""
    powers = (_E**value if value < 700 else _INF for value in logits)
    return tuple(power if power <= _FLOAT32_MAX else _INF for power in powers)


def tolerance(logits: Sequence[float]) -> float:
    """Return the relative error that is forgiven for softmax of these logits.

    Right algebra such as exp(x - logsumexp(x)) loses about |x| * 6e-8 in float32; rounding to four
    digits costs 1e-4 and more.
    """
    size = 0.0
    for value in logits:
        size = value if value > size else -value if -value > size else size
    allowed = 2e-5 + 4.8e-7 * size
    return allowed if allowed < 1e-2 else 1e-2


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
