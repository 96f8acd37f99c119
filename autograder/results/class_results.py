"""Everything the class report says, as data: from gradebook, graded notebooks and intake.

Of the graded notebooks only the outputs of test cells are looked at: a student's own cell can show
anything.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.errors import LabError
from autograder.gradebook.reader import AssignmentMarks, Mark, read_marks, read_students
from autograder.gradebook.state import State
from autograder.marking.report import MIME_TYPE, Outcome

if TYPE_CHECKING:
    from autograder.gradebook.course import Course

#: How far a student's work has come.
Stage = Literal["finished", "waiting", "not graded", "not handed in"]

#: What became of an exercise, coarsely: what a picture can tell apart.
Success = Literal["right", "partly", "wrong", "not attempted", "other"]

#: Why a person should look at a submission.
Reason = Literal["unread", "not graded", "failed", "ended", "library", "repaired", "flagged"]

_SUCCESS: Mapping[Outcome, Success] = {
    Outcome.RIGHT: "right",
    Outcome.PARTLY_RIGHT: "partly",
    Outcome.WRONG: "wrong",
    Outcome.WRONG_TYPE: "wrong",
    Outcome.NOT_ATTEMPTED: "not attempted",
}
_UNGRADED: tuple[Reason, ...] = ("unread", "not graded")
_OUTCOMES = {outcome.name.lower(): outcome for outcome in Outcome}


@dataclass(frozen=True)
class ReportedCell:
    """A marked cell.

    Attributes:
        notebook: the name of its notebook.
        cell: its grade_id.
        label: what people call it: a test cell's exercise, or the cell.
        max_points: the points of a right answer.
        by_hand: whether a person marks it.

    """

    notebook: str
    cell: str
    label: str
    max_points: float
    by_hand: bool


@dataclass(frozen=True)
class Need:
    """One reason why a person should look at a submission, with words for it."""

    reason: Reason
    words: str


@dataclass(frozen=True)
class CellResult:
    """What became of one question in one submission.

    Attributes:
        points: so far, a person's and extra credit among them.
        waits: whether it still waits for a person.
        success: None where a person marks.
        words: what `success` says, more finely.
        misconceptions: the ids of those that were recognised.

    """

    points: float
    waits: bool = False
    success: Success | None = None
    words: str = ""
    misconceptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudentResults:
    """What became of one student's work.

    Attributes:
        student: the student's id.
        name: "last, first", or "" where the gradebook knows no name.
        status: how far it has come.
        results: one for each question, or none if nothing is graded.
        penalty: points taken off because it was late.
        notebooks: the ids that formgrader's pages have, by the notebook's name.
        needs: why a person should look at it.

    """

    student: str
    name: str
    status: Stage
    results: tuple[CellResult, ...] = ()
    penalty: float = 0.0
    notebooks: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()

    @property
    def total(self) -> float:
        """The points of all questions less the penalty, as nbgrader counts them."""
        return max(0.0, sum(result.points for result in self.results) - self.penalty)

    @property
    def waiting(self) -> int:
        """How many answers wait for a person."""
        return sum(result.waits for result in self.results)

    @property
    def misconceptions(self) -> list[str]:
        """The ids of all misconceptions that were recognised, each once."""
        return list(dict.fromkeys(id for result in self.results for id in result.misconceptions))


@dataclass(frozen=True)
class ClassResults:
    """An assignment's results: its questions in order, and everyone in the class by id."""

    assignment: str
    questions: tuple[ReportedCell, ...]
    submissions: tuple[StudentResults, ...]

    @property
    def graded(self) -> list[StudentResults]:
        """The submissions that have marks."""
        return [one for one in self.submissions if one.results]

    def points(self, submission: StudentResults, by_hand: bool) -> float:
        """Return a submission's points of the questions that a person marks, or of the others."""
        if not submission.results:
            return 0.0
        pairs = zip(self.questions, submission.results, strict=True)
        return sum(result.points for question, result in pairs if question.by_hand is by_hand)

    def max_points(self, by_hand: bool | None = None) -> float:
        """Return the points of right answers to all questions, or to those of one kind."""
        return sum(q.max_points for q in self.questions if by_hand in (None, q.by_hand))


def read_class(course: Course) -> ClassResults:
    """Collect an assignment's results.

    Raises:
        LabError: there is no gradebook, or nobody's work is graded yet.

    """
    with course.gradebook() as gradebook:
        book = read_marks(gradebook, course.assignment)
        names = {student.id: student.name for student in read_students(gradebook)}
    if not book.submissions:
        raise LabError(
            f"nobody's {course.assignment} is graded yet: `softmax-lab grade {course.assignment}` "
            "first, or name the assignment and the course directory."
        )
    copies = _read_copies(course, book)
    questions = _questions(book, copies.values())
    telling = frozenset(
        (notebook, cell)
        for (_, notebook), copy in copies.items()
        if copy is not None
        for cell, told in copy.told.items()
        if told is not None
    )
    state = State(course.state, course.assignment)
    handed_in = _handed_in(course)
    marked = {one.student: one for one in book.submissions}
    submissions = []
    for student in sorted({*names, *handed_in}):
        needs = _needs(state.of(student))
        results: tuple[CellResult, ...] = ()
        mine = marked.get(student)
        if mine is not None:
            own = {notebook.name: copies[student, notebook.name] for notebook in mine.notebooks}
            for name in sorted(own):
                if own[name] is None:
                    needs.append(Need("failed", f"The graded copy of {name} cannot be read."))
            marks = {(mark.cell.notebook, mark.cell.name): mark for mark in mine.marks}
            results = tuple(
                _result(
                    question,
                    marks.get((question.notebook, question.cell)),
                    own.get(question.notebook),
                    telling,
                    needs,
                )
                for question in questions
            )
            flagged = [notebook.name for notebook in mine.notebooks if notebook.is_flagged]
            if flagged:
                needs.append(Need("flagged", f"Flagged in the formgrader: {', '.join(flagged)}."))
        elif student in handed_in and not any(need.reason in _UNGRADED for need in needs):
            needs.append(Need("not graded", "Handed in, but no marks are recorded."))
        submissions.append(
            StudentResults(
                student,
                names.get(student, ""),
                _status(results, student in handed_in),
                results,
                mine.penalty if mine else 0.0,
                {notebook.name: notebook.id for notebook in mine.notebooks} if mine else {},
                tuple(dict.fromkeys(needs)),
            )
        )
    return ClassResults(course.assignment, questions, tuple(submissions))


def _status(results: Sequence[CellResult], handed_in: bool) -> Stage:
    if not results:
        return "not graded" if handed_in else "not handed in"
    return "waiting" if any(result.waits for result in results) else "finished"


def _questions(book: AssignmentMarks, copies: Iterable[_Copy | None]) -> tuple[ReportedCell, ...]:
    """Return what is marked, in the order of the graded notebook that has most of it."""
    order: dict[str, Sequence[str]] = {}
    for copy in copies:
        if copy is not None and len(copy.order) > len(order.get(copy.notebook, ())):
            order[copy.notebook] = copy.order
    questions = []
    for notebook in book.notebooks:
        place = {cell: number for number, cell in enumerate(order.get(notebook, ()))}
        mine = [cell for cell in book.cells if cell.notebook == notebook]
        for cell in sorted(mine, key=lambda cell: (place.get(cell.name, len(place)), cell.name)):
            if not cell.by_hand and not cell.max_points:
                continue  # a check for students' own eyes
            label = cell.name if cell.by_hand else cell.name.removesuffix("-tests")
            if len(book.notebooks) > 1:
                label = f"{notebook}: {label}"
            questions.append(
                ReportedCell(notebook, cell.name, label, cell.max_points, cell.by_hand)
            )
    return tuple(questions)


# --- The graded notebooks -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What a test cell's output says of a mark, as far as it can be believed."""

    outcome: Outcome
    points: float
    findings: tuple[_ToldFinding, ...]


@dataclass(frozen=True)
class _ToldFinding:
    """What it says of one name: see `marking.report.Finding`."""

    name: str
    outcome: Outcome
    misconception: str | None
    doubt: str


@dataclass(frozen=True)
class _Copy:
    """A graded notebook: what its test cells say, and its marked cells in their order."""

    notebook: str
    told: Mapping[str, _Told | None]
    order: tuple[str, ...]


def _read_copies(course: Course, book: AssignmentMarks) -> dict[tuple[str, str], _Copy | None]:
    """Return the graded notebooks by student and name; None for one that cannot be read."""
    marked = {
        notebook: frozenset(cell.name for cell in book.cells if cell.notebook == notebook)
        for notebook in book.notebooks
    }
    return {
        (one.student, notebook.name): _read_copy(
            course.autograded(one.student), notebook.name, marked[notebook.name]
        )
        for one in book.submissions
        for notebook in one.notebooks
    }


def _read_copy(folder: Path, notebook: str, marked: Collection[str]) -> _Copy | None:
    """Read a graded notebook.

    A test cell is one that students cannot edit, that is marked, and that the gradebook knows. Of
    a cell that is there twice nothing is believed.
    """
    try:
        cells = json.loads((folder / f"{notebook}.ipynb").read_bytes())["cells"]
        told: dict[str, _Told | None] = {}
        order = []
        for cell in cells:
            meta: Any = cell["metadata"].get("nbgrader") or {}
            name = meta.get("grade_id")
            if name not in marked or not meta.get("grade"):
                continue
            order.append(name)
            if cell["cell_type"] == "code" and meta.get("locked") and not meta.get("solution"):
                told[name] = _told(cell["outputs"]) if name not in told else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return _Copy(notebook, told, tuple(order))


def _told(outputs: Iterable[Mapping[str, Any]]) -> _Told | None:
    found = [one["data"].get(MIME_TYPE) for one in outputs if one["output_type"] == _RESULT]
    try:
        (data,) = found
        findings = tuple(map(_told_finding, data["findings"]))
        points = float(data["points"])
        if not math.isfinite(points):
            return None
        return _Told(_OUTCOMES[data["outcome"]], points, findings)
    except (LookupError, TypeError, ValueError):
        return None  # plain asserts, or an error: there is no mark as data


def _told_finding(data: Mapping[str, Any]) -> _ToldFinding:
    misconception, doubt = data["misconception"], data.get("doubt", "")
    if not (misconception is None or isinstance(misconception, str)) or not isinstance(doubt, str):
        raise TypeError("no text")
    return _ToldFinding(str(data["name"]), _OUTCOMES[data["outcome"]], misconception, doubt)


_RESULT = "execute_result"


def _result(
    question: ReportedCell,
    mark: Mark | None,
    copy: _Copy | None,
    telling: Collection[tuple[str, str]],
    needs: list[Need],
) -> CellResult:
    """Return what became of a question; `needs` is added to.

    Args:
        question: the question.
        mark: the student's, if there is one.
        copy: the student's graded notebook, if it can be read.
        telling: the tests that say something of a mark in anyone's notebook.
        needs: why a person should look at this submission.

    """
    if mark is None:
        return CellResult(0.0)
    if question.by_hand:
        return CellResult(mark.points, mark.waits)
    told = copy.told.get(question.cell) if copy is not None else None
    if told is None:
        if copy is not None and (question.notebook, question.cell) in telling:
            needs.append(Need("failed", f"{question.label} could not be marked."))
        return CellResult(mark.points, mark.waits, *_by_points(question, mark.points))
    for finding in told.findings:
        if need := _finding_need(finding):
            needs.append(need)
    named = (finding.misconception for finding in told.findings)
    misconceptions = tuple(dict.fromkeys(id for id in named if id))
    if mark.is_a_persons or mark.automatic is None or abs(mark.automatic - told.points) > 1e-6:
        # What a person decided counts, not what the test had said.
        success, words = _by_points(question, mark.points)
        if success == "right":
            misconceptions = ()
    else:
        success, words = _SUCCESS.get(told.outcome, "other"), told.outcome.value
    return CellResult(mark.points, mark.waits, success, words, misconceptions)


def _by_points(question: ReportedCell, points: float) -> tuple[Success, str]:
    if question.max_points <= 0:
        return "other", "carries no points"
    if points >= question.max_points:
        return "right", "all points"
    return ("partly", "some points") if points > 0 else ("wrong", "no points")


def _finding_need(finding: _ToldFinding) -> Need | None:
    name = finding.name
    match finding.outcome:
        case Outcome.LIBRARY_CALL:
            return Need("library", f"{name} leaves the work to a library, and earned nothing.")
        case Outcome.TIMED_OUT:
            return Need("ended", f"{name} did not return in time.")
        case Outcome.TOO_SLOW:
            return Need("ended", f"{name} was too slow for all the tests.")
        case Outcome.NOT_CHECKED:
            return Need("failed", f"{name} could not be checked.")
    if finding.doubt:
        called = f"{name} calls a library's {finding.doubt[:60]}"
        return Need("library", f"{called}, perhaps only to compare; it has kept its points.")
    return None


# --- What was handed in -------------------------------------------------------------------------


def _handed_in(course: Course) -> set[str]:
    try:
        folders = [entry.name for entry in os.scandir(course.submitted) if entry.name[0] != "."]
    except OSError:
        return set()
    return {
        name for name in folders if os.path.lexists(course.submitted / name / course.assignment)
    }


#: What a problem that arose after intake is told as; intake repairs, or refuses.
_REASON_OF: dict[str, Reason] = {"ended": "ended", "no-mark": "failed"}


def _needs(kept: Mapping[str, Any]) -> list[Need]:
    """Return what the last grading run left for a person to look at in one submission."""
    refused = kept.get("status") == "not graded"
    needs = []
    for one in kept.get("problems", ()):
        kind = _REASON_OF.get(one["kind"], "repaired")
        needs.append(Need("unread" if refused else kind, f"{one['what']} {one['done']}"))
    if kept.get("failure"):
        needs.append(Need("not graded", str(kept["failure"])))
    return needs
