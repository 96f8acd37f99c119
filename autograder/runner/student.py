"""The student process: runs a student's cells, and tells what they defined when asked.

It is confined before the first cell. It knows nothing of the tests: what it is asked it answers,
and it may lie, but only about what its own functions return.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

from autograder.marking.child import MarkingFault, Unable
from autograder.marking.describing import is_empty
from autograder.marking.library import LibraryNames
from autograder.marking.observer import IN_A_CHILD
from autograder.runner.packing import Foreign, pack, unpack
from autograder.runner.shell import Shell
from autograder.runner.wire import Closed, Wire

#: More than `from torch import *` and the like define.
_MAX_NAMES = 10_000


def serve(shell: Shell, wire: Wire) -> None:
    """Answer requests until the examiner closes the connection."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, "")  # modules beside the notebook, as in a kernel
    functions, names = _Functions(), _Names(shell)
    while True:
        try:
            request = wire.receive()
        except Closed:
            return
        try:
            answer = _answer(shell, functions, names, request)
        except KeyboardInterrupt:  # came too late for the cell it was meant for
            answer = {"interrupted": True}
        except Unable:
            answer = {"unable": "to start a process"}
        except MarkingFault:
            answer = {"unable": "to watch"}
        wire.send(answer)


class _Functions:
    """The callables the examiner has heard of, by the name it calls them."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._names: dict[int, str] = {}  # by id, which stays its own while it is known

    def name(self, function: Any) -> str:
        if (known := self._names.get(id(function))) is not None:
            return known
        # A function without statements says so, for a marker that calls it "not attempted".
        name = f"{len(self._known)}{'-empty' if is_empty(function) else ''}"
        self._known[name], self._names[id(function)] = function, name
        return name

    def get(self, name: str) -> Any:
        return self._known.get(name, Foreign("unknown"))


class _Names:
    """The names the cells have defined, as the examiner has last been told of them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._told: dict[str, Any] = {}

    def news(self, given: list[str], functions: _Functions) -> dict[str, Any]:
        """Return what differs from what was told before, leaving out names the lesson gives."""
        names = [name for name in self._shell.user_names() if name not in given][:_MAX_NAMES]
        now = {name: pack(self._shell.names[name], functions.name) for name in names}
        before, self._told = self._told, now
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        return {"changed": changed, "gone": [name for name in before if name not in now]}


def _answer(
    shell: Shell, functions: _Functions, names: _Names, request: dict[str, Any]
) -> dict[str, Any]:
    what = request["do"]
    if what == "run":
        return {"outputs": shell.run(request["source"], request["draws"])}
    if what == "names":
        return names.news(request["given"], functions)
    if what == "call":
        return _call(functions, request)
    if what == "watch":
        function = functions.get(request["function"])
        library = request["library"] and LibraryNames.from_message(request["library"])
        calls = IN_A_CHILD.call(
            function, request["arguments"], request["reused"], request["watched"], library
        )
        return {"calls": [one.to_message() for one in calls]}
    raise ValueError(what)


def _call(functions: _Functions, request: dict[str, Any]) -> dict[str, Any]:
    arguments = [unpack(one, functions.get) for one in request["arguments"]]
    keywords = {key: unpack(one, functions.get) for key, one in request["keywords"].items()}
    try:
        value = functions.get(request["function"])(*arguments, **keywords)
    except BaseException as error:  # a student's code may raise anything, SystemExit too
        try:
            text = str(error)[:2000]
        except Exception:  # its own __str__ failed
            text = ""
        return {"raised": type(error).__name__, "text": text}
    return {
        "value": pack(value, functions.name),
        "arguments": [pack(one, functions.name) for one in arguments],
    }
