"""`softmax-lab doctor`: what this machine can keep a student's code from."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from autograder.errors import FAILED, OK

if TYPE_CHECKING:
    from autograder.commands import Subparsers
    from autograder.sandbox.box import Layer


def add_parser(subparsers: Subparsers) -> None:
    """Add the `doctor` subcommand."""
    parser = subparsers.add_parser(
        "doctor",
        help="tell what this machine can keep a student's code from",
        description="Try every layer of the box that students' code runs in, and say which hold. "
        "Exit status 0: all of them.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    from autograder.sandbox import box

    found = box.layers()
    print(json.dumps([asdict(one) for one in found], indent=1) if arguments.json else report(found))
    return OK if all(one.available for one in found) else FAILED


def report(found: list[Layer]) -> str:
    """Return what a person reads."""
    lines = ["What this machine keeps a student's code from:", ""]
    for one in found:
        lines.append(f"{'✔ enforced' if one.available else '✘ missing '}  {one.name}: {one.what}")
        if one.why:
            lines.append(f"              {one.why}")
    missing = [one.name for one in found if not one.available]
    lines.append("")
    if missing:
        options = " ".join(f"--without-{name}" for name in missing)
        lines.append("`softmax-lab grade` refuses to run students' code here.")
        lines.append(f"To do without, if you trust your class: softmax-lab grade {options}")
    else:
        lines.append("Everything that `softmax-lab grade` relies on is there.")
    return "\n".join(lines)
