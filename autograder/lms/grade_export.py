"""What the exports of grades share: whom they name, the points, the file's format.

    nbgrader export --exporter=autograder.lms.canvas.CanvasExporter
    nbgrader export --exporter=autograder.lms.moodle.MoodleExporter --assignment '["softmax"]'

Points are those of nbgrader's own export: from tests and from people, with extra credit, less what
a late submission costs, never below 0, rounded to two decimals. A student without a submission gets
no points, not even 0: what that means is up to the LMS's settings.

Files are UTF-8 with a byte order mark: both systems take it, and Excel needs it.

Ids have to come back byte for byte, or the LMS does not find the student. Names are for people.
Both can hold formulas that a spreadsheet would run, so names get OWASP's apostrophe, which no
system reads; each exporter says what becomes of an id that could be a formula. A plain number, such
as 007 or -5, is no formula and is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin

from autograder.gradebook.reader import Student, read_assignments, read_marks, read_students
from autograder.results.tables import counted, write_table


@dataclass(frozen=True)
class Column:
    """An assignment: its name, the points of right answers, and the points of each student."""

    assignment: str
    max_points: float
    points: Mapping[str, float]


class GradeExporter(ExportPlugin):  # type: ignore[misc]  # nbgrader publishes no types
    """Reads people and points from the gradebook; a subclass says what becomes of them."""

    _default_file = ""

    def export(self, gradebook: Any) -> None:
        """Write the file `to`; called by `nbgrader export`."""
        file = Path(self.to or self._default_file)
        wanted = set(map(str, self.student))
        people = [one for one in read_students(gradebook) if not wanted or one.id in wanted]
        columns = list(self._columns(gradebook))
        found = {column.assignment for column in columns}
        for name in sorted(set(map(str, self.assignment)) - found):
            self.log.error("There is no assignment %s in the gradebook.", name)
        write_table(file, self.rows(people, columns))
        self.log.info(
            "Wrote %s: %s, %s.",
            file,
            counted(len(people), "student"),
            counted(len(columns), "assignment"),
        )

    def rows(self, people: Iterable[Student], columns: Sequence[Column]) -> Iterator[list[str]]:
        """Yield the file's lines."""
        raise NotImplementedError

    def _columns(self, gradebook: Any) -> Iterator[Column]:
        wanted = set(map(str, self.assignment))
        for name in read_assignments(gradebook):
            if wanted and name not in wanted:
                continue
            book = read_marks(gradebook, name)
            if waiting := sum(bool(one.waiting) for one in book.submissions):
                self.log.warning(
                    "%s: %s still to be marked by hand; those points are not final.",
                    name,
                    counted(waiting, "submission"),
                )
            points = {one.student: one.total for one in book.submissions if one.marks}
            yield Column(name, book.max_points, points)
