"""What is marked does not depend on where the package lies: an ordinary install, or this folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import autograder

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


def test_a_right_answer_is_right_where_the_package_is_installed_and_a_library_call_is_not(tmp_path):
    packages = tmp_path / "lib" / "site-packages"
    shutil.copytree(Path(autograder.__file__).parent, packages / "autograder")
    run = subprocess.run(
        [sys.executable, "-c", RIGHT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    where, *told = run.stdout.splitlines()
    assert Path(where).is_relative_to(packages)
    heads = [line for line in told if line.startswith(("✔", "✘"))]
    assert [line.split(",")[0] for line in heads] == [
        "✔ softmax: right",
        "✔ softmax-stable: right",
        "✘ softmax: a library did the work",
    ]
