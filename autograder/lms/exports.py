"""Exporters for `nbgrader export`: files of grades that Canvas and Moodle take as they are.

    nbgrader export --exporter=autograder.lms.exports.CanvasExporter
    nbgrader export --exporter=autograder.lms.exports.MoodleExporter --assignment '["softmax"]'

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
from traitlets import Dict, Enum, Unicode

from autograder.results.tables import is_formula, number, safe, write_table


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


class _LmsExporter(ExportPlugin):  # type: ignore[misc]  # nbgrader publishes no types
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


class CanvasExporter(_LmsExporter):
    """Canvas: Grades › Import.

    The columns are those of Canvas's own export, with its line of points possible. Canvas looks
    for a student by ID, by SIS User ID, by SIS Login ID and by the name "Last, First", in this
    order, and asks about those it does not find. It reads an ID as a number, "12ab" as 12, so only
    what is nothing but digits stands there; another LMS user id is a SIS User ID.

    An id that could be a formula gets the apostrophe: Canvas then goes by the next of these
    columns, or asks. The log names such students.

    A column without an assignment's number goes to the assignment of that name; Canvas offers to
    make one if there is none.
    """

    login = Enum(
        ["SIS Login ID", "SIS User ID"],
        default_value="SIS Login ID",
        help="What nbgrader's student ids are in Canvas.",
    ).tag(config=True)

    assignment_ids = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="The numbers that Canvas's addresses have for assignments, by nbgrader's names.",
    ).tag(config=True)

    _default_file = "canvas.csv"

    def rows(self, people: Iterable[Person], columns: Sequence[Column]) -> Iterator[list[str]]:
        """Yield the file's lines."""
        titles = []
        for column in columns:
            id = self.assignment_ids.get(column.assignment)
            titles.append(safe(column.assignment) + (f" ({int(id)})" if id else ""))
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles]
        yield [_POINTS_POSSIBLE, "", "", "", "", *(number(c.max_points) for c in columns)]
        for person in people:
            ids = {"ID": "", "SIS User ID": "", "SIS Login ID": ""}
            is_number = person.lms_user_id.isascii() and person.lms_user_id.isdecimal()
            of_canvas = is_number and person.lms_user_id[0] != "0"
            ids["ID" if of_canvas else "SIS User ID"] = person.lms_user_id
            ids[self.login] = person.id
            if any(map(is_formula, ids.values())):
                self.log.warning(
                    "%r has an id that a spreadsheet could run as a formula; it is written with "
                    "an apostrophe, so Canvas may ask who this is.",
                    person.id,
                )
            name = ", ".join(filter(None, (person.last_name, person.first_name))) or person.id
            if "Points Possible" in name:  # would be taken for the line that sets them
                name = person.id.replace("Points Possible", "")
            points = (column.points.get(person.id) for column in columns)
            yield [
                safe(name),
                *(safe(id) if is_formula(id) else id for id in ids.values()),
                "",
                *("" if one is None else number(one) for one in points),
            ]


_POINTS_POSSIBLE = "    Points Possible"


class MoodleExporter(_LmsExporter):
    """Moodle: Grades › Import › CSV file.

    Moodle asks once which column says who a student is, and which column is which grade. Only one
    column can say it here: the one of `identify_by`. The others are for people.

    Moodle gives up the whole import at a student it does not know, and gives the grades of a line
    without an id to the student of the line before. It puts an apostrophe itself before an id that
    begins with = + - or @, and then does not know it. So a student without that id, or with such
    a one, is left out, and the log names them. Names lose their backslashes, which Moodle's reader
    takes for more than a character.

    Who has no submission gets "-": no grade to Moodle, whether the grade item is new or not.
    """

    identify_by = Enum(
        ["username", "idnumber", "email"],
        default_value="username",
        help="What tells students apart: nbgrader's student id as Moodle's username, the LMS user "
        "id as Moodle's ID number, or the address.",
    ).tag(config=True)

    _default_file = "moodle.csv"

    def rows(self, people: Iterable[Person], columns: Sequence[Column]) -> Iterator[list[str]]:
        """Yield the file's lines."""
        titles = [safe(column.assignment) for column in columns]
        yield [_IDENTITY[self.identify_by], "First name", "Last name", *titles]
        for person in people:
            id = {"username": person.id, "idnumber": person.lms_user_id, "email": person.email}[
                self.identify_by
            ]
            if not _is_usable(id):
                self.log.error(
                    "%r is left out: Moodle cannot find them by the %s %r. Enter their grade there "
                    "by hand.",
                    person.id,
                    _IDENTITY[self.identify_by],
                    id,
                )
                continue
            names = (safe(one.replace("\\", "/")) for one in (person.first_name, person.last_name))
            points = (column.points.get(person.id) for column in columns)
            yield [id, *names, *("-" if one is None else number(one) for one in points)]


def _is_usable(id: str) -> bool:
    begins = id.strip()[:1]
    return begins not in ("", *"=+-@") and id != "0" and "\\" not in id and not is_formula(id)


_IDENTITY = {"username": "Username", "idnumber": "ID number", "email": "Email address"}


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
