"""Mark a function that the student wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from autograder.marking.cases import Case, Vector
from autograder.marking.compare import close
from autograder.marking.fingerprint import Library
from autograder.marking.misconceptions import Misconception, named_by_error, recognise
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
        long: inputs that it is tried on once, if it has time for them.
        likelier: ids of misconceptions that are likelier here than those before them.
        library: what would do the student's work; None if every call may be made.
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
    long: tuple[Case, ...] = ()
    likelier: Collection[str] = ()
    library: Library | None = None
    probes: tuple[Vector, ...] = ()

    @property
    def points(self) -> float:
        """What a right function earns."""
        return self.core_points + self.other_points + self.argument_points

    @property
    def cases(self) -> tuple[Case, ...]:
        """The inputs that it is tried on, twice each."""
        return (*self.core, *self.others)

    @property
    def once(self) -> tuple[Case, ...]:
        """The inputs that it is tried on once: first those that tell a library's results."""
        return (*(self.library.first if self.library is not None else ()), *self.long)

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
        asked = self._ask(work.answer[self.name], work.observer)
        return _Marking(self, work, asked, is_empty=seen.text == "empty").finding()

    def in_order(self, misconceptions: Sequence[Misconception]) -> list[Misconception]:
        """Return misconceptions in the order in which they are likely here."""
        return sorted(misconceptions, key=lambda each: each.id not in self.likelier)

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

    def has_form(self, result: Observation, vector: Vector) -> bool:
        """Whether a result has the form that was asked for, whatever its numbers."""
        is_float = result.kind != "tensor" or result.dtype in FLOATS
        return self.takes(result, vector) and is_float and self.has_shape(result, vector)

    def is_right(self, result: Observation, vector: Vector) -> bool:
        """Whether a result is all that was asked for."""
        return self.has_form(result, vector) and self.agrees(result, vector)

    def takes(self, result: Observation, vector: Vector) -> bool:
        """Whether a result is of a kind that will do."""
        is_number = not isinstance(self.reference(vector), tuple)
        return result.kind == "tensor" or (is_number and result.kind in ("number", "array"))

    def _ask(self, function: object, observer: Observer) -> _Calls:
        """Call it with the vectors, with them the other way round, and with one tensor reused.

        The second and third calls find answers that depend on what was asked before.
        """
        vectors = [case.vector for case in self.cases]
        library = self.library
        long = [case.vector for case in self.once]
        short = library.watched if library is not None else ()
        names = library.names if library is not None else None
        told = observer.call(function, [*vectors, *vectors[::-1], *long], self.reused, short, names)
        calls, backwards, rest = _cut(told, len(vectors), len(vectors))
        if _is_cut_short(calls):
            return _Calls(calls, calls)
        if _is_cut_short(told):  # a slow function has time for each
            backwards = observer.call(function, vectors[::-1])
            rest = observer.call(function, long, self.reused, short, names)
        elif not all(self.is_right(one.result, v) for one, v in zip(calls, vectors, strict=True)):
            # What the first calls left behind must not hide that the others depend on it.
            backwards = observer.call(function, vectors[::-1])
        once, reuse, watched = _cut(rest, len(long), len(self.reused))
        given = [one.result for one in once]
        return _Calls(
            calls,
            backwards[::-1],
            once,
            reuse,
            library is not None and library.does_the_work(function, given, observer),
            next((one.library for one in watched if one.library), ""),
        )

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

    def _not_a_function(self, seen: Observation) -> Finding:
        if seen.kind == "dots":
            outcome, message = Outcome.NOT_ATTEMPTED, f"`{self.name}` is still `...`."
        else:
            outcome = Outcome.WRONG_TYPE
            message = f"`{self.name}` should be a function; it is {article(seen)}."
        return Finding(self.name, outcome, 0, self.points, message)


def _cut(calls: Sequence[Call], *counts: int) -> list[Sequence[Call]]:
    """Return the first so many calls, the next so many, and the rest."""
    parts: list[Sequence[Call]] = []
    for count in counts:
        parts.append(calls[:count])
        calls = calls[count:]
    return [*parts, calls]


def _is_cut_short(calls: Sequence[Call]) -> bool:
    return calls[-1].result.kind in (*_OUT_OF_TIME, "died")


_OUT_OF_TIME = ("timed out", "too slow")


@dataclass(frozen=True)
class _Calls:
    """What a function was asked, and did.

    Attributes:
        calls: one for each case.
        again: the same, asked the other way round.
        once: one for each long case.
        reuse: with one tensor reused.
        is_library: whether its results are a library's.
        library: the library's function that it was seen to call, or "".

    """

    calls: Sequence[Call]
    again: Sequence[Call]
    once: Sequence[Call] = ()
    reuse: Sequence[Call] = ()
    is_library: bool = False
    library: str = ""


@dataclass(frozen=True)
class _Marking:
    """All that was seen of one function, and what follows from it."""

    part: FunctionPart
    work: Work
    asked: _Calls
    is_empty: bool

    @property
    def everything(self) -> list[Call]:
        return [*self.asked.calls, *self.asked.again]

    def finding(self) -> Finding:
        first = self.asked.calls[0].result
        if self.asked.is_library:
            return self._named(Outcome.LIBRARY_CALL, "library-call", points=0)
        if first.kind == "dots" or (first.kind == "none" and self.is_empty):
            message = f"`{self.part.name}` still has `...` where your code should be."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        # With a text it is torch's: "…" not implemented for 'Long'.
        if (first.kind, first.type_name, first.text) == ("raised", "NotImplementedError", ""):
            message = f"`{self.part.name}` is not written yet: it raises NotImplementedError."
            return self._finding(Outcome.NOT_ATTEMPTED, message)
        if first.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return")
        if self._depends_on_history():
            return self._named(Outcome.WRONG, "depends-on-earlier-calls")
        if wrong := self._first_wrong():
            return self._wrong(*wrong)
        if self._changes_argument():
            return self._named(Outcome.WRONG, "mutates-argument")
        return self._finding(Outcome.RIGHT, f"`{self.part.name}` {self.part.praise}")

    def _first_wrong(self) -> tuple[Case, Observation] | None:
        for case, results in self._results():
            for result in results:
                if not self.part.is_right(result, case.vector):
                    return case, result
        return None

    def _results(self) -> Iterator[tuple[Case, list[Observation]]]:
        """Return what it gave for each case, but not what there was no time to ask besides."""
        more = [one.result for one in self.asked.again]
        for case, one, other in zip(self.part.cases, self.asked.calls, more, strict=True):
            yield case, [one.result, *([other] if other.kind != "too slow" else [])]
        for case, one in zip(self.part.once, self.asked.once, strict=False):
            if one.result.kind not in _OUT_OF_TIME:
                yield case, [one.result]

    def _changes_argument(self) -> bool:
        return any(one.argument_changed for one in self.everything)

    def _depends_on_history(self) -> bool:
        if any(one.result_changed for one in self.everything):
            return True
        vectors = [case.vector for case in self.part.cases]
        first = dict(zip(vectors, self.asked.calls, strict=True))
        pairs = [*zip(vectors, self.asked.again, strict=True)]
        # A function that writes into its argument fails this as well, and is told that.
        if self.asked.reuse and not self._changes_argument():
            pairs += zip(self.part.reused, self.asked.reuse, strict=True)
        return any(
            not self._alike(first[vector].result, one.result, vector)
            for vector, one in pairs
            # What there was no time for says nothing.
            if not {first[vector].result.kind, one.result.kind} & set(_OUT_OF_TIME)
        )

    def _wrong(self, case: Case, result: Observation) -> Finding:
        where = f"For {case.about}"
        is_known = case.vector in self.part.known
        name = self.part.name
        if result.kind == "timed out":
            message = f"{where} `{name}` had not returned after some seconds. Is there a loop "
            return self._finding(Outcome.TIMED_OUT, message + "that never ends?")
        if result.kind == "too slow":
            message = f"{where} there was no time left: `{name}` takes very long for each vector."
            return self._finding(Outcome.TOO_SLOW, message)
        if result.kind == "died":
            message = f"{where} `{name}` ended the whole Python process. Does it call exit?"
            return self._finding(Outcome.RAISED, message)
        if result.kind == "raised":
            # What an exception says may hold the input, which is not for every input to be told.
            text = f": {result.text}" if is_known and result.text else ""
            error = result.type_name if is_known else exception_name(result)
            message = f"{where} `{name}` stopped with {error}{text}."
            if (known := named_by_error(result)) is not None:
                return self._named(Outcome.RAISED, known.id, message)
            return self._finding(Outcome.RAISED, message)

        if is_known:
            seen = f"{where} `{name}` returned {_told(result)}."
            if result.values and (right := self.part.known[case.vector]):
                seen += f" `{right}` is {show(self.part.expected(case.vector))}."
        else:
            seen = f"Right for the lesson's own numbers, but not for {case.about}."
        if result.kind == "none":
            return self._named(Outcome.WRONG_TYPE, "missing-return", seen)
        takes = self.part.takes(result, case.vector)
        if result.type_name == "tuple" and result.shape != (len(case.vector),):
            return self._named(Outcome.WRONG_TYPE, "several-results", seen)
        if not takes and self._numbers_are_right():
            return self._named(Outcome.WRONG_TYPE, "wrong-container", seen)
        has_shape = self.part.has_shape(result, case.vector)
        if takes and self.part.agrees(result, case.vector) and not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        if (known := self._recognised()) is not None:
            also = " It changes the tensor that it is given, too." * self._changes_argument()
            return self._named(Outcome.WRONG, known.id, seen + also)
        if self._changes_argument():  # while it still needs it
            return self._named(Outcome.WRONG, "mutates-argument", seen)
        if not takes:
            kind = "" if is_known else f" It returned {general(result)}."
            return self._finding(Outcome.WRONG_TYPE, f"{seen}{kind} A tensor was expected.")
        if not has_shape:
            return self._named(Outcome.WRONG, "wrong-shape", seen)
        if self._only_lesson():
            return self._named(Outcome.WRONG, "right-only-for-lesson-x")
        return self._finding(Outcome.WRONG, f"{seen} {self.part.explain(result)}")

    def _numbers_are_right(self) -> bool:
        return all(
            self.part.agrees(one, case.vector)
            for case, results in self._results()
            for one in results
        )

    def _recognised(self) -> Misconception | None:
        first = [(case.vector, results[0]) for case, results in self._results()]
        vectors, results = zip(*first, strict=True)
        return recognise(
            self.part.in_order(self.work.recognised),
            vectors,
            results,
            lambda seen, v: self.part.has_shape(seen, v) and self.part.agrees(seen, v),
            self.part.expected,
            self.work.observer,
        )

    def _only_lesson(self) -> bool:
        right = {
            case.vector
            for case, one in zip(self.part.cases, self.asked.calls, strict=True)
            if self.part.is_right(one.result, case.vector)
        }
        unknown = {case.vector for case in self.part.core} - self.part.known.keys()
        return self.part.core[0].vector in right and bool(unknown) and not right & unknown

    def _named(
        self, outcome: Outcome, misconception: str, more: str = "", points: float | None = None
    ) -> Finding:
        known = self.work.misconceptions[misconception]
        message = f"{known.says} {more}".strip()
        return self._finding(
            outcome, message, points, question=known.question, misconception=known.id
        )

    def _finding(
        self, outcome: Outcome, message: str, points: float | None = None, **more: str
    ) -> Finding:
        points = self._points() if points is None else points
        doubt = self.asked.library if points else ""
        if doubt:
            message += f" It calls `{doubt}`; a person will look at what for."
        return Finding(
            self.part.name, outcome, points, self.part.points, message, doubt=doubt, **more
        )

    def _points(self) -> float:
        """Points for the parts that are right; nothing without the core.

        Right numbers in another form than was asked for earn half of theirs.
        """
        right, is_half = [], False
        for case, results in self._results():
            right.append(all(self.part.agrees(one, case.vector) for one in results))
            has_form = all(self.part.has_form(one, case.vector) for one in results)
            is_half |= right[-1] and not has_form
        share = 0.5 if is_half else 1
        if not all(right[: len(self.part.core)]) or self._depends_on_history():
            return 0
        if not all(right):
            return share * self.part.core_points
        unmannered = self.part.argument_points if self._changes_argument() else 0
        return share * (self.part.points - unmannered)

    def _alike(self, one: Observation, other: Observation, vector: Vector) -> bool:
        """Whether two answers to the same question are the same, but for rounding."""
        if one.kind != other.kind or one.shape != other.shape:
            return False
        return close(one.values, other.values, 2 * self.part.tolerance(vector))


def _told(seen: Observation) -> str:
    if not seen.values or seen.kind == "number":
        return article(seen)
    return show(seen.values) if seen.kind == "tensor" else f"{article(seen)}, {show(seen.values)}"
