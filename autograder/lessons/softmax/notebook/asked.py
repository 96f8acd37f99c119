"""What the checks ask, so that the build can say what each misconception would answer.

None of it is asked when the answer is marked.
"""

from __future__ import annotations

#: The vectors that each function is called with. Together they tell the misconceptions apart, and
#: exp gives the same on every processor: its results are no smaller than 1e-38, or 0.
VECTORS: dict[str, tuple[tuple[float, ...], ...]] = {
    "softmax": (
        (2.0, 1.0, -1.0),
        (-3.3, -50.0, -10.0, 2.6),
        (59.5, 59.5, 58.0, 57.0),
        (-30.0, -31.0, -31.0, -29.5),
        (1.0, 2.0, 3.0),
    ),
    "softmax_stable": (
        (1000.0, 998.0, -1000.0),
        (0.1, -40.0, -3.3, 2.6),
        (4.0, 9996.0),
        (-201.0, -201.0, -202.0, -200.5),
        (-2000.0, 95.0, 2.5, 1.0),
        (-5.0, -120.0, 90.0, 3.0),
        (1.0, 2.0, 3.0),
    ),
}

#: The tensors in which what each misconception would make of their logits is recognised.
RECOGNISED = ("p",)

#: The tensors in which slips of their own are recognised.
SLIPS = (
    *("p", "p_plus_1", "p_minus_100", "p_minus_max", "p_half", "p_triple"),
    *("x2", "p_overflow", "first_step", "p_shifted", "p_stable"),
)
