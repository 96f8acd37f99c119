"""What the checks claim of values, each with a sentence that teaches."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import torch

from .causes import Numbers, close, likely_cause, numbers_in, printed, softmax, tolerance
from .panel import Cause, NotYet, bars_beside, expect

_COUNTS = {1: "one number", 2: "two numbers", 3: "three numbers", 4: "four numbers"}


def attempted(name: str, value: object) -> None:
    """Claim that an answer is there."""
    if value is ...:
        todo = f"replace the `...` in `{name}` by an answer of your own."
        raise NotYet(todo, title="Not attempted yet")


def vector(name: str, value: Any, count: int = 3, cause: Cause | None = None) -> torch.Tensor:
    """Claim that an answer is a tensor of so many numbers, and return it without its history."""
    attempted(name, value)
    if isinstance(value, torch.Tensor) and value.shape == (count,) and not value.is_complex():
        return value.detach()
    numbers = _COUNTS.get(count, f"{count} numbers")
    seen = f"`{name}` should be a tensor of {numbers}; yours is `{value!r:.200}`."
    raise NotYet(seen, cause=cause or Cause(_no_vector(value, count)))


def _no_vector(value: Any, count: int) -> str:
    """Say why a value may be no vector."""
    if value is None:
        return "nothing was given back. Does your function end with `return`?"
    if callable(value):
        return "this is a function itself. To call it, put brackets after its name."
    if isinstance(value, (list, tuple)):
        return "this is Python's own kind of list. `torch.tensor` makes a tensor of it."
    if type(value).__module__ == "numpy":
        return "this is NumPy's, not PyTorch's. `torch.tensor` makes a tensor of it."
    is_tensor = isinstance(value, torch.Tensor)
    if isinstance(value, (int, float)) or (is_tensor and value.numel() == 1):
        return "this is one number only. Is it a sum, or just one of the shares?"
    if is_tensor and value.shape != (count,):
        return "a vector has one dimension, and softmax keeps its length."
    return ""


def is_softmax(outputs: object, logits: Numbers) -> bool:
    """Whether outputs are a tensor of decimal numbers that are the softmax of logits."""
    if not isinstance(outputs, torch.Tensor) or not outputs.is_floating_point():
        return False
    if outputs.shape != (len(logits),):
        return False
    return close(numbers_in(outputs) or (), softmax(logits), tolerance(logits))


def shares(
    name: str, value: Any, logits: Numbers, cause: Cause | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Claim that an answer is made of shares that add up to 1; return it, and softmax's shares."""
    outputs = vector(name, value, len(logits), cause).to(torch.float64)
    target = torch.tensor(softmax(logits), dtype=torch.float64)
    bars = bars_beside(outputs, target)
    if not outputs.isfinite().all():
        raise NotYet(
            f"shares are ordinary numbers, but there is inf or nan in `{name}`.",
            cause=cause or Cause("an exponential became inf, or all of them became 0."),
            hint="What is inf / inf, and what 0 / 0? Look at the exponentials one by one.",
            bars=bars,
        )
    total = outputs.sum().item()
    if abs(total - 1) >= 1e-4:
        raise NotYet(
            "softmax's outputs are shares of a whole: they must add up to 1, but those of "
            f"`{name}` add up to {total:.4g}.",
            cause=cause,
            hint="How much is the whole, all parts together? Each share is one part of it.",
            bars=bars,
        )
    return outputs, target


def agree(name: str, value: Any, logits: Numbers, hint: str, cause: Cause | None = None) -> None:
    """Claim that an answer is the softmax of logits."""
    if is_softmax(value, logits):
        return
    outputs, target = shares(name, value, logits, cause)
    raise NotYet(
        f"two functions that compute softmax must agree, but `{name}` is not what PyTorch says.",
        cause=cause,
        hint=hint,
        bars=bars_beside(outputs, target),
    )


def proportions(name: str, value: Any, logits: Numbers, cause: Cause | None = None) -> None:
    """Claim of two inputs that differ by one that their shares differ by the factor e."""
    outputs, target = shares(name, value, logits, cause)
    places = range(len(logits))
    pairs = [(i, j) for i in places for j in places if logits[i] - logits[j] == 1]
    for i, j in pairs[:1]:
        ratio = (outputs[i] / outputs[j]).item()
        if abs(ratio - 2.71828) >= 1e-3:
            raise NotYet(
                f"the input {logits[i]:g} is larger than the input {logits[j]:g} by one, so its "
                f"share must be e ≈ 2.718 times as large; yours is {ratio:.4g} times as large.",
                cause=cause,
                hint="What does exp do to two numbers that differ by one?",
                bars=bars_beside(outputs, target),
            )


def computed(name: str, value: Any, logits: Numbers, hint: str) -> bool:
    """Claim that a variable is the softmax of logits, and say what else it may be.

    Returns:
        Whether it is right in the digits that are printed, and no others.

    """
    is_vector = isinstance(value, torch.Tensor) and value.shape == (len(logits),)
    if is_vector and printed(numbers_in(value) or (), softmax(logits)):
        return True
    if not is_softmax(value, logits):
        agree(name, value, logits, hint, cause_in(name, value, logits))
    return False


def cause_in(name: str, value: object, logits: Numbers) -> Cause | None:
    """Return what may be behind a wrong variable."""
    return likely_cause(name, [logits], [numbers_in(value)])


def one_of(choices: Sequence[str], name: str, value: object) -> None:
    """Claim that an answer is one of some words."""
    expect(
        isinstance(value, str) and value.strip().lower() in choices,
        f"the answer for `{name}` is one of the words {', '.join(choices)}; "
        f"yours is `{value!r:.200}`.{_did_you_mean(value, choices)}",
    )


def _did_you_mean(value: object, choices: Sequence[str]) -> str:
    alike = (
        get_close_matches(value.strip(" .,!?").lower(), choices, 1)
        if isinstance(value, str)
        else []
    )
    return f' Did you mean "{alike[0]}"?' if alike else ""
