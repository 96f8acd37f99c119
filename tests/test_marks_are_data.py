"""A test's points are a number of the examiner's own: nothing shown, lost or too long gives any."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import nbformat
import numpy
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

import autograder
from autograder.gradebook.course import Course
from autograder.gradebook.plain import CouldNotMark, NoMarkNoPoints
from autograder.gradebook.record import points_of
from autograder.marking.describing import describe
from autograder.marking.observation import (
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_ITEMS,
    MAX_NUMBERS,
    MAX_TEXT,
    Call,
    Observation,
    readable,
)
from autograder.pipeline import grade
from autograder.results.class_results import read_class
from autograder.runner.job import MarkOfTest, Settings

ROOT = Path(__file__).parents[1]
SETTINGS = Settings(jobs=2, cell_seconds=10)

# --- The first wall: what arrives is bounded ------------------------------------------------------


def nested(depth):
    inner = {"kind": "none"}
    for _ in range(depth):
        inner = {"kind": "mapping", "items": [["k", inner]]}
    return inner


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "list of answers"},
        {"kind": ["tensor"]},
        {"kind": "tensor", "shape": [1] * (MAX_DIMENSIONS + 1)},
        {"kind": "tensor", "shape": [-1]},
        {"kind": "tensor", "shape": [2**63]},
        {"kind": "tensor", "shape": [10**4000]},
        {"kind": "tensor", "shape": [True]},
        {"kind": "tensor", "shape": [3.0]},
        {"kind": "tensor", "shape": ["3"]},
        {"kind": "tensor", "shape": 3},
        {"kind": "tensor", "shape": "333"},
        {"kind": "tensor", "values": [0.5] * (MAX_NUMBERS + 1)},
        {"kind": "tensor", "values": ["0.5"]},
        {"kind": "tensor", "values": [None]},
        {"kind": "tensor", "values": [10**400]},
        {"kind": "tensor", "values": {"0": 1}},
        {"kind": "tensor", "dtype": ["float32"]},
        {"kind": "raised", "type_name": None},
        {"kind": "raised", "text": 3},
        {"kind": "mapping", "items": [["k", {"kind": "none"}]] * (MAX_ITEMS + 1)},
        {"kind": "mapping", "items": [["k"]]},
        {"kind": "mapping", "items": [[1, {"kind": "none"}]]},
        {"kind": "mapping", "items": ["ab"]},
        nested(MAX_DEPTH + 1),
        None,
        "tensor",
        [],
        3,
    ],
    ids=lambda message: str(message)[:50],
)
def test_what_is_no_observation_counts_as_nothing(message):
    assert readable(Observation.from_message, [message]) == []


@pytest.mark.parametrize(
    "seen",
    [
        Observation("tensor", "tensor", "float32", (2, 1), (0.5, float("inf"))),
        Observation("tensor", "tensor", "float32", (1,) * MAX_DIMENSIONS, (1.0,)),
        Observation("list", "list", shape=(MAX_NUMBERS,), values=(0.5,) * MAX_NUMBERS),
        Observation("text", "str", text="é" * MAX_TEXT),
        Observation("mapping", "dict", items=(("k", Observation("timed out")),) * MAX_ITEMS),
    ],
    ids=lambda seen: seen.kind,
)
def test_what_is_one_arrives_whole(seen):
    assert Observation.from_message(json.loads(json.dumps(seen.to_message()))) == seen


@pytest.mark.parametrize("name", ["type_name", "dtype", "text"])
def test_long_texts_are_cut_and_half_characters_replaced(name):
    seen = Observation.from_message({"kind": "other", name: "\ud800" + "N" * 2_000_000})
    assert getattr(seen, name) == "?" + "N" * (MAX_TEXT - 1)


def test_the_library_s_name_is_cut():
    none = {"kind": "none"}
    told = {"result": none, "argument": none, "library": "L" * 2_000_000}
    call = Call.from_message({**told, "argument_changed": False, "result_changed": False})
    assert len(call.library) == MAX_TEXT


@pytest.mark.parametrize(
    "value",
    [
        torch.empty(50_000, 1000, 0),
        torch.empty(1, 999_999, 0, 999_999),
        torch.empty(10_000, 0, 10_000),
        torch.empty(()).expand(1 << 40),
        numpy.empty((900_000, 900, 0)),
        [torch.empty(100_000, 100, 0)] * 50,
        {"p": torch.empty(30_000, 0, 3_000)},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_no_number_takes_no_memory(value):
    tracemalloc.start()
    describe(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_tensor_of_very_many_dimensions_is_no_tensor_to_the_marking():
    assert describe(torch.ones([1] * MAX_DIMENSIONS)).kind == "tensor"
    assert describe(torch.ones([1] * (MAX_DIMENSIONS + 1))).kind == "other"


# --- The second wall: a mark is a number, carried as data -----------------------------------------

RIGHT = "def softmax(xx):\n    e = torch.exp(xx)\n    return e / e.sum()"
REPORT = 'grade("softmax", softmax)'
#: What a test cell of 4 points holds, and what a right answer earns there.
TESTS = {
    "report": (f"from autograder import grade; {REPORT}", 4),
    "imported-before": (REPORT, 4),
    "in-a-name": (f"report = {REPORT}\nreport", 4),
    "asserts": ("assert callable(softmax)", 4),
    "number": ("0.5", 0.5),
    "whole-number": ("3", 3),
    "not-shown": (f"print('x' * 3_000_000)\n{REPORT}", 4),
    "fails": (f"assert softmax is None\n{REPORT}", 0),
    "fails-after": (f"{REPORT}\nassert softmax is None", 0),
    "warns": (f"import sys; print('x', file=sys.stderr)\n{REPORT}", 0),
    "warns-unseen": (f"import sys; print('x' * 10**6); print('x', file=sys.stderr)\n{REPORT}", 0),
}
#: And those whose number does not count, which is said.
NO_MARKS = {
    "semicolon": f"{REPORT};",
    "lost": f"report = {REPORT}",
    "two": f"{REPORT}\n{REPORT}",
    "the-points": f"{REPORT}.points",
    "shown": f"display({REPORT})",
    "too-many": "4.5",
    "negative": "-1",
    "nan": "float('nan')",
    "infinite": "float('inf')",
    "text": "'4'",
    "truth": "True",
    "tensor": "torch.tensor(4.0)",
    "student-s": "softmax",
}


def cell(grade_id, source, points=None, solution=False):
    known = {"grade_id": grade_id, "schema_version": 3, "task": False, "solution": solution}
    known |= {"grade": points is not None, "locked": not solution}
    known |= {} if points is None else {"points": points}
    return new_code_cell(source, metadata={"nbgrader": known}, id=grade_id)


def make_course(folder, tests, answers):
    """Make a course with one answer, `softmax`, and test cells of 4 points."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [
        cell("given", "import torch\nfrom autograder import grade"),
        cell("answer", f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION", solution=True),
        *(cell(name, source, points=4) for name, source in tests.items()),
    ]
    source = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    places = {"source/tiny/tiny.ipynb": None}
    places |= {f"submitted/{who}/tiny/tiny.ipynb": answer for who, answer in answers.items()}
    for path, answer in places.items():
        (folder / path).parent.mkdir(parents=True)
        notebook = nbformat.from_dict(json.loads(json.dumps(source)))
        if answer is not None:
            notebook.cells[1].source = answer
        nbformat.write(notebook, folder / path)


def points_by_cell(course):
    (marks,) = course.marks()
    return {mark.cell.name: mark.points for mark in marks.marks}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    tests = {name: source for name, (source, _) in TESTS.items()} | NO_MARKS
    make_course(folder, tests, {"ada": RIGHT})
    return grade(folder, "tiny", settings=SETTINGS)


@pytest.mark.slow
def test_a_test_gives_the_number_that_the_examiner_has(graded):
    (line,), course = graded
    points = points_by_cell(course)
    assert {name: points[name] for name in TESTS} == {n: p for n, (_, p) in TESTS.items()}
    assert line.score.points == sum(points for _, points in TESTS.values())


@pytest.mark.slow
def test_a_test_that_gives_none_earns_nothing_and_everyone_is_told(graded):
    (line,), course = graded
    points = points_by_cell(course)
    assert {name: points[name] for name in NO_MARKS} == dict.fromkeys(NO_MARKS, 0)
    assert {one.cell for one in line.problems if one.kind == "no-mark"} == set(NO_MARKS)
    needs = [need for student in read_class(course).submissions for need in student.needs]
    assert len([need for need in needs if need.reason == "failed"]) == len(NO_MARKS)


@pytest.mark.slow
def test_a_marking_that_fails_is_not_the_student_s_fault(tmp_path):
    make_course(tmp_path, {"unknown": 'grade("sofmax", softmax)'}, {"ada": RIGHT})
    (line,), _ = grade(tmp_path, "tiny", settings=SETTINGS)
    assert line.status == "not graded"
    assert "There is no such exercise." in line.failure


@pytest.mark.parametrize(
    ("points", "earned"),
    [(None, 4), (0, 0), (4, 4), (2.5, 2.5), (-0.1, 0), (4.1, 0), (float("nan"), 0)],
)
def test_points_are_between_none_and_all(points, earned):
    assert points_of(MarkOfTest(points), 4)[0] == earned
    assert points_of(MarkOfTest(points, "of no account"), 4)[0] == 0


# --- Plain `nbgrader autograde` -------------------------------------------------------------------


def result(text):
    return new_output("execute_result", data={"text/plain": text})


@pytest.mark.parametrize(
    ("outputs", "counts"),
    [
        ([result("2.5")], True),
        ([new_output("stream", text="printed\n"), result("0")], True),
        ([], False),
        ([result("4.5")], False),
        ([result("-1")], False),
        ([result("nan")], False),
        ([result("'4'")], False),
        ([new_output("execute_result", data={"text/html": "4"})], False),
        ([result("0"), result("4")], False),
        ([new_output("display_data", data={"text/plain": "4"})], False),
        ([result("4"), new_output("error", ename="NameError", evalue="", traceback=[])], False),
    ],
)
def test_plain_nbgrader_gives_no_points_without_a_mark(outputs, counts):
    one = cell("softmax-tests", REPORT, points=4)
    one.outputs = outputs
    NoMarkNoPoints().preprocess_cell(one, {}, 0)
    points, _ = determine_grade(one)
    assert (points, any(output.output_type == "error" for output in one.outputs)) == (
        (float(outputs[-1].data["text/plain"]), False) if counts else (0, True)
    )


@pytest.mark.parametrize(
    ("imports", "test"),
    [
        ("from autograder import grade", "assert double(2) == 4"),
        ("from course import grade", "assert grade(double(2)) == 4"),
        ("# a word about autograder\ndef grade(value): return value", "assert grade(2) == 2"),
    ],
)
def test_plain_nbgrader_leaves_other_tests_alone(imports, test):
    given, one = cell("given", imports), cell("double-tests", test, points=4)
    NoMarkNoPoints().preprocess(new_notebook(cells=[given, one]), {})
    assert one.outputs == []


@pytest.mark.parametrize("imports", ["from autograder import grade", "import autograder as a"])
def test_plain_nbgrader_knows_our_tests_by_their_import(imports):
    given, one = cell("given", imports), cell("tests", REPORT, points=4)
    NoMarkNoPoints().preprocess(new_notebook(cells=[given, one]), {})
    assert [output.ename for output in one.outputs] == ["NoMark"]


@pytest.mark.slow
def test_plain_nbgrader_with_our_settings(tmp_path):
    answers = {
        "ada": RIGHT,
        "quiet": f"{RIGHT}\nimport autograder\nautograder.grade = lambda *a: None",
        "forger": f"{RIGHT}\nimport autograder\nautograder.grade = lambda *a: -1",
    }
    make_course(tmp_path, {"tests": f"from autograder import grade; {REPORT}"}, answers)
    for command in (["generate_assignment", "tiny", "--force"], ["autograde", "tiny"]):
        nbgrader = Path(sys.executable).with_name("nbgrader")
        subprocess.run([nbgrader, *command], cwd=tmp_path, check=True, capture_output=True)
    points = {marks.student: marks.automatic for marks in Course(tmp_path, "tiny").marks()}
    assert points == {"ada": 4, "quiet": 0, "forger": 0}


def test_plain_nbgrader_leaves_ungraded_what_the_marking_could_not_look_at():
    one = cell("tests", 'grade("sofmax", softmax)', points=4)
    report = autograder.grade("sofmax", None)
    data = {"text/plain": repr(report), **report._repr_mimebundle_()}
    one.outputs = [new_output("execute_result", data=data)]
    with pytest.raises(CouldNotMark, match="tests"):
        NoMarkNoPoints().preprocess_cell(one, {}, 0)
