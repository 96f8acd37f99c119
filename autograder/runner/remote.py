"""The examiner's side of the student process: has it run cells and call functions, and waits.

Whatever comes back is unknown: an answer, nonsense or nothing.
"""

from __future__ import annotations

import builtins
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch

from autograder.marking.child import ALL_SECONDS, Unable
from autograder.marking.library import LibraryNames
from autograder.marking.observation import Call, Observation, RemoteFunction, readable
from autograder.runner.guard import count_tasks, family
from autograder.runner.packing import Refused, pack, unpack
from autograder.runner.patience import Patience
from autograder.runner.wire import Closed, TimedOut, Wire, WireError

#: Seconds, as all that follow, for one call of a student's function from a test. See `patience`.
CALL_SECONDS = 10.0
#: For calls in a child, which has limits of its own.
WATCH_SECONDS = 2 * ALL_SECONDS
#: For what runs no code of a student's, unless it makes it.
SURE_SECONDS = 60.0
#: Seconds between asking a cell to stop and ending its process.
PATIENCE = 3.0


class StudentError(Exception):
    """A student's function raised what is no built-in exception."""


class StudentProcess:
    """The examiner's side of the student process.

    Args:
        wire: the connection to it.
        pid: its process, which leads a group of its own.
        seconds: how long it may take for all its cells, and again for all calls by tests.
        processes: how many it may have at once.

    """

    def __init__(self, wire: Wire, pid: int, seconds: float, processes: int) -> None:
        self._wire = wire
        self._pid = pid
        self._processes = processes
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
        patience = self._patience(min(seconds, self._left[budget]))
        try:
            return self._ask(patience, request)
        finally:
            self._left[budget] -= patience.spent

    def _patience(self, seconds: float) -> Patience:
        return Patience(seconds, lambda: family(self._pid))

    def _ask(self, patience: Patience, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._wire.send(request, CALL_SECONDS)
            try:
                answer = self._wire.receive(patience.is_over)
            except TimedOut:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGINT)
                last = self._patience(PATIENCE)
                answer = {**self._wire.receive(last.is_over), "timed out": True}
        except TimedOut:
            self.end("The code did not stop when its time was up, and was ended")
        except Closed:
            self.end("The code ended its own process (exit, or too much memory)")
        except WireError as error:
            self.end(f"The code wrote to the runner's connection ({error}), and was ended")
        else:
            return answer
        raise StudentError(self.ended)

    def explain_inability(self, why: str) -> None:
        """Find out why it could start no process; end it where it has too many of its own.

        Raises:
            Unable: it has not, so the machine has.

        """
        if count_tasks(family(self._pid)) < self._processes // 2:
            raise Unable(why)
        self.end("The code had so many processes and threads that there was none left to test it")

    def end(self, why: str) -> None:
        """End it; the first reason is the one that is told."""
        self.ended = self.ended or f"{why}."
        for kill in (os.kill, os.killpg):
            with suppress(ProcessLookupError, PermissionError):
                kill(self._pid, signal.SIGKILL)


class OutOfTime(StudentError):
    """The time for all cells of a submission is up; what is defined can still be asked for."""


class StudentFunction(RemoteFunction):
    """A stand-in for a function of the student's."""

    def __init__(self, student: StudentProcess, name: str) -> None:
        self._student, self._name = student, name
        self.text = "empty" if name.endswith("-empty") else ""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it, and do to a test's tensors what it does to its copies of them.

        Raises:
            StudentError: nothing that can be used came back.
            Exception: whatever it raised, if that is one of Python's own.

        """
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

    def _make(self, name: str) -> StudentFunction:
        return StudentFunction(self._student, name)

    def watched(
        self,
        arguments: Sequence[Sequence[float]],
        reused: Sequence[Sequence[float]],
        watched: Sequence[Sequence[float]],
        library: LibraryNames | None,
    ) -> list[Call]:
        """See `RemoteFunction`.

        Raises:
            Unable: the machine had no room for the process that calls it.

        """
        try:
            answer = self._student.ask(
                WATCH_SECONDS,
                do="watch",
                function=self._name,
                arguments=[list(one) for one in arguments],
                reused=[list(one) for one in reused],
                watched=[list(one) for one in watched],
                library=library and library.to_message(),
            )
        except StudentError:
            answer = {}
        if "unable" in answer:
            self._student.explain_inability(
                _INABILITIES.get(str(answer["unable"]), "no reason given")
            )
        told = answer.get("calls")
        calls = readable(Call.from_message, told if isinstance(told, list) else ())
        count = len(arguments) + len(reused) + len(watched)
        return calls[:count] + [Call(Observation("died"))] * (count - len(calls))


#: What the student process may say that it is unable to, in words for the instructor.
_INABILITIES = {
    "to start a process": "no process could be started to call a function of the student's",
    "to watch": "watching a function of the student's failed",
}


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
