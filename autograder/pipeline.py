"""`softmax-lab grade`: mark what students submitted and record it in nbgrader's gradebook."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.build.notebooks import find_root
from autograder.errors import FAILED, OK, LabError
from autograder.gradebook.state import State
from autograder.intake.submission import MAX_BYTES, Problem
from autograder.runner.figures import Figures
from autograder.runner.pool import NotRun, Pool, Settings
from autograder.sandbox.confine import LAYERS

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from autograder.gradebook.course import Course
    from autograder.gradebook.record import Recorder, Score
    from autograder.runner.job import Cell, Cost, Examined

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
        problems: what intake found, or the runner.
        failure: why it could not be run or recorded, or "".
        score: what the tests gave, if it was graded now.
        costs: what running each notebook took, if it was graded now.

    """

    student: str
    status: Status
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    score: Score | None = None
    costs: tuple[Cost, ...] = ()


class Watcher:
    """Is told how a run goes on; this one keeps quiet."""

    def begin(self, students: int) -> None:
        """There are so many submissions to look at."""

    def line(self, line: Line) -> None:
        """One more is done."""

    def note(self, text: str) -> None:
        """Something the instructor should know."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the `grade` subcommand."""
    parser = subparsers.add_parser(
        "grade",
        help="grade what is in submitted/",
        usage="%(prog)s [options] [ASSIGNMENT]",
        description="Grade submitted/STUDENT/ASSIGNMENT/ and record the marks in gradebook.db. "
        "What is graded and unchanged since is skipped.",
    )
    parser.add_argument("assignment", nargs="?", default="softmax", metavar="ASSIGNMENT")
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


def grade(
    root: Path,
    assignment: str = "softmax",
    students: Iterable[str] | None = None,
    force: bool = False,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    watcher: Watcher = Watcher(),  # noqa: B008 - does nothing
    executor: Executor | None = None,
) -> tuple[list[Line], Course]:
    """Grade an assignment's submissions.

    Args:
        root: the course directory.
        assignment: the assignment's id.
        students: whom to grade; everyone in `submitted/` if None.
        force: whether to grade again what is unchanged.
        settings: how submissions are run.
        watcher: is told of each submission as it is done.
        executor: where submissions are run; processes of this machine if None. Any executor of
            the standard library's kind will do whose processes are not daemonic, such as that of
            a cluster's client. Marks are recorded by the calling process alone.

    Returns:
        A line for each student, sorted by name, and the course.

    Raises:
        LabError: there is nothing to grade, or nothing to grade it with.

    """
    if not hasattr(os, "fork"):
        raise LabError("Windows has no fork, which grading is built on: use WSL 2.")
    with Pool(settings, executor) as pool:  # whose template starts while nbgrader is imported
        from sqlalchemy.exc import OperationalError

        from autograder.gradebook.course import Course
        from autograder.gradebook.record import why_not

        course = Course(root, assignment)
        try:
            lines = _grade(course, students, force, settings, watcher, pool)
        except (OSError, OperationalError) as error:
            raise LabError(why_not(error)) from None
    return sorted(lines, key=lambda line: line.student), course


def _grade(
    course: Course,
    students: Iterable[str] | None,
    force: bool,
    settings: Settings,
    watcher: Watcher,
    pool: Pool,
) -> list[Line]:
    from autograder.intake import rebuild as intake

    assignment = course.assignment
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

    state = State(course.state, assignment)
    with state.locked():
        version = _version(course)
        if not course.is_registered() or state.source() != version:
            state.set_source(None)
            course.register()
            state.set_source(version)
        if not course.release_is_current():
            watcher.note(
                f"release/{assignment} is not what source/{assignment} makes now, so students may "
                "have another version. `softmax-lab build` brings them together."
            )
        watcher.begin(len(chosen))
        lines = []
        files = course.extra_files()
        with course.recorder(files) as recorder:
            run = _Run(course, state, recorder, pool, files, version, force)
            for line in run.lines(chosen, ahead=2 * settings.jobs):
                watcher.line(line)
                lines.append(line)
    return lines


@dataclass
class _Pending:
    """A submission on its way: its line as far as it is known, and what is being run."""

    line: Line
    digest: str = ""
    notebooks: Mapping[str, NotebookNode] = field(default_factory=dict)
    timestamp: str = ""
    cells: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    runs: Mapping[str, Future[Examined]] = field(default_factory=dict)


class _Run:
    """Takes submissions in, has them examined, records their marks."""

    def __init__(
        self,
        course: Course,
        state: State,
        recorder: Recorder,
        pool: Pool,
        files: Path | None,
        version: str,
        force: bool,
    ) -> None:
        self._course, self._state, self._recorder, self._pool = course, state, recorder, pool
        self._files, self._version, self._force = files, version, force
        self._graded = course.graded()
        self._releases = course.released()
        self._figures = {name: Figures() for name in self._releases}

    def lines(self, students: Iterable[str], ahead: int) -> Iterator[Line]:
        """Grade students' submissions; give a line for each as it is done.

        Args:
            students: whom to grade.
            ahead: how many may be under way: enough to keep the pool busy, few enough to keep a
                class of any size out of memory.

        """
        under_way: list[_Pending] = []
        for student in students:
            pending = self._begin(student)
            if not pending.runs:
                yield self._kept(pending)
                continue
            under_way.append(pending)
            while len(under_way) >= ahead:
                yield from self._finish_some(under_way)
        while under_way:
            yield from self._finish_some(under_way)

    def _begin(self, student: str) -> _Pending:
        from autograder.intake import rebuild as intake

        course = self._course
        folder = course.submitted / student / course.assignment
        if not os.path.lexists(folder):
            return _Pending(Line(student, "nothing submitted"))
        digest = _digest([self._version, *_contents(folder)])
        kept = self._state.of(student)
        if (
            not self._force
            and kept.get("digest") == digest
            and student in self._graded
            and course.autograded(student).is_dir()
        ):
            return _Pending(Line(student, "unchanged", _problems(kept)))
        taken = {
            name: intake.take_in(course.submitted, student, course.assignment, name, release)
            for name, release in self._releases.items()
        }
        problems = [problem for one in taken.values() for problem in one.problems]
        notebooks = {n: one.notebook for n, one in taken.items() if one.notebook is not None}
        if len(notebooks) < len(taken):
            return _Pending(Line(student, "not graded", tuple(problems)))
        timestamp = _timestamp(folder, problems)
        cells = {
            name: self._figures[name].spare(course.cells_to_run(name, notebook))
            for name, notebook in notebooks.items()
        }
        runs = {name: self._pool.submit(run, self._files) for name, run in cells.items()}
        line = Line(student, "graded", tuple(problems))
        return _Pending(line, digest, notebooks, timestamp, cells, runs)

    def _finish_some(self, under_way: list[_Pending]) -> Iterator[Line]:
        wait([run for one in under_way for run in one.runs.values()], return_when=FIRST_COMPLETED)
        for pending in under_way[:]:
            if all(run.done() for run in pending.runs.values()):
                under_way.remove(pending)
                yield self._kept(pending, self._finish(pending))

    def _finish(self, pending: _Pending) -> Line:
        from autograder.gradebook.record import Graded, NotRecorded

        line = pending.line
        try:
            results = {name: run.result() for name, run in pending.runs.items()}
            graded = {
                name: Graded(pending.notebooks[name], result.outputs)
                for name, result in results.items()
            }
            self._state.forget(line.student)  # until copies and marks are known to agree
            score = self._recorder.record(
                line.student, graded, pending.timestamp, self._course.autograded(line.student)
            )
        except (NotRecorded, NotRun) as error:
            return replace(line, status="not graded", failure=str(error))
        done = "What was defined by then was marked."
        notes = [note for result in results.values() for note in result.notes]
        ended = tuple(Problem("ended", None, note, done) for note in notes)
        costs = tuple(result.cost for result in results.values())
        for name, result in results.items():
            self._figures[name].learn(pending.cells[name], result.outputs)
        return replace(line, problems=line.problems + ended, score=score, costs=costs)

    def _kept(self, pending: _Pending, line: Line | None = None) -> Line:
        """Remember what became of a submission; an unchanged one is remembered already."""
        line = line or pending.line
        if line.status != "unchanged":
            self._state.keep(
                line.student,
                {
                    "digest": pending.digest if line.status == "graded" else None,
                    "status": line.status,
                    "problems": [asdict(problem) for problem in line.problems],
                    "failure": line.failure,
                },
            )
        return line


def _problems(kept: Mapping[str, Any]) -> tuple[Problem, ...]:
    try:
        return tuple(Problem(**problem) for problem in kept["problems"])
    except (LookupError, TypeError):
        return ()  # written by another version


def _timestamp(folder: Path, problems: list[Problem]) -> str:
    """Return the text of `timestamp.txt` if nbgrader can read it, else ""."""
    from nbgrader.utils import parse_utc

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


def _version(course: Course) -> str:
    """Return a digest of all that a mark depends on besides the submission."""
    package = Path(__file__).parent
    source_folder = course.sources[0].parent
    source = [file for file in sorted(source_folder.rglob("*")) if file.is_file()]
    files = [*source, course.root / "nbgrader_config.py", *sorted(package.rglob("*.py"))]
    names = [os.fsencode(file.relative_to(source_folder)) for file in source]
    return _digest([*names, *(file.read_bytes() for file in files if file.is_file())])


def _contents(folder: Path) -> Iterator[str | bytes]:
    """Give the names and contents of what intake may read of a submission."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield str(error.errno)
        return
    for name in names:
        if name.lower().endswith(".ipynb") or name == "timestamp.txt":
            yield name.encode(errors="surrogateescape")
            file = folder / name
            try:
                if stat.S_ISREG(file.lstat().st_mode):
                    with open(file, "rb") as stream:
                        yield stream.read(MAX_BYTES + 1)
            except OSError as error:
                yield str(error.errno)


def _digest(parts: Iterable[str | bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


# --- What a person reads ------------------------------------------------------------------------


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
                "score": asdict(line.score) if line.score is not None else None,
            }
            for line in sorted(progress.lines, key=lambda line: line.student)
        ],
    }
