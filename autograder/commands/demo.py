"""`softmax-lab demo`: a small class hands in, is graded and gets its feedback."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import lessons
from autograder.errors import OK, LabError, find_root
from autograder.pipeline import Line, Watcher, grade
from autograder.results.class_report import write_report
from autograder.runner.job import Settings
from autograder.samples import Sample, make, read_samples
from autograder.sandbox.box import layers

if TYPE_CHECKING:
    from autograder.commands import Subparsers
    from autograder.gradebook.reader import StudentMarks

ASSIGNMENT = "softmax"
SAMPLES = Path(str(files(lessons) / ASSIGNMENT / "samples"))
#: A folder without this file is not the demo's, and is left alone.
MARKER = "this-is-the-demo"

_BUILT = ("source", "release")


def add_parser(subparsers: Subparsers) -> None:
    """Add the `demo` subcommand."""
    parser = subparsers.add_parser(
        "demo",
        help="grade a made-up class in demo/",
        description="Make a course in demo/ with sample submissions and grade it. Nothing else "
        "is touched; demo/ is made afresh each time.",
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    root = find_root(Path.cwd())
    samples = read_samples(SAMPLES)
    folder = prepare(root, root / "demo", samples)
    missing = frozenset(layer.name for layer in layers() if not layer.available)
    if missing:
        print(
            f"This machine cannot enforce {', '.join(sorted(missing))} (see `softmax-lab doctor`). "
            "The samples are harmless, so they are graded all the same; a class's would not be."
        )
    print(f"{len(samples)} students hand in: ", end="", flush=True)
    lines, course = grade(folder, ASSIGNMENT, settings=Settings(waived=missing), watcher=_Dots())
    print()
    course.generate_feedback()
    course.export(folder / "grades.csv")
    for row in table(samples, lines, course.marks()):
        print(row)
    page = folder / "feedback" / "carol" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    report = write_report(folder, ASSIGNMENT)
    print(
        f"Open {_short(page)} (a student’s page), {_short(report.page)} (the class) and "
        f"{_short(folder / 'grades.csv')}."
    )
    return OK


class _Dots(Watcher):
    def line(self, line: Line) -> None:
        print(end=".", flush=True)


def _short(path: Path) -> str:
    return os.path.relpath(path)


def table(samples: list[Sample], lines: list[Line], marks: Iterable[StudentMarks]) -> list[str]:
    """Return a line for each student: the points, what was handed in, what intake met."""
    what = {sample.student: sample.what for sample in samples}
    by_student = {one.student: one for one in marks}
    width = max(map(len, what), default=0)
    rows = [f"{'':{width}}  points"]
    for line in lines:
        one = by_student.get(line.student)
        points = f"{one.automatic:g} of {one.max_automatic:g}" if one else "none"
        kinds = sorted({problem.kind for problem in line.problems})
        met = f" ({line.status}: {', '.join(kinds)})" if kinds else ""
        rows.append(f"{line.student:{width}}  {points:8}  {what[line.student]}{met}")
    return rows


def prepare(root: Path, course: Path, samples: list[Sample]) -> Path:
    """Make and return a fresh course directory from the repository's notebooks and samples.

    Raises:
        LabError: the notebooks are not built, or something else is in the way.

    """
    import nbformat

    files = {which: root / which / ASSIGNMENT / f"{ASSIGNMENT}.ipynb" for which in _BUILT}
    for file in files.values():
        if not file.is_file():
            raise LabError(f"{file} is missing: run `softmax-lab build` first.")
    if course.exists():
        if not (course / MARKER).is_file():
            raise LabError(f"{course} is in the way: move it, the demo starts afresh there.")
        shutil.rmtree(course)
    course.mkdir(parents=True)
    (course / MARKER).touch()
    shutil.copy(root / "nbgrader_config.py", course)
    for which in _BUILT:
        shutil.copytree(root / which / ASSIGNMENT, course / which / ASSIGNMENT)
    release, source = (
        nbformat.read(files[which], as_version=4)  # type: ignore[no-untyped-call]
        for which in ("release", "source")
    )
    for sample in samples:
        file = course / "submitted" / sample.student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_bytes(make(sample, release, source))
    return course
