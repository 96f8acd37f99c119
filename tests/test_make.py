"""What `make` lists, where it works, and which Python environment it keeps or makes anew."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
#: What make asks of a Python, answered as 3.99 and as 3.8 would.
ANSWERS = '#!/bin/sh\ncase "$2" in\n*print*) echo %s;;\n*exit*) exit %d;;\nesac\n'
NEWER, TOO_OLD = ANSWERS % ("3.99", 0), ANSWERS % ("3.8", 1)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """Run make where PYTHON is not set, unless an argument does."""
    settings = ["env", "-u", "PYTHON", "-u", "MAKEFLAGS", "-u", "MAKELEVEL"]
    command = [*settings, "make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def plan(folder: Path, *arguments: str) -> str:
    run = make("-n", ".venv", *arguments, cwd=folder)
    assert run.returncode == 0, run.stderr
    return run.stdout


def python(folder: Path, name: str, script: str) -> str:
    """A program that stands for a Python, and how make is told of it."""
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
    return f"PYTHON=./{name}"


def environment(folder: Path, ready: str | None = VERSION) -> None:
    venv.create(folder / ".venv", with_pip=False)
    if ready:
        (folder / ".venv" / f".ready-{ready}").touch()


def clears(planned: str, cwd: Path) -> bool:
    """Whether what make would run begins an environment by emptying what is there."""
    line = next(line for line in planned.splitlines() if "-m venv" in line)
    words = subprocess.run(
        ["sh", "-c", f"echo {line.partition('-m venv')[2]}"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert words[-1] == ".venv"
    return words[:-1] == ["--clear"]


def test_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {
        word for line in re.findall(r"(?m)^\.PHONY:(.*)$", makefile) for word in line.split()
    }
    shown = make("help", cwd=ROOT).stdout
    listed = {word for line in shown.splitlines() for word in line.split("  ")[0].split()}
    assert {"demo", "test", "quick"} <= targets <= listed
    assert all("  " in line.strip() for line in shown.splitlines()), "a target without a word on it"


def test_make_works_in_a_folder_whose_name_has_a_blank(folder):
    environment(folder)
    for target in ("lab", "author"):
        run = make("-n", target, cwd=folder)
        words = shlex.split(run.stdout.replace("\\\n", ""))
        places = [word for word in words if str(folder.parent) in word]
        assert places, run.stderr
        assert all(str(folder) in place for place in places), places


def test_an_environment_that_is_there_stays(folder):
    environment(folder)
    assert "venv" not in plan(folder).replace("'.venv'", "")
    assert "venv" not in plan(folder, f"PYTHON={sys.executable}").replace("'.venv'", "")


def test_one_that_another_python_made_is_made_anew(folder):
    environment(folder)
    newer = python(folder, "newer", NEWER)
    assert clears(plan(folder, newer), folder)
    # Once it is there, no one has to name its Python again, and naming the first leads back.
    shutil.rmtree(folder / ".venv")
    (folder / ".venv" / "bin").mkdir(parents=True)
    python(folder, ".venv/bin/python", NEWER)
    (folder / ".venv" / ".ready-3.99").touch()
    assert "venv" not in plan(folder).replace("'.venv'", "")
    assert clears(plan(folder, f"PYTHON={sys.executable}"), folder)


def test_one_that_was_begun_is_gone_on_with(folder):
    environment(folder, ready=None)
    assert not clears(plan(folder), folder)


def test_one_whose_python_is_gone_is_made_anew(folder):
    environment(folder, ready="3.99")
    shutil.rmtree(folder / ".venv" / "lib" / f"python{VERSION}")
    (folder / ".venv" / "bin" / "python").unlink()
    (folder / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    assert clears(plan(folder), folder)


@pytest.mark.parametrize("name", ["old", "missing"])
def test_a_python_that_will_not_do_is_told_before_anything_is_made(folder, name):
    if name == "old":
        python(folder, name, TOO_OLD)
    run = make(".venv", f"PYTHON=./{name}", cwd=folder)
    assert run.returncode != 0
    assert "Python 3.11 or later is needed" in run.stderr
    assert not (folder / ".venv").exists()


def test_github_runs_both_commands_on_every_python_from_the_oldest():
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] <= 60
    pythons = job["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={pythons[0]}"
    assert pythons == sorted(set(pythons), key=lambda python: int(python.partition(".")[2]))
    run = [step["run"] for step in job["steps"] if "run" in step]
    python = "PYTHON=python${{ matrix.python }}"
    assert {f"make demo {python}", f"make test {python}"} <= set(run)
