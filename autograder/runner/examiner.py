"""The examiner: has a submission's cells run in the student process, and marks what they leave.

Test cells run here, with a torch no student's code has touched. Values of the student's arrive as
copies, functions as stand-ins that call over the wire. Nothing of the student's is ever executed.
"""

from __future__ import annotations

import builtins
import json
import os
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

import autograder
from autograder.marking.library import Library
from autograder.marking.observation import Call, Observation, RemoteFunction
from autograder.marking.observer import HERE
from autograder.runner.guard import Guard
from autograder.runner.job import Cell, Cost, Examined, Outputs
from autograder.runner.packing import Refused, pack, unpack
from autograder.runner.shell import Shell
from autograder.runner.wire import Closed, TimedOut, Wire, WireError
from autograder.sandbox.confine import Limits

if TYPE_CHECKING:
    from autograder.marking.report import Report

#: Seconds for one call of a student's function from a test, and for being told what is defined.
CALL_SECONDS = 10.0
#: Seconds between asking a cell to stop and ending its process.
PATIENCE = 3.0
#: The most characters that the outputs of all of a student's cells may have together: a thousand
#: cells may each show as much as one may.
MAX_OUTPUTS = 10_000_000


class StudentError(Exception):
    """A student's function raised what is no built-in exception."""


class Student:
    """The examiner's side of the student process.

    Args:
        wire: the connection to it.
        pid: its process, which leads a group of its own.
        seconds: how long it may take for all its cells, and again for all calls by tests.

    """

    def __init__(self, wire: Wire, pid: int, seconds: float) -> None:
        self._wire = wire
        self._pid = pid
        self._left = {"run": seconds, "call": seconds}
        self.late = False  # whether a cell was not run because the time for all was up
        self.ended = ""  # why there is nobody to ask any more
        self.may_differ = True  # whether anything ran there since its names were asked for

    def ask(self, seconds: float, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises:
            StudentError: there is no answer, or none that can be used.

        """
        if self.ended:
            raise StudentError(self.ended)
        self.may_differ = True
        budget = "run" if request["do"] == "run" else "call"
        if self._left[budget] <= 0:
            if budget == "call":
                self.end("Calls of its functions took too long in all, and the code was ended")
                raise StudentError(self.ended)
            self.late = True
            raise OutOfTime("the time for all cells together was up; this one was not run")
        started = time.monotonic()
        try:
            return self._ask(min(seconds, self._left[budget]), request)
        finally:
            self._left[budget] -= time.monotonic() - started

    def _ask(self, seconds: float, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._wire.send(request, CALL_SECONDS)
            try:
                answer = self._wire.receive(seconds)
            except TimedOut:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGINT)
                answer = {**self._wire.receive(PATIENCE), "timed out": True}
        except TimedOut:
            self.end("The code did not stop when its time was up, and was ended")
        except Closed:
            self.end("The code ended its own process (exit, or too much memory)")
        except WireError as error:
            self.end(f"The code wrote to the runner's connection ({error}), and was ended")
        else:
            return answer
        raise StudentError(self.ended)

    def end(self, why: str) -> None:
        """End it; the first reason is the one that is told."""
        self.ended = self.ended or f"{why}."
        for kill in (os.kill, os.killpg):
            with suppress(ProcessLookupError, PermissionError):
                kill(self._pid, signal.SIGKILL)


class OutOfTime(StudentError):
    """The time for all cells of a submission is up; what is defined can still be asked for."""


class _Remote(RemoteFunction):
    """A stand-in for a function of the student's."""

    def __init__(self, student: Student, name: str) -> None:
        self._student, self._name = student, name
        self.text = "empty" if name.endswith("-empty") else ""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        packed = [pack(one, _nameless) for one in arguments]
        answer = self._student.ask(
            CALL_SECONDS,
            do="call",
            function=self._name,
            arguments=packed,
            keywords={key: pack(one, _nameless) for key, one in keywords.items()},
        )
        if "value" not in answer:
            raise _error(answer)
        try:
            value = unpack(answer["value"], self._make)
            after = [unpack(one, self._make) for one in answer["arguments"]]
        except (Refused, KeyError, TypeError):
            raise StudentError("the function's answer could not be read") from None
        for mine, theirs in zip(arguments, after, strict=False):
            _write_back(mine, theirs)
        return value

    def _make(self, name: str) -> _Remote:
        return _Remote(self._student, name)

    def watched(
        self,
        arguments: Sequence[Sequence[float]],
        reused: Sequence[Sequence[float]],
        nudged: bool,
        library: Library | None,
    ) -> list[Call]:
        """See `RemoteFunction`."""
        try:
            answer = self._student.ask(
                CALL_SECONDS,
                do="watch",
                function=self._name,
                arguments=[list(one) for one in arguments],
                reused=[list(one) for one in reused],
                nudged=nudged,
                library=library and library.to_message(),
            )
            calls = [Call.from_message(one) for one in answer["calls"]]
        except (
            StudentError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):
            calls = []  # nothing that can be used came back
        count = len(arguments) + len(reused)
        return calls[:count] + [Call(Observation("died"))] * (count - len(calls))


def _nameless(function: Any) -> None:
    """Tests hand values to students' functions, not functions."""


def _error(answer: dict[str, Any]) -> Exception:
    if answer.get("timed out"):
        return TimeoutError("the function did not return in time")
    name, text = str(answer.get("raised", "no answer"))[:100], str(answer.get("text", ""))[:2000]
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        with suppress(TypeError):  # some need more arguments than a text
            return known(text)
    return StudentError(f"{name}: {text}")


def _write_back(mine: Any, theirs: Any) -> None:
    """Do to a test's own tensor what the student's function did to its copy."""
    if type(mine) is torch.Tensor and type(theirs) is torch.Tensor:
        same = mine.shape == theirs.shape and mine.dtype == theirs.dtype
        if same and not torch.equal(mine.nan_to_num(), theirs.nan_to_num()):
            with torch.no_grad():
                mine.copy_(theirs)


def examine(shell: Shell, student: Student, cells: Sequence[Cell], seconds: float) -> Examined:
    """Run a submission's cells in their processes.

    Args:
        shell: this process's shell, for given cells and tests.
        student: the student process.
        cells: the code cells, in order.
        seconds: how long one cell may take.

    """
    autograder.grade = _grade
    lesson = _Lesson(shell, student)
    outputs: list[Outputs] = []
    space = _Space(MAX_OUTPUTS)
    in_cells = in_tests = 0.0
    for cell in cells:
        if cell.shows is not None:
            outputs.append(cell.shows)
            continue
        started = time.monotonic()
        if cell.kind != "test":
            from_student = _run(student, cell, seconds)
        between = time.monotonic()
        outputs.append(space.fill(from_student) if cell.kind == "student" else lesson.run(cell))
        in_cells += between - started
        in_tests += time.monotonic() - between
    late = "The time for all its cells was up, and the rest was not run." if student.late else ""
    notes = [note for note in (student.ended, late) if note]
    return Examined(outputs, notes, Cost(cells=in_cells, tests=in_tests))


def _grade(exercise: str, answer: object) -> Report:
    """Be `autograder.grade` here, where no student's code runs: functions are stand-ins."""
    from autograder.marker import mark  # holds the tests' cases: not before the fork

    return mark(exercise, answer, HERE)


class _Lesson:
    """The examiner's namespace: what the lesson's own cells define, and copies of the student's."""

    def __init__(self, shell: Shell, student: Student) -> None:
        self._shell, self._student = shell, student
        self._given: set[str] = set()
        self._borrowed: set[str] = set()

    def run(self, cell: Cell) -> Outputs:
        """Run one of the lesson's cells here, with the student's names as they are by now."""
        if self._student.may_differ:
            self._borrow()
        before = {name: id(self._shell.names[name]) for name in self._shell.user_names()}
        outputs = self._shell.run(cell.source)
        if cell.kind == "given":
            now = {name: id(self._shell.names[name]) for name in self._shell.user_names()}
            defined = {name for name, value in now.items() if before.get(name) != value}
            self._given |= defined
            self._borrowed -= defined
        return outputs

    def _borrow(self) -> None:
        try:
            told = self._student.ask(CALL_SECONDS, do="names", given=sorted(self._given))
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
                self._shell.names[name] = unpack(data, partial(_Remote, self._student))
            except Refused:  # not defined, as far as anyone can tell
                self._forget(name)
            else:
                self._borrowed.add(name)

    def _forget(self, name: Any) -> None:
        if isinstance(name, str) and name in self._borrowed:
            self._borrowed.remove(name)
            self._shell.names.pop(name, None)


_BUILTINS = frozenset(dir(builtins))


def _run(student: Student, cell: Cell, seconds: float) -> Outputs:
    """Run a cell in the student process; what the lesson's cells draw, the examiner shows."""
    try:
        answer = student.ask(seconds, do="run", source=cell.source, draws=cell.kind == "student")
        outputs = _checked(answer.get("outputs", []))
    except OutOfTime as error:
        return [_error_output("SubmissionTimeoutError", str(error))]
    except StudentError as error:
        return [_error_output("StudentProcessEnded", str(error))]
    if answer.get("timed out"):
        why = f"the cell was stopped after {seconds:g} seconds"
        outputs.append(_error_output("CellTimeoutError", why))
    return outputs


def _error_output(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def _checked(outputs: Any) -> Outputs:
    """Return outputs that came over the wire, as far as they are any."""
    checked: Outputs = []
    for one in outputs if isinstance(outputs, list) else ():
        if not isinstance(one, dict):
            continue
        what = one.get("output_type")
        if what == "stream":
            name = "stderr" if one.get("name") == "stderr" else "stdout"
            checked.append({"output_type": what, "name": name, "text": _text(one.get("text"))})
        elif what == "error":
            lines = one.get("traceback")
            checked.append(
                {
                    "output_type": what,
                    "ename": _text(one.get("ename")),
                    "evalue": _text(one.get("evalue")),
                    "traceback": [_text(x) for x in lines] if isinstance(lines, list) else [],
                }
            )
        elif what in ("display_data", "execute_result") and isinstance(one.get("data"), dict):
            kept = {k: v for k, v in one["data"].items() if _is_harmless(k, v)}
            more = {"execution_count": None} if what == "execute_result" else {}
            checked.append({"output_type": what, "data": kept, "metadata": {}, **more})
    return checked


class _Space:
    """How much a submission's cells may still show."""

    def __init__(self, left: int) -> None:
        self._left = left

    def fill(self, outputs: Outputs) -> Outputs:
        """Return the outputs as far as there is room for them, and say where one is missing."""
        for index, one in enumerate(outputs):
            self._left -= len(json.dumps(one))
            if self._left < 0:
                text = "[the outputs of all cells together are too long: the rest was left out]\n"
                left_out = {"output_type": "stream", "name": "stdout", "text": text}
                return [*outputs[:index], left_out]
        return outputs


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_harmless(kind: Any, value: Any) -> bool:
    """Whether a part of a student's display can hold nothing that a grader's browser runs."""
    if not isinstance(value, str):
        return False
    if kind in ("image/png", "image/jpeg"):
        return _BASE64.fullmatch(value) is not None
    return kind in ("text/plain", "text/latex")


_BASE64 = re.compile(r"[A-Za-z0-9+/=\n]*")


def serve_examiner(
    connection: Any, scratch: str, limits: Limits, shell: Shell, confine: Any
) -> None:
    """Be the examiner of one submission: fork the student process, get the job, send the result.

    The student process is forked before anything secret is in this process's memory.

    Args:
        connection: a `multiprocessing` connection to the parent, which sends the job as a
            dictionary, and is sent first the student's process group, then the result.
        scratch: the folder the student process may write to.
        limits: what the student process may use.
        shell: the template's shell, which both processes have a copy of.
        confine: confines the student process; called with the descriptor it keeps.

    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    _adopt_orphans()
    theirs, mine = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _be_the_student(shell, theirs, confine)
    theirs.close()
    signal.signal(signal.SIGTERM, _end_all)
    try:
        connection.send(pid)
        job = connection.recv()
        os.chdir(job["folder"])
        sys.path.append(job["folder"])  # modules that the instructor put beside the notebook
        started = time.monotonic()
        student = Student(Wire(mine), pid, job["submission_seconds"])
        Guard(pid, scratch, limits, student.end).start()
        ready = student.ask(CALL_SECONDS, do="ready")
        if ready.get("refused"):
            connection.send({"refused": str(ready["refused"])})
            return
        confined = time.monotonic()
        result = examine(shell, student, job["cells"], job["cell_seconds"])
        memory = _private_memory(os.getpid(), pid) if job["measure"] else 0
        end_descendants()  # their CPU time counts, and is known when they have ended
        cost = replace(result.cost, confine=confined - started, cpu=_cpu_seconds(), memory=memory)
        connection.send({"outputs": result.outputs, "notes": result.notes, "cost": cost})
    except StudentError as error:
        connection.send({"refused": str(error)})
    finally:
        end_descendants()


def _end_all(*signal: Any) -> None:
    end_descendants()
    os._exit(1)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _private_memory(*pids: int) -> int:
    """Return how many bytes of these processes no other process shares."""
    kilobytes = 0
    for pid in pids:
        with suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
            lines = (line.split() for line in file)
            kilobytes += sum(int(line[1]) for line in lines if line[0].startswith("Private_"))
    return 1024 * kilobytes


def _be_the_student(shell: Shell, end: socket.socket, confine: Any) -> None:
    from autograder.runner.student import serve

    wire = Wire(end)
    refused = ""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what the cells print, the shell catches
        os.dup2(nothing, stream)
    try:
        try:
            confine(wire.fileno())
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
