"""How long processes are waited for, whatever else the machine is doing."""

from __future__ import annotations

import time
from collections.abc import Callable

from autograder.marking.stopwatch import Stopwatch, slowness
from autograder.runner.guard import computed


class Patience:
    """A time that processes have, all together, on a machine of usual speed.

    What they wait for their turn does not count, and a slower machine has more: see `stopwatch`.

    Args:
        seconds: how long.
        processes: tells which processes those are.

    """

    def __init__(self, seconds: float, processes: Callable[[], list[int]]) -> None:
        self._seconds, self._processes = seconds, processes
        self._started, self._slower = time.monotonic(), 0.0
        self._watch: Stopwatch | None = None

    @property
    def spent(self) -> float:
        """What they have had."""
        if self._watch is None:  # so short a time that nobody asked
            return time.monotonic() - self._started
        return self._watch.look()

    def is_over(self) -> bool:
        """Whether they have had all of it; to be asked more often than once a second."""
        if self._watch is None:
            self._watch = Stopwatch(lambda: computed(self._processes()))
        if self._watch.look() < self._seconds:
            return False
        self._slower = self._slower or slowness()
        return self._watch.look() >= self._seconds * self._slower
