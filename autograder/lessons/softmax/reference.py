"""What softmax really is, and how near to it an answer must be.

Written with the operators of Python's floats (double precision) and nothing else: unlike a function
of torch or math, they cannot be replaced by the code that is being marked. A test holds this
reference and `torch.softmax` together.
"""

from __future__ import annotations

from collections.abc import Sequence

_E = 2.718281828459045
_FLOAT32_MAX = 3.4028235677973366e38
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


def exp64(logit: float) -> float:
    """Return exp(x) as float64 has it, for x below 709."""
    return float(_E**logit)


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
