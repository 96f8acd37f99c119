"""The examiner: has a submission's cells run in the student process, and marks what they leave.

Test cells run here, with a torch no student's code has touched. Values of the student's arrive as
copies, functions as stand-ins that call over the wire. Nothing of the student's is ever executed.
"""

from __future__ import annotations

import builtins
import os
import re
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch

from autograder.grading.runner.job import Cell, Examined, Outputs
from autograder.grading.runner.shell import Shell
from autograder.grading.runner.values import Refused, pack, unpack
from autograder.grading.runner.wire import Closed, TimedOut, Wire, WireError
from autograder.marking import observe

#: Seconds for one call of a student's function from a test, and for being told what is defined.
CALL_SECONDS = 10.0
#: Seconds between asking a cell to stop and ending its process.
PATIENCE = 3.0


class StudentError(Exception):
    """A student's function raised what is no built-in exception."""


class Student:
    """The examiner's side of the student process.

    Args:
        wire: the connection to it.
        pid: its process.

    """

    def __init__(self, wire: Wire, pid: int) -> None:
        self._wire = wire
        self._pid = pid
        self.ended = ""  # why there is nobody to ask any more

    def ask(self, seconds: float, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises:
            StudentError: there is no answer, or none that can be used.

        """
        if self.ended:
            raise StudentError(self.ended)
        try:
            self._wire.send(request, CALL_SECONDS)
            try:
                answer = self._wire.receive(seconds)
            except TimedOut:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGINT)
                answer = {**self._wire.receive(PATIENCE), "timed out": True}
        except TimedOut:
            self._end("The code did not stop when its time was up, and was ended.")
        except Closed:
            self._end("The code ended its own process (exit, or too much memory).")
        except WireError as error:
            self._end(f"The code wrote to the runner's connection ({error}), and was ended.")
        else:
            return answer
        raise StudentError(self.ended)

    def _end(self, why: str) -> None:
        self.ended = why
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)


class _Remote(observe.RemoteFunction):
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
        self, how: str, arguments: Sequence[Sequence[float]], poisoned: bool = False
    ) -> list[observe.Call]:
        """See `observe.RemoteFunction`."""
        try:
            answer = self._student.ask(
                CALL_SECONDS,
                do="watch",
                how=how,
                function=self._name,
                arguments=[list(one) for one in arguments],
                poisoned=poisoned,
            )
            calls = [observe.call_from_message(one) for one in answer["calls"]]
        except (StudentError, LookupError, TypeError, ValueError, AttributeError):
            calls = []  # nothing that can be used came back
        count = 4 if how == "call_again" else len(arguments)
        return calls[:count] + [observe.DIED] * (count - len(calls))


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
    given: set[str] = set()
    borrowed: set[str] = set()
    outputs: list[Outputs] = []
    for cell in cells:
        if cell.kind != "test":
            from_student = _run(student, cell.source, seconds)
        if cell.kind == "student":
            outputs.append(from_student)
            continue
        borrowed = _borrow(shell, student, given, borrowed)
        before = {name: id(shell.names[name]) for name in shell.user_names()}
        outputs.append(shell.run(cell.source))
        if cell.kind == "given":
            now = {name: id(shell.names[name]) for name in shell.user_names()}
            defined = {name for name, value in now.items() if before.get(name) != value}
            given |= defined
            borrowed -= defined
    return Examined(outputs, [student.ended] if student.ended else [])


def _run(student: Student, source: str, seconds: float) -> Outputs:
    try:
        answer = student.ask(seconds, do="run", source=source)
        outputs = _checked(answer.get("outputs", []))
    except StudentError as error:
        return [_error_output("StudentProcessEnded", str(error))]
    if answer.get("timed out"):
        why = f"the cell was stopped after {seconds:g} seconds"
        outputs.append(_error_output("CellTimeoutError", why))
    return outputs


def _error_output(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def _borrow(shell: Shell, student: Student, given: set[str], borrowed: set[str]) -> set[str]:
    """Bring what the student has defined by now into the examiner's namespace."""

    def stand_in(name: str) -> _Remote:
        return _Remote(student, name)

    try:
        told = student.ask(CALL_SECONDS, do="names").get("names")
    except StudentError:
        return borrowed  # what was there before the process ended still counts
    values = {}
    for name, data in told.items() if isinstance(told, dict) else ():
        # A test that calls abs() means Python's, whatever the student calls by that name.
        if name.isidentifier() and name[0] != "_" and name not in {*given, *dir(builtins)}:
            with suppress(Refused):  # not defined, as far as anyone can tell
                values[name] = unpack(data, stand_in)
    for name in borrowed - set(values):
        shell.names.pop(name, None)
    shell.names.update(values)
    return set(values)


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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_harmless(kind: Any, value: Any) -> bool:
    """Whether a part of a student's display can hold nothing that a grader's browser runs."""
    if not isinstance(value, str):
        return False
    if kind in ("image/png", "image/jpeg"):
        return _BASE64.fullmatch(value) is not None
    return bool(kind == "text/plain")


_BASE64 = re.compile(r"[A-Za-z0-9+/=\n]*")


def serve_examiner(connection: Any, scratch: str, shell: Shell, confine: Any) -> None:
    """Be the examiner of one submission: fork the student process, get the job, send the result.

    The student process is forked before anything secret is in this process's memory.

    Args:
        connection: a `multiprocessing` connection to the parent.
        scratch: the folder the student process may write to.
        shell: the template's shell, which both processes have a copy of.
        confine: confines the student process; called with the descriptor it keeps.

    """
    _adopt_orphans()
    theirs, mine = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _be_the_student(shell, theirs, confine)
    theirs.close()
    try:
        job = connection.recv()
        os.chdir("/")
        cells = [Cell(*cell) for cell in job["cells"]]
        student = Student(Wire(mine), pid)
        ready = student.ask(CALL_SECONDS, do="ready")
        if ready.get("refused"):
            connection.send({"refused": str(ready["refused"])})
            return
        started = time.monotonic()
        result = examine(shell, student, cells, job["seconds"])
        seconds = time.monotonic() - started
        connection.send({"outputs": result.outputs, "notes": result.notes, "seconds": seconds})
    except StudentError as error:
        connection.send({"refused": str(error)})
    finally:
        end_descendants()


def _be_the_student(shell: Shell, end: socket.socket, confine: Any) -> None:
    from autograder.grading.runner.student import serve

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
