"""`softmax-lab build`: make the instructor's and the students' notebooks, or check them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.build.notebooks import build, differences
from autograder.errors import FAILED, OK, find_root

if TYPE_CHECKING:
    from autograder.commands import Subparsers

_REPAIR = "softmax-lab build"


def add_parser(subparsers: Subparsers) -> None:
    """Add the `build` subcommand."""
    parser = subparsers.add_parser(
        "build",
        help="make source/ and release/ from notebooks/",
        description="Make the instructor's and the students' notebooks from the lesson's text.",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if a notebook is out of date"
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    root = find_root(Path.cwd())
    if arguments.check:
        stale = differences(root)
        print("\n\n".join([*stale, f"Repair it with: {_REPAIR}"]) if stale else "Up to date.")
        return FAILED if stale else OK
    changed = build(root)
    for path in changed:
        print(f"wrote {path.relative_to(root)}")
    if not changed:
        print("Up to date.")
    return OK
