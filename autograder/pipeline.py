"""Grade a class: intake, runner, gradebook, for each submission in turn."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.errors import LabError
from autograder.gradebook.state import State
from autograder.intake.submission import Problem, contents
from autograder.runner.figures import Figures
from autograder.runner.job import Settings
from autograder.runner.pool import NotRun, Pool

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from autograder.gradebook.course import Course
    from autograder.gradebook.record import Recorder, Score
    from autograder.runner.job import CodeCell, Cost, Examined

LineStatus = Literal["graded", "unchanged", "not graded", "nothing submitted"]

_TIMESTAMP_BYTES = 100


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
    status: LineStatus
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


def grade(
    root: Path,
    assignment: str,
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
        from autograder.gradebook.record import explain_failure

        course = Course(root, assignment)
        try:
            lines = _grade(course, students, force, settings, watcher, pool)
        except (OSError, OperationalError) as error:
            raise LabError(explain_failure(error)) from None
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
        if pool.one_at_a_time:
            watcher.note(
                "this machine counts the processes of all students together, so submissions are "
                "graded one at a time: see `softmax-lab doctor`."
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
    cells: Mapping[str, tuple[CodeCell, ...]] = field(default_factory=dict)
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
        wanted = [f"{name}.ipynb" for name in self._releases]
        digest = _digest(chain([self._version], contents(folder, wanted)))
        kept = self._state.of(student)
        if not self._force and kept.get("digest") == digest:
            if kept.get("status") == "not graded":  # refused, for what is in the file
                return _Pending(Line(student, "not graded", _problems(kept)), digest)
            if student in self._graded and course.autograded(student).is_dir():
                return _Pending(Line(student, "unchanged", _problems(kept)))
        taken = {
            name: intake.take_in(course.submitted, student, course.assignment, name, release)
            for name, release in self._releases.items()
        }
        problems = [problem for one in taken.values() for problem in one.problems]
        notebooks = {n: one.notebook for n, one in taken.items() if one.notebook is not None}
        if len(notebooks) < len(taken):
            return _Pending(Line(student, "not graded", tuple(problems)), digest)
        timestamp = _timestamp(folder, problems)
        cells = {
            name: self._figures[name].use_known_figures(course.cells_to_run(name, notebook))
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
                name: Graded(pending.notebooks[name], result.outputs, result.marks)
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
        found = [Problem("ended", None, note, done) for note in notes]
        found += [
            Problem("no-mark", cell, f"The test {cell} {why}.", "It earned nothing.")
            for cell, why in score.without_mark.items()
        ]
        costs = tuple(result.cost for result in results.values())
        for name, result in results.items():
            self._figures[name].learn(pending.cells[name], result.outputs)
        return replace(line, problems=(*line.problems, *found), score=score, costs=costs)

    def _kept(self, pending: _Pending, line: Line | None = None) -> Line:
        """Remember what became of a submission; an unchanged one is remembered already."""
        line = line or pending.line
        if line.status != "unchanged":
            self._state.keep(
                line.student,
                {
                    "digest": None if line.failure else pending.digest,
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


def _digest(parts: Iterable[str | bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
