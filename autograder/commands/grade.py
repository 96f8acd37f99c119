"""`softmax-lab grade`: mark what students submitted and record it in nbgrader's gradebook."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.commands.options import add_assignment, add_course
from autograder.errors import FAILED, OK, LabError, find_root
from autograder.pipeline import Line, Watcher, grade
from autograder.runner.job import Settings
from autograder.sandbox.box import LAYERS

if TYPE_CHECKING:
    from autograder.commands import Subparsers
    from autograder.gradebook.record import Score

_LONGEST = 400  # characters of a line


def add_parser(subparsers: Subparsers) -> None:
    """Add the `grade` subcommand."""
    parser = subparsers.add_parser(
        "grade",
        help="grade what is in submitted/",
        usage="%(prog)s [options] [ASSIGNMENT]",
        description="Grade submitted/STUDENT/ASSIGNMENT/ and record the marks in gradebook.db. "
        "What is graded and unchanged since is skipped.",
    )
    add_assignment(parser)
    parser.add_argument("--students", metavar="A,B", help="only these students")
    parser.add_argument("--jobs", type=_positive, metavar="N", help="how many at once")
    parser.add_argument(
        "--timeout", type=_positive, default=30, metavar="S", help="seconds a cell may take (30)"
    )
    parser.add_argument(
        "--total-timeout",
        type=_positive,
        default=300,
        metavar="S",
        help="seconds all cells of a submission may take (300)",
    )
    for name in LAYERS:
        parser.add_argument(
            f"--without-{name}",
            dest="waived",
            action="append_const",
            const=name,
            help="confine students' code less (see `softmax-lab doctor`)",
        )
    parser.add_argument("--force", action="store_true", help="grade unchanged submissions again")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    add_course(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    wanted = None
    if arguments.students is not None:
        wanted = [name.strip() for name in arguments.students.split(",") if name.strip()]
    root = arguments.course or find_root(Path.cwd())
    settings = Settings(
        jobs=arguments.jobs or os.cpu_count() or 1,
        cell_seconds=arguments.timeout,
        submission_seconds=arguments.total_timeout,
        waived=frozenset(arguments.waived or ()),
    )
    with _Progress(quiet=arguments.json) as progress:
        try:
            grade(root, arguments.assignment, wanted, arguments.force, settings, progress)
        except (LabError, KeyboardInterrupt) as error:
            progress.close()
            if progress.has_begun or isinstance(error, KeyboardInterrupt):
                print(f"Stopped after {_counted(progress.lines)}.", file=sys.stderr)
                print("What is graded stays graded. Start again for the rest.", file=sys.stderr)
            raise
    if arguments.json:
        print(json.dumps(_as_json(arguments.assignment, progress), indent=1))
    else:
        _summarise(progress.lines, arguments.assignment)
    return FAILED if any(line.status == "not graded" for line in progress.lines) else OK


def _positive(text: str) -> int:
    # More seconds than a million overflow the kernel's clocks.
    if not (text.isdecimal() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1,000,000")
    return int(text)


class _Progress(Watcher):
    """A bar on a terminal; a plain line for each student wherever it is."""

    def __init__(self, quiet: bool) -> None:
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self.has_begun = False
        self._quiet = quiet
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def begin(self, students: int) -> None:
        from tqdm import tqdm

        self.has_begun = True
        # Nowhere but on a terminal.
        self._bar = tqdm(total=students, unit="student", disable=None, leave=False)

    def line(self, line: Line) -> None:
        self.lines.append(line)
        for text in _describe(line):
            self._say(text)
        self._bar.update()
        counts = Counter(line.status for line in self.lines)
        self._bar.set_postfix_str(f"{counts['not graded']} not graded")

    def note(self, text: str) -> None:
        self.notes.append(text)
        self._say(f"Note: {text}")

    def _say(self, text: str) -> None:
        if self._quiet:
            return
        try:
            if self._bar is None or self._bar.disable:
                print(text, flush=True)
            else:
                self._bar.write(text, file=sys.stdout)
        except BrokenPipeError:  # as after `| head`: grading goes on, to nobody's ears
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe(line: Line) -> list[str]:
    if line.status == "unchanged":
        return []  # the summary counts them
    head = f"{_printable(line.student)}: {line.status}"
    if line.score is not None:
        head += _score(line.score)
    texts = [*map(str, line.problems), line.failure]
    return [f"{head}.", *(f"    {_printable(text)}" for text in texts if text)]


def _printable(text: str) -> str:
    """Return text a student may have chosen, without what would upset a terminal."""
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in text)


def _score(score: Score) -> str:
    text = f", {score.points:g} of {score.max_points:g} automatic points"
    if score.waiting:
        text += f", {score.waiting} {'answer' if score.waiting == 1 else 'answers'} to mark by hand"
    return text


def _counts(lines: Iterable[Line]) -> dict[str, int]:
    lines = list(lines)
    counts = Counter(line.status for line in lines)
    return {
        "graded": counts["graded"],
        "of them repaired": sum(line.status == "graded" and bool(line.problems) for line in lines),
        "unchanged": counts["unchanged"],
        "not graded": counts["not graded"],
        "without a submission": counts["nothing submitted"],
    }


def _counted(lines: Iterable[Line]) -> str:
    counts = _counts(lines).items()
    return ", ".join(f"{n} {what}" for what, n in counts if n or what == "graded")


def _summarise(lines: list[Line], assignment: str) -> None:
    print()
    print(f"{_counted(lines)}.")
    if failed := [line.student for line in lines if line.status == "not graded"]:
        shown = ", ".join(map(_printable, failed[:10])) + (", …" if len(failed) > 10 else "")
        print(f"Not graded: {shown}. Their earlier marks and copies, if any, are untouched.")
    if any(line.score is not None and line.score.waiting for line in lines):
        print("Mark the written answers: `jupyter lab`, then Nbgrader > Formgrader.")
    print(f"Then: `nbgrader generate_feedback {assignment}` and `nbgrader export`.")


def _score_as_json(score: Score) -> dict[str, float]:
    return {"points": score.points, "max_points": score.max_points, "waiting": score.waiting}


def _as_json(assignment: str, progress: _Progress) -> dict[str, Any]:
    return {
        "assignment": assignment,
        "counts": _counts(progress.lines),
        "notes": progress.notes,
        "students": [
            {
                "student": line.student,
                "status": line.status,
                "problems": [asdict(problem) for problem in line.problems],
                "failure": line.failure,
                "score": line.score and _score_as_json(line.score),
            }
            for line in sorted(progress.lines, key=lambda line: line.student)
        ],
    }
