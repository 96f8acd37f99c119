"""Arguments that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autograder import lessons

if TYPE_CHECKING:
    import argparse


def add_assignment(parser: argparse.ArgumentParser) -> None:
    """Add the assignment's name, which may be left out where one lesson is the default."""
    usual = lessons.default()
    parser.add_argument(
        "assignment",
        nargs="?" if usual else None,
        default=usual,
        metavar="ASSIGNMENT",
        help=f"the assignment's name (default: {usual})" if usual else "the assignment's name",
    )


def add_course(parser: argparse.ArgumentParser) -> None:
    """Add the course directory."""
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the course directory (default: this one)"
    )
