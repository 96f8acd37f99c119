"""What `softmax-lab grade` prints and returns, what it grades again, and what a course may add."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.errors import LabError
from autograder.gradebook.course import Course
from autograder.intake import rebuild
from autograder.pipeline import grade
from autograder.runner.job import Settings
from autograder.sandbox.box import layers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(layer.available for layer in layers()), reason="this machine cannot confine"
    ),
]

ROOT = Path(__file__).parents[1]
COMMAND = [
    *(sys.executable, "-c"),
    "import sys; from autograder.commands.main import main; sys.exit(main())",
    "grade",
]
SETTINGS = Settings(jobs=2)
GIVEN = "from pathlib import Path\nrows = Path('data.csv').read_text().split()"
RIGHT = "total = sum(int(row) for row in open('data.csv'))"
WRONG = "total = 5"


def _cell(grade_id, source, **flags):
    meta = {"grade_id": grade_id, "schema_version": 3, "task": False, "grade": False, **flags}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": meta}, id=grade_id)


def _notebook(answer):
    test = {"grade": True, "locked": True, "solution": False}
    hidden = "### BEGIN HIDDEN TESTS\nassert total != 5\n### END HIDDEN TESTS"
    return nbformat.v4.new_notebook(
        cells=[
            _cell("given", GIVEN, locked=True, solution=False),
            _cell("total", answer, locked=False, solution=True),
            _cell("total-tests", "assert total == sum(map(int, rows))", points=2, **test),
            _cell("hidden-tests", hidden, points=1, **test),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )


def _hand_in(course, student, answer, timestamp=None):
    folder = course / "submitted" / student / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(_notebook(answer), folder / "tiny.ipynb")
    if timestamp:
        (folder / "timestamp.txt").write_text(timestamp)


def _make(course):
    """Make a course with a data file and the students ada (all right), ben (wrong), eve (none)."""
    (course / "source" / "tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    solution = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    nbformat.write(_notebook(solution), course / "source" / "tiny" / "tiny.ipynb")
    (course / "source" / "tiny" / "data.csv").write_text("1\n2\n4\n")
    _hand_in(course, "ada", RIGHT)
    _hand_in(course, "ben", WRONG)
    return course


@pytest.fixture
def course(tmp_path):
    return _make(tmp_path / "course")


def _graded(course, **options):
    lines, _ = grade(course, "tiny", settings=SETTINGS, **options)
    return {line.student: line.status for line in lines}


def _points(course):
    return {marks.student: marks.automatic for marks in Course(course, "tiny").marks()}


def _run(*arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


# --- What is printed -----------------------------------------------------------------------------


def test_the_results_are_one_json_document(course):
    _hand_in(course, "eve", RIGHT)
    (course / "submitted" / "eve" / "tiny" / "tiny.ipynb").write_bytes(b"")
    run = _run("tiny", "--course", course, "--json")
    assert (run.returncode, run.stderr) == (1, "")
    told = json.loads(run.stdout)
    assert told["counts"]["graded"] == 2
    assert told["counts"]["not graded"] == 1
    students = {one["student"]: one for one in told["students"]}
    assert list(students) == ["ada", "ben", "eve"]
    assert students["ada"]["score"] == {"points": 3, "max_points": 3, "waiting": 0}
    assert students["eve"]["problems"][0]["what"]
    assert students["eve"]["score"] is None


def test_plain_lines_without_a_bar_and_unchanged_ones_are_only_counted(course):
    run = _run("tiny", "--course", course)
    assert (run.returncode, run.stderr) == (0, "")
    assert "ada: graded, 3 of 3 automatic points.\n" in run.stdout
    assert "ben: graded, 0 of 3 automatic points.\n" in run.stdout
    assert not re.search(r"\r|\x1b|student/s", run.stdout)
    again = _run("tiny", "--course", course)
    assert again.returncode == 0
    assert "2 unchanged" in again.stdout
    assert not re.search("ada|ben", again.stdout)


def test_a_terminal_has_a_bar_with_counts(course):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    with subprocess.Popen(
        [*COMMAND, "tiny", "--course", course],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # how a terminal says that its other end is closed
            while part := os.read(ours, 1 << 16):
                seen += part
        os.close(ours)
    assert process.returncode == 0
    assert b"ada: graded" in seen
    assert re.search(rb"\r[^\n]*\b2/2 [^\n]*0 not graded", seen)


def test_help_fits_a_terminal():
    lines = subprocess.run(
        [*COMMAND, "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tiny", "--students", "ada,zoe"], "is called zoe"),
        (["other"], "there is no notebook"),
        (["tiny", "--jobs", "0"], "--jobs: '0' is not a whole number from 1"),
        (["tiny", "--total-timeout", "9" * 20], "is not a whole number from 1 to 1,000,000"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(course, arguments, said):
    run = _run(*arguments, "--course", course)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert not (course / "gradebook.db").exists()


def test_a_reader_who_goes_away_costs_no_marks(course):
    with subprocess.Popen(
        [*COMMAND, "tiny", "--course", course],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert _points(course) == {"ada": 3, "ben": 0}


# --- What is graded again ------------------------------------------------------------------------


def test_only_what_changed_is_graded_again(course):
    everyone = {"ada": "graded", "ben": "graded"}
    unchanged = dict.fromkeys(everyone, "unchanged")
    data = course / "source" / "tiny" / "data.csv"
    assert _graded(course) == everyone
    assert _graded(course) == unchanged
    assert _graded(course, force=True, students=["ben"]) == {"ben": "graded"}
    _hand_in(course, "ben", RIGHT)
    assert _graded(course) == {"ada": "unchanged", "ben": "graded"}
    data.write_text("2\n2\n")
    assert _graded(course) == everyone
    assert _points(course) == {"ada": 3, "ben": 3}
    data.with_name("more.csv").touch()
    assert _graded(course) == everyone
    data.with_name("more.csv").rename(data.with_name("extra.csv"))
    assert _graded(course) == everyone
    source = data.with_name("tiny.ipynb")
    source.write_text(source.read_text().replace("total != 5", "total == 5"))
    assert _graded(course) == everyone
    assert _points(course) == {"ada": 2, "ben": 2}
    shutil.rmtree(course / "autograded" / "ada")
    assert _graded(course) == {"ada": "graded", "ben": "unchanged"}


def test_what_was_refused_is_remembered_until_it_changes(course, monkeypatch):
    seen = []
    take_in = rebuild.take_in
    monkeypatch.setattr(rebuild, "take_in", lambda *a: seen.append(a[1]) or take_in(*a))
    broken = course / "submitted" / "eve" / "tiny" / "tiny.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    first, _ = grade(course, "tiny", settings=SETTINGS)
    assert seen == ["ada", "ben", "eve"]
    again, _ = grade(course, "tiny", settings=SETTINGS)
    assert seen == ["ada", "ben", "eve"]
    (before,), (after,) = ([one for one in run if one.student == "eve"] for run in (first, again))
    assert before == after
    _graded(course, students=["eve"], force=True)
    broken.write_text("[]")
    assert _graded(course)["eve"] == "not graded"
    assert seen == ["ada", "ben", "eve", "eve", "eve"]
    _hand_in(course, "eve", RIGHT)
    assert _graded(course)["eve"] == "graded"


def test_data_files_are_found_by_cells_and_kept_beside_the_copies(course):
    _graded(course)
    assert _points(course) == {"ada": 3, "ben": 0}
    assert (course / "autograded" / "ada" / "tiny" / "data.csv").read_text() == "1\n2\n4\n"


# --- Other places to run, other settings ---------------------------------------------------------


def test_any_executor_gives_the_same_marks(course):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        assert _graded(course, executor=executor) == {"ada": "graded", "ben": "graded"}
    assert _points(course) == {"ada": 3, "ben": 0}


def _scores(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "softmax-lab") as gradebook:
        return {
            one.student_id: (one.score, one.late_submission_penalty)
            for one in gradebook.find_assignment("tiny").submissions
        }


def test_late_work_is_penalised_as_by_stock_nbgrader(tmp_path):
    ours = _make(tmp_path / "ours")
    _hand_in(ours, "ada", RIGHT, "2030-01-02 10:00:00 UTC")
    _hand_in(ours, "ben", RIGHT, "2029-12-31 10:00:00 UTC")
    with open(ours / "nbgrader_config.py", "a") as config:
        config.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    stock = shutil.copytree(ours, tmp_path / "stock")
    nbgrader = Path(sys.executable).with_name("nbgrader")
    due = ["db", "assignment", "add", "tiny", "--duedate", "2030-01-01 12:00:00 UTC"]
    for course in (ours, stock):
        subprocess.run([nbgrader, *due], cwd=course, check=True, capture_output=True)
    grade(ours, "tiny", settings=SETTINGS)
    for command in (["generate_assignment", "tiny", "--force"], ["autograde", "tiny"]):
        subprocess.run([nbgrader, *command], cwd=stock, check=True, capture_output=True)
    assert _scores(ours) == _scores(stock)
    assert _scores(ours) == {"ada": (3, 3), "ben": (3, 0)}


CUSTOM = """
from nbgrader.preprocessors import {base}
class Custom({base}):
    def preprocess_cell(self, cell, resources, index):
        cell.metadata["seen"] = resources["nbgrader"]["student"]
        return cell, resources
c.Autograde.autograde_preprocessors = [Custom]
"""


def test_a_preprocessor_of_the_courses_own_is_used(course):
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(CUSTOM.format(base="NbGraderPreprocessor"))
    _graded(course)
    copy = nbformat.read(course / "autograded" / "ada" / "tiny" / "tiny.ipynb", as_version=4)
    assert {cell.metadata.get("seen") for cell in copy.cells} == {"ada"}
    assert _points(course) == {"ada": 3, "ben": 0}


def test_a_preprocessor_in_the_place_of_nbgraders_marking_is_refused(course):
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(CUSTOM.format(base="SaveAutoGrades"))
    with pytest.raises(LabError, match=r"Custom.*place of nbgrader's own SaveAutoGrades"):
        _graded(course)
    assert _points(course) == {}
