"""Mark a function that the student wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from autograder.marking.cases import Case, Vector
from autograder.marking.compare import close
from autograder.marking.library import Library
from autograder.marking.misconceptions import Misconception, recognise
from autograder.marking.observation import Call, Observation
from autograder.marking.observer import Observer
from autograder.marking.report import Finding, Outcome
from autograder.marking.wording import article, exception_name, general, show
from autograder.marking.work import Work

#: The dtypes of a tensor of decimal numbers.
FLOATS = ("float32", "float64", "float16", "bfloat16")


def explain_nothing(result: Observation) -> str:
    """Say no more of a wrong result than that it is wrong."""
    return "That is not what was asked for."


@dataclass(frozen=True)
class FunctionPart:
    """A function of one vector: what it must give, and what each of its merits is worth.

    It is called with float32 tensors of shape (n,).

    Attributes:
        name: the function's name.
        reference: the right result for a vector: as many numbers, or one number. A tensor is
            expected, of shape (n,) or (); for one number, any form of a number will do.
        tolerance: the relative error that is forgiven for a vector.
        core: the inputs that earn the first points: without them there are none.
        others: the inputs that earn the second points.
        core_points: for the core.
        other_points: for the others.
        argument_points: for leaving the argument alone.
        praise: what to say of a right one, after its name.
        known: inputs that students know, so that a message may show what their function makes of
            them, each with the code that gives the right result, or "".
        explain: says which property of a right result a wrong one lacks, without its numbers.
        library: the calls that would do the student's work; None if every call may be made.
        probes: vectors for which later exercises use the student's function, the first of a usual
            size. They tell a function that depends on its argument from one that does not.

    """

    name: str
    reference: Callable[[Vector], Vector | float]
    tolerance: Callable[[Vector], float]
    core: tuple[Case, ...]
    others: tuple[Case, ...]
    core_points: float
    other_points: float
    argument_points: float
    praise: str = "is right. Well done!"
    known: Mapping[Vector, str] = field(default_factory=lambda: MappingProxyType({}))
    explain: Callable[[Observation], str] = explain_nothing
    library: Library | None = None
    probes: tuple[Vector, ...] = ()

    @property
    def points(self) -> float:
        """What a right function earns."""
        return self.core_points + self.other_points + self.argument_points

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every input that it is tried on."""
        return (*self.core, *self.others)

    def mark(self, work: Work) -> Finding:
        """Mark it."""
        if self.name not in work.answer:
            message = (
                f"`{self.name}` is not defined: its cell is missing, or stopped with an error."
            )
            return Finding(self.name, Outcome.NOT_DEFINED, 0, self.points, message)
        seen = work.seen[self.name]
        if seen.kind != "callable":
            return self._not_a_function(seen)
        function = work.answer[self.name]
        calls, again, reuse = self._ask(function, work.observer)
        library = self._library(function, [*calls, *again], work.observer)
        is_empty = seen.text == "empty"
        return _Marking(self, work, calls, again, reuse, library, is_empty).finding()

    def expected(self, vector: Vector) -> Vector:
        """Return the right numbers for a vector."""
        result = self.reference(vector)
        return result if isinstance(result, tuple) else (result,)

    def has_shape(self, result: Observation, vector: Vector) -> bool:
        """Whether a result has the shape that was asked for."""
        if isinstance(self.reference(vector), tuple):
            return result.shape == (len(vector),)
        return result.shape in ((), (1,))

    def agrees(self, result: Observation, vector: Vector) -> bool:
        """Whether a result has the right numbers."""
        return close(result.values, self.expected(vector), self.tolerance(vector))

    def is_right(self, result: Observation, vector: Vector) -> bool:
        """Whether a result is all that was asked for."""
        has_kind = self.takes(result, vector) and (
            result.kind != "tensor" or result.dtype in FLOATS
        )
        return has_kind and self.has_shape(result, vector) and self.agrees(result, vector)

    def takes(self, result: Observation, vector: Vector) -> bool:
        """Whether a result is of a kind that will do."""
        is_number = not isinstance(self.reference(vector), tuple)
        return result.kind == "tensor" or (is_number and result.kind in ("number", "array"))

    def _ask(
        self, function: object, observer: Observer
    ) -> tuple[list[Call], list[Call], list[Call]]:
        """Call it with the vectors, with them the other way round, and with one tensor reused.

        The second and third calls find answers that depend on what was asked before.
        """
        vectors = [case.vector for case in self.cases]
        count = len(vectors)
        told = observer.call(
            function, [*vectors, *vectors[::-1]], self.reused, library=self.library
        )
        calls, again, reuse = told[:count], told[count : 2 * count][::-1], told[2 * count :]
        if _is_cut_short(calls):
            return calls, calls, []
        if _is_cut_short(told):  # a slow function has time for each
            again = observer.call(function, vectors[::-1], library=self.library)[::-1]
            return calls, again, observer.call(function, (), self.reused, library=self.library)
        if not all(self.is_right(one.result, v) for one, v in zip(calls, vectors, strict=True)):
            # What the first calls left behind must not hide that the others depend on it.
            again = observer.call(function, vectors[::-1], library=self.library)[::-1]
        return calls, again, reuse

    @property
    def reused(self) -> tuple[Vector, ...]:
        """One tensor twice, then with other numbers in it."""
        first = self.core[0].vector
        other = next(
            (
                c.vector
                for c in self.cases[1:]
                if len(c.vector) == len(first) and c.vector not in self.known
            ),
            first,
        )
        return first, first, other, other

    def _library(self, function: object, calls: Sequence[Call], observer: Observer) -> str:
        """Return the library call that does the work, or "" if none does.

        A function may make one to compare itself with: then a slightly other result changes
        nothing.
        """
        found = [one for one in calls if one.library]
        if not found:
            return ""
        if all(one.replaceable for one in found):
            vectors = [case.vector for case in self.cases]
            nudged = observer.call(function, vectors, library=self.library, nudged=True)
            if all(one.result == other.result for one, other in zip(nudged, calls, strict=False)):
                return ""
        return found[0].library

    def _not_a_function(self, seen: Observation) -> Finding:
        if seen.kind == "dots":
            outcome, message = Outcome.NOT_ATTEMPTED, f"`{self.name}` is still `...`."
        else:
            outcome = Outcome.WRONG_TYPE
            message = f"`{self.name}` should be a function; it is {article(seen)}."
        return Finding(self.name, outcome, 0, self.points, message)


def _is_cut_short(calls: Sequence[Call]) -> bool:
    return calls[-1].result.kind in ("timed out", "died")


@dataclass(frozen=True)
class _Marking:
    """All that was seen of one function, and what follows from it."""

    part: FunctionPart
    work: Work
    calls: Sequence[Call]
    again: Sequence[Call]
    reuse: Sequence[Call]
    library: str
    is_empty: bool

    def finding(self) -> Finding:
        everything = [*self.calls, *self.again]
        first = self.calls[0].result
        if self.library:
            calls = f"It calls `{self.library}`."
            return self._named(Outcome.LIBRARY_CALL, "library-call", calls, 0)
        if first.kind == "dots" or (first.kind == "none" and self.is_empty):
            message = f"`{self.part.name}` still has `...` where your code should be."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        # With a text it is torch's: "…" not implemented for 'Long'.
        if (first.kind, first.type_name, first.text) == ("raised", "NotImplementedError", ""):
            message = f"`{self.part.name}` is not written yet: it raises NotImplementedError."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        if first.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return")

        wrong = [
            (case, one.result)
            for case, one in zip([*self.part.cases, *self.part.cases], everything, strict=True)
            if not self.part.is_right(one.result, case.vector)
        ]
        if self._depends_on_history(everything):
            return self._named(Outcome.WRONG, "depends-on-earlier-calls")
        if wrong:
            return self._wrong(*wrong[0])
        if self._changes_argument():
            return self._named(Outcome.WRONG, "mutates-argument")
        return self._finding(Outcome.RIGHT, f"`{self.part.name}` {self.part.praise}")

    def _changes_argument(self) -> bool:
        return any(one.argument_changed for one in (*self.calls, *self.again))

    def _depends_on_history(self, everything: Sequence[Call]) -> bool:
        if any(one.result_changed for one in everything):
            return True
        if any(
            not self._alike(one.result, other.result, case.vector)
            for case, one, other in zip(self.part.cases, self.calls, self.again, strict=True)
            # Whether time ran out may depend on the machine.
            if "timed out" not in (one.result.kind, other.result.kind)
        ):
            return True
        # A function that writes into its argument fails this as well, and is told that.
        if not self.reuse or self._changes_argument():
            return False
        first = dict(zip((case.vector for case in self.part.cases), self.calls, strict=True))
        return any(
            not self._alike(one.result, first[vector].result, vector)
            for one, vector in zip(self.reuse, self.part.reused, strict=True)
        )

    def _wrong(self, case: Case, result: Observation) -> Finding:
        where = f"For {case.about}"
        is_known = case.vector in self.part.known
        name = self.part.name
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
            if result.values and (right := self.part.known[case.vector]):
                seen += f" `{right}` is {show(self.part.expected(case.vector))}."
        else:
            seen = f"Right for the lesson's own numbers, but not for {case.about}."
        if result.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return", seen)
        takes = self.part.takes(result, case.vector)
        if not takes and self._values_right():
            return self._finding(
                Outcome.WRONG_TYPE, f"{seen} The numbers are right, but a tensor was expected."
            )
        has_shape = self.part.has_shape(result, case.vector)
        if takes and self.part.agrees(result, case.vector) and not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        known = self._recognised()
        if known is not None:
            return self._named(Outcome.WRONG, known.id, seen)
        if not takes:
            kind = "" if is_known else f" It returned {general(result)}."
            return self._finding(Outcome.WRONG_TYPE, f"{seen}{kind} A tensor was expected.")
        if not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        if self._only_lesson():
            return self._named(Outcome.WRONG, "right-only-for-lesson-x")
        return self._finding(Outcome.WRONG, f"{seen} {self.part.explain(result)}")

    def _values_right(self) -> bool:
        return all(
            one.result.kind in ("list", "array", "number")
            and self.part.agrees(one.result, case.vector)
            for case, one in zip(self.part.cases, self.calls, strict=True)
        )

    def _recognised(self) -> Misconception | None:
        return recognise(
            self.work.recognised,
            [case.vector for case in self.part.cases],
            [one.result for one in self.calls],
            lambda seen, v: self.part.has_shape(seen, v) and self.part.agrees(seen, v),
            self.part.expected,
            self.work.observer,
        )

    def _only_lesson(self) -> bool:
        right = {
            case.vector
            for case, one in zip(self.part.cases, self.calls, strict=True)
            if self.part.is_right(one.result, case.vector)
        }
        unknown = {case.vector for case in self.part.core} - self.part.known.keys()
        return self.part.core[0].vector in right and bool(unknown) and not right & unknown

    def _named(
        self, outcome: Outcome, misconception: str, more: str = "", points: float | None = None
    ) -> Finding:
        known = self.work.misconceptions[misconception]
        return Finding(
            self.part.name,
            outcome,
            self._points() if points is None else points,
            self.part.points,
            f"{known.says} {more}".strip(),
            known.question,
            known.id,
        )

    def _finding(self, outcome: Outcome, message: str) -> Finding:
        return Finding(self.part.name, outcome, self._points(), self.part.points, message)

    def _points(self) -> float:
        """Points for the parts that are right; nothing without the core."""
        right = [
            all(
                self.part.is_right(one.result, case.vector)
                for one in (self.calls[index], self.again[index])
            )
            for index, case in enumerate(self.part.cases)
        ]
        everything = [*self.calls, *self.again]
        mannered = not self._changes_argument()
        if not all(right[: len(self.part.core)]) or self._depends_on_history(everything):
            return 0
        if not all(right):
            return self.part.core_points
        return self.part.points - (0 if mannered else self.part.argument_points)

    def _alike(self, one: Observation, other: Observation, vector: Vector) -> bool:
        """Whether two answers to the same question are the same, but for rounding."""
        if one.kind != other.kind or one.shape != other.shape:
            return False
        return close(one.values, other.values, 2 * self.part.tolerance(vector))


def _told(seen: Observation) -> str:
    return show(seen.values) if seen.kind == "tensor" and seen.values else article(seen)
