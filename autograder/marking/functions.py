"""Mark a function the student wrote: `softmax` and `softmax_stable`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from autograder.marking.cases import EXTREME, LESSON, LESSON_LARGE, MODERATE, Case, Vector
from autograder.marking.library import Library
from autograder.marking.misconceptions import MISCONCEPTIONS, Misconception, recognise
from autograder.marking.observation import Call, Observation
from autograder.marking.observer import Observer
from autograder.marking.reference import close, softmax, tolerance
from autograder.marking.report import Finding, Outcome
from autograder.marking.words import article, exception_name, general, show


@dataclass(frozen=True)
class FunctionRule:
    """What a function must do, and what each part of it is worth.

    Attributes:
        name: the function's name.
        core: the inputs that earn the first points: without them there are none. A student may
            know these numbers, as they are the lesson's, so a message may show them.
        others: the inputs that earn the second points.
        points: for the core, for the others, and for leaving the argument alone.
        praise: what to say of a right one.

    """

    name: str
    core: tuple[Case, ...]
    others: tuple[Case, ...]
    points: tuple[float, float, float]
    praise: str


_THREE_NUMBERS = tuple(case for case in MODERATE if case.about == "three other numbers")
_REST = tuple(case for case in MODERATE if case not in _THREE_NUMBERS)

SOFTMAX = FunctionRule(
    "softmax",
    core=(Case(LESSON, "x = [1, 2, 3]"), *_THREE_NUMBERS),
    others=_REST,
    points=(1, 2, 1),
    praise="is right for vectors of every length, order and sign. Well done!",
)
SOFTMAX_STABLE = FunctionRule(
    "softmax_stable",
    core=(
        Case(LESSON, "x = [1, 2, 3]"),
        Case(LESSON_LARGE, "x2 = [50, 100, 150]"),
        *_THREE_NUMBERS,
    ),
    others=(*_REST, *EXTREME),
    points=(2, 2, 1),
    praise="is right however large or small the numbers are. Well done!",
)


#: One tensor twice, then with other numbers in it.
_REUSED = (LESSON, LESSON, _THREE_NUMBERS[0].vector, _THREE_NUMBERS[0].vector)


#: What does a student's work: torch's kernels, and functions of any package.
_LIBRARY = Library(
    kernels=("softmax", "scaled_dot_product", "cross_entropy_loss", "attention"),
    functions=("softmax",),
)


def mark_function(rule: FunctionRule, function: object, observer: Observer) -> Finding:
    """Mark one function against its rule."""
    kind = observer.look({rule.name: function})[rule.name]
    if kind.kind != "callable":
        return _not_a_function(rule, kind)
    cases = (*rule.core, *rule.others)
    vectors = [case.vector for case in cases]
    call = partial(observer.call, function, library=_LIBRARY)
    calls, again, reuse = _ask(call, vectors)
    library = _library(call, vectors, [*calls, *again])
    is_empty = kind.text == "empty"
    return _Marking(rule, cases, calls, again, reuse, library, is_empty, observer).finding()


#: Calls the function with vectors, as `Observer.call` does.
_Ask = Callable[..., list[Call]]


def _ask(call: _Ask, vectors: Sequence[Vector]) -> tuple[list[Call], list[Call], list[Call]]:
    """Call a function with the vectors, with them the other way round, and with one tensor reused.

    The second and third calls find answers that depend on what was asked before.
    """
    count = len(vectors)
    told = call([*vectors, *vectors[::-1]], _REUSED)
    calls, again, reuse = told[:count], told[count : 2 * count][::-1], told[2 * count :]
    if _is_cut_short(calls):
        return calls, calls, []
    if _is_cut_short(told):  # a slow function has time for each
        return calls, call(vectors[::-1])[::-1], call((), _REUSED)
    if not all(_is_right(one.result, v) for one, v in zip(calls, vectors, strict=True)):
        # What the first calls left behind must not hide that the others depend on it.
        again = call(vectors[::-1])[::-1]
    return calls, again, reuse


def _is_cut_short(calls: Sequence[Call]) -> bool:
    return calls[-1].result.kind in ("timed out", "died")


def _library(call: _Ask, vectors: Sequence[Vector], calls: Sequence[Call]) -> str:
    """Return the library softmax that does the work, or "" if none does.

    A function may call one to compare itself with: then a slightly other result changes nothing.
    """
    found = [one for one in calls if one.library]
    if not found:
        return ""
    if all(one.replaceable for one in found):
        nudged = call(vectors, nudged=True)
        if all(one.result == other.result for one, other in zip(nudged, calls, strict=False)):
            return ""
    return found[0].library


def _not_a_function(rule: FunctionRule, seen: Observation) -> Finding:
    if seen.kind == "dots":
        outcome, message = Outcome.NOT_ATTEMPTED, f"`{rule.name}` is still `...`."
    else:
        outcome = Outcome.WRONG_TYPE
        message = f"`{rule.name}` should be a function; it is {article(seen)}."
    return Finding(rule.name, outcome, 0, sum(rule.points), message)


@dataclass(frozen=True)
class _Marking:
    """All that was seen of one function, and what follows from it."""

    rule: FunctionRule
    cases: Sequence[Case]
    calls: Sequence[Call]
    again: Sequence[Call]
    reuse: Sequence[Call]
    library: str
    is_empty: bool
    observer: Observer

    def finding(self) -> Finding:
        everything = [*self.calls, *self.again]
        first = self.calls[0].result
        if self.library:
            calls = f"It calls `{self.library}`."
            return self._named(Outcome.LIBRARY_CALL, "library-call", calls, 0)
        if first.kind == "dots" or (first.kind == "none" and self.is_empty):
            message = f"`{self.rule.name}` still has `...` where your code should be."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        # With a text it is torch's: "…" not implemented for 'Long'.
        if (first.kind, first.type_name, first.text) == ("raised", "NotImplementedError", ""):
            message = f"`{self.rule.name}` is not written yet: it raises NotImplementedError."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        if first.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return")

        wrong = [
            (case, one.result)
            for case, one in zip([*self.cases, *self.cases], everything, strict=True)
            if not _is_right(one.result, case.vector)
        ]
        if self._depends_on_history(everything):
            return self._named(Outcome.WRONG, "depends-on-earlier-calls")
        if wrong:
            return self._wrong(*wrong[0])
        if self._changes_argument():
            return self._named(Outcome.WRONG, "mutates-argument")
        return self._finding(Outcome.RIGHT, f"`{self.rule.name}` {self.rule.praise}")

    def _changes_argument(self) -> bool:
        return any(one.argument_changed for one in (*self.calls, *self.again))

    def _depends_on_history(self, everything: Sequence[Call]) -> bool:
        if any(one.result_changed for one in everything):
            return True
        if any(
            not _alike(one.result, other.result, case.vector)
            for case, one, other in zip(self.cases, self.calls, self.again, strict=True)
            # Whether time ran out may depend on the machine.
            if "timed out" not in (one.result.kind, other.result.kind)
        ):
            return True
        # A function that writes into its argument fails this as well, and is told that.
        if not self.reuse or self._changes_argument():
            return False
        first = dict(zip((case.vector for case in self.cases), self.calls, strict=True))
        return any(
            not _alike(one.result, first[vector].result, vector)
            for one, vector in zip(self.reuse, _REUSED, strict=True)
        )

    def _wrong(self, case: Case, result: Observation) -> Finding:
        where = f"For {case.about}"
        is_known = case.vector in (LESSON, LESSON_LARGE)
        name = self.rule.name
        if result.kind == "timed out":
            message = f"{where} `{name}` had not returned after some seconds. Is there a loop "
            return self._finding(Outcome.TIMED_OUT, message + "that never ends?")
        if result.kind == "died":
            message = f"{where} `{name}` ended the whole Python process. Does it call exit?"
            return self._finding(Outcome.RAISED, message)
        if result.kind == "raised":
            # What an exception says may hold the input, which is not for every input to be told.
            text = f": {result.text}" if is_known and result.text else ""
            error = result.type_name if is_known else exception_name(result)
            return self._finding(Outcome.RAISED, f"{where} `{name}` stopped with {error}{text}.")

        if is_known:
            seen = f"{where} `{name}` returned {_told(result)}."
            if case.vector == LESSON and result.values:
                seen += f" `softmax_torch(x)` is {show(softmax(LESSON))}."
        else:
            seen = f"Right for the lesson's own numbers, but not for {case.about}."
        if result.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return", seen)
        if result.kind != "tensor" and self._values_right():
            return self._finding(
                Outcome.WRONG_TYPE, f"{seen} The numbers are right, but a tensor was expected."
            )
        has_shape = result.shape == (len(case.vector),)
        values_right = close(result.values, softmax(case.vector), tolerance(case.vector))
        if result.kind == "tensor" and values_right and not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        known = self._recognised()
        if known is not None:
            return self._named(Outcome.WRONG, known.id, seen)
        if result.kind != "tensor":
            kind = "" if is_known else f" It returned {general(result)}."
            return self._finding(Outcome.WRONG_TYPE, f"{seen}{kind} A tensor was expected.")
        if not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        if self._only_lesson():
            return self._named(Outcome.WRONG, "right-only-for-lesson-x")
        return self._finding(Outcome.WRONG, f"{seen} {_why(result)}")

    def _values_right(self) -> bool:
        return all(
            one.result.kind in ("list", "array", "number")
            and close(one.result.values, softmax(case.vector), tolerance(case.vector))
            for case, one in zip(self.cases, self.calls, strict=True)
        )

    def _recognised(self) -> Misconception | None:
        vectors = [case.vector for case in self.cases]
        return recognise(self.observer, vectors, [one.result for one in self.calls])

    def _only_lesson(self) -> bool:
        right = {
            case.vector
            for case, one in zip(self.cases, self.calls, strict=True)
            if _is_right(one.result, case.vector)
        }
        return LESSON in right and not right & {case.vector for case in _THREE_NUMBERS}

    def _named(
        self, outcome: Outcome, misconception: str, more: str = "", points: float | None = None
    ) -> Finding:
        known = MISCONCEPTIONS[misconception]
        return Finding(
            self.rule.name,
            outcome,
            self._points() if points is None else points,
            sum(self.rule.points),
            f"{known.says} {more}".strip(),
            known.question,
            known.id,
        )

    def _finding(self, outcome: Outcome, message: str) -> Finding:
        return Finding(self.rule.name, outcome, self._points(), sum(self.rule.points), message)

    def _points(self) -> float:
        """Points for the parts that are right; nothing without the core."""
        for_core, for_others, for_manners = self.rule.points
        right = [
            all(
                _is_right(one.result, case.vector) for one in (self.calls[index], self.again[index])
            )
            for index, case in enumerate(self.cases)
        ]
        everything = [*self.calls, *self.again]
        mannered = not self._changes_argument()
        if not all(right[: len(self.rule.core)]) or self._depends_on_history(everything):
            return 0
        if not all(right):
            return for_core
        return for_core + for_others + (for_manners if mannered else 0)


def _is_right(result: Observation, vector: Vector) -> bool:
    return (
        result.kind == "tensor"
        and result.dtype in ("float32", "float64", "float16", "bfloat16")
        and result.shape == (len(vector),)
        and close(result.values, softmax(vector), tolerance(vector))
    )


def _alike(one: Observation, other: Observation, vector: Vector) -> bool:
    """Whether two answers to the same question are the same, but for rounding."""
    if one.kind != other.kind or one.shape != other.shape:
        return False
    return close(one.values, other.values, 2 * tolerance(vector))


def _told(seen: Observation) -> str:
    return show(seen.values) if seen.kind == "tensor" and seen.values else article(seen)


def _why(result: Observation) -> str:
    """Say which property of softmax the result breaks, without its numbers."""
    if not result.dtype.startswith(("float", "bfloat")):
        return f"The result's dtype is {result.dtype}; shares need a float dtype."
    if not result.values:
        return "The result is not an ordinary, dense tensor."
    if any(value != value for value in result.values):
        return "There is nan in the result: where does inf / inf or 0 / 0 come from?"
    if any(value < 0 for value in result.values):
        return "Some outputs are negative; softmax's outputs are shares of a whole."
    if abs(sum(result.values) - 1) > 1e-3:
        return "The outputs do not add up to 1; shares of a whole do."
    return "The outputs add up to 1, but they are not each element's share."
