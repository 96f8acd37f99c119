"""Writes how the class did, and what is left to do, as a page and a table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autograder.errors import LabError
from autograder.results.tables import number, safe, write_table

if TYPE_CHECKING:
    from autograder.results.class_results import ClassResults

#: Where JupyterLab serves the formgrader when nothing else is said.
FORMGRADER = "http://127.0.0.1:8888/formgrader"


@dataclass(frozen=True)
class Written:
    """What was written: the page, the table, and the results they tell."""

    page: Path
    table: Path
    results: ClassResults


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that is not closed
        return False
    web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return web and not parts.query and not parts.fragment


def write_report(
    root: Path,
    assignment: str,
    page: Path | None = None,
    formgrader: str = FORMGRADER,
) -> Written:
    """Write the page, and the table beside it.

    Args:
        root: the course directory.
        assignment: the assignment's id.
        page: the page's file, not a `.csv`; `report.html` in the course directory if None.
        formgrader: the formgrader's address, for links.

    Raises:
        LabError: nothing is graded yet, or a file or address cannot be used.

    """
    from autograder.gradebook.course import Course
    from autograder.results.class_results import read_class
    from autograder.results.page import render

    if not _is_address(formgrader):
        raise LabError(f"--formgrader wants an address such as {FORMGRADER}, not {formgrader}.")
    page = page or root / "report.html"
    if not page.name:
        raise LabError(f"--output names the page, such as report.html; {page} is a folder.")
    table = page.with_suffix(".csv")
    if table == page:
        raise LabError(f"--output names the page; the table is {page} then: call it .html.")
    results = read_class(Course(root, assignment))
    html = render(results, formgrader.rstrip("/"), datetime.now())
    try:
        new = page.with_name(f"{page.name}.new")
        # A folder's name may hold what is no text.
        new.write_text(html, encoding="utf-8", errors="replace")
        os.replace(new, page)
        write_table(table, rows(results))
    except OSError as error:
        raise LabError(f"{page} and {table.name} cannot be written: {error.strerror}.") from None
    return Written(page, table, results)


def rows(results: ClassResults) -> Iterator[list[str]]:
    """Yield the table's lines: a heading, then one for each student."""
    automatic = [place for place, q in enumerate(results.questions) if not q.by_hand]
    labels = [safe(results.questions[place].label) for place in automatic]
    points = ["automatic", "by hand", "late penalty", "total", "of"]
    yield ["student", "name", "status", *labels, *points, "misconceptions", "look at", "why"]
    most = number(results.max_points())
    for one in results.submissions:
        head = [safe(one.student), safe(one.name), one.status]
        reasons = dict.fromkeys(need.reason for need in one.needs)
        why = " ".join(need.words for need in one.needs)
        tail = ["; ".join(one.misconceptions), "; ".join(reasons), why]
        if not one.results:
            yield [*head, *[""] * (len(labels) + len(points)), *map(safe, tail)]
            continue
        sums = (
            results.points(one, by_hand=False),
            results.points(one, by_hand=True),
            one.penalty,
            one.total,
        )
        each = (one.results[place].points for place in automatic)
        yield [*head, *map(number, each), *map(number, sums), most, *map(safe, tail)]
