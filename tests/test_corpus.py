"""Every answer of the corpus gets the verdict its file name gives, and the cause it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from child import in_child
from remembering import grade, run_formulas

from autograder.lessons import load
from autograder.marking import child

MISCONCEPTIONS = load("softmax").misconceptions

CORPUS = Path(__file__).parent / "corpus"
NAMES = {"softmax": "softmax", "softmax-stable": "softmax_stable"}
FILES = [path for exercise in NAMES for path in sorted((CORPUS / exercise).glob("*.py"))]


def marked(path: Path) -> dict:
    """The report on the answer in a file, as plain values."""
    if "never-returns" in path.name:
        child.STEP_SECONDS = 1.0  # how long it is waited for changes nothing
    namespace = {"torch": torch, "__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    exercise = path.parent.name
    report = grade(exercise, namespace[NAMES[exercise]])
    return {
        "passed": report.passed,
        "full": report.points == report.max_points,
        "misconception": report.misconception,
        "doubts": any(finding.doubt for finding in report.findings),
        "message": report.message,
    }


def verdict_of(path: Path) -> tuple[str, list[str | None]]:
    """What the file promises: its verdict, and which misconceptions may be told.

    None stands for no guess. There is more than one where the answer's numbers cannot tell them
    apart.
    """
    verdict = path.name.split("-")[0]
    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert verdict in ("right", "doubtful", "wrong"), path
    assert (verdict == "wrong") == first.startswith("# told: "), f"{path}: first line"
    told = first.removeprefix("# told: ").split(" or ") if verdict == "wrong" else ["-"]
    return verdict, [None if id == "-" else id for id in told]


@pytest.fixture(scope="session")
def _formulas():
    run_formulas("softmax")


@pytest.mark.usefixtures("_formulas")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_verdict_and_the_cause_are_those_of_the_file(path, rate):
    verdict, told = verdict_of(path)
    got = in_child(marked, path, seconds=60)
    right = verdict in ("right", "doubtful")  # which a person is asked to look at
    if right:
        rate("corpus", right=1, accepted=int(got["passed"] and got["full"]))
    else:
        rate("corpus", wrong=1, caught=int(not got["passed"] and not got["full"]))
    assert (got["passed"], got["full"]) == (right, right), got["message"]
    assert got["misconception"] in told, got["message"]
    assert not right or got["doubts"] == (verdict == "doubtful"), got["message"]


def test_every_misconception_has_a_wrong_answer_that_must_be_told_it():
    told = {id for path in FILES for id in verdict_of(path)[1]}
    assert set(MISCONCEPTIONS) - told == set()
