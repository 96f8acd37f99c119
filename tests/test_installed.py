"""What is marked does not depend on where the package lies: an ordinary install, or this folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import autograder
from autograder.commands.demo import SAMPLES
from autograder.samples import read_samples

ROOT = Path(__file__).parents[1]

RIGHT = """
import autograder, torch
def softmax(xx):
    return torch.exp(xx) / torch.exp(xx).sum()
def softmax_stable(xx):
    return softmax(xx - xx.max())
print(autograder.__file__)
print(autograder.grade("softmax", softmax).message)
print(autograder.grade("softmax-stable", softmax_stable).message)
print(autograder.grade("softmax", lambda xx: torch.nn.functional.softmax(xx, 0)).message)
"""


WATCH = """
import torch
from autograder.marking.library import LibraryNames
from autograder.marking.observer import IN_A_CHILD
for word in ("matching_kernel", "softmax"):
    names = LibraryNames(kernels=(), functions=(word,))
    softmax = lambda xx: torch.nn.functional.softmax(xx, 0)
    print(IN_A_CHILD.call(softmax, [], watched=[[1.0]], library=names))
"""


@pytest.fixture
def run_installed(tmp_path):
    """Return a function that runs a program for which the package lies in site-packages."""
    packages = tmp_path / "lib" / "site-packages"
    shutil.copytree(Path(autograder.__file__).parent, packages / "autograder")

    def run(program):
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(packages)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()

    return run


def test_a_right_answer_is_right_where_the_package_is_installed_and_a_library_call_is_not(
    run_installed,
):
    where, *told = run_installed(RIGHT)
    assert Path(where).parts[-3:] == ("site-packages", "autograder", "__init__.py")
    heads = [line for line in told if line.startswith(("✔", "✘"))]
    assert [line.split(",")[0] for line in heads] == [
        "✔ softmax: right",
        "✔ softmax-stable: right",
        "✘ softmax: a library did the work",
    ]


def test_the_demo_finds_its_samples_where_the_package_is_installed(run_installed):
    where, count = run_installed(
        "from autograder.commands.demo import SAMPLES\n"
        "from autograder.samples import read_samples\n"
        "print(SAMPLES)\n"
        "print(len(read_samples(SAMPLES)))"
    )
    assert "site-packages" in Path(where).parts
    assert int(count) == len(read_samples(SAMPLES)) > 10


def test_a_wheel_holds_every_file_of_the_package():
    taken = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    there = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "autograder").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert there - taken == set()


def test_the_look_out_does_not_see_its_own_functions_where_the_package_is_installed(run_installed):
    ours, theirs = run_installed(WATCH)
    assert "library=''" in ours
    assert "library='softmax'" in theirs
