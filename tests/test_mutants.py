"""The marker agrees with an independent oracle on mechanical mutants of right answers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from child import in_child
from mutants import mutants, verdicts
from remembering import grade

CORPUS = Path(__file__).parent / "corpus"
NAMES = {"softmax": "softmax", "softmax-stable": "softmax_stable"}
ORIGINALS = [
    ("softmax", "plain"),
    ("softmax", "pairwise"),
    ("softmax", "dim-argument"),
    ("softmax", "logsumexp"),
    ("softmax", "shifted-already"),
    ("softmax", "checks-its-input"),
    ("softmax-stable", "plain"),
    ("softmax-stable", "max-along-dim"),
    ("softmax-stable", "clone-then-in-place"),
    ("softmax-stable", "shifts-twice"),
    ("softmax-stable", "max-plus-a-little"),
    ("softmax-stable", "only-when-not-zero-already"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "original"), ORIGINALS)
def test_the_marker_agrees_with_the_oracle_on_every_mutant(exercise, original, rate):
    name = NAMES[exercise]
    source = (CORPUS / exercise / f"right-{original}.py").read_text(encoding="utf-8")
    described = list(mutants(source))
    truths = in_child(verdicts, [source, *(text for _, text in described)], name, seconds=240)
    assert truths.pop(0) == "right", "the original itself"
    disagreements = []
    for (what, text), truth in zip(described, truths, strict=True):
        if truth in ("borderline", "raises"):
            rate("mutants", left_out=int(truth == "borderline"))
            continue
        report = grade(exercise, defined(name, text))
        if truth == "right":
            rate("mutants", right=1, accepted=int(report.passed))
        else:
            rate("mutants", wrong=1, caught=int(not report.passed))
        if report.passed != (truth == "right"):
            disagreements.append(f"{truth} by the oracle, {what}:\n{text}\n{report.message}")
    assert not disagreements, "\n\n".join(disagreements)


def defined(name: str, text: str) -> Any:
    """What a mutant defines: nothing, when it does not even get so far."""
    namespace: dict[str, Any] = {"torch": torch, "__name__": "mutant"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, "mutant", "exec"), namespace)
    except Exception:
        return None
    return namespace.get(name)
