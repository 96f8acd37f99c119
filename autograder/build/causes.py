"""Tabulates what each misconception would answer to what a lesson's checks ask.

The formulas of the misconceptions hold the solution, so the students' notebook gets their numbers
for the few vectors that its checks use, and nothing else. What the table means is said in
`autograder/lessons/softmax/notebook/known.py`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from autograder.errors import LabError
from autograder.marking.cases import Vector
from autograder.marking.compare import close
from autograder.marking.describing import describe
from autograder.marking.functions import FunctionPart
from autograder.marking.lesson import Lesson
from autograder.marking.misconceptions import ERRORS, Formula
from autograder.marking.observation import NOTHING, Observation
from autograder.marking.tensors import TensorPart

#: As in `known.py`.
RIGHT, NO_TENSOR, WRONG = -1, -2, -3
DIGITS = 6
#: Answers that are as close as this are one: what is recognised differs by far more.
_SAME = 2e-5
#: Below this float32 loses digits, and processors differ in how many.
_TINY = 1.2e-38

Returned = list[float] | dict[str, list[float]] | str


class Asked(Protocol):
    """What a lesson's checks ask: its module `notebook/asked.py`."""

    VECTORS: dict[str, tuple[Vector, ...]]
    RECOGNISED: tuple[str, ...]
    SLIPS: tuple[str, ...]


def table(lesson: Lesson, asked: Asked) -> str:
    """Return the table as JSON, in short lines.

    Raises:
        LabError: the checks ask for something that the lesson does not have.

    """
    tabulated = _Tabulation(lesson)
    for name, vectors in asked.VECTORS.items():
        tabulated.add_function(name, vectors)
    for name in asked.SLIPS:
        tabulated.add_tensor(name, is_recognised=name in asked.RECOGNISED)
    return tabulated.json()


class _Tabulation:
    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        parts = [part for exercise in lesson.tested.values() for part in exercise.parts]
        self._parts = {part.name: part for part in parts}
        self._tensors = [part for part in parts if isinstance(part, TensorPart)]
        self._causes: list[tuple[str, str, str]] = [
            (each.id, _in_a_sentence(each.says), each.question)
            for each in lesson.misconceptions.values()
        ]
        self._answers: dict[str, list[list[Returned]]] = {}
        self._rows: dict[str, list[tuple[int, ...]]] = {}

    def add_function(self, name: str, vectors: Sequence[Vector]) -> None:
        """Tabulate what the misconceptions make of vectors."""
        part = self._parts.get(name)
        if not isinstance(part, FunctionPart):
            raise LabError(f"the checks call `{name}`, which is no function of the lesson.")
        self._answers[name] = [[] for _ in vectors]
        self._rows[name] = []
        self._recognise(name, part, vectors)

    def add_tensor(self, name: str, is_recognised: bool) -> None:
        """Tabulate the slips that lead to wrong tensors, and what the misconceptions give."""
        part = self._parts.get(name)
        if not isinstance(part, TensorPart):
            raise LabError(f"the checks look at `{name}`, which is no tensor of the lesson.")
        self._answers[name] = [[]]
        self._rows[name] = []
        for hint in part.hints:
            if not close(hint.values, part.expected, part.relative):
                cause = self._number(("", _in_a_sentence(hint.says), hint.question))
                self._add(name, cause, [self._answer(name, 0, hint.values)])
        if is_recognised and part.function is not None:
            self._recognise(name, part.function, [part.argument])

    def _recognise(self, name: str, part: FunctionPart, vectors: Sequence[Vector]) -> None:
        for each in part.in_order(self._lesson.recognised):
            number = self._lesson.recognised.index(each)
            for formula in each.formulas:
                row = [
                    self._of_formula(name, i, formula, part, vector)
                    for i, vector in enumerate(vectors)
                ]
                self._add(name, number, row)

    def _add(self, name: str, cause: int, row: Sequence[int]) -> None:
        """Add a row, unless it is right everywhere or there is a likelier cause of the same."""
        is_known = any([*known] == [*row] for _, *known in self._rows[name])
        if not is_known and not all(number == RIGHT for number in row):
            self._rows[name].append((cause, *row))

    def _number(self, cause: tuple[str, str, str]) -> int:
        if cause not in self._causes:
            self._causes.append(cause)
        return self._causes.index(cause)

    def _of_formula(
        self, name: str, i: int, formula: Formula, part: FunctionPart, vector: Vector
    ) -> int:
        seen = _result(formula, vector)
        if seen.kind != "tensor":
            return NO_TENSOR
        if part.has_shape(seen, vector) and part.agrees(seen, vector):
            return RIGHT
        if name == part.name and vector in part.known:
            return WRONG
        return self._answer(name, i, seen.values)

    def _answer(self, name: str, i: int, values: Iterable[float]) -> int:
        """Return the number of an answer, a new one if there is none like it."""
        answer = self._without_answers([_rounded(v) for v in values], name)
        answers = self._answers[name][i]
        for number, known in enumerate(answers):
            if known == answer or _alike(known, answer):
                return number
        answers.append(answer)
        return len(answers) - 1

    def _without_answers(self, values: list[float], name: str) -> Returned:
        """Return wrong numbers in a form in which they answer no exercise."""
        for part in self._tensors:
            if not close(values, part.expected, 1e-3):
                continue
            if part.function is not None:
                return {part.function.name: list(part.argument)}
            if part.name != name and name in {tensor.name for tensor in self._tensors}:
                return part.name
        return values

    def json(self) -> str:
        """Return everything, in lines of moderate length."""
        answers = {
            name: [_lines(each) for each in vectors] for name, vectors in self._answers.items()
        }
        lines = [
            f'{{"causes": {_lines(self._causes)},',
            f'"errors": {json.dumps(ERRORS)},',
            '"answers": {',
            ",\n".join(f"{json.dumps(name)}: [{','.join(each)}]" for name, each in answers.items()),
            '}, "rows": {',
            ",\n".join(f"{json.dumps(name)}: {_lines(rows)}" for name, rows in self._rows.items()),
            "}}",
        ]
        return "\n".join(lines)


def _lines(items: Sequence[Any], length: int = 100) -> str:
    """Return a JSON list, with new lines between its items where they get long."""
    lines = [""]
    for item in items:
        text = json.dumps(item, separators=(",", ":"), ensure_ascii=False)
        if len(lines[-1]) + len(text) > length and lines[-1]:
            lines.append("")
        lines[-1] += f"{text},"
    return "[" + "\n".join(lines).rstrip(",") + "]"


def _in_a_sentence(says: str) -> str:
    return says[:1].lower() + says[1:]


def _rounded(value: float) -> float:
    if abs(value) < _TINY:
        return 0
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if abs(rounded) < 10**DIGITS and rounded == int(rounded) else rounded


def _alike(one: Returned, other: Returned) -> bool:
    return isinstance(one, list) and isinstance(other, list) and close(one, other, _SAME)


def _result(formula: Formula, vector: Vector) -> Observation:
    """Return what a formula gives for a float32 vector.

    Where double precision gives the same, its numbers are taken: those of float32 differ in their
    last digits from one processor to another.
    """
    import torch

    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not every formula is made for every vector
        for dtype in (torch.float32, torch.float64):
            try:
                seen.append(describe(formula(torch.tensor(vector, dtype=dtype))))
            except Exception:
                seen.append(NOTHING)
    single, double = seen
    return double if close(single.values, double.values, _SAME) else single
