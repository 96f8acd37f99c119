"""The same answer gets the same mark on a busy machine and on a slow one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from child import in_child
from test_corpus import CORPUS, marked

from autograder.marking import child

pytestmark = pytest.mark.slow

#: The slowest right answers of the corpus, and what else takes its time.
SLOW = [
    "softmax/right-comprehension-of-sums",
    "softmax/right-exp-from-its-series",
    "softmax/right-functional-gradient",
    "softmax/right-list-comprehension-math",
    "softmax/right-pairwise",
    "softmax-stable/right-comprehension-of-sums",
    "softmax-stable/right-decimal",
    "softmax-stable/right-loop-and-stack",
    "softmax-stable/right-online-one-pass",
    "softmax-stable/right-recursion",
]
COUNT = "while True: pass"
#: Enough to leave a child a fifth of a processor of two.
PROCESSES = 8


@pytest.fixture(scope="module")
def busy():
    """A machine on which other processes count."""
    processes = [subprocess.Popen([sys.executable, "-c", COUNT]) for _ in range(PROCESSES)]
    yield
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def path_of(name: str) -> Path:
    (path,) = CORPUS.glob(f"{name}.py")
    return path


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_answer_is_right_on_a_busy_machine(name):
    assert in_child(marked, path_of(name), seconds=120)["full"]


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_answer_is_right_on_a_machine_ten_times_slower(name, monkeypatch):
    computed = child._computed
    monkeypatch.setattr(child, "_computed", lambda process: 10 * computed(process))
    monkeypatch.setattr(child, "slowness", lambda: 10.0)
    assert in_child(marked, path_of(name), seconds=120)["full"]


@pytest.mark.usefixtures("busy")
def test_what_never_ends_is_told_on_a_busy_machine():
    got = in_child(marked, path_of("softmax/wrong-never-returns"), seconds=120)
    assert "had not returned after some seconds" in got["message"]
