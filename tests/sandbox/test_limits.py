"""What a student's code may use; run as root and as an ordinary user."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import pytest
import torch
from boxed import ON_LINUX, Box

from autograder.sandbox.box import counts_apart
from autograder.sandbox.limits import Limits, own_memory_limited

pytestmark = ON_LINUX


def test_memory_is_limited(box: Box) -> None:
    small = Limits(memory=256 << 20)
    assert box.run(lambda: len(bytearray(100 << 20)), small) == 100 << 20
    assert box.run(lambda: len(bytearray(300 << 20)), small) == "MemoryError"
    assert box.run(lambda: torch.ones(300 << 18).sum().item(), small) == "RuntimeError"


def test_cpu_time_is_limited(box: Box) -> None:
    def loop() -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass

    told, status = box.told(loop, Limits(cpu=1))
    assert told is None
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_files_are_limited(box: Box) -> None:
    def flood() -> None:
        Path("big").write_bytes(bytes(2 << 20))

    assert box.run(flood, Limits(file_size=1 << 20)) == "OSError"
    assert (box.scratch / "big").stat().st_size <= 1 << 20


def test_open_files_are_limited(box: Box) -> None:
    assert box.run(lambda: len([os.dup(0) for _ in range(100)]), Limits(open_files=50)) == "OSError"


def test_a_fork_bomb_is_bounded(box: Box) -> None:
    def bomb() -> int:
        children = 0
        try:
            while children < 1000:
                if os.fork() == 0:
                    time.sleep(1000)
                children += 1
        except BlockingIOError:
            pass
        return children

    # Where an ordinary user's are counted together, others may end meanwhile, which leaves room.
    assert 0 < box.run(bomb, Limits(processes=20)) < (20 if counts_apart() else 100)


def test_a_trusted_process_limits_its_own_memory_for_a_while() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with own_memory_limited(64 << 20):
        assert len(bytearray(16 << 20)) == 16 << 20
        with pytest.raises(MemoryError):
            bytearray(128 << 20)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_limits_cannot_be_raised(box: Box) -> None:
    def raise_them() -> list[str]:
        told = []
        for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE"):
            number = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(number)[1]
            try:
                resource.setrlimit(number, (hard + 1, hard + 1))
                told.append(name)
            except (ValueError, PermissionError):
                pass
        return told

    assert box.run(raise_them) == []
