"""`softmax-lab report`: how the class did, and what is left to do, as a page and a table."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.commands.options import add_assignment, add_course
from autograder.errors import OK, find_root
from autograder.results.class_report import FORMGRADER, write_report
from autograder.results.tables import counted

if TYPE_CHECKING:
    from autograder.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the `report` subcommand."""
    parser = subparsers.add_parser(
        "report",
        help="show how the class did and what is left to do",
        description="Write a page (HTML) and, beside it, a table (CSV) of an assignment's results: "
        "progress, marks, success by exercise, misconceptions, what needs a person.",
    )
    add_assignment(parser)
    add_course(parser)
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
