"""Everything the class report says, as data: from the gradebook, the graded notebooks, the intake.

The gradebook is read with one query a table, whatever the size of the class. Of the graded
notebooks only the outputs of test cells are looked at: a student's own cell can show anything.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.errors import LabError
from autograder.gradebook.state import State
from autograder.marking.report import MIME_TYPE, Outcome

if TYPE_CHECKING:
    from autograder.gradebook.course import Course

#: How far a student's work has come.
Status = Literal["finished", "waiting", "not graded", "not handed in"]

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
class Question:
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
class Result:
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
class Submission:
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
    status: Status
    results: tuple[Result, ...] = ()
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
    questions: tuple[Question, ...]
    submissions: tuple[Submission, ...]

    @property
    def graded(self) -> list[Submission]:
        """The submissions that have marks."""
        return [one for one in self.submissions if one.results]

    def points(self, submission: Submission, by_hand: bool) -> float:
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
    known = _read_gradebook(course)
    copies = {
        (student, notebook): course.autograded(student) / f"{notebook}.ipynb"
        for student, notebook in known.graded
    }
    tests = {
        notebook: {cell for (of, cell), by_hand in known.cells.items() if of == notebook}
        for notebook in known.notebooks.values()
    }
    marks: dict[tuple[str, str], dict[str, _Told | None] | None] = {}
    order: dict[str, Sequence[str]] = {}
    for key, copy in copies.items():
        found = _read_copy(copy, tests[key[1]])
        marks[key] = found[0] if found else None
        if found and len(found[1]) > len(order.get(key[1], ())):
            order[key[1]] = found[1]
    questions = _questions(known, order)
    telling = {
        (notebook, cell)
        for (_, notebook), told in marks.items()
        for cell, one in (told or {}).items()
        if one is not None
    }
    state = State(course.state, course.assignment)
    handed_in = _handed_in(course)
    students = sorted({*known.students, *handed_in})
    submissions = []
    for student in students:
        needs = _needs(state.of(student))
        results: tuple[Result, ...] = ()
        if student in known.submissions:
            for notebook in known.notebooks.values():
                if (student, notebook) in marks and marks[student, notebook] is None:
                    needs.append(Need("failed", f"The graded copy of {notebook} cannot be read."))
            results = tuple(
                _result(known, question, student, marks, telling, needs) for question in questions
            )
            flagged = known.flagged.get(student)
            if flagged:
                needs.append(Need("flagged", f"Flagged in the formgrader: {', '.join(flagged)}."))
        elif student in handed_in and not any(need.reason in _UNGRADED for need in needs):
            needs.append(Need("not graded", "Handed in, but no marks are recorded."))
        submissions.append(
            Submission(
                student,
                known.students.get(student, ""),
                _status(results, student in handed_in),
                results,
                known.penalties.get(student, 0.0),
                known.submissions.get(student, {}),
                _without_repeats(needs),
            )
        )
    return ClassResults(course.assignment, questions, tuple(submissions))


def _status(results: Sequence[Result], handed_in: bool) -> Status:
    if not results:
        return "not graded" if handed_in else "not handed in"
    return "waiting" if any(result.waits for result in results) else "finished"


def _without_repeats(needs: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(dict.fromkeys(needs))


# --- The gradebook ------------------------------------------------------------------------------


@dataclass
class _Grade:
    """One row of nbgrader's grades."""

    points: float
    automatic: float | None
    by_person: bool
    waits: bool


@dataclass
class _Known:
    """What the gradebook says."""

    notebooks: dict[str, str]  # by id
    cells: dict[tuple[str, str], bool]  # (notebook, cell): whether a person marks it
    max_points: dict[tuple[str, str], float]
    students: dict[str, str]
    submissions: dict[str, dict[str, str]] = field(default_factory=dict)
    penalties: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    flagged: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    grades: dict[tuple[str, str, str], _Grade] = field(default_factory=dict)

    @property
    def graded(self) -> list[tuple[str, str]]:
        return [(student, name) for student, ids in self.submissions.items() for name in ids]


def _read_gradebook(course: Course) -> _Known:
    from nbgrader import api

    with course.gradebook() as gradebook:
        db = gradebook.db
        row = db.query(api.Assignment.id).filter_by(name=course.assignment).one_or_none()
        if row is None:
            raise _nothing_graded(course)
        names = db.query(api.Notebook.id, api.Notebook.name).filter_by(assignment_id=row[0])
        notebooks = dict(map(tuple, names))
        points = {}
        for kind in (api.GradeCell, api.TaskCell):
            for of, cell, most in db.query(kind.notebook_id, kind.name, kind.max_score):
                if of in notebooks:
                    points[notebooks[of], cell] = float(most)
        by_hand = {
            (notebooks[of], cell)
            for kind in (api.SolutionCell, api.TaskCell)
            for of, cell in db.query(kind.notebook_id, kind.name)
            if of in notebooks
        }
        person = api.Student
        known = _Known(
            notebooks,
            {key: key in by_hand for key in points},
            points,
            {
                id: ", ".join(filter(None, (last, first)))
                for id, last, first in db.query(person.id, person.last_name, person.first_name)
            },
        )
        _read_marks(db, row[0], known)
    if not known.submissions:
        raise _nothing_graded(course)
    return known


def _read_marks(db: Any, assignment: str, known: _Known) -> None:
    from nbgrader.api import BaseCell, Grade, SubmittedAssignment, SubmittedNotebook

    rows = (
        db.query(
            SubmittedAssignment.student_id,
            SubmittedNotebook.id,
            SubmittedNotebook.notebook_id,
            SubmittedNotebook.flagged,
            SubmittedNotebook.late_submission_penalty,
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.assignment_id == assignment)
    )
    whose = {}
    for student, id, of, flagged, penalty in rows:
        name = known.notebooks[of]
        whose[id] = (student, name)
        known.submissions.setdefault(student, {})[name] = id
        known.penalties[student] += float(penalty or 0)
        if flagged:
            known.flagged[student].append(name)
    cells = dict(map(tuple, db.query(BaseCell.id, BaseCell.name)))
    grades = db.query(
        Grade.notebook_id,
        Grade.cell_id,
        Grade.score,
        Grade.auto_score,
        Grade.manual_score,
        Grade.needs_manual_grade,
    )
    for of, cell, score, automatic, manual, waits in grades:
        if of in whose:
            known.grades[(*whose[of], cells[cell])] = _Grade(
                float(score or 0), automatic, manual is not None, bool(waits)
            )


def _nothing_graded(course: Course) -> LabError:
    return LabError(
        f"nobody's {course.assignment} is graded yet: `softmax-lab grade {course.assignment}` "
        "first, or name the assignment and the course directory."
    )


def _questions(known: _Known, order: Mapping[str, Sequence[str]]) -> tuple[Question, ...]:
    questions = []
    for notebook in sorted(known.notebooks.values()):
        place = {cell: number for number, cell in enumerate(order.get(notebook, ()))}
        mine = [cell for of, cell in known.cells if of == notebook]
        for cell in sorted(mine, key=lambda cell: (place.get(cell, len(place)), cell)):
            by_hand = known.cells[notebook, cell]
            if not by_hand and not known.max_points[notebook, cell]:
                continue  # a check for students' own eyes
            label = cell if by_hand else cell.removesuffix("-tests")
            if len(known.notebooks) > 1:
                label = f"{notebook}: {label}"
            most = known.max_points[notebook, cell]
            questions.append(Question(notebook, cell, label, most, by_hand))
    return tuple(questions)


# --- The graded notebooks -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What a test cell's output says of a mark, as far as it can be believed."""

    outcome: Outcome
    points: float
    findings: tuple[tuple[str, Outcome, str | None], ...]


def _read_copy(
    file: Path, marked: Iterable[str]
) -> tuple[dict[str, _Told | None], list[str]] | None:
    """Return what a graded notebook's test cells say, and the marked cells in their order.

    A test cell is one that students cannot edit, that is marked, and that the gradebook knows. Of
    a cell that is there twice nothing is believed.
    """
    try:
        cells = json.loads(file.read_bytes())["cells"]
        marked = set(marked)
        told: dict[str, _Told | None] = {}
        order = []
        for cell in cells:
            meta = cell["metadata"].get("nbgrader") or {}
            name = meta.get("grade_id")
            if name not in marked or not meta.get("grade"):
                continue
            order.append(name)
            if cell["cell_type"] == "code" and meta.get("locked") and not meta.get("solution"):
                told[name] = _told(cell["outputs"]) if name not in told else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return told, order


def _told(outputs: Iterable[Mapping[str, Any]]) -> _Told | None:
    found = [one["data"].get(MIME_TYPE) for one in outputs if one["output_type"] == _RESULT]
    try:
        (data,) = found
        findings = tuple(
            (str(one["name"]), _OUTCOMES[one["outcome"]], one["misconception"])
            for one in data["findings"]
        )
        points = float(data["points"])
        if not math.isfinite(points) or not all(
            id is None or isinstance(id, str) for _, _, id in findings
        ):
            return None
        return _Told(_OUTCOMES[data["outcome"]], points, findings)
    except (LookupError, TypeError, ValueError):
        return None  # plain asserts, or an error: there is no mark as data


_RESULT = "execute_result"


def _result(
    known: _Known,
    question: Question,
    student: str,
    marks: Mapping[tuple[str, str], dict[str, _Told | None] | None],
    telling: set[tuple[str, str]],
    needs: list[Need],
) -> Result:
    grade = known.grades.get((student, question.notebook, question.cell))
    if grade is None:
        return Result(0.0)
    if question.by_hand:
        return Result(grade.points, grade.waits)
    told = (marks.get((student, question.notebook)) or {}).get(question.cell)
    key = (question.notebook, question.cell)
    if told is None:
        if key in telling and marks.get((student, question.notebook)) is not None:
            needs.append(Need("failed", f"{question.label} could not be marked."))
        return Result(grade.points, grade.waits, *_by_points(question, grade.points))
    for name, outcome, _ in told.findings:
        if need := _finding_need(name, outcome):
            needs.append(need)
    misconceptions = tuple(dict.fromkeys(id for _, _, id in told.findings if id))
    if grade.by_person or grade.automatic is None or abs(grade.automatic - told.points) > 1e-6:
        # What a person decided counts, not what the test had said.
        success, words = _by_points(question, grade.points)
        if success == "right":
            misconceptions = ()
    else:
        success, words = _SUCCESS.get(told.outcome, "other"), told.outcome.value
    return Result(grade.points, grade.waits, success, words, misconceptions)


def _by_points(question: Question, points: float) -> tuple[Success, str]:
    if question.max_points <= 0:
        return "other", "carries no points"
    if points >= question.max_points:
        return "right", "all points"
    return ("partly", "some points") if points > 0 else ("wrong", "no points")


def _finding_need(name: str, outcome: Outcome) -> Need | None:
    if outcome is Outcome.LIBRARY_CALL:
        return Need("library", f"{name} seems to leave the work to a library.")
    if outcome is Outcome.TIMED_OUT:
        return Need("ended", f"{name} did not return in time.")
    if outcome is Outcome.NOT_CHECKED:
        return Need("failed", f"{name} could not be checked.")
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


def _needs(kept: Mapping[str, Any]) -> list[Need]:
    """Return what the last grading run left for a person to look at in one submission."""
    refused = kept.get("status") == "not graded"
    needs = []
    for one in kept.get("problems", ()):
        kind: Reason = "ended" if one["kind"] == "ended" else "repaired"
        needs.append(Need("unread" if refused else kind, f"{one['what']} {one['done']}"))
    if kept.get("failure"):
        needs.append(Need("not graded", str(kept["failure"])))
    return needs
