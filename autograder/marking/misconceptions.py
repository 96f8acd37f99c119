"""Misconceptions: mistakes with a name, recognised by a wrong formula that gives the same answers.

To explain a wrong answer, a lesson's formulas are run on the same inputs; the first whose results
agree on every one of them is named. A formula may have variants (constants, say) that are the same
mistake. What no formula can show (a changed argument, a library call) is named by behaviour.

Each misconception says what the answer looks like and asks a question; it never gives the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.marking.cases import Vector
from autograder.marking.compare import close
from autograder.marking.observation import Observation
from autograder.marking.observer import Observer

#: From a tensor of shape (n,) to what a student who makes the mistake would return.
Formula = Callable[[Any], Any]


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name.

    Attributes:
        id: its name in reports and statistics.
        says: what the student's answer looks like.
        question: what to think about next.
        formulas: variants of the mistake; empty where only behaviour shows it.

    """

    id: str
    says: str
    question: str
    formulas: tuple[Formula, ...] = ()


#: What a function's behaviour shows, whatever it should compute. A lesson may declare one of these
#: ids itself, in words of its own.
BEHAVIOURS = (
    Misconception(
        "missing-return",
        "Your function gives nothing back (None). Did you forget `return`?",
        "What is the difference between printing a value and returning it?",
    ),
    Misconception(
        "wrong-shape",
        "The result has another shape than was asked for.",
        "How many numbers should come out, in which arrangement?",
    ),
    Misconception(
        "wrong-container",
        "The numbers are right, but what holds them is no tensor: they earn half of the points.",
        "Which function of torch makes a tensor of a list of numbers?",
    ),
    Misconception(
        "several-results",
        "Your function gives back several things at once, as a tuple; one tensor was asked for.",
        "Which of the things after `return` is the answer?",
    ),
    Misconception(
        "no-such-dimension",
        "A vector has one dimension only, and its number is 0.",
        "Which dimension does your `dim=` ask for, and how many has x?",
    ),
    Misconception(
        "max-is-a-pair",
        "torch.max(x, 0), with a dimension, gives two things: the largest value and its position.",
        "Which of the two do you want to compute with, and how do you get it alone?",
    ),
    Misconception(
        "missing-brackets",
        "The name of a function stands where its result should be: the brackets that call it are "
        "missing.",
        "What is the difference between `x.sum` and `x.sum()`?",
    ),
    Misconception(
        "mutates-argument",
        "Your function changes the tensor it is given: the caller's own x is another one "
        "afterwards.",
        "Which operations make a new tensor (a - b), and which write into the old one (a -= b)?",
    ),
    Misconception(
        "depends-on-earlier-calls",
        "Your function gives different answers to the same question: they depend on earlier "
        "calls or on chance.",
        "Does it use anything besides its argument?",
    ),
    Misconception(
        "library-call",
        "A library's function does the work here; the exercise is to write it yourself.",
        "Which steps does the formula have, and which torch function does each?",
    ),
    Misconception(
        "right-only-for-lesson-x",
        "Your function is right for the lesson's own numbers and for no others.",
        "What in your function holds only for those?",
    ),
)

#: What torch's and Python's exceptions say, in part, and which of `BEHAVIOURS` that is.
ERRORS = {
    "Dimension out of range": "no-such-dimension",
    "torch.return_types": "max-is-a-pair",
    "builtin_function_or_method": "missing-brackets",
    "'method'": "missing-brackets",
    "method_descriptor": "missing-brackets",
}


def named_by_error(raised: Observation) -> Misconception | None:
    """Return what the text of an exception shows, if it is a mistake that many make."""
    id = next((id for part, id in ERRORS.items() if part in raised.text), None)
    return next((each for each in BEHAVIOURS if each.id == id), None)


#: How nearly a formula must give the student's numbers: wrong formulas differ by far more.
_AGREEMENT = 1e-4


def recognise(
    misconceptions: Sequence[Misconception],
    vectors: Sequence[Vector],
    observed: Sequence[Observation],
    is_right: Callable[[Observation, Vector], bool],
    expected: Callable[[Vector], Vector],
    observer: Observer,
) -> Misconception | None:
    """Name the misconception whose formula gives these results for these inputs, if any does.

    Args:
        misconceptions: those of the lesson, the likelier ones first.
        vectors: the inputs.
        observed: what the student's function returned for each.
        is_right: whether a formula's result for a vector is the right one.
        expected: the right numbers for a vector.
        observer: runs the formulas; in a child, even a patched torch only costs the hint.

    """
    # A function that stops on some inputs (too short a vector, say) is told from the others.
    pairs = [
        (vector, seen)
        for vector, seen in zip(vectors, observed, strict=True)
        if seen.kind in ("tensor", "list", "array", "number")
    ]
    if 2 * len(pairs) < len(vectors) or not pairs:
        return None
    if all(value != value for _, seen in pairs for value in seen.values):
        return None  # nothing but nan looks like many things
    # Inputs with a wrong result first: they tell the formulas apart, and few survive them.
    pairs.sort(key=lambda pair: close(pair[1].values, expected(pair[0]), _AGREEMENT))
    candidates = [(each, formula) for each in misconceptions for formula in each.formulas]
    explained = dict.fromkeys(range(len(candidates)), False)
    for some in (pairs[:1], pairs[1:5], pairs[5:]):
        alive = list(explained)
        formulas = [candidates[index][1] for index in alive]
        predictions = observer.results(formulas, [vector for vector, _ in some])
        for index, predicted in zip(alive, predictions, strict=True):
            for (vector, seen), one in zip(some, predicted, strict=True):
                if not _agree(seen, one, vector):
                    explained.pop(index, None)
                elif index in explained:
                    explained[index] |= not is_right(one, vector)
    # A formula that is right on all these inputs explains nothing.
    return next((candidates[index][0] for index, wrong in explained.items() if wrong), None)


def _agree(seen: Observation, predicted: Observation, vector: Vector) -> bool:
    if predicted.kind != "tensor" or not seen.values:
        return False
    # Where the input is large, float32 leaves either of them fewer digits.
    size = max(abs(value) for value in vector)
    return close(seen.values, predicted.values, _AGREEMENT + min(1e-6 * size, 1e-2))
