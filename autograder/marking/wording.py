"""Put values into words for a student."""

from __future__ import annotations

import builtins
import difflib
from collections.abc import Sequence

from autograder.marking.observation import Observation
from autograder.marking.report import Finding, Outcome


def show(values: Sequence[float]) -> str:
    """Write numbers as a student sees them: [0.09003, 0.2447, 0.6652]."""
    shown = [f"{value:.4g}" for value in values[:6]]
    return f"[{', '.join(shown)}{', …' if len(values) > 6 else ''}]"


def article(seen: Observation) -> str:
    """Name what kind of thing a value is: "a list", "a tensor of shape (1, 3)"."""
    match seen.kind:
        case "tensor":
            return f"a tensor of shape {seen.shape} and dtype {seen.dtype}"
        case "callable":
            return "a function"
        case "none":
            return "None"
        case "dots":
            return "`...`"
        case "text":
            return f"the text {seen.text[:40]!r}"
        case "number":
            if seen.type_name == "bool":
                return f"`{bool(seen.values[0])}`"
            return f"the number {seen.values[0]:.4g}" if seen.values else "a number"
        case "mapping":
            return "a dictionary"
        case "died" | "timed out":
            return "something that could not be read"
        case _:
            an = "an" if seen.type_name[:1].lower() in "aeiou" else "a"
            return f"{an} {seen.type_name[:60]}"


def general(seen: Observation) -> str:
    """Name the kind of a value that depends on a hidden input: nothing of the value is told."""
    names = {"tensor": "a tensor", "text": "a text", "number": "a number", "other": "an object"}
    if seen.kind == "array":
        return "a NumPy array"
    return names.get(seen.kind) or article(seen)


def exception_name(seen: Observation) -> str:
    """Name the type of an exception on a hidden input, unless the student's code invented it."""
    known = getattr(builtins, seen.type_name, None)
    is_known = isinstance(known, type) and issubclass(known, BaseException)
    return seen.type_name if is_known else "an exception"


def missing_value(name: str, seen: Observation | None, max_points: float) -> Finding | None:
    """Return the finding of a name without a value, or None where there is something to mark."""
    if seen is None:
        message = (
            f"`{name}` is not defined: the cell that should define it is missing, stopped with an "
            "error before it did, or spells the name another way."
        )
        return Finding(name, Outcome.NOT_DEFINED, 0, max_points, message)
    if seen.kind == "dots":
        message = f"`{name}` is still `...`: replace the dots by your answer."
        return Finding(name, Outcome.NOT_ATTEMPTED, 0, max_points, message)
    if seen.kind == "none":
        message = f"`{name}` is None: what stands after `{name} =` gives nothing back."
        question = "What is the difference between printing a value and returning it?"
        return Finding(name, Outcome.WRONG_TYPE, 0, max_points, message, question)
    return None


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """Return the sentence that offers the word that was meant, or ""."""
    alike = difflib.get_close_matches(word[:40].strip(".,;:!?'\" "), words, n=1)
    return f' Did you mean "{alike[0]}"?' if alike else ""


def choose(words: Sequence[str]) -> str:
    """Name the words to choose from: "same", "flatter" or "sharper"."""
    *most, last = [f'"{word}"' for word in words]
    return f"{', '.join(most)} or {last}" if most else last
