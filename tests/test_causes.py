"""What the lesson's checks take for the cause of a wrong answer is what the marking names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
import torch
from child import in_child
from test_corpus import FILES, verdict_of

from autograder.build import machinery
from autograder.build.causes import table
from autograder.errors import LabError
from autograder.lessons import load
from autograder.marking.compare import close
from autograder.marking.tensors import TensorPart

ROOT = Path(__file__).parents[1]
LESSON = load("softmax")
ASKED = machinery.asked("softmax")
TABLE = json.loads(table(LESSON, ASKED))
PARTS = {part.name: part for one in LESSON.tested.values() for part in one.parts}
#: How many wrong answers of the corpus the checks' few vectors may not show.
UNSEEN = 15

machinery.package("softmax")
lab = {name: sys.modules[f"lab.{name}"] for name in ("checks", "panel")}


#: What takes a kernel long, or ends it, whoever calls it.
ENDS = re.compile("wrong-(never-returns|exits|keyboard|raises-own)")
ANSWERS = [path for path in FILES if not ENDS.match(path.stem)]


def told(path: Path) -> tuple[str, str | None]:
    """The title of the check's panel, and the misconception in it."""
    torch.set_num_threads(1)  # a pool of threads does not survive a fork
    names = {"torch": torch, "__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    answers = {**names, "p_stable": torch.softmax(torch.tensor([50.0, 100.0, 150.0]), 0)}
    try:
        return lab["checks"].judge(path.parent.name, answers).title, None
    except lab["panel"].NotYet as problem:
        return problem.title, problem.cause.id or None


@cache
def seen(path: Path) -> tuple[str, str | None]:
    return in_child(told, path, seconds=60)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_check_names_the_cause_that_the_marking_names(path, rate):
    title, cause = seen(path)
    verdict, marked = verdict_of(path)
    if verdict in ("right", "doubtful"):
        rate("checks", right=1, accepted=int(title == "Looks right"))
        assert title == "Looks right"
        return
    rate("checks", wrong=1, caught=int(title != "Looks right"))
    if title in ("Not right yet", "Stopped by an error"):
        assert cause in marked
    else:
        assert cause is None


def test_few_wrong_answers_look_right():
    """How many do is told at the end of a run, as "checks"."""
    wrong = [path for path in ANSWERS if verdict_of(path)[0] == "wrong"]
    unseen = [path.stem for path in wrong if seen(path)[0] == "Looks right"]
    assert len(unseen) <= UNSEEN, unseen


# --- What the table gives away -------------------------------------------------------------------


def numbers(answers=TABLE["answers"]):
    for name, vectors in answers.items():
        for place, vector in enumerate(vectors):
            for answer in vector:
                if isinstance(answer, list):
                    yield name, place, answer


def test_no_vector_of_the_checks_is_one_that_the_marking_hides():
    for name, vectors in ASKED.VECTORS.items():
        hidden = {case.vector for case in PARTS[name].cases} - set(PARTS[name].known)
        assert not hidden & set(vectors)


def test_no_answer_of_an_exercise_stands_in_the_table():
    wanted = [part.expected for part in PARTS.values() if isinstance(part, TensorPart)]
    assert len(wanted) == 12
    for name, _, answer in numbers():
        assert not any(close(answer, one, 1e-3) for one in wanted), (name, answer)


def test_the_softmax_of_no_vector_stands_in_the_table():
    for name, place, answer in numbers():
        if name in ASKED.VECTORS:
            vector, part = ASKED.VECTORS[name][place], PARTS[name]
            assert vector not in part.known
            assert not close(answer, part.expected(vector), part.tolerance(vector))


def test_no_hidden_vector_stands_in_the_students_notebook():
    notebook = nbformat.read(ROOT / "release/softmax/softmax.ipynb", as_version=4)
    text = re.sub(r"\s|\.0(?!\d)", "", "".join(cell.source for cell in notebook.cells))
    for part in (PARTS["softmax"], PARTS["softmax_stable"]):
        for case in part.cases:
            if len(set(case.vector)) > 1 and case.vector not in part.known:
                shown = ",".join(f"{v:g}" for v in case.vector)
                assert f"[{shown}]" not in text
                assert f"({shown})" not in text


def test_words_are_those_of_the_marking():
    words = {each.id: each for each in LESSON.misconceptions.values()}
    for id, says, question in TABLE["causes"]:
        if id:
            assert says.lower() == words[id].says.lower()
            assert question == words[id].question


def test_another_processor_makes_the_same_table():
    program = (
        "from autograder import lessons\n"
        "from autograder.build import causes, machinery\n"
        "print(causes.table(lessons.load('softmax'), machinery.asked('softmax')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ATEN_CPU_CAPABILITY": "default"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == f"{table(LESSON, ASKED)}\n"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("VECTORS", {"hardmax": ((1.0, 2.0),)}),
        ("VECTORS", {"p": ((1.0, 2.0),)}),
        ("SLIPS", ("softmax",)),
    ],
)
def test_what_the_checks_ask_has_to_be_in_the_lesson(name, asked, monkeypatch):
    monkeypatch.setattr(ASKED, name, asked)
    with pytest.raises(LabError, match=r"which is no (function|tensor) of the lesson"):
        table(LESSON, ASKED)
