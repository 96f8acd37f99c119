"""From submitted notebooks to marks and feedback, with the real nbgrader and the real lesson."""

from __future__ import annotations

import copy
import csv
import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import grade
from autograder.commands.demo import SAMPLES, prepare
from autograder.gradebook.course import Course
from autograder.gradebook.state import State
from autograder.lessons import load
from autograder.samples import make, read_samples, solved

EXERCISES = load("softmax").tested
HAND_MARKED = load("softmax").by_hand

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FULL = sum(exercise.points for exercise in EXERCISES.values())

WRONG = {
    "explore-largest": "logits_for_output_1 = torch.tensor([2.0, -2.0, 2.0])",
    "softmax": "def softmax(xx):\n    return torch.exp(xx) / xx.sum()",
    "softmax-of-x": "p = softmax_torch(2 * x)",
    "predict": "predictions = {}",
    "experiments": "p_plus_1 = p_minus_100 = p_minus_max = p_half = p_triple = "
    "softmax_torch(9 * x)",
    "verdicts": "verdicts = dict.fromkeys(predictions, 'bigger')",
    "overflow": "x2 = 5 * x\np_overflow = x2\nfirst_step = x2 + 1",
    "shifted": "p_shifted = softmax(x2 - 149.0)\nshift = x2.min()",
    "softmax-stable": "def softmax_stable(xx):\n    return xx / xx.sum()\n\n\np_stable = x2",
    "analysis-shift": "y2_y3 = 'different'",
    "analysis-scale": "y2_y4 = 'same'",
}

#: Where a student's own softmax gives the answer. If it is wrong they are still judged by what it
#: gives; if there is none, neither is there an answer.
USES_SOFTMAX = {"softmax-of-x", "overflow", "shifted"}

CHATTY = """
import sys
import warnings


def softmax(xx):
    print("computing the softmax of", xx)
    warnings.warn("this may overflow")
    sys.stderr.write("still fine\\n")
    exp_xx = torch.exp(xx)
    return exp_xx / exp_xx.sum()


warnings.warn("ready")
"""

UNREADABLE = {
    "empty": b"",
    "truncated": b'{"cells": [{"source": "x = ',
    "web-page": b"<!DOCTYPE html>\n<html></html>",
    "no-notebook": b'{"a": 1}',
    "too-deep": b"[" * 100_000,
    "wrong-lesson": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "y = 1"}]}',
}


def _lab(*arguments, cwd=ROOT):
    """Start `softmax-lab`, as the console script does."""
    code = "import sys; from autograder.commands.main import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process, timeout=900):
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _read(which):
    return nbformat.read(ROOT / which / "softmax" / "softmax.ipynb", as_version=4)


def _with(notebook, **sources):
    changed = copy.deepcopy(notebook)
    for grade_id, source in sources.items():
        _cell(changed, grade_id.replace("_", "-")).source = source
    return changed


def _cell(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def _repaired_many_times(answered):
    """A notebook with much that intake has to repair, and every answer right."""
    notebook = copy.deepcopy(answered)
    notebook.metadata = {"kernelspec": {"name": "another-kernel"}}
    notebook.cells.remove(_cell(notebook, "softmax-tests"))
    _cell(notebook, "verdicts-tests").source = "raise SystemExit"
    notebook.cells.append(copy.deepcopy(_cell(_read("release"), "experiments")))
    notebook.cells.insert(4, nbformat.v4.new_code_cell("import math\n", id="mine"))
    _cell(notebook, "setup").metadata = {"tags": ["skip-execution"]}
    _cell(notebook, "analysis-scale").cell_type = "markdown"
    return notebook


def _class(release, answered):
    """Every submission of the class, by student: bytes or a notebook."""
    students = dict(UNREADABLE)
    students["solved"] = answered
    students["untouched"] = release
    students["chatty"] = _with(answered, softmax=CHATTY)
    students["repaired"] = _repaired_many_times(answered)
    students["-é, c{0}"] = answered
    students["deadly"] = _with(answered, predict="import os\nos._exit(1)")
    for exercise, source in WRONG.items():
        students[f"wrong-{exercise}"] = _with(answered, **{exercise: source})
        students[f"empty-{exercise}"] = _with(
            answered, **{exercise: _cell(release, exercise).source}
        )
    return students


def _hand_in(course, student, submission):
    folder = course / "submitted" / student / "softmax"
    folder.mkdir(parents=True, exist_ok=True)
    content = submission if isinstance(submission, bytes) else json.dumps(submission).encode()
    (folder / "softmax.ipynb").write_bytes(content)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The demo and the class, each in a course of its own, graded side by side."""
    demo_root = tmp_path_factory.mktemp("demo")
    for name in ("nbgrader_config.py", "source", "release"):
        (demo_root / name).symlink_to(ROOT / name)
    course = tmp_path_factory.mktemp("class") / "course"
    prepare(ROOT, course, [])
    release = _read("release")
    for student, submission in _class(release, solved(release, _read("source"))).items():
        _hand_in(course, student, submission)
    (course / "submitted" / "nobody" / "softmax").mkdir(parents=True)
    (course / "submitted" / "linked" / "softmax").mkdir(parents=True)
    link = course / "submitted" / "linked" / "softmax" / "softmax.ipynb"
    link.symlink_to(course / "source" / "softmax" / "softmax.ipynb")
    processes = _lab("demo", cwd=demo_root), _lab("grade", "--course", course)
    demo, graded = map(_finish, processes)
    return {"demo": (demo_root / "demo", demo), "class": (course, graded)}


@pytest.fixture(scope="module")
def course(runs):
    return runs["class"][0]


@pytest.fixture(scope="module")
def graded(runs):
    return runs["class"][1]


@pytest.fixture(scope="module")
def points(course):
    """Each student's automatic points, by exercise."""
    return {
        marks.student: {
            mark.cell.name.removesuffix("-tests"): mark.points
            for mark in marks.marks
            if mark.cell.name.endswith("-tests")
        }
        for marks in Course(course, "softmax").marks()
    }


def _lines_of(student, output):
    """Return a student's line with the indented ones below it."""
    found = re.search(rf"^{re.escape(student)}: .*(?:\n    .*)*", output, re.MULTILINE)
    return found[0] if found else ""


# --- Marks ---------------------------------------------------------------------------------------


def test_an_untouched_notebook_gets_no_automatic_points(points):
    assert sum(points["untouched"].values()) == 0


def test_a_solved_notebook_gets_all_automatic_points(points):
    assert points["solved"] == {id: exercise.points for id, exercise in EXERCISES.items()}


@pytest.mark.parametrize("kind", ["wrong", "empty"])
@pytest.mark.parametrize("exercise", EXERCISES)
def test_one_exercise_costs_only_its_own_points(points, exercise, kind):
    lost = {
        id: EXERCISES[id].points - score
        for id, score in points[f"{kind}-{exercise}"].items()
        if score != EXERCISES[id].points
    }
    also = USES_SOFTMAX if (kind, exercise) == ("empty", "softmax") else set()
    assert exercise in lost
    assert set(lost) <= {exercise} | also


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_empty_exercise_gets_no_points(points, exercise):
    assert points[f"empty-{exercise}"][exercise] == 0


def test_odd_folder_names_cost_nothing(points):
    assert sum(points["-é, c{0}"].values()) == FULL


def test_prints_and_warnings_cost_nothing(points):
    assert sum(points["chatty"].values()) == FULL


def test_repairs_cost_nothing(points):
    assert sum(points["repaired"].values()) == FULL


def test_answered_questions_wait_for_a_person_and_others_do_not(course):
    demo = {marks.student: marks for marks in Course(course, "softmax").marks()}
    assert demo["untouched"].waiting == 0
    assert {m.cell.name for m in demo["solved"].marks if m.cell.by_hand} == set(HAND_MARKED)


# --- The class -----------------------------------------------------------------------------------


def test_the_class_is_graded_to_the_end(graded, course):
    for student in (folder.name for folder in (course / "submitted").iterdir()):
        assert _lines_of(student, graded.stdout), student


def test_some_submission_that_was_not_graded_shows_in_the_exit_status(graded):
    assert (graded.returncode, graded.stderr) == (1, "")


@pytest.mark.parametrize("student", [*UNREADABLE, "nobody", "linked"])
def test_an_unreadable_submission_is_reported_and_gets_no_mark(graded, points, course, student):
    assert f"{student}: not graded." in _lines_of(student, graded.stdout)
    assert student not in points
    assert not (course / "autograded" / student).exists()


def test_code_that_ends_its_process_is_reported_and_keeps_what_was_there_before(graded, points):
    assert "ended its own process" in _lines_of("deadly", graded.stdout)
    before = ("explore-largest", "softmax-of-x")
    assert all(points["deadly"][exercise] == 1 for exercise in before)
    assert points["deadly"]["predict"] == points["deadly"]["verdicts"] == 0


def test_each_repair_is_reported(graded):
    text = _lines_of("repaired", graded.stdout)
    for words in ("another-kernel", "softmax-tests", "verdicts-tests", "experiments", "setup"):
        assert words in text


def test_honest_work_is_reported_without_a_word_of_repair(graded):
    assert _lines_of("solved", graded.stdout).count("\n") == 0


def test_no_traceback_reaches_a_person(runs):
    for _, done in runs.values():
        assert "Traceback" not in done.stdout + done.stderr


def test_intake_is_written_down_for_the_instructor(course):
    kept = State(course / ".softmax-lab", "softmax").of("empty")
    assert (kept["status"], kept["problems"][0]["kind"]) == ("not graded", "empty")


def test_submissions_are_untouched(course):
    release = _read("release")
    for student, submission in _class(release, solved(release, _read("source"))).items():
        file = course / "submitted" / student / "softmax" / "softmax.ipynb"
        expected = submission if isinstance(submission, bytes) else json.dumps(submission).encode()
        assert file.read_bytes() == expected


# --- Grading again -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def again(course, graded, points):
    """A second run over the class, after one student handed in once more and one broke a file."""
    release = _read("release")
    _hand_in(course, "untouched", _with(release, analysis_shift="y2_y3 = 'same'"))
    _hand_in(course, "wrong-predict", b"{")
    return _finish(_lab("grade", "--course", course))


def test_what_is_graded_and_unchanged_is_skipped(again):
    assert "solved" not in again.stdout
    assert " unchanged," in again.stdout


def test_a_changed_submission_is_graded_again(again):
    assert f"untouched: graded, 1 of {FULL:g}" in again.stdout


def test_earlier_marks_survive_a_broken_file(again, course, points):
    now = {marks.student: marks.automatic for marks in Course(course, "softmax").marks()}
    assert "wrong-predict: not graded." in again.stdout
    assert now["wrong-predict"] == sum(points["wrong-predict"].values())
    assert (course / "autograded" / "wrong-predict" / "softmax" / "softmax.ipynb").is_file()


def test_a_source_with_other_cells_is_refused_with_the_remedy(again, course, tmp_path):
    older = shutil.copytree(course, tmp_path / "course", symlinks=True)
    file = older / "source" / "softmax" / "softmax.ipynb"
    source = nbformat.read(file, as_version=4)
    source.cells.remove(_cell(source, "proof"))
    nbformat.write(source, file)
    done = _finish(_lab("grade", "--course", older))
    assert (done.returncode, done.stdout) == (2, "")
    assert "nbgrader db assignment remove softmax" in done.stderr


# --- What cannot be graded at all ----------------------------------------------------------------


@pytest.fixture
def bare(tmp_path):
    return prepare(ROOT, tmp_path / "course", [])


def test_no_submitted_folder_is_said(bare):
    done = _finish(_lab("grade", "--course", bare))
    assert done.returncode == 2
    assert "submitted/STUDENT/softmax/softmax.ipynb" in done.stderr


def test_no_source_is_said(bare):
    shutil.rmtree(bare / "source")
    done = _finish(_lab("grade", "--course", bare))
    assert done.returncode == 2
    assert "softmax-lab build" in done.stderr


def test_a_broken_source_is_named(bare):
    (bare / "submitted" / "ada").mkdir(parents=True)
    (bare / "source" / "softmax" / "softmax.ipynb").write_text("{")
    done = _finish(_lab("grade", "--course", bare))
    assert done.returncode == 2
    assert "source/softmax/softmax.ipynb is not a notebook" in done.stderr


def test_a_broken_gradebook_is_said(bare):
    (bare / "submitted" / "ada").mkdir(parents=True)
    (bare / "gradebook.db").write_text("This is no database. " * 100)
    done = _finish(_lab("grade", "--course", bare))
    assert done.returncode == 2
    assert "gradebook.db cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_student_is_said(bare):
    (bare / "submitted" / "ada").mkdir(parents=True)
    done = _finish(_lab("grade", "--course", bare, "--students", "ada,bob"))
    assert done.returncode == 2
    assert "bob" in done.stderr


# --- The demo and the feedback -------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(runs):
    folder, done = runs["demo"]
    assert done.returncode == 0, done.stderr
    return folder


def _page(demo, student):
    page = demo / "feedback" / student / "softmax" / "softmax.html"
    return html.unescape(page.read_text(encoding="utf-8"))


def test_the_demo_tells_the_story_in_fifteen_lines(runs, demo):
    output = runs["demo"][1].stdout
    assert len(output.strip().splitlines()) <= 15
    for sample in read_samples(SAMPLES):
        assert sample.what in output


def test_the_demo_writes_the_table_of_marks(demo):
    with (demo / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert (scores["ada"], scores["blaise"], scores["karen"]) == (FULL, 0, FULL)


def test_the_demo_writes_the_class_report(runs, demo):
    assert "report.html (the class)" in runs["demo"][1].stdout
    assert "carol" in (demo / "report.html").read_text(encoding="utf-8")


def test_every_sample_with_a_mistake_loses_points(demo):
    marks = {m.student: m.automatic for m in Course(demo, "softmax").marks()}
    right = {student for student, points in marks.items() if points == FULL}
    assert right == {"ada", "karen"}


def test_every_graded_sample_has_a_page(demo):
    pages = {page.parents[1].name for page in (demo / "feedback").rglob("softmax.html")}
    assert pages == {s.student for s in read_samples(SAMPLES)} - {"mina"}


def test_the_demo_starts_afresh_and_spares_what_is_not_its_own(tmp_path):
    samples = read_samples(SAMPLES)[:1]
    course = prepare(ROOT, tmp_path / "demo", samples)
    (course / "gradebook.db").touch()
    prepare(ROOT, tmp_path / "demo", samples)
    assert not (course / "gradebook.db").exists()
    (tmp_path / "demo" / "this-is-the-demo").unlink()
    with pytest.raises(Exception, match="in the way"):
        prepare(ROOT, tmp_path / "demo", samples)


def _words(page):
    return re.sub(r"<[^>]*>", "", page)


def test_feedback_names_the_misconception(demo):
    import torch

    report = grade("softmax", lambda xx: torch.exp(xx))
    assert report.misconception
    page = _words(_page(demo, "carol"))
    for line in _words(html.unescape(report._repr_html_())).splitlines():
        assert line in page


def test_feedback_shows_no_rubric_no_hidden_test_and_no_solution(demo):
    page = _words(_page(demo, "blaise"))
    for text in _secrets(_read("source"), _read("release")):
        assert text not in page


def _secrets(source, release):
    """Lines of the source that students were not given, and that say something."""
    known = "\n".join(cell.source for cell in release.cells)
    lines = (line.strip() for cell in source.cells for line in cell.source.splitlines())
    found = {line for line in lines if len(line) > 25 and line not in known}
    assert len(found) > 50
    return found


def test_every_sample_can_be_made_from_this_lesson():
    for sample in read_samples(SAMPLES):
        assert make(sample, _read("release"), _read("source"))
