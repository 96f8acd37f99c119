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
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
    else:
        print(report(found, box.counts_apart()))
    return OK if all(one.available for one in found) else FAILED


_TOGETHER = (
    "The processes of all students are counted together here, so submissions are graded one at a\n"
    "time. Allow user namespaces (sysctl user.max_user_namespaces, or the container's settings),\n"
    "or grade as root in a container."
)


def report(found: list[Layer], counts_apart: bool) -> str:
    """Return what a person reads.

    Args:
        found: the layers.
        counts_apart: whether each student's processes have a limit of their own.

    """
    lines = ["What this machine keeps a student's code from:", ""]
    for one in found:
        lines.append(f"{'✔ enforced' if one.available else '✘ missing '}  {one.name}: {one.what}")
        if one.why:
            lines.append(f"              {one.why}")
    missing = [one.name for one in found if not one.available]
    lines.append("")
    if not counts_apart:
        lines.append(_TOGETHER)
    if missing:
        options = " ".join(f"--without-{name}" for name in missing)
        lines.append("`softmax-lab grade` refuses to run students' code here.")
        lines.append(f"To do without, if you trust your class: softmax-lab grade {options}")
    else:
        lines.append("Everything that `softmax-lab grade` relies on is there.")
    return "\n".join(lines)
