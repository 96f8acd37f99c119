"""Tell how long a process has had, whatever else the machine was doing meanwhile.

A limit of seconds on the clock on the wall would be shorter on a busy machine, and one of seconds
of a processor on a slow one: the same answer would get another mark there.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: A process that computes for less than this share of so many seconds is at rest: one that waits
#: for its turn gets more on any machine on which a person could work.
_REST_SHARE = 0.01
_REST_SECONDS = 1.0
#: How often `slowness` goes round, and the seconds of a processor that this takes on a usual one.
_ROUNDS = 300_000
_USUAL_SECONDS = 0.01


class Stopwatch:
    """Counts the seconds that a process has computed or rested, not those it waited for its turn.

    Args:
        computed: tells how many seconds of a processor the process has had.
        clock: tells the time, in seconds.

    """

    def __init__(
        self, computed: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._computed, self._clock = computed, clock
        self._counted = 0.0
        self._since, self._computed_then = clock(), computed()

    def look(self) -> float:
        """Return the seconds until now; to be called more often than once a second."""
        passed = self._clock() - self._since
        computed = max(0.0, self._computed() - self._computed_then)  # who is no more has none
        if passed < _REST_SECONDS:
            return self._counted + min(computed, passed)
        self._counted += passed if computed < _REST_SHARE * passed else min(computed, passed)
        self._since, self._computed_then = self._clock(), self._computed()
        return self._counted


def slowness() -> float:
    """Return how many times slower than a usual one this machine is now; 1 if it is none."""
    before = time.thread_time()
    count = 0
    for number in range(_ROUNDS):
        count += number
    return max(1.0, (time.thread_time() - before) / _USUAL_SECONDS)
