"""Reads a gradebook: the class, what is marked, and every mark; with one query a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Student:
    """A student as the gradebook knows them; "" is what it does not know."""

    id: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str

    @property
    def name(self) -> str:
        """The name as "last, first"."""
        return ", ".join(filter(None, (self.last_name, self.first_name)))


@dataclass(frozen=True)
class MarkedCell:
    """A cell of an assignment that gets a mark.

    Attributes:
        notebook: the name of its notebook.
        name: its grade_id.
        max_points: the points of a right answer.
        by_hand: whether a person marks it.

    """

    notebook: str
    name: str
    max_points: float
    by_hand: bool


@dataclass(frozen=True)
class Mark:
    """A student's mark of one cell.

    Attributes:
        cell: what is marked.
        points: so far: a person's or else the test's, and extra credit.
        automatic: the test's points, or None if it gave none.
        is_a_persons: whether a person gave points.
        waits: whether it still waits for a person.

    """

    cell: MarkedCell
    points: float
    automatic: float | None
    is_a_persons: bool
    waits: bool


@dataclass(frozen=True)
class GradedNotebook:
    """A notebook of a student's submission.

    Attributes:
        id: what the formgrader's pages call it.
        name: the notebook's name.
        penalty: points taken off because it was late.
        is_flagged: whether a grader asked for a second look.

    """

    id: str
    name: str
    penalty: float
    is_flagged: bool


@dataclass(frozen=True)
class StudentMarks:
    """A student's submission: its notebooks, and its marks in the order of the cells."""

    student: str
    notebooks: tuple[GradedNotebook, ...]
    marks: tuple[Mark, ...]

    @property
    def automatic(self) -> float:
        """The points of the cells that no person marks."""
        return sum(mark.points for mark in self.marks if not mark.cell.by_hand)

    @property
    def max_automatic(self) -> float:
        """The points that these cells can give."""
        return sum(mark.cell.max_points for mark in self.marks if not mark.cell.by_hand)

    @property
    def waiting(self) -> int:
        """How many answers wait for a person."""
        return sum(mark.waits for mark in self.marks)

    @property
    def penalty(self) -> float:
        """The points taken off because it was late."""
        return sum(notebook.penalty for notebook in self.notebooks)

    @property
    def total(self) -> float:
        """All points less the penalty, never below 0, as nbgrader's own export counts them."""
        return max(0.0, sum(mark.points for mark in self.marks) - self.penalty)


@dataclass(frozen=True)
class AssignmentMarks:
    """An assignment: its notebooks and marked cells, sorted by name, and submissions by student."""

    name: str
    notebooks: tuple[str, ...]
    cells: tuple[MarkedCell, ...]
    submissions: tuple[StudentMarks, ...]

    @property
    def max_points(self) -> float:
        """The points of right answers to everything."""
        return sum(cell.max_points for cell in self.cells)


def read_students(gradebook: Any) -> list[Student]:
    """Return the class, by name.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`.

    """
    from nbgrader.api import Student as Row

    rows = gradebook.db.query(
        Row.id, Row.first_name, Row.last_name, Row.email, Row.lms_user_id
    ).order_by(Row.last_name, Row.first_name, Row.id)
    return [Student(*(part or "" for part in row)) for row in rows]


def read_assignments(gradebook: Any) -> list[str]:
    """Return the names of all assignments, sorted.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`.

    """
    from nbgrader.api import Assignment

    return [name for (name,) in gradebook.db.query(Assignment.name).order_by(Assignment.name)]


def read_graded(gradebook: Any, assignment: str) -> set[str]:
    """Return the ids of the students who have marks of an assignment.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`.
        assignment: the assignment's name.

    """
    from nbgrader.api import Assignment, SubmittedAssignment

    submissions = gradebook.db.query(SubmittedAssignment.student_id).join(Assignment)
    return {student for (student,) in submissions.filter(Assignment.name == assignment)}


def read_marks(gradebook: Any, assignment: str) -> AssignmentMarks:
    """Return an assignment's marks; nothing of one that the gradebook does not know.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`.
        assignment: the assignment's name.

    """
    from nbgrader import api

    db = gradebook.db
    names = db.query(api.Notebook.id, api.Notebook.name).join(api.Assignment)
    notebooks = dict(map(tuple, names.filter(api.Assignment.name == assignment)))
    cells = _marked_cells(db, notebooks)
    submissions = _submissions(db, assignment, notebooks, cells)
    return AssignmentMarks(
        assignment,
        tuple(sorted(notebooks.values())),
        tuple(cells.values()),
        tuple(submissions),
    )


def _marked_cells(db: Any, notebooks: dict[str, str]) -> dict[str, MarkedCell]:
    """Return the marked cells by the gradebook's ids for them, sorted by notebook and name."""
    from nbgrader import api

    by_hand = {
        (of, name)
        for kind in (api.SolutionCell, api.TaskCell)
        for of, name in db.query(kind.notebook_id, kind.name)
    }
    found = {
        id: MarkedCell(notebooks[of], name, float(most), (of, name) in by_hand)
        for kind in (api.GradeCell, api.TaskCell)
        for id, of, name, most in db.query(kind.id, kind.notebook_id, kind.name, kind.max_score)
        if of in notebooks
    }
    return dict(sorted(found.items(), key=lambda pair: (pair[1].notebook, pair[1].name)))


def _submissions(
    db: Any, assignment: str, notebooks: dict[str, str], cells: dict[str, MarkedCell]
) -> list[StudentMarks]:
    from nbgrader.api import Assignment, Grade, SubmittedAssignment, SubmittedNotebook

    own = SubmittedNotebook.assignment_id == SubmittedAssignment.id
    submitted: dict[str, list[GradedNotebook]] = {}
    rows = (
        db.query(
            SubmittedAssignment.student_id,
            SubmittedNotebook.id,
            SubmittedNotebook.notebook_id,
            SubmittedNotebook.late_submission_penalty,
            SubmittedNotebook.flagged,
        )
        .join(SubmittedNotebook, own)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment)
    )
    whose = {}
    for student, id, of, penalty, flagged in rows:
        whose[id] = student
        notebook = GradedNotebook(id, notebooks[of], float(penalty or 0), bool(flagged))
        submitted.setdefault(student, []).append(notebook)
    marks: dict[str, list[Mark]] = {}
    rows = (
        db.query(
            Grade.notebook_id,
            Grade.cell_id,
            Grade.score,
            Grade.auto_score,
            Grade.manual_score,
            Grade.needs_manual_grade,
        )
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, own)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment)
    )
    for of, cell, score, automatic, manual, waits in rows:
        mark = Mark(cells[cell], float(score or 0), automatic, manual is not None, bool(waits))
        marks.setdefault(whose[of], []).append(mark)
    place = {cell: number for number, cell in enumerate(cells.values())}
    return [
        StudentMarks(
            student,
            tuple(submitted[student]),
            tuple(sorted(marks.get(student, ()), key=lambda mark: place[mark.cell])),
        )
        for student in sorted(submitted)
    ]
