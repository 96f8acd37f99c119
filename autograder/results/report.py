"""`softmax-lab report`: how the class did, and what is left to do, as a page and a table."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autograder.build.notebooks import find_root
from autograder.errors import OK, LabError

if TYPE_CHECKING:
    from autograder.results.class_results import ClassResults

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

#: Where JupyterLab serves the formgrader when nothing else is said.
FORMGRADER = "http://127.0.0.1:8888/formgrader"


@dataclass(frozen=True)
class Written:
    """What was written: the page, the table, and the results they tell."""

    page: Path
    table: Path
    results: ClassResults


def add_parser(subparsers: Subparsers) -> None:
    """Add the `report` subcommand."""
    parser = subparsers.add_parser(
        "report",
        help="show how the class did and what is left to do",
        description="Write a page (HTML) and, beside it, a table (CSV) of an assignment's results: "
        "progress, marks, success by exercise, misconceptions, what needs a person.",
    )
    parser.add_argument("assignment", nargs="?", default="softmax", metavar="ASSIGNMENT")
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the course directory (default: this one)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the page (default: report.html in the course)"
    )
    parser.add_argument(
        "--formgrader",
        default=FORMGRADER,
        metavar="URL",
        help=f"where the page's links find the formgrader (default: {FORMGRADER})",
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    root = arguments.course or find_root(Path.cwd())
    written = write_report(root, arguments.assignment, arguments.output, arguments.formgrader)
    results = written.results
    in_need = sum(bool(one.needs) for one in results.submissions)
    waiting = sum(one.waiting for one in results.submissions)
    print(
        f"{counted(len(results.submissions), 'student')}: {len(results.graded)} graded, "
        f"{in_need} to look at, {counted(waiting, 'answer')} to mark by hand."
    )
    print(f"Open {os.path.relpath(written.page)}; the table is {os.path.relpath(written.table)}.")
    return OK


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it has one."""
    return f"{count} {noun if count == 1 else f'{noun}s'}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that is not closed
        return False
    web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return web and not parts.query and not parts.fragment


def write_report(
    root: Path,
    assignment: str = "softmax",
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
    from autograder.results.tables import write_table

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
    from autograder.results.tables import number, safe

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
