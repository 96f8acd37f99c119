"""The runner marks as stock nbgrader does, whatever the assignment, and believes nobody."""

from __future__ import annotations

import json
import math
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import numpy
import pytest
import torch
from nbgrader.api import Gradebook

from autograder.commands.demo import SAMPLES, prepare
from autograder.gradebook.course import Course
from autograder.intake import rebuild as intake
from autograder.pipeline import Watcher, grade
from autograder.runner import packing, pool
from autograder.runner.job import Settings
from autograder.runner.wire import MAX_MESSAGE, Closed, TimedOut, Wire, WireError
from autograder.samples import read_samples

ROOT = Path(__file__).parents[1]


# --- Values on their way -------------------------------------------------------------------------


def travelled(value):
    data = json.loads(json.dumps(packing.pack(value, lambda function: "f")))
    return packing.unpack(data, lambda name: ("function", name))


@pytest.mark.parametrize(
    "value",
    [
        0,
        -5,
        2**200,
        1.5,
        math.inf,
        "é\n",
        True,
        None,
        ...,
        [1, [2, ()]],
        {"a": {1, 2}},
        (),
        b"".decode(),
    ],
    ids=repr,
)
def test_plain_data_arrives_as_it_was(value):
    assert travelled(value) == value


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([1.0, -0.0, math.inf]),
        torch.eye(4)[:, ::2],
        torch.tensor(3.0),
        torch.tensor([]),
        torch.tensor([True, False]),
        torch.arange(6).reshape(2, 3).T,
        torch.tensor([1.5, 2.5], dtype=torch.bfloat16),
        torch.nn.Parameter(torch.ones(2)),
    ],
    ids=repr,
)
def test_tensors_arrive_with_their_dtype_shape_and_numbers(tensor):
    arrived = travelled(tensor)
    assert type(arrived) is torch.Tensor
    assert (arrived.dtype, arrived.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(arrived, tensor)


def test_arrays_and_functions_arrive():
    assert numpy.array_equal(
        travelled(numpy.arange(6.0).reshape(2, 3)), numpy.arange(6).reshape(2, 3)
    )
    assert travelled(numpy.float32(2.5)) == 2.5
    assert travelled(len) == ("function", "f")


class Liar(list):
    def __iter__(self):
        raise SystemExit


@pytest.mark.parametrize(
    "value",
    [object(), Liar([1]), torch.empty(3, device="meta"), torch.zeros(2_000_000), type, 1j],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not_travel_arrives_as_its_name(value):
    assert isinstance(travelled(value), packing.Foreign)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"is": "nothing"},
        {"is": "constant", "name": "__import__"},
        {"is": "int", "hex": "__import__('os')"},
        {"is": "list", "items": 3},
        {"is": "dict", "items": [[{"is": "list", "items": []}, {"is": "int", "hex": "0x1"}]]},
        {"is": "set", "items": [{"is": "int", "hex": hex(n)} for n in range(5000)]},
        {"is": "tensor", "dtype": "float32", "shape": [2], "data": "AAAA"},
        {"is": "tensor", "dtype": "float32", "shape": [-1], "data": ""},
        {"is": "tensor", "dtype": "float32", "shape": [10**4000] * 3000, "data": ""},
        {"is": "tensor", "dtype": "object", "shape": [1], "data": "AAAAAAAA"},
        {"is": "array", "dtype": "object", "shape": [1], "data": "AAAAAAAA"},
        {"is": "tensor", "dtype": "bool", "shape": [1], "data": "/w=="},
    ],
    ids=lambda data: str(data)[:60],
)
def test_what_is_no_value_is_refused(data):
    with pytest.raises(packing.Refused):
        packing.unpack(data, str)


def test_nesting_and_numbers_have_limits():
    nested: dict = {"is": "int", "hex": "0x1"}
    for _ in range(100):
        nested = {"is": "list", "items": [nested]}
    with pytest.raises(packing.Refused):
        packing.unpack(nested, str)
    with pytest.raises(packing.Refused):
        packing.unpack({"is": "list", "items": [{"is": "list", "items": []}] * 50_000}, str)


# --- The wire ------------------------------------------------------------------------------------


@pytest.fixture
def wire():
    theirs, mine = socket.socketpair()
    yield Wire(mine), theirs
    theirs.close()
    mine.close()


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", TimedOut),
        (struct.pack(">Q", 5) + b"{}", TimedOut),
        (struct.pack(">Q", MAX_MESSAGE + 1), WireError),
        (struct.pack(">Q", 2) + b"{x", WireError),
        (struct.pack(">Q", 2) + b"[]", WireError),
        (struct.pack(">Q", 20_000) + b"[" * 20_000, WireError),
    ],
)
def test_what_is_no_message_is_refused(wire, sent, error):
    mine, theirs = wire
    theirs.sendall(sent)
    with pytest.raises(error):
        mine.receive(lambda: True)


def test_a_message_that_comes_in_drops_is_not_waited_for_without_end(wire):
    mine, theirs = wire
    theirs.sendall(struct.pack(">Q", 1_000_000))
    stopped = threading.Event()

    def drip():
        while not stopped.wait(0.01):
            theirs.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimedOut):
        mine.receive(lambda: True)
    stopped.set()
    thread.join()


def test_an_end_that_is_closed_is_told_from_one_that_is_silent(wire):
    mine, theirs = wire
    theirs.close()
    with pytest.raises(Closed):
        mine.receive(lambda: False)


def test_an_end_that_never_reads_does_not_hold_up_the_other(wire):
    mine, _ = wire
    with pytest.raises(TimedOut):
        mine.send({"source": "x" * 5_000_000}, 0.2)


def test_messages_arrive_whole(wire):
    mine, theirs = wire
    other = Wire(theirs)
    message = {"source": "é" * 500_000}
    thread = threading.Thread(target=other.send, args=(message,))
    thread.start()
    assert mine.receive(lambda: False) == message
    thread.join()


# --- Beside stock nbgrader -----------------------------------------------------------------------


def cells_of(course):
    """Return each cell's mark, comment and flag, by student."""
    found = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.find_assignment("softmax").submissions:
            notebook = submission.notebooks[0]
            found[submission.student_id] = {
                **{g.name: (g.auto_score, g.needs_manual_grade) for g in notebook.grades},
                **{f"{c.name} comment": c.auto_comment for c in notebook.comments},
            }
    return found


@pytest.mark.slow
def test_marks_comments_and_flags_are_those_of_stock_nbgrader(tmp_path):
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    prepare(ROOT, ours, read_samples(SAMPLES))
    _, course = grade(ours, "softmax", settings=Settings(jobs=2, cell_seconds=10))

    shutil.copytree(ours, stock)
    (stock / "gradebook.db").unlink()
    shutil.rmtree(stock / "autograded")
    for student in course.graded():
        (name, release), *_ = course.released().items()
        rebuilt = intake.take_in(course.submitted, student, "softmax", name, release).notebook
        (stock / "rebuilt" / student / "softmax").mkdir(parents=True)
        nbformat.write(rebuilt, stock / "rebuilt" / student / "softmax" / "softmax.ipynb")
    for command in (
        ["generate_assignment", "softmax", "--force"],
        [
            *("autograde", "softmax", "--Execute.timeout=10"),
            "--CourseDirectory.submitted_directory=rebuilt",
        ],
    ):
        nbgrader = Path(sys.executable).with_name("nbgrader")
        subprocess.run([nbgrader, *command], cwd=stock, check=True, capture_output=True)

    of_ours, of_stock = cells_of(ours), cells_of(stock)
    assert set(of_ours) == set(of_stock)
    assert len(of_ours) >= 11
    for student, cells in of_stock.items():
        assert of_ours[student] == cells, student
        copies = [
            nbformat.read(one / "autograded" / student / "softmax" / "softmax.ipynb", 4)
            for one in (ours, stock)
        ]
        kept, expected = ([(c.source, c.metadata.get("nbgrader")) for c in n.cells] for n in copies)
        assert kept == expected, student


# --- Where processes cannot be counted apart ------------------------------------------------------


def test_submissions_then_wait_for_one_another(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "counts_apart", lambda waived: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    here, most = [], []

    def take_a_turn():
        with pool._turn(frozenset()):
            here.append(threading.get_ident())
            most.append(len(here))
            time.sleep(0.01)
            here.remove(threading.get_ident())

    threads = [threading.Thread(target=take_a_turn) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


@pytest.mark.slow
def test_that_is_said_and_everyone_is_graded(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "counts_apart", lambda waived: False)
    prepare(ROOT, tmp_path / "course", [s for s in read_samples(SAMPLES) if s.student < "c"])
    notes = []
    watcher = Watcher()
    watcher.note = notes.append
    lines, _ = grade(tmp_path / "course", "softmax", settings=Settings(jobs=2), watcher=watcher)
    assert {line.status for line in lines} == {"graded"}
    assert "one at a time" in "".join(notes)


# --- Another assignment --------------------------------------------------------------------------


def cell(grade_id, source, **flags):
    meta = {"grade_id": grade_id, "schema_version": 3, "task": False, **flags}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": meta}, id=grade_id)


@pytest.mark.slow
def test_an_assignment_the_runner_has_never_heard_of_is_graded(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    given = {"grade": False, "locked": True, "solution": False}
    answer = {"grade": False, "locked": False, "solution": True}
    test = {"grade": True, "locked": True, "solution": False, "points": 2}
    hidden = "### BEGIN HIDDEN TESTS\nassert words == {'b': [1, 2.5]}\n### END HIDDEN TESTS"
    source = nbformat.v4.new_notebook(
        cells=[
            cell("given", "base = 10", **given),
            cell(
                "double",
                "### BEGIN SOLUTION\ndef double(n):\n    return 2 * n\n### END SOLUTION",
                **answer,
            ),
            cell(
                "double-tests", "assert double(base) == 20\nassert double('ab') == 'abab'", **test
            ),
            cell(
                "words", "### BEGIN SOLUTION\nwords = {'b': [1, 2.5]}\n### END SOLUTION", **answer
            ),
            cell("words-tests", hidden, **test),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    answers = {
        "right": ("def double(n): return n + n", "words = {'b': [1, 2.5]}"),
        "half": ("import math\ndef double(n): return math.nan", "words = {'b': [1, 2.5]}"),
        "wrong": ("double = ...", "class words:\n    __eq__ = lambda *a: True\nwords = words()"),
        "shadow": ("def double(n): return n + n\ndef abs(x): return 0", "base = 1; words = {}"),
    }
    for path, notebook in {
        "source/tiny/tiny.ipynb": source,
        **{f"submitted/{name}/tiny/tiny.ipynb": name for name in answers},
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        if isinstance(notebook, str):
            double, words = answers[notebook]
            notebook = nbformat.from_dict(json.loads(json.dumps(source)))
            notebook.cells[1].source, notebook.cells[3].source = double, words
            notebook.cells[4].source = ""
        nbformat.write(notebook, tmp_path / path)
    grade(tmp_path, "tiny", settings=Settings(jobs=2))
    points = {marks.student: marks.automatic for marks in Course(tmp_path, "tiny").marks()}
    assert points == {"right": 4, "half": 2, "wrong": 0, "shadow": 2}


UNUSUAL = {
    "names": "from torch import *\nimport torch\ndef double(n): return 2 * n",
    "command": "!echo × ÷\ndef double(n): return 2 * n",
    "file": "import mine\ndouble = mine.double",
    "beside": "from helper import base as two\ndef double(n): return two * n",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"
    "double = lambda n: n + n",
}
FIRST = {"file": "%%writefile mine.py\ndef double(n): return 2 * n"}
WORDS = "import enum\nclass W(str, enum.Enum):\n    same = 'same'\nwords = {'a': W.same}"


@pytest.mark.slow
def test_what_runs_in_a_kernel_runs_here(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    given = {"grade": False, "locked": True, "solution": False}
    answer = {"grade": False, "locked": False, "solution": True}
    test = {"grade": True, "locked": True, "solution": False, "points": 1}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}

    def notebook(first, double, words):
        cells = [
            cell("given", "from helper import base", **given),
            cell("first", first, **answer),
            cell("double", double, **answer),
            cell("double-tests", "assert double(base) == 4", **test),
            cell("words", words, **answer),
            cell("words-tests", "assert words == {'a': 'same'}", **test),
        ]
        return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})

    files = {"source": notebook("", "### BEGIN SOLUTION\n### END SOLUTION", "words = ...")}
    for student, double in UNUSUAL.items():
        files[f"submitted/{student}"] = notebook(FIRST.get(student, ""), double, WORDS)
    for path, made in files.items():
        (tmp_path / path / "tiny").mkdir(parents=True)
        nbformat.write(made, tmp_path / path / "tiny" / "tiny.ipynb")
    (tmp_path / "source" / "tiny" / "helper.py").write_text("base = 2\n")
    _, course = grade(tmp_path, "tiny", settings=Settings(jobs=2))
    points = {marks.student: marks.automatic for marks in course.marks()}
    assert points == dict.fromkeys(UNUSUAL, 2)

    def shown(student):
        copy = nbformat.read(course.autograded(student) / "tiny.ipynb", 4)
        return next(c for c in copy.cells if c.id == "double").outputs

    assert [one.text for one in shown("command")] == ["× ÷\n"]
    assert [set(one.data) for one in shown("plot")] == [{"text/plain", "image/png"}]
