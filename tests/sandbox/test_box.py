"""Honest work goes on in the box; where it cannot be had, a student's code is not run."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from boxed import ON_LINUX, Box

from autograder.commands import doctor
from autograder.commands.main import main
from autograder.sandbox import box as sandbox_box
from autograder.sandbox import landlock, seccomp
from autograder.sandbox.box import LAYERS, CannotConfine, Layer, check, layers
from autograder.sandbox.layer import Missing
from autograder.sandbox.user import unreachable

pytestmark = ON_LINUX


# --- Honest work --------------------------------------------------------------------------------


def _torch() -> float:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = torch.softmax(x, 0).pow(2).sum()
    loss.backward()
    torch.save(x, "x.pt")
    torch.linalg.svd(torch.randn(20, 20))
    return float(torch.load("x.pt").sum())


def _figure() -> bool:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().bar([1, 2], [3, 4])
    figure.suptitle(r"$e^x$ é")
    for ending in ("svg", "png"):
        figure.savefig(f"a.{ending}")
    return "<svg" in Path("a.svg").read_text()


def _widgets() -> int:
    import ipywidgets

    return len(ipywidgets.VBox([ipywidgets.FloatSlider(), ipywidgets.HTML("x")]).children)


def _numpy() -> int:
    import numpy as np

    np.save("a.npy", np.random.default_rng().normal(size=3))
    return len(np.load("a.npy"))


def _imports() -> bool:
    import colorsys
    import fractions
    import math
    import random
    import statistics
    import wave

    return all((colorsys, fractions, math, random, statistics, wave))


def _shell() -> list[bool]:
    from IPython.core.interactiveshell import InteractiveShell

    sys.stdout = sys.stderr = open("out", "w")  # noqa: SIM115 (the process ends with it)
    shell = InteractiveShell.instance()
    good = shell.run_cell("x = 1\nimport asyncio\nawait asyncio.sleep(0)\nx")
    bad = shell.run_cell("1 / 0")
    sys.stdout.flush()
    return [good.result == 1, "ZeroDivisionError" in Path("out").read_text(), not bad.success]


def _threads() -> list[int]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(abs, range(-3, 0)))


HONEST: dict[str, tuple[Callable[[], Any], Any]] = {
    "torch": (_torch, 6.0),
    "a figure": (_figure, True),
    "widgets": (_widgets, 2),
    "numpy": (_numpy, 3),
    "modules imported for the first time": (_imports, True),
    "IPython's shell": (_shell, [True, True, True]),
    "threads": (_threads, [3, 2, 1]),
    "a temporary file": (lambda: tempfile.mkstemp()[0] > 2, True),
    "a program": (lambda: subprocess.getoutput("echo hi | tr h H"), "Hi"),
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_work_goes_on(box: Box, what: str) -> None:
    work, expected = HONEST[what]
    assert box.run(work) == expected


def test_the_marking_can_watch_a_function_from_inside(box: Box) -> None:
    from autograder.marking.observer import IN_A_CHILD

    def watch() -> list[str]:
        calls = IN_A_CHILD.call(lambda xx: xx.exp() / xx.exp().sum(), [[1.0, 2.0]])
        return [one.result.kind for one in calls]

    assert box.run(watch) == ["tensor"]


def test_several_processes_are_refused_clearly(box: Box) -> None:
    """`multiprocessing` keeps its locks in /dev/shm, which all students would share."""

    def pool() -> None:
        import multiprocessing

        multiprocessing.get_context("fork").Pool(2)

    assert box.run(pool) == "PermissionError"


# --- Failing closed -----------------------------------------------------------------------------


def test_a_missing_layer_is_refused(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    def missing() -> None:
        raise Missing("the part was taken out: put it back.")

    monkeypatch.setattr(landlock, "_sandlock", missing)
    with pytest.raises(CannotConfine) as caught:
        check()
    assert "put it back" in str(caught.value)
    assert "--without-landlock" in str(caught.value)
    assert "--without-seccomp" not in str(caught.value)
    check(waived=["landlock"])
    assert "put it back" in box.run(lambda: "ran")


@pytest.mark.parametrize(
    ("layer", "part"), [(landlock, "restrict_files"), (seccomp, "filter_calls")]
)
def test_a_layer_that_does_not_hold_is_refused(
    monkeypatch: pytest.MonkeyPatch, box: Box, layer: ModuleType, part: str
) -> None:
    monkeypatch.setattr(layer, part, lambda *args, **options: None)
    assert box.run(lambda: "ran").startswith("CannotConfine")


@pytest.mark.parametrize("layer", ["landlock", "seccomp", "limits", "user"])
def test_any_layer_can_be_waived(box: Box, layer: str) -> None:
    if layer == "landlock" and os.geteuid() == 0 and unreachable(Path(os.__file__)):
        pytest.skip("root's Python lies where an unprivileged user can only read under Landlock")
    assert box.run(lambda: "ran", waived=[layer]) == "ran"


def test_an_unknown_layer_is_an_error() -> None:
    with pytest.raises(ValueError, match="sandwich"):
        check(waived=["sandwich"])


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_other_systems_are_refused(
    monkeypatch: pytest.MonkeyPatch, platform: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not any(layer.available for layer in layers())
    with pytest.raises(CannotConfine, match=f"nothing in {name}"):
        check()


# --- softmax-lab doctor -------------------------------------------------------------------------


def test_the_doctor_finds_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.count("enforced") == len(LAYERS)


def test_the_doctor_tells_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = Layer("seccomp", False, "using the network", "`apt install libseccomp2`.")
    monkeypatch.setattr(sandbox_box, "layers", lambda: [layer])
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["why"] == "`apt install libseccomp2`."
    assert "--without-seccomp" in doctor.report([layer], True)


def test_probing_changes_nothing_in_the_caller() -> None:
    before = (os.getresuid(), os.getcwd(), dict(os.environ), resource.getrlimit(resource.RLIMIT_AS))
    layers()
    os.listdir("/")
    after = (os.getresuid(), os.getcwd(), dict(os.environ), resource.getrlimit(resource.RLIMIT_AS))
    assert before == after
