"""`softmax-lab author`: write nbgrader's settings into a lesson's text, or take them out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.build.headers import expand, shrink
from autograder.build.notebooks import contract_of, rewrite
from autograder.commands.options import add_assignment
from autograder.errors import OK, find_root

if TYPE_CHECKING:
    from autograder.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the `author` subcommand."""
    parser = subparsers.add_parser(
        "author",
        help="write nbgrader's settings into a lesson's text, or take them out",
        usage="%(prog)s [ASSIGNMENT] (--full | --lean)",
        description="nbgrader's Create Assignment panel needs the settings that follow from the "
        "cells' names. Write them before you open a lesson in JupyterLab, and take them out "
        "afterwards; what the panel changed stays, and `softmax-lab build` names it.",
    )
    add_assignment(parser)
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--full", action="store_true", help="settings in full")
    form.add_argument("--lean", action="store_true", help="names only")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    name = arguments.assignment
    path = find_root(Path.cwd()) / "notebooks" / f"{name}.md"
    if rewrite(path, expand if arguments.full else shrink, contract_of(name)):
        print(f"wrote {path}")
    return OK
