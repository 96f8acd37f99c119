"""What an export of grades is in every LMS: the people, their points, the file's format.

    nbgrader export --exporter=autograder.lms.canvas.CanvasExporter
    nbgrader export --exporter=autograder.lms.moodle.MoodleExporter --assignment '["softmax"]'

Points are those of nbgrader's own export: of tests and of people, with extra credit, less what a
late submission costs and never below 0; rounded to two decimals. Who has no submission gets no
points, neither 0: what that means is for the LMS's settings to say.

Files are UTF-8 with a byte order mark: both systems take it, and Excel needs it.

Ids have to come back byte for byte, or the LMS does not find the student. Names are for people.
Both can hold formulas that a spreadsheet would run, so names get OWASP's apostrophe, which no
system reads; what becomes of an id that could be a formula is said at each exporter. An id that is
a plain number, as 007 and -5, is none and is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin

from autograder.results.tables import write_table


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them; "" is what it does not know."""

    id: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str


@dataclass(frozen=True)
class Column:
    """An assignment: its name, the points of right answers, and the points of each student."""

    assignment: str
    max_points: float
    points: Mapping[str, float]


class GradeExporter(ExportPlugin):  # type: ignore[misc]  # nbgrader publishes no types
    """What the exporters share: whom and what the gradebook has."""

    _default_file = ""

    def export(self, gradebook: Any) -> None:
        """Write the file `to`; called by `nbgrader export`."""
        file = Path(self.to or self._default_file)
        people = [person for person in _people(gradebook) if self._is_wanted(person)]
        columns = list(self._columns(gradebook))
        found = {column.assignment for column in columns}
        for name in sorted(set(map(str, self.assignment)) - found):
            self.log.error("There is no assignment %s in the gradebook.", name)
        write_table(file, self.rows(people, columns))
        self.log.info("Wrote %s: %d students, %d assignments.", file, len(people), len(columns))

    def rows(self, people: Iterable[Person], columns: Sequence[Column]) -> Iterator[list[str]]:
        """Yield the file's lines."""
        raise NotImplementedError

    def _is_wanted(self, person: Person) -> bool:
        return not self.student or person.id in map(str, self.student)

    def _columns(self, gradebook: Any) -> Iterator[Column]:
        wanted = set(map(str, self.assignment))
        for id, name, most in _assignments(gradebook):
            if wanted and name not in wanted:
                continue
            points, waiting = _points(gradebook, id)
            if waiting:
                self.log.warning(
                    "%s: %d submissions still wait for marks by hand; their points are not final.",
                    name,
                    waiting,
                )
            yield Column(name, most, points)


# --- The gradebook ------------------------------------------------------------------------------


def _people(gradebook: Any) -> list[Person]:
    from nbgrader.api import Student

    rows = gradebook.db.query(
        Student.id, Student.first_name, Student.last_name, Student.email, Student.lms_user_id
    ).order_by(Student.last_name, Student.first_name, Student.id)
    return [Person(*(part or "" for part in row)) for row in rows]


def _assignments(gradebook: Any) -> list[tuple[str, str, float]]:
    from nbgrader.api import Assignment

    rows = gradebook.db.query(Assignment.id, Assignment.name, Assignment.max_score)
    return [(id, name, float(most)) for id, name, most in rows.order_by(Assignment.name)]


def _points(gradebook: Any, assignment: str) -> tuple[dict[str, float], int]:
    """Return the points of everyone who submitted, and how many submissions are not final.

    nbgrader's own columns would sum up the grades anew for every student.
    """
    from nbgrader.api import Grade, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import func

    mine = SubmittedAssignment.assignment_id == assignment
    own = SubmittedNotebook.assignment_id == SubmittedAssignment.id
    late = (
        gradebook.db.query(
            SubmittedAssignment.student_id, func.sum(SubmittedNotebook.late_submission_penalty)
        )
        .join(SubmittedNotebook, own)
        .filter(mine)
        .group_by(SubmittedAssignment.student_id)
    )
    penalties = {student: float(penalty or 0) for student, penalty in late}
    sums = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            func.sum(Grade.score),
            func.max(Grade.needs_manual_grade),
        )
        .join(SubmittedNotebook, own)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .filter(mine)
        .group_by(SubmittedAssignment.student_id)
    )
    points, waiting = {}, 0
    for student, score, waits in sums:
        points[student] = max(0.0, float(score or 0) - penalties[student])
        waiting += bool(waits)
    return points, waiting
