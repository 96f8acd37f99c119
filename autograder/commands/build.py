"""`softmax-lab build`: make the instructor's and the students' notebooks, or check them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.build.notebooks import build, differences, lessons_in
from autograder.errors import FAILED, OK, find_root

if TYPE_CHECKING:
    from autograder.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the `build` subcommand."""
    parser = subparsers.add_parser(
        "build",
        help="make source/ and release/ from notebooks/",
        description="Make the instructor's and the students' notebooks from the lesson's text.",
    )
    parser.add_argument(
        "assignment",
        nargs="?",
        metavar="ASSIGNMENT",
        help="the lesson's name (default: every lesson in notebooks/)",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if a notebook is out of date"
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    root = find_root(Path.cwd())
    names = [arguments.assignment] if arguments.assignment else lessons_in(root)
    if arguments.check:
        stale = [message for name in names for message in differences(root, name)]
        repair = f"Repair it with: softmax-lab build {arguments.assignment or ''}".rstrip()
        print("\n\n".join([*stale, repair]) if stale else "Up to date.")
        return FAILED if stale else OK
    changed = [path for name in names for path in build(root, name)]
    for path in changed:
        print(f"wrote {path.relative_to(root)}")
    if not changed:
        print("Up to date.")
    return OK
