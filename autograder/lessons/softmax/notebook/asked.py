"""What the checks ask, so that the build can say what each misconception would answer.

None of it is asked when the answer is marked.
"""

from __future__ import annotations

#: The vectors that each function is called with. Together they tell the misconceptions apart.
VECTORS: dict[str, tuple[tuple[float, ...], ...]] = {
    "softmax": (
        (2.0, 1.0, -1.0),
        (60.5, 60.5, 59.0, 58.0),
        (-3.0, -50.0, -10.0, 2.5),
        (-30.0, -31.0, -31.0, -29.5),
        (1.0, 2.0, 3.0),
    ),
    "softmax_stable": (
        (1000.0, 998.0, -1000.0),
        (2.0, 1.0, -1.0),
        (110.0, 300.0, 3.0, 90.0),
        (-50.0, -20.0, -20.0),
        (90.0, 10.0, 10000.0),
        (-120.0, -10000.0, -10002.0),
        (1.0, 2.0, 3.0),
    ),
}

#: The tensors that are compared with softmax: what each misconception would make of their logits
#: is recognised in them.
RECOGNISED = ("p", "p_shifted", "p_stable")

#: The tensors in which slips of their own are recognised.
SLIPS = (
    *("p", "p_plus_1", "p_minus_100", "p_minus_max", "p_half", "p_triple"),
    *("x2", "p_overflow", "p_shifted", "p_stable"),
)
