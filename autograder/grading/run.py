"""`softmax-lab grade`: mark what students submitted and record it in nbgrader's gradebook."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.grading.build import find_root
from autograder.grading.confine import LAYERS
from autograder.grading.errors import FAILED, OK, LabError
from autograder.grading.runner.pool import NotRun, Pool, Settings

if TYPE_CHECKING:
    from autograder.grading.course import Course, Marks
    from autograder.grading.intake import Intake
    from autograder.grading.runner.job import Examined
    from autograder.grading.submission import Problem

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Status = Literal["graded", "unchanged", "not graded", "nothing submitted"]

_TIMESTAMP_BYTES = 100
_LONGEST = 400  # characters of a line


@dataclass(frozen=True)
class Line:
    """What became of one student's submission.

    Attributes:
        student: the student's id.
        status: whether it was graded; "unchanged" keeps the marks of an earlier run.
        problems: what intake found.
        failure: why it could not be run, or "".

    """

    student: str
    status: Status
    problems: tuple[Problem, ...] = ()
    failure: str = ""


def add_parser(subparsers: Subparsers) -> None:
    """Add the `grade` subcommand."""
    parser = subparsers.add_parser(
        "grade",
        help="grade what is in submitted/",
        description="Grade submitted/STUDENT/ASSIGNMENT/ and record the marks in gradebook.db. "
        "What is graded and unchanged since is skipped.",
    )
    parser.add_argument("assignment", nargs="?", default="softmax", metavar="ASSIGNMENT")
    parser.add_argument("--students", metavar="A,B", help="only these students")
    parser.add_argument("--jobs", type=_positive, metavar="N", help="how many at once")
    parser.add_argument(
        "--timeout", type=_positive, default=30, metavar="S", help="seconds a cell may take (30)"
    )
    for name, what in LAYERS.items():
        parser.add_argument(
            f"--without-{name}",
            dest="waived",
            action="append_const",
            const=name,
            help=f"do not keep students' code from {what}",
        )
    parser.add_argument("--force", action="store_true", help="grade unchanged submissions again")
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the course directory (default: this one)"
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    wanted = None
    if arguments.students is not None:
        wanted = [name.strip() for name in arguments.students.split(",") if name.strip()]
    root = arguments.course or find_root(Path.cwd())
    settings = Settings(
        jobs=arguments.jobs or os.cpu_count() or 1,
        cell_seconds=arguments.timeout,
        waived=frozenset(arguments.waived or ()),
    )
    lines, course = grade(root, arguments.assignment, wanted, arguments.force, settings)
    _summarise(lines, course)
    return FAILED if any(line.status == "not graded" for line in lines) else OK


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def grade(
    root: Path,
    assignment: str = "softmax",
    students: Iterable[str] | None = None,
    force: bool = False,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    say: Callable[[str], None] | None = None,
) -> tuple[list[Line], Course]:
    """Grade an assignment's submissions; each student's line is said as it is known.

    Args:
        root: the course directory.
        assignment: the assignment's id.
        students: whom to grade; everyone in `submitted/` if None.
        force: whether to grade again what is unchanged.
        settings: how submissions are run.
        say: is given each line; prints by default.

    Raises:
        LabError: there is nothing to grade, or nothing to grade it with.

    """
    from autograder.grading import intake
    from autograder.grading.course import Course

    say = say or _print
    course = Course(root, assignment)
    try:
        everyone = intake.students(course.submitted)
    except OSError:
        raise LabError(
            f"there is no folder {course.submitted}: put each student's notebook into "
            f"submitted/STUDENT/{assignment}/{course.sources[0].name}."
        ) from None
    chosen = everyone if students is None else sorted(set(students))
    if unknown := set(chosen) - set(everyone):
        raise LabError(f"nobody in {course.submitted} is called {', '.join(sorted(unknown))}.")

    memory = _Memory(course.state / "state.json")
    version = _version(course)
    if not course.is_registered() or memory.source(assignment) != version:
        memory.set_source(assignment, None)
        course.register()
        memory.set_source(assignment, version)
    if not course.release_is_current():
        say(
            f"Note: release/{assignment} is not what source/{assignment} makes now, so students "
            "may have another version. `softmax-lab build` brings them together."
        )
    graded = {marks.student: marks for marks in course.marks()}
    releases = course.released()
    lines = []
    with Pool(settings) as pool:
        # Only so many are taken in ahead of the marking that the runner never waits.
        waiting: deque[_Pending] = deque()
        for student in [*chosen, *[None] * (2 * settings.jobs)]:
            if student is not None:
                taken = {
                    name: intake.take_in(course.submitted, student, assignment, name, release)
                    for name, release in releases.items()
                }
                again = force or student not in graded
                waiting.append(_begin(course, student, taken, memory, version, again, pool))
            if len(waiting) < 2 * settings.jobs and student is not None:
                continue
            if waiting:
                line = _finish(course, waiting.popleft(), memory)
                lines.append(line)
                memory.set_problems(assignment, line.student, line.problems)
                known = line.status == "graded"
                marks = course.marks_of(line.student) if known else graded.get(line.student)
                for text in _describe(line, marks):
                    say(text)
    return lines, course


@dataclass
class _Pending:
    """A submission on its way: its line as far as it is known, and what is being run."""

    line: Line
    digest: str = ""
    taken: Mapping[str, Intake] = field(default_factory=dict)
    timestamp: str = ""
    runs: Mapping[str, Future[Examined]] = field(default_factory=dict)


def _begin(
    course: Course,
    student: str,
    taken: Mapping[str, Intake],
    memory: _Memory,
    version: str,
    force: bool,
    pool: Pool,
) -> _Pending:
    problems = [problem for one in taken.values() for problem in one.problems]
    if not os.path.lexists(course.submitted / student / course.assignment):
        return _Pending(Line(student, "nothing submitted"))
    if any(one.notebook is None for one in taken.values()):
        return _Pending(Line(student, "not graded", tuple(problems)))
    timestamp = _timestamp(course.submitted / student / course.assignment, problems)
    digest = _digest([version, timestamp, *(one.path.read_bytes() for one in taken.values())])
    current = memory.digest(course.assignment, student) == digest
    if current and not force and course.autograded(student).is_dir():
        return _Pending(Line(student, "unchanged", tuple(problems)))
    runs = {
        name: pool.submit(course.cells_to_run(name, one.notebook))
        for name, one in taken.items()
        if one.notebook is not None
    }
    return _Pending(Line(student, "graded", tuple(problems)), digest, taken, timestamp, runs)


def _finish(course: Course, pending: _Pending, memory: _Memory) -> Line:
    from autograder.grading.course import GradingError
    from autograder.grading.submission import Problem

    line = pending.line
    if not pending.runs:
        return line
    try:
        results = {name: run.result() for name, run in pending.runs.items()}
        _stage(course.rebuilt(line.student), pending.taken, pending.timestamp)
        outputs = {name: result.outputs for name, result in results.items()}
        course.record(line.student, outputs)
    except (GradingError, NotRun) as error:
        return replace(line, status="not graded", failure=str(error))
    memory.set_digest(course.assignment, line.student, pending.digest)
    done = "What was defined by then was marked."
    ended = [Problem("ended", None, note, done) for one in results.values() for note in one.notes]
    return replace(line, problems=(*line.problems, *ended))


def _stage(folder: Path, taken: Mapping[str, Intake], timestamp: str) -> None:
    """Write the rebuilt notebooks where nbgrader looks for them."""
    import nbformat

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, one in taken.items():
        nbformat.write(one.notebook, folder / f"{name}.ipynb")  # type: ignore[no-untyped-call]
    if timestamp:
        (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")


def _timestamp(folder: Path, problems: list[Problem]) -> str:
    """Return the text of `timestamp.txt` if nbgrader can read it, else ""."""
    from nbgrader.utils import parse_utc

    from autograder.grading.submission import Problem

    file = folder / "timestamp.txt"
    if not os.path.lexists(file):
        return ""
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > _TIMESTAMP_BYTES:
            raise ValueError("no plain small file")
        text = file.read_text(encoding="utf-8").strip()
        parse_utc(text)
    except (OSError, ValueError, OverflowError):
        what, done = "timestamp.txt is not a date.", "The submission counts as undated."
        problems.append(Problem("timestamp", None, what, done))
        return ""
    return text


# --- What a person reads ------------------------------------------------------------------------


def _print(text: str) -> None:
    print(text, flush=True)


def _describe(line: Line, marks: Marks | None) -> list[str]:
    head = f"{_printable(line.student)}: {line.status}"
    if line.status in ("graded", "unchanged"):
        head += _score(marks)
    texts = [] if line.status == "unchanged" else [*map(str, line.problems), line.failure]
    return [f"{head}.", *(f"    {_printable(text)}" for text in texts if text)]


def _printable(text: str) -> str:
    """Return text a student may have chosen, without what would upset a terminal."""
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in text)


def _score(marks: Marks | None) -> str:
    if marks is None:
        return ""
    text = f", {marks.automatic:g} of {marks.max_automatic:g} automatic points"
    if marks.waiting:
        text += f", {marks.waiting} {'answer' if marks.waiting == 1 else 'answers'} to mark by hand"
    return text


def _summarise(lines: list[Line], course: Course) -> None:
    graded = [line for line in lines if line.status == "graded"]
    counts = {
        "graded": len(graded),
        "of them repaired": sum(bool(line.problems) for line in graded),
        "unchanged": sum(line.status == "unchanged" for line in lines),
        "not graded": sum(line.status == "not graded" for line in lines),
        "without a submission": sum(line.status == "nothing submitted" for line in lines),
    }
    print()
    print(", ".join(f"{n} {what}" for what, n in counts.items() if n or what == "graded") + ".")
    if counts["not graded"]:
        print("No mark was recorded for those not graded; earlier marks and copies are untouched.")
    if any(marks.waiting for marks in course.marks()):
        print("Mark the written answers: `jupyter lab`, then Nbgrader > Formgrader.")
    print(f"Then: `nbgrader generate_feedback {course.assignment}` and `nbgrader export`.")


# --- What is remembered between runs ------------------------------------------------------------


class _Memory:
    """What was graded from what, in a small JSON file; losing it only costs time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._problems_file = file.with_name("intake.json")
        self._data = _load(file)

    def source(self, assignment: str) -> str | None:
        found: str | None = self._part("sources").get(assignment)
        return found

    def set_source(self, assignment: str, version: str | None) -> None:
        self._part("sources")[assignment] = version
        _save(self._file, self._data)

    def digest(self, assignment: str, student: str) -> str | None:
        found: str | None = self._part(f"graded {assignment}").get(student)
        return found

    def set_digest(self, assignment: str, student: str, digest: str) -> None:
        self._part(f"graded {assignment}")[student] = digest
        _save(self._file, self._data)

    def set_problems(self, assignment: str, student: str, problems: tuple[Problem, ...]) -> None:
        data = _load(self._problems_file)
        data.setdefault(assignment, {})[student] = [asdict(problem) for problem in problems]
        _save(self._problems_file, data)

    def _part(self, name: str) -> dict[str, Any]:
        part: dict[str, Any] = self._data.setdefault(name, {})
        return part


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _save(file: Path, data: dict[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(new, file)


def _version(course: Course) -> str:
    """Return a digest of all that a mark depends on besides the submission."""
    package = Path(__file__).parents[1]
    files = [*course.sources, course.root / "nbgrader_config.py", *sorted(package.rglob("*.py"))]
    return _digest([file.read_bytes() for file in files if file.is_file()])


def _digest(parts: Iterable[str | bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
