"""The file of grades that Canvas imports as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from traitlets import Dict, Enum, Unicode

from autograder.gradebook.reader import Student
from autograder.lms.grade_export import Column, GradeExporter
from autograder.results.tables import is_formula, number, safe

_POINTS_POSSIBLE = "    Points Possible"


class CanvasExporter(GradeExporter):
    """Canvas: Grades › Import.

    The columns are those of Canvas's own export, with its line of points possible. Canvas looks
    for a student by ID, by SIS User ID, by SIS Login ID and by the name "Last, First", in this
    order, and asks about those it does not find. It reads an ID as a number, "12ab" as 12, so that
    column holds nothing but digits; any other LMS user id is a SIS User ID.

    An id that could be a formula gets the apostrophe: Canvas then goes by the next of these
    columns, or asks. The log names these students.

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

    def rows(self, people: Iterable[Student], columns: Sequence[Column]) -> Iterator[list[str]]:
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
            name = person.name or person.id
            if "Points Possible" in name:  # would be taken for the line that sets them
                name = person.id.replace("Points Possible", "")
            points = (column.points.get(person.id) for column in columns)
            yield [
                safe(name),
                *(safe(id) if is_formula(id) else id for id in ids.values()),
                "",
                *("" if one is None else number(one) for one in points),
            ]
