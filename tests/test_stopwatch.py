"""What a process is given time for does not depend on what else the machine does."""

from __future__ import annotations

import pytest

from autograder.marking.stopwatch import Stopwatch, slowness


class Machine:
    """A machine whose clocks are turned by hand."""

    def __init__(self):
        self.now = self.computed = 0.0
        self.watch = Stopwatch(lambda: self.computed, lambda: self.now)

    def go_on(self, seconds, share, look_every=0.1):
        """Let the process have a share of a processor, and look as often as the marking does."""
        for _ in range(round(seconds / look_every)):
            self.now += look_every
            self.computed += share * look_every
            self.watch.look()
        return self.watch.look()


@pytest.mark.parametrize("share", [1, 0.5, 0.22, 0.05, 0.02])
def test_a_process_that_waits_for_its_turn_has_only_what_it_computed(share):
    assert Machine().go_on(100, share) == pytest.approx(100 * share, abs=0.1)


@pytest.mark.parametrize("share", [0, 0.0001, 0.005])
def test_a_process_at_rest_has_every_second(share):
    assert Machine().go_on(100, share) == pytest.approx(100, abs=1.1)


def test_several_threads_do_not_make_a_second_longer():
    assert Machine().go_on(10, 4) == pytest.approx(10)


def test_looking_often_does_not_make_a_waiting_process_one_at_rest():
    machine = Machine()
    for _ in range(1000):  # it has its turn for a hundredth of a second in each tenth
        machine.go_on(0.09, 0, look_every=0.001)
        machine.go_on(0.01, 1, look_every=0.001)
    assert machine.watch.look() == pytest.approx(10, abs=0.1)


def test_what_is_over_counts_no_more():
    machine = Machine()
    before = machine.go_on(5, 1)
    machine.computed = 0.0  # the process has ended, and nobody tells any more
    assert machine.watch.look() == pytest.approx(before, abs=1)


def test_no_machine_is_faster_than_a_usual_one():
    assert 1 <= slowness() < 1000
