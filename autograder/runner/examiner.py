"""The examiner: has a submission's cells run in the student process, and marks what they leave.

Test cells run here, with a torch no student's code has touched. Values of the student's arrive as
copies, functions as stand-ins that call over the wire. Nothing of the student's is ever executed.
"""

from __future__ import annotations

import builtins
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import autograder
from autograder.errors import LabError
from autograder.marking.child import Unable
from autograder.marking.observer import HERE
from autograder.runner.guard import Guard
from autograder.runner.job import CodeCell, Cost, Examined, Job, MarkOfTest, Outputs
from autograder.runner.packing import Refused, unpack
from autograder.runner.remote import (
    SURE_SECONDS,
    OutOfTime,
    StudentError,
    StudentFunction,
    StudentProcess,
)
from autograder.runner.screening import MAX_OUTPUTS, Room, error_output, screened
from autograder.runner.shell import RanTest, Shell
from autograder.runner.student import serve
from autograder.runner.wire import Wire
from autograder.sandbox.box import Limits, confine
from autograder.sandbox.limits import own_memory_limited

if TYPE_CHECKING:
    from autograder.marking.report import Report

#: What the examiner may allocate for one submission, in bytes: values of the student's are copies.
_MEMORY = 2 << 30
_VMSTAT = "/proc/vmstat"


def _run_cells(
    shell: Shell, student: StudentProcess, cells: Sequence[CodeCell], seconds: float
) -> Examined:
    """Run a submission's cells in their processes.

    Args:
        shell: this process's shell, for given cells and tests.
        student: the student process.
        cells: the code cells, in order.
        seconds: how long one cell may take.

    """
    grader = _Grader()
    autograder.grade = grader.grade
    namespace = _Namespace(shell, student)
    outputs: list[Outputs] = []
    marks: list[MarkOfTest | None] = []
    room = Room(MAX_OUTPUTS)
    in_cells = in_tests = 0.0
    for cell in cells:
        mark = None
        started = between = time.monotonic()
        if cell.shows is not None:
            shown = cell.shows
        elif cell.kind == "test":
            grader.reports.clear()
            shown, ran = namespace.test(cell.source)
            mark = grader.mark_of(ran)
        else:
            shown = _run(student, cell, seconds)
            between = time.monotonic()
            shown = room.fill(shown) if cell.kind == "student" else namespace.run(cell.source)
        outputs.append(shown)
        marks.append(mark)
        in_cells += between - started
        in_tests += time.monotonic() - between
    late = "The time for all its cells was up, and the rest was not run." if student.late else ""
    notes = [note for note in (student.ended, late) if note]
    return Examined(outputs, marks, notes, Cost(cells=in_cells, tests=in_tests))


class _Grader:
    """Is `autograder.grade` for a test cell: no student's code runs here, only stand-ins do."""

    def __init__(self) -> None:
        self.reports: list[Report] = []  # of the test cell that runs

    def grade(self, exercise: str, answer: object) -> Report:
        from autograder.marker import mark  # holds the tests' cases: not before the fork

        report = mark(exercise, answer, HERE)
        self.reports.append(report)
        return report

    def mark_of(self, ran: RanTest) -> MarkOfTest:
        """Return what the cell gave: the one report there is, or nbgrader's rules without one.

        Raises:
            Unable: a report says that the marking could not look.

        """
        for report in self.reports:
            if report.fault:
                raise Unable(report.fault)
        if not ran.passed:
            return MarkOfTest(0.0)
        if self.reports:
            (*others, report) = self.reports
            if others or ran.value is not report:
                return MarkOfTest(0.0, "does not end with the one report that it made")
            return MarkOfTest(float(report.points))
        if ran.value is None:
            return MarkOfTest(None)
        if type(ran.value) not in (int, float):
            return MarkOfTest(0.0, "ends with a value that is no number")
        return MarkOfTest(float(cast(float, ran.value)))


class _Namespace:
    """The examiner's namespace: what the lesson's own cells define, and copies of the student's."""

    def __init__(self, shell: Shell, student: StudentProcess) -> None:
        self._shell, self._student = shell, student
        self._given: set[str] = set()
        self._borrowed: set[str] = set()

    def run(self, source: str) -> Outputs:
        """Run one of the lesson's given cells here, with the student's names as they are by now."""
        if self._student.may_differ:
            self._borrow()
        before = {name: id(self._shell.names[name]) for name in self._shell.user_names()}
        outputs = self._shell.run(source)
        now = {name: id(self._shell.names[name]) for name in self._shell.user_names()}
        defined = {name for name, value in now.items() if before.get(name) != value}
        self._given |= defined
        self._borrowed -= defined
        return outputs

    def test(self, source: str) -> tuple[Outputs, RanTest]:
        """Run a test cell here, with the student's names as they are by now."""
        if self._student.may_differ:
            self._borrow()
        return self._shell.run_test(source)

    def _borrow(self) -> None:
        try:
            told = self._student.ask(SURE_SECONDS, do="names", given=sorted(self._given))
        except StudentError:
            return  # what was there before the process ended still counts
        self._student.may_differ = False
        changed, gone = told.get("changed"), told.get("gone")
        for name in gone if isinstance(gone, list) else ():
            self._forget(name)
        for name, data in changed.items() if isinstance(changed, dict) else ():
            # A test that calls abs() means Python's, whatever the student calls by that name.
            if not name.isidentifier() or name[0] == "_" or name in {*self._given, *_BUILTINS}:
                continue
            try:
                self._shell.names[name] = unpack(data, partial(StudentFunction, self._student))
            except Refused:  # not defined, as far as anyone can tell
                self._forget(name)
            else:
                self._borrowed.add(name)

    def _forget(self, name: Any) -> None:
        if isinstance(name, str) and name in self._borrowed:
            self._borrowed.remove(name)
            self._shell.names.pop(name, None)


_BUILTINS = frozenset(dir(builtins))


def _run(student: StudentProcess, cell: CodeCell, seconds: float) -> Outputs:
    """Run a cell in the student process; what the lesson's cells draw, the examiner shows."""
    try:
        answer = student.ask(seconds, do="run", source=cell.source, draws=cell.kind == "student")
        outputs = screened(answer.get("outputs", []))
    except OutOfTime as error:
        return [error_output("SubmissionTimeoutError", str(error))]
    except StudentError as error:
        return [error_output("StudentProcessEnded", str(error))]
    if answer.get("timed out"):
        why = f"the cell was stopped after {seconds:g} seconds"
        outputs.append(error_output("CellTimeoutError", why))
    return outputs


def serve_examiner(
    connection: Any, shell: Shell, folder: Path, limits: Limits, waived: Collection[str]
) -> None:
    """Be the examiner of one submission: fork the student process, get the job, send the result.

    The student process is forked before anything secret is in this process's memory.

    Args:
        connection: a `multiprocessing` connection to the parent, which sends a `Job`, and is sent
            first the student's process group, then an `Examined`, a `LabError` that ends the run,
            or an `Unable`, after which another try may do.
        shell: the template's shell, which both processes have a copy of.
        folder: has `student`, which the student process may write to, and `lesson`, where the
            lesson's cells run.
        limits: what the student process may use.
        waived: layers of the box to do without.

    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    _adopt_orphans()
    scratch, lesson = folder / "student", folder / "lesson"
    theirs, mine = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _be_the_student(shell, Wire(theirs), scratch, limits, waived)
    theirs.close()
    signal.signal(signal.SIGTERM, _end_all)
    try:
        _tell(connection, pid)
        job: Job = connection.recv()
        os.chdir(lesson)
        sys.path.append(str(lesson))  # modules that the instructor put beside the notebook
        started, killed = time.monotonic(), _killed_for_memory()
        student = StudentProcess(Wire(mine), pid, job.settings.submission_seconds, limits.processes)
        Guard(pid, scratch, limits, student.end).start()
        try:
            ready = student.ask(SURE_SECONDS, do="ready")
        except StudentError:
            raise Unable("Its process did not start.") from None
        if ready.get("refused"):
            _tell(connection, LabError(str(ready["refused"])))
            return
        confined = time.monotonic()
        with own_memory_limited(_MEMORY):
            examined = _run_cells(shell, student, job.cells, job.settings.cell_seconds)
        if _killed_for_memory() != killed:  # who knows which process, and what it would have told
            raise Unable("The machine ran out of memory meanwhile, and ended a process.")
        memory = _private_memory(os.getpid(), pid) if job.settings.measure else 0
        end_descendants()  # their CPU time counts, and is known when they have ended
        cost = replace(examined.cost, confine=confined - started, cpu=_cpu_seconds(), memory=memory)
        _tell(connection, replace(examined, cost=cost))
    except Unable as error:
        _tell(connection, error)
    except MemoryError:
        _tell(connection, Unable("Its values took more memory than the examiner may use."))
    except Exception as error:  # a fault of ours, or a machine's
        why = f"{type(error).__name__}: {error}"[:300]
        _tell(connection, Unable(f"The examiner itself failed ({why})."))
    finally:
        end_descendants()


def _tell(connection: Any, what: object) -> None:
    """Send to the parent, if it still listens: what was given up meanwhile is asked elsewhere."""
    with suppress(ConnectionError):
        connection.send(what)


def _end_all(*signal: Any) -> None:
    end_descendants()
    os._exit(1)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _killed_for_memory() -> int:
    """Return how many processes this machine has ended since it was started, for want of memory."""
    with open(_VMSTAT) as file:
        counts = dict(line.split() for line in file)
    return int(counts.get("oom_kill", 0))


def _private_memory(*pids: int) -> int:
    """Return how many bytes of these processes no other process shares."""
    kilobytes = 0
    for pid in pids:
        with suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
            lines = (line.split() for line in file)
            kilobytes += sum(int(line[1]) for line in lines if line[0].startswith("Private_"))
    return 1024 * kilobytes


def _be_the_student(
    shell: Shell, wire: Wire, scratch: Path, limits: Limits, waived: Collection[str]
) -> None:
    refused = ""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what the cells print, the shell catches
        os.dup2(nothing, stream)
    try:
        try:
            confine(scratch, (), limits, waived, keep=(wire.fileno(),))
        except Exception as error:  # told to the parent, which stops the run
            refused = str(error) or type(error).__name__
        wire.receive()
        wire.send({"refused": refused})
        if not refused:
            serve(shell, wire)
    finally:
        os._exit(0)


def _adopt_orphans() -> None:
    """Become the parent of what the student process leaves behind, so that it can be ended."""
    import ctypes

    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("cannot become a subreaper")


def end_descendants() -> None:
    """End every process below this one; what is orphaned by that comes to us, and is ended too."""
    me = os.getpid()
    while True:
        with open(f"/proc/{me}/task/{me}/children") as file:
            children = [int(pid) for pid in file.read().split()]
        if not children:
            return
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
