"""The file of grades that Moodle imports as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from traitlets import Enum

from autograder.gradebook.reader import Student
from autograder.lms.grade_export import Column, GradeExporter
from autograder.results.tables import is_formula, number, safe

_IDENTITY = {"username": "Username", "idnumber": "ID number", "email": "Email address"}


class MoodleExporter(GradeExporter):
    """Moodle: Grades › Import › CSV file.

    Moodle asks which column says who a student is, and which column is which grade. Only one
    column can say who: that of `identify_by`. The others are for people.

    Moodle gives up the whole import at a student it does not know, and gives the grades of a line
    without an id to the student of the line before. It puts an apostrophe of its own before an id
    that begins with = + - or @, and then does not know it. So a student without an id, or with one
    like that, is left out; the log names them. Names lose their backslashes, which Moodle's reader
    takes for more than a character.

    A student without a submission gets "-", which is no grade to Moodle, whether the grade item is
    new or not.
    """

    identify_by = Enum(
        ["username", "idnumber", "email"],
        default_value="username",
        help="What tells students apart: nbgrader's student id as Moodle's username, the LMS user "
        "id as Moodle's ID number, or the address.",
    ).tag(config=True)

    _default_file = "moodle.csv"

    def rows(self, people: Iterable[Student], columns: Sequence[Column]) -> Iterator[list[str]]:
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
