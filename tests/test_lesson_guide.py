"""The guide to writing a lesson, followed word for word: a second lesson goes the whole way.

It is added to a copy of the package by the guide's files alone.
"""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.samples import Sample, make

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "lesson.md").read_text(encoding="utf-8")
NAME = "variance"
FILES = {
    name: text
    for name, _, text in re.findall(r"(?ms)^`(\S+/\S+)`\n\n(`{3,4})(?:md|python)\n(.*?)^\2$", GUIDE)
}
COMMANDS = [
    " ".join(command.split())
    for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", GUIDE)
    for command in block.strip().split("\n")
]

DEFINE = "def variance(xx):\n    "
RIGHT = {
    "model": DEFINE + "return ((xx - xx.mean()) ** 2).mean()",
    "loop": DEFINE + "m = sum(xx) / len(xx)\n    return sum((v - m) ** 2 for v in xx) / len(xx)",
    "plain number": DEFINE + "return ((xx - xx.mean()) ** 2).mean().item()",
    "kept dimension": DEFINE + "return ((xx - xx.mean()) ** 2).mean(0, keepdim=True)",
    "double": DEFINE + "x = xx.double(); return (x * x).mean() - x.mean() ** 2",
}
WRONG = {
    # what the function does: points, and the misconception it must be told
    DEFINE + "return (xx * xx).mean() - xx.mean() ** 2": (2, "variance-short-formula"),
    DEFINE + "return (xx - xx.mean()).mean()": (0, "variance-not-squared"),
    DEFINE + "return ((xx - xx.mean()) ** 2).sum()": (0, "variance-sum"),
    DEFINE + "return ((xx - xx.mean()) ** 2).sum() / (len(xx) - 1)": (0, "variance-of-sample"),
    DEFINE + "return xx.var(correction=0).sqrt()": (0, "variance-root"),
    DEFINE + "return ((xx - xx.mean()) ** 2).mean().sqrt()": (0, "variance-root"),
    DEFINE + "xx -= xx.mean(); return (xx * xx).mean()": (3, "mutates-argument"),
    DEFINE + "return torch.var(xx, correction=0)": (0, "library-call"),
    DEFINE + "((xx - xx.mean()) ** 2).mean()": (0, "missing-return"),
    DEFINE + "return (xx - xx.mean()) ** 2": (0, "wrong-shape"),
    DEFINE + "return 'a lot'": (0, None),
    DEFINE + "return 5.0": (0, "right-only-for-lesson-x"),
    DEFINE + "while True: pass": (0, None),
    DEFINE + "import os; os._exit(0)": (0, None),
    "variance = 5.0": (0, None),
}
HOSTILE = """
import builtins, sys, torch
class Equal(float):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __hash__ = float.__hash__
class Word(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("autograder.marking"):
        for name in ("close", "describe", "tell_calls"):
            if hasattr(module, name):
                setattr(module, name, lambda *all: True)
builtins.all = lambda them: True
variance = lambda xx: Equal(1)
"""
STUDENTS = {
    # student: cells, and the points of variance, variance-of-heights, variance-shift
    "model": ({}, (4, 1, 1)),
    "short": (
        {NAME: DEFINE + "return (xx * xx).mean() - xx.mean() ** 2"},
        (2, 1, 1),
    ),
    "own-way": (
        {
            NAME: DEFINE + "return ((xx - xx.mean()) ** 2).sum()",
            "variance-shift": "shifted = 'larger'",
        },
        (0, 1, 0),
    ),
    "typed": ({"variance-of-heights": "spread = 4.0"}, (4, 0, 1)),
    "hostile": (
        {
            NAME: HOSTILE,
            "variance-of-heights": "spread = Equal(5)",
            "variance-shift": "shifted = Word('no')",
        },
        (0, 0, 0),
    ),
    "endless": (
        {NAME: DEFINE + "while True: pass", "variance-of-heights": "spread = 0"},
        (0, 0, 1),
    ),
    "broken": ({NAME: "def variance(xx:"}, (0, 0, 1)),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the package and the course's settings, with the guide's files added."""
    root = tmp_path_factory.mktemp("guide")
    shutil.copytree(
        ROOT / "autograder", root / "autograder", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("nbgrader_config.py", "conftest.py"):
        shutil.copy(ROOT / name, root)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    run(root, COMMANDS[0])
    return root


def run(root, command):
    """Run a command of the guide in the course; give what it printed."""
    words = shlex.split(command)
    program = Path(sys.executable).with_name(words[0])
    assert program.is_file(), command
    result = subprocess.run(
        [program, *words[1:]], cwd=root, env=environment(root), capture_output=True, text=True
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def environment(root):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_guide_names_the_two_places_of_a_lesson_and_no_other():
    assert set(FILES) == {
        f"autograder/lessons/{NAME}/__init__.py",
        f"autograder/lessons/{NAME}/lesson.py",
        f"notebooks/{NAME}.md",
    }
    assert [
        f"softmax-lab build {NAME}",
        f"pytest --nbval source/{NAME}/{NAME}.ipynb",
        f"softmax-lab grade {NAME}",
        f"softmax-lab report {NAME}",
        f"nbgrader generate_feedback {NAME}",
        "nbgrader export",
    ] == COMMANDS


def test_the_build_derives_what_students_and_graders_get(course):
    release, source = (notebook(course, which) for which in ("release", "source"))
    marks = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader for c in source.cells if c.metadata}
    points = {id: one.points for id, one in marks.items() if one.grade}
    assert points == {
        "variance-check": 0,
        "variance-tests": 4,
        "variance-of-heights-tests": 1,
        "variance-shift-tests": 1,
        "variance-why": 2,
    }
    shown = "\n".join(cell.source for cell in release.cells)
    for secret in ("xx.mean()", "grade(", "seven digits", "MARK SCHEME", "SOLUTION"):
        assert secret not in shown


def test_the_committed_files_are_current(course):
    assert "Up to date" in run(course, f"softmax-lab build --check {NAME}")


def test_the_solved_notebook_passes_nbval(course):
    assert "failed" not in run(course, COMMANDS[1])


MARK = """
import json, sys
import torch
from autograder import grade
told = []
for source in json.load(sys.stdin):
    names = {"torch": torch}
    exec(source, names)
    report = grade("variance", names["variance"])
    told.append([report.points, report.passed, report.misconception, report.message])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(course):
    """What the marker says of each answer, by its source."""
    answers = [*RIGHT.values(), *WRONG]
    result = subprocess.run(
        [sys.executable, "-c", MARK],
        cwd=course,
        env=environment(course),
        input=json.dumps(answers),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(answers, json.loads(result.stdout), strict=True))


@pytest.mark.parametrize("form", RIGHT)
def test_a_right_form_gets_full_marks(told, form):
    points, passed, misconception, message = told[RIGHT[form]]
    assert (points, passed, misconception) == (4, True, None), message


@pytest.mark.parametrize("answer", WRONG)
def test_a_wrong_one_is_caught_and_told_its_cause(told, answer):
    points, passed, misconception, message = told[answer]
    assert (points, passed, misconception) == (WRONG[answer][0], False, WRONG[answer][1]), message


@pytest.fixture(scope="module")
def graded(course):
    """The course once everyone is graded, and every command of the guide has run."""
    release, source = (notebook(course, which) for which in ("release", "source"))
    for student, (cells, _) in STUDENTS.items():
        sample = Sample(student, "", {"starts from": "solution"}, cells)
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(make(sample, release, source))
    run(course, f"{COMMANDS[2]} --timeout 4")
    for command in COMMANDS[3:]:
        run(course, command)
    return course


def notebook(course, which):
    return nbformat.read(course / which / NAME / f"{NAME}.ipynb", as_version=4)


def rows(file):
    with open(file, encoding="utf-8-sig", newline="") as stream:
        return {
            row[next(k for k in row if k.startswith("student"))]: row
            for row in csv.DictReader(stream)
        }


@pytest.mark.parametrize("student", STUDENTS)
def test_every_answer_earns_what_it_deserves(graded, student):
    row = rows(graded / "report.csv")[student]
    earned = tuple(float(row[id]) for id in ("variance", "variance-of-heights", "variance-shift"))
    assert earned == STUDENTS[student][1]


def test_the_report_names_the_mistake(graded):
    page = (graded / "report.html").read_text(encoding="utf-8")
    assert "the mean of the squares minus the square of the mean" in page
    assert rows(graded / "report.csv")["short"]["misconceptions"] == "variance-short-formula"


def test_students_get_their_page(graded):
    page = (graded / "feedback" / "short" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "How many digits are left" in page
    assert "2 of 4 points" in page


def test_the_export_has_everyone(graded):
    found = rows(graded / "grades.csv")
    assert {student for student in found if found[student]["raw_score"]} == set(STUDENTS)


def test_nothing_else_of_the_package_changed(graded):
    def files(root):
        return {
            path.relative_to(root): path.read_bytes()
            for path in (root / "autograder").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    added = {path for path in files(graded) if path not in files(ROOT)}
    assert added == {Path(name) for name in FILES if name.startswith("autograder/")}
    assert files(ROOT).items() <= files(graded).items()
