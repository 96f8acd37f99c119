"""The student process: runs a student's cells, and tells what they defined when asked.

It is confined before the first cell. It knows nothing of the tests: what it is asked it answers,
and it may lie, but only about what its own functions return.
"""

from __future__ import annotations

import signal
from dataclasses import asdict
from typing import Any

from autograder.grading.runner.shell import Shell
from autograder.grading.runner.values import Foreign, pack, unpack
from autograder.grading.runner.wire import Closed, Wire
from autograder.marking import observe

_MAX_NAMES = 500


def serve(shell: Shell, wire: Wire) -> None:
    """Answer requests until the examiner closes the connection."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    functions = _Functions()
    while True:
        try:
            request = wire.receive()
        except Closed:
            return
        try:
            answer = _answer(shell, functions, request)
        except KeyboardInterrupt:  # came too late for the cell it was meant for
            answer = {"interrupted": True}
        wire.send(answer)


class _Functions:
    """The callables the examiner has heard of, by the name it calls them."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def name(self, function: Any) -> str:
        for known, other in self._known.items():
            if other is function:
                return known
        # A function without statements says so, for a marker that calls it "not attempted".
        note = observe.look({"it": function})["it"].text
        name = f"{len(self._known)}{'-empty' if note == 'empty' else ''}"
        self._known[name] = function
        return name

    def get(self, name: str) -> Any:
        return self._known.get(name, Foreign("unknown"))


def _answer(shell: Shell, functions: _Functions, request: dict[str, Any]) -> dict[str, Any]:
    what = request["do"]
    if what == "run":
        return {"outputs": shell.run(request["source"])}
    if what == "names":
        names = shell.user_names()[:_MAX_NAMES]
        values = {name: shell.names[name] for name in names}
        return {"names": {name: pack(value, functions.name) for name, value in values.items()}}
    if what == "call":
        return _call(functions, request)
    if what == "watch":
        function = functions.get(request["function"])
        if request["how"] == "call":
            seen = observe.call(function, request["arguments"], poisoned=request["poisoned"])
        else:
            seen = observe.call_again(function, *request["arguments"])
        return {"calls": [asdict(one) for one in seen]}
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
