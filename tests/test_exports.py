"""The files for Canvas and Moodle, from a real gradebook, read back as those systems read them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.lms.canvas import CanvasExporter
from autograder.lms.moodle import MoodleExporter
from autograder.results.tables import is_formula, number, safe

# nbgrader 0.9.6 makes its gradebook objects in an order that SQLAlchemy comments on.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")

ROOT = Path(__file__).parents[1]
FORMULA = "=cmd|' /C calc'!A0"
QUOTED = 'O\'Brien, "Zoë"'

STUDENTS = {
    "ada": ("Ada", "Lovelace", "ada@example.org", "12345"),
    "007": ("James", "Bond", "007@example.org", "0042"),
    "-5": ("Neg", "Ative", "neg@example.org", "12ab"),
    QUOTED: ('Zoë\n"Z"', "O'Brien, Sr.", "zoe@example.org", ""),
    FORMULA: ("@SUM(A1)", "x;=1+1", "=1@example.org", "+1+1"),
    "late": ("La", "Te", "", "7"),
    "very late": ("\\", "Points Possible", "v@example.org", "8"),
    "absent": ("", "", "absent@example.org", "9"),
}


@pytest.fixture(scope="module", autouse=True)
def _alembic():
    """nbgrader starts `alembic` by name when it makes a gradebook."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory, _alembic):
    """A course whose gradebook has marks of tests and people, bonus points and penalties."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "softmax-lab") as gradebook:
        for name in ("softmax", "other"):
            gradebook.add_assignment(name, course_id="softmax-lab")
            gradebook.add_notebook("one", name)
            gradebook.add_notebook("two", name)
            for cell, points in (("a", 10), ("b", 2.5)):
                gradebook.add_grade_cell(cell, "one", name, max_score=points, cell_type="code")
            gradebook.add_grade_cell("c", "two", name, max_score=5, cell_type="markdown")
        for id, (first, last, email, lms) in STUDENTS.items():
            gradebook.add_student(
                id, first_name=first, last_name=last, email=email, lms_user_id=lms
            )
            if id == "absent":
                continue
            gradebook.add_submission("softmax", id)
            marks = {cell: gradebook.find_grade(cell, "one", "softmax", id) for cell in "ab"}
            marks["c"] = gradebook.find_grade("c", "two", "softmax", id)
            marks["a"].auto_score, marks["b"].auto_score = 7, 1 / 3
            marks["c"].manual_score = 5
            for mark in marks.values():
                mark.needs_manual_grade = id == "ada"
        marks["c"].extra_credit = 0.125  # of the last one, "very late"
        for id, penalty in (("late", 2), ("very late", 100)):
            for notebook in ("one", "two"):
                late = gradebook.find_submission_notebook(notebook, "softmax", id)
                late.late_submission_penalty = penalty
        bonus = gradebook.find_grade("a", "one", "softmax", "007")
        bonus.manual_score, bonus.extra_credit = 10, 3
        gradebook.db.commit()
    return root


def _export(course, exporter, file, **settings):
    exporter = exporter(**settings, to=str(file))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "softmax-lab") as gradebook:
        exporter.export(gradebook)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_canvas_gets_its_own_columns(course, tmp_path):
    rows = _export(course, CanvasExporter, tmp_path / "canvas.csv", assignment=["softmax"])
    assert rows[:2] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "softmax"],
        ["    Points Possible", "", "", "", "", "17.5"],
    ]
    assert sorted(rows[2:]) == sorted(
        [
            ["Lovelace, Ada", "12345", "", "ada", "", "12.33"],
            ["Bond, James", "", "0042", "007", "", "18.33"],
            ["Ative, Neg", "", "12ab", "-5", "", "12.33"],
            ['O\'Brien, Sr., Zoë "Z"', "", "", QUOTED, "", "12.33"],
            ["x;'=1+1, '@SUM(A1)", "", "'+1+1", f"'{FORMULA}", "", "12.33"],
            ["Te, La", "7", "", "late", "", "8.33"],
            ["very late", "8", "", "very late", "", "0"],
            ["absent", "9", "", "absent", "", ""],
        ]
    )


def test_canvas_finds_assignments_by_their_numbers(course, tmp_path):
    rows = _export(
        *(course, CanvasExporter, tmp_path / "canvas.csv"),
        assignment_ids={"softmax": "678"},
        login="SIS User ID",
    )
    assert rows[0][5:] == ["other", "softmax (678)"]
    assert rows[1][5:] == ["17.5", "17.5"]
    assert ["Lovelace, Ada", "12345", "ada", "", "", "", "12.33"] in rows


def test_canvas_says_which_ids_it_had_to_change(course, tmp_path, caplog):
    _export(course, CanvasExporter, tmp_path / "canvas.csv")
    assert [FORMULA in message for message in caplog.messages if "apostrophe" in message] == [True]


@pytest.mark.parametrize(
    ("identify_by", "column", "expected"),
    [
        ("username", "Username", ["ada", "007", QUOTED, "late", "very late", "absent"]),
        ("idnumber", "ID number", ["12345", "0042", "12ab", "7", "8", "9"]),
        (
            "email",
            "Email address",
            [STUDENTS[id][2] for id in ("ada", "007", "-5", QUOTED, "very late", "absent")],
        ),
    ],
)
def test_moodle_gets_only_students_whom_it_can_find(
    course, tmp_path, caplog, identify_by, column, expected
):
    rows = _export(course, MoodleExporter, tmp_path / "moodle.csv", identify_by=identify_by)
    assert rows[0] == [column, "First name", "Last name", "other", "softmax"]
    assert {row[0] for row in rows[1:]} == set(expected)
    left_out = [message for message in caplog.messages if "left out" in message]
    assert len(left_out) + len(expected) == len(STUDENTS)


def test_moodle_gets_grades_and_a_dash_for_none(course, tmp_path):
    rows = _export(course, MoodleExporter, tmp_path / "moodle.csv", assignment=["softmax"])
    assert sorted(rows[1:]) == sorted(
        [
            ["ada", "Ada", "Lovelace", "12.33"],
            ["007", "James", "Bond", "18.33"],
            [QUOTED, 'Zoë "Z"', "O'Brien, Sr.", "12.33"],
            ["late", "La", "Te", "8.33"],
            ["very late", "/", "Points Possible", "0"],
            ["absent", "", "", "-"],
        ]
    )


def test_points_are_those_of_nbgraders_own_columns(course, tmp_path):
    rows = _export(course, CanvasExporter, tmp_path / "canvas.csv", assignment=["softmax"])
    points = {row[3]: row[5] for row in rows[2:]}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "softmax-lab") as gradebook:
        for one in gradebook.assignment_submissions("softmax"):
            expected = number(max(0.0, one.score - one.late_submission_penalty))
            assert (
                points[one.student.id if one.student.id != FORMULA else f"'{FORMULA}"] == expected
            )


@pytest.mark.slow
@pytest.mark.parametrize("exporter", ["canvas.CanvasExporter", "moodle.MoodleExporter"])
def test_nbgrader_runs_the_exporter(course, exporter, tmp_path):
    file = tmp_path / "grades.csv"
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("nbgrader"), "export"),
            f"--exporter=autograder.lms.{exporter}",
            *("--to", file, "--assignment", "softmax", "--student", "ada"),
        ],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "softmax: 1 submission still to be marked by hand" in done.stderr
    text = file.read_text(encoding="utf-8-sig")
    assert ("ada" in text, "007" in text) == (True, False)
    assert text.splitlines()[0].endswith(",softmax")


# --- Cells of a spreadsheet ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["=1", "+a", "-a", "@A", "\t=1", "\r@A", " =1", "a;=1", '"=1', "＝1"]
)
def test_what_could_be_a_formula_begins_with_an_apostrophe_instead(text):
    assert is_formula(text)
    assert not is_formula(safe(text))
    assert safe(text).replace("'", "") == text.strip()


@pytest.mark.parametrize("text", ["007", "-5", "+1.5", "O'Brien", "a-b", "a@b.org", "1=1", "Zoë"])
def test_what_is_no_formula_stays(text):
    assert not is_formula(text)
    assert safe(text) == text


@pytest.mark.parametrize(
    ("points", "text"),
    [(0, "0"), (-0.0, "0"), (1 / 3, "0.33"), (2.675, "2.68"), (100, "100"), (28.5, "28.5")],
)
def test_points_have_two_decimals_at_most(points, text):
    assert number(points) == text
