"""Look at a student's values and call a student's functions without trusting either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from autograder.marking.calling import calls_told, tell_calls, tell_results
from autograder.marking.child import Program, Send, Sent, run_in_child
from autograder.marking.describing import describe
from autograder.marking.library import LibraryNames
from autograder.marking.observation import Call, Observation, RemoteFunction, readable


@dataclass(frozen=True)
class Observer:
    """Sees what values are and what functions do: `IN_A_CHILD` or `HERE`.

    All methods raise `CannotFork` where a child is needed and the platform has no fork, `Unable`
    when the machine has no room for one, and `MarkingFault` when the marking's own code failed in
    the child. What a child sends that cannot be read, and all after it, counts as not sent.

    Attributes:
        run: runs a program that touches what is the student's.

    """

    run: Callable[[Program], Sent]

    def look(self, values: Mapping[str, object]) -> dict[str, Observation]:
        """Describe the values; one that stops the child is reported as "died"."""

        def program(send: Send) -> None:
            for value in values.values():
                send(describe(value).to_message())

        sent = self.run(program)
        seen = readable(Observation.from_message, sent.messages)[: len(values)]
        seen += [Observation(sent.ending)] * (len(values) - len(seen))
        return dict(zip(values, seen, strict=True))

    def call(
        self,
        function: object,
        arguments: Sequence[Sequence[float]],
        reused: Sequence[Sequence[float]] = (),
        watched: Sequence[Sequence[float]] = (),
        library: LibraryNames | None = None,
    ) -> list[Call]:
        """Call a function with float32 vectors, in order, in one child.

        A call that never returns or ends the process also ends those after it.

        Args:
            function: the student's function; anything.
            arguments: one vector a call.
            reused: vectors of one length for calls after those, all with one and the same tensor,
                which is overwritten with each vector in turn. What such a call returned is
                overwritten with zeros. A function that remembers nothing does not notice.
            watched: vectors for calls after those, while which the library's are looked for.
            library: what those are called.

        Returns:
            One `Call` for each argument, each reused vector and each watched one.

        """
        if issubclass(type(function), RemoteFunction):
            remote = cast(RemoteFunction, function)
            return remote.watched(arguments, reused, watched, library)

        def program(send: Send) -> None:
            tell_calls(send, function, arguments, reused, watched, library)

        sent = self.run(program)
        count = len(arguments) + len(reused) + len(watched)
        calls = calls_told(sent.messages)[:count]
        return calls + [Call(Observation(sent.ending))] * (count - len(calls))

    def results(
        self, functions: Sequence[Callable[[Any], Any]], arguments: Sequence[Sequence[float]]
    ) -> list[list[Observation]]:
        """Call functions of our own, of which only the results matter, with float32 vectors.

        Returns:
            For each function a list of what it returned for each vector.

        """

        def program(send: Send) -> None:
            tell_results(send, functions, arguments)

        sent = self.run(program)
        seen = [list(map(Observation.from_message, message)) for message in sent.messages]
        missing = [Observation(sent.ending)] * len(arguments)
        return seen + [missing] * (len(functions) - len(seen))


def _run_here(program: Program) -> Sent:
    messages: list[Any] = []
    program(messages.append)
    return Sent(messages, "died")


#: Everything that touches an object of the student's happens in a forked child.
IN_A_CHILD = Observer(run_in_child)
#: For a process where no code of a student's runs: functions are `RemoteFunction` there, which are
#: watched where they live.
HERE = Observer(_run_here)
