"""`grade` looks at hostile answers and neither it nor its caller comes to harm."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from autograder import Outcome, grade
from autograder.marking import child as marking_child


def naive(xx):
    return torch.exp(xx) / torch.exp(xx).sum()


def loops(xx):
    while True:
        pass


def loops_and_catches_everything(xx):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def loops_on_long_vectors(xx):
    while len(xx) > 10:
        pass
    return naive(xx)


def exits(xx):
    raise SystemExit(0)


def ends_the_process(xx):
    os._exit(0)


def kills_its_process_group(xx):
    os.killpg(0, signal.SIGKILL)


def recurses(xx):
    return recurses(xx)


def eats_memory(xx):
    return bytearray(1 << 40)


def returns_itself(xx):
    nested = []
    nested.append(nested)
    return nested


class AlwaysEqual:
    """Claims to be equal to everything, and to be whatever it is asked for."""

    __class__ = torch.Tensor
    shape = torch.Size([3])
    dtype = torch.float32

    def __eq__(self, other):
        return True

    def __float__(self):
        return 0.5

    def tolist(self):
        return [0.09, 0.24, 0.67]


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)


class DefendedTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise ValueError


class RaisingError(Exception):
    def __str__(self):
        raise ValueError


def raises_what_cannot_be_read(xx):
    raise RaisingError


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (loops, Outcome.TIMED_OUT),
        (loops_and_catches_everything, Outcome.TIMED_OUT),
        (exits, Outcome.RAISED),
        (ends_the_process, Outcome.RAISED),
        (kills_its_process_group, Outcome.RAISED),
        (recurses, Outcome.RAISED),
        (eats_memory, Outcome.RAISED),
        (raises_what_cannot_be_read, Outcome.RAISED),
        (lambda xx: AlwaysEqual(), Outcome.WRONG_TYPE),
        (lambda xx: xx.as_subclass(LyingTensor), Outcome.WRONG),
        (lambda xx: xx.exp().as_subclass(DefendedTensor), Outcome.WRONG),
        (lambda xx: torch.quantize_per_tensor(xx, 0.1, 0, torch.quint8), Outcome.WRONG_TYPE),
        (lambda xx: torch.empty(3, device="meta"), Outcome.WRONG),
        (lambda xx: torch.eye(3).to_sparse(), Outcome.WRONG),
        (lambda xx: torch.zeros(10_000_000), Outcome.WRONG),
        (lambda xx: naive(xx).to(torch.complex64), Outcome.WRONG),
        (AlwaysEqual(), Outcome.WRONG_TYPE),
        (5, Outcome.WRONG_TYPE),
    ],
)
def test_a_hostile_function_earns_nothing(function, outcome):
    report = grade("softmax", function)
    assert report.points == 0
    assert report.findings[0].outcome is outcome, report.message


def children():
    """Return the processes below this one, dead ones that nobody has asked for included."""
    me = os.getpid()
    return Path(f"/proc/{me}/task/{me}/children").read_text()


class Shapeshifter:
    """Whoever asks for its class, or for a key, is stopped."""

    @property
    def __class__(self):
        raise SystemExit

    def __str__(self):
        raise SystemExit

    __hash__ = __eq__ = __str__


class GuardedDict(dict):
    def __contains__(self, key):
        raise SystemExit

    __getitem__ = get = items = keys = __iter__ = __contains__


@pytest.mark.parametrize("make", [Shapeshifter, GuardedDict, lambda: {Shapeshifter: 1}])
@pytest.mark.parametrize("exercise", ["softmax", "predict", "overflow"])
def test_no_method_of_the_answer_runs_in_the_caller(exercise, make):
    answer = make()
    assert grade(exercise, answer).points == 0
    assert grade(answer, answer).points == 0


def test_a_dictionary_that_contains_itself_ends():
    nested: dict = {}
    nested["x + 1"] = nested["predictions"] = nested
    assert grade("predict", nested).outcome is Outcome.WRONG


def forks(xx):
    os.fork()
    return naive(xx)


def leaves_its_group(xx):
    os.setpgid(0, os.getpgid(os.getppid()))
    time.sleep(60)


def kills_itself(xx):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_function_that_forks_is_marked_by_one_of_both():
    assert grade("softmax", forks).findings[0].outcome is not Outcome.NOT_CHECKED


def test_a_function_that_leaves_its_group_is_ended():
    assert grade("softmax", leaves_its_group).findings[0].outcome is Outcome.TIMED_OUT


def test_a_function_that_kills_itself_is_not_called_a_loop():
    assert grade("softmax", kills_itself).findings[0].outcome is Outcome.RAISED


def test_an_interrupt_leaves_no_child_and_no_pipe_behind():
    def interrupt(*args):
        raise KeyboardInterrupt

    descriptors, family = os.listdir("/proc/self/fd"), children()
    before = signal.signal(signal.SIGALRM, interrupt)
    caller = os.getpid()

    def calls_for_it(xx):
        os.kill(caller, signal.SIGALRM)  # now the caller waits for it, however busy the machine is
        time.sleep(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            grade("softmax", calls_for_it)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(os.listdir("/proc/self/fd")) == len(descriptors)
    assert children() == family


def test_a_caller_that_ignores_its_children_is_served():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert grade("softmax", naive).passed
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_how_long_a_process_has_computed_is_known():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        while time.process_time() < 0.3:
            pass
        os.write(writing, b"done")
        signal.pause()
    try:
        os.read(reading, 4)
        assert 0.3 <= marking_child._computed(child) < 3
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
    assert marking_child._computed(child) == 0


def taking(seconds, first_only=True):
    """Return a right function that computes for so long, for the lesson's own vector or for all."""

    def slow(xx):
        until = time.process_time()
        until += seconds if not first_only or xx.tolist() == [1, 2, 3] else 0
        while time.process_time() < until:
            pass
        return naive(xx)

    return slow


def test_a_function_that_rests_for_ever_is_ended_and_one_that_computes_long_is_not(monkeypatch):
    def rests(xx):
        time.sleep(3600 if xx.tolist() == [1, 2, 3] else 0)
        return naive(xx)

    monkeypatch.setattr(marking_child, "STEP_SECONDS", 1.5)
    assert grade("softmax", rests).findings[0].outcome is Outcome.TIMED_OUT
    assert grade("softmax", taking(0.5)).passed


def test_what_there_was_no_time_for_is_too_slow_and_not_endless(monkeypatch):
    monkeypatch.setattr(marking_child, "ALL_SECONDS", 2.0)
    report = grade("softmax", taking(0.1, first_only=False))
    assert report.findings[0].outcome is Outcome.TOO_SLOW
    assert report.points == 1, "what it gave in time is right"


def test_a_slow_machine_has_more_time(monkeypatch):
    slow = taking(0.3)
    monkeypatch.setattr(marking_child, "STEP_SECONDS", 0.1)
    monkeypatch.setattr(marking_child, "slowness", lambda: 1.0)
    assert grade("softmax", slow).findings[0].outcome is Outcome.TIMED_OUT
    monkeypatch.setattr(marking_child, "slowness", lambda: 10.0)
    assert grade("softmax", slow).passed


def test_what_is_right_before_a_loop_is_marked():
    report = grade("softmax", loops_on_long_vectors)
    assert report.findings[0].outcome is Outcome.TIMED_OUT
    assert report.points == 1


def test_a_list_that_contains_itself_ends():
    assert grade("softmax", returns_itself).points == 0


def test_prints_cost_nothing_and_are_not_seen(capfd):
    def chatty(xx):
        for _ in range(1000):
            print("x" * 1000)
            sys.stderr.write("y" * 1000)
        os.write(1, b"z")
        return naive(xx)

    assert grade("softmax", chatty).passed
    assert capfd.readouterr() == ("", "")


def test_the_caller_keeps_its_torch_its_tensors_and_its_children():
    before = torch.softmax, torch.exp, torch.Tensor.__eq__
    argument = torch.tensor([1.0, 2.0, 3.0])

    def vandal(xx):
        torch.softmax = torch.exp = lambda *args, **kwargs: None
        torch.Tensor.__eq__ = lambda *args: True
        argument.fill_(7)
        os.chdir("/")
        os.environ["VANDAL"] = "1"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "60"])
        return xx

    here, family = os.getcwd(), children()
    assert grade("softmax", vandal).points == 0
    assert (torch.softmax, torch.exp, torch.Tensor.__eq__) == before
    assert argument.tolist() == [1, 2, 3]
    assert os.getcwd() == here
    assert "VANDAL" not in os.environ
    assert children() == family


PATCHED = """
import torch
class Yes:
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: True
torch.softmax = torch.nn.functional.softmax = lambda x, *a, **k: x
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: Yes()
torch.tensor = lambda *a, **k: torch.zeros(3)
torch.Tensor.__eq__ = torch.Tensor.__lt__ = torch.Tensor.__gt__ = lambda *a: Yes()
torch.Tensor.tolist = lambda self: [0.09003057, 0.24472848, 0.66524094]
torch.Tensor.shape = (3,)
from autograder import grade
print(repr(grade("softmax", lambda x: x)), repr(grade("softmax-of-x", {"p": torch.ones(3)})))
print(repr(grade("softmax", lambda x: torch.exp(x) / torch.exp(x).sum())))
"""


def test_a_torch_patched_before_the_marking_was_imported_changes_no_mark():
    run = subprocess.run(
        [sys.executable, "-c", PATCHED], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["0", "0", "4"]
    assert run.stderr == ""
