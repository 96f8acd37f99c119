"""Names the likely cause of a wrong answer: the misconception that would give the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch

from .known import NO_TENSOR, RIGHT, TABLE, WRONG
from .names import notebook
from .panel import Cause

Numbers = Sequence[float]

#: How nearly a misconception must give the student's numbers: they differ by far more.
AGREEMENT = 1e-4

_TINY = 1.1754943508222875e-38  # the smallest float32 that has all its digits


def known(id: str) -> Cause:
    """Return a misconception that behaviour shows, by its id."""
    return next(cause for cause in _causes() if cause.id == id)


def named_by_error(text: str) -> Cause | None:
    """Return the misconception that the text of an exception shows, if it shows one."""
    return next((known(id) for part, id in TABLE["errors"].items() if part in text), None)


def likely_cause(
    name: str, logits: Sequence[Numbers], seen: Sequence[Numbers | None]
) -> Cause | None:
    """Name the first misconception that explains all numbers that were seen, if any does.

    Args:
        name: the function or tensor.
        logits: the vectors that the numbers should be the softmax of.
        seen: the student's numbers for each, or None where there are none.

    """
    used = [i for i, numbers in enumerate(seen) if numbers is not None]
    numbers = [v for i in used for v in seen[i] or ()]
    # Nothing but nan looks like many things.
    if 2 * len(used) < len(seen) or all(v != v for v in numbers):
        return None
    for cause, *row in TABLE["rows"][name]:
        # What is right for all of them explains nothing.
        if any(row[i] != RIGHT for i in used) and all(
            _agrees(seen[i] or (), name, i, row[i], logits[i]) for i in used
        ):
            return _causes()[cause]
    return None


def _agrees(seen: Numbers, name: str, i: int, number: int, logits: Numbers) -> bool:
    """Whether what was seen for vector i is the answer of that number."""
    if number == NO_TENSOR:
        return False
    if number == WRONG:
        return not close(seen, softmax(logits), tolerance(logits))
    # Where the logits are large, float32 leaves either of them fewer digits.
    allowed = AGREEMENT + min(1e-6 * max(map(abs, logits)), 1e-2)
    if number == RIGHT:
        return close(seen, softmax(logits), allowed)
    answer = TABLE["answers"][name][i][number]
    if isinstance(answer, str):
        return close(seen, numbers_in(notebook().get(answer)) or (), allowed)
    if isinstance(answer, dict):
        return close(seen, softmax(answer["softmax"]), 1e-3)  # or the digits that are printed
    return close(seen, answer, allowed)


def close(seen: Numbers, wanted: Numbers, relative: float) -> bool:
    """Whether all numbers agree; nan agrees with nan and an infinity with itself."""
    if len(seen) != len(wanted):
        return False
    for one, other in zip(seen, wanted, strict=True):
        if one == other or (one != one and other != other):
            continue
        if not abs(one - other) <= relative * min(abs(other), 3.4e38) + _TINY:
            return False
    return True


def printed(seen: Numbers, wanted: Numbers) -> bool:
    """Whether all numbers are what PyTorch prints of others: so many digits, and no more."""
    if len(seen) != len(wanted) or close(seen, wanted, 1e-5):
        return False
    return all(
        any(close([one], [v], 1e-7) for v in (other, float(f"{other:.4f}"), float(f"{other:.4e}")))
        for one, other in zip(seen, wanted, strict=True)
    )


def tolerance(logits: Numbers) -> float:
    """Return the relative error that is forgiven: large logits leave float32 fewer digits."""
    return min(2e-5 + 4.8e-7 * max(abs(v) for v in logits), 1e-2)


def softmax(logits: Numbers) -> list[float]:
    """Return what PyTorch gives, in double precision."""
    shares: list[float] = torch.softmax(torch.tensor(logits, dtype=torch.float64), 0).tolist()
    return shares


def numbers_in(value: object) -> list[float] | None:
    """Return the numbers of a tensor, an array, a list or a number, or None if it is none."""
    if type(value).__module__ == "numpy":
        value = getattr(value, "tolist", list)()  # PyTorch warns of arrays that are read-only
    try:
        if not _is_numbers(value):
            return None
        tensor = torch.as_tensor(value).detach()
        if tensor.is_complex():
            return None
        numbers: list[float] = tensor.to(torch.float64).flatten().tolist()
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # RecursionError, too
        return None
    return numbers


def _is_numbers(value: object) -> bool:
    """Whether PyTorch can make a tensor of it; it crashes over what only claims to be one."""
    if issubclass(type(value), (list, tuple)):
        return all(_is_numbers(item) for item in value)  # type: ignore[attr-defined]
    is_numpys = type(value).__module__ == "numpy"
    return is_numpys or issubclass(type(value), (torch.Tensor, int, float, complex))


@cache
def _causes() -> list[Cause]:
    return [Cause(says, question, id) for id, says, question in TABLE["causes"]]
