"""The class report: page and table say what the gradebook and the graded notebooks hold."""

from __future__ import annotations

import copy
import csv
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from autograder import grade
from autograder.commands.demo import SAMPLES, prepare
from autograder.errors import LabError
from autograder.gradebook.course import Course
from autograder.lessons import load
from autograder.marking.report import MIME_TYPE
from autograder.results.class_report import FORMGRADER, write_report
from autograder.results.class_results import read_class
from autograder.results.page import render
from autograder.results.tables import number
from autograder.samples import read_samples

EXERCISES = load("softmax").tested
HAND_MARKED = load("softmax").by_hand
MISCONCEPTIONS = load("softmax").misconceptions

ROOT = Path(__file__).parents[1]
HANDED_IN = ("ada", "carol", "dorothy", "jun", "lin", "mina")

FORMULA = "+1-cmd(A0)"
QUOTED = "O'Brien, Zoë"
MARKUP = "<img src=x onerror=alert(1)>"
COMPARES = """def softmax(xx):
    shares = xx.exp() / xx.exp().sum()
    print(torch.allclose(shares, torch.softmax(xx, 0)))
    return shares
"""
#: Copies of a sample's submission, with another text in some cells.
MORE = {
    FORMULA: ("ada", {}),
    "007": ("carol", {}),
    QUOTED: ("ada", {"softmax": "def softmax(xx):\n    return torch.softmax(xx, 0)"}),
    "deadly": ("ada", {"predict": "import os\nos._exit(1)"}),
    "torn": ("ada", {}),
    "endless": ("ada", {"softmax": "def softmax(xx):\n    while True:\n        pass"}),
    "comparing": ("ada", {"softmax": COMPARES}),
    "unlucky": ("ada", {}),
    "overruled": ("dorothy", {}),
}

#: A preprocessor of the course's own that fails for one student.
FAILS = """
from nbgrader.preprocessors import NbGraderPreprocessor
class Fails(NbGraderPreprocessor):
    def preprocess(self, notebook, resources):
        if resources["nbgrader"]["student"] == "unlucky":
            raise RuntimeError
        return notebook, resources
c.Autograde.autograde_preprocessors = [Fails]
"""

VOID = {"meta", "link", "img", "input", "br", "hr", "line", "rect"}


class Page(html.parser.HTMLParser):
    """A page's elements: tag, attributes, text, and the id of the section around it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open, self.sections = [], [], []
        self.feed(text)
        self.close()
        assert not self._open, "every element is closed"

    def handle_starttag(self, tag, attributes):
        section = next((one["id"] for one in self._open[::-1] if one["tag"] == "section"), None)
        one = {"tag": tag, "attributes": dict(attributes), "text": "", "section": section}
        one["id"] = one["attributes"].get("id")
        one["in"] = [outer["tag"] for outer in self._open]
        self.elements.append(one)
        if tag not in VOID:
            self._open.append(one)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for one in self._open:
            one["text"] += data

    def all(self, tag, section=None):
        return [
            one
            for one in self.elements
            if one["tag"] == tag and (section is None or one["section"] == section)
        ]

    def rows(self, section):
        """The cells of each row of a section's tables, as words."""
        rows = []
        for one in self.elements:
            if one["section"] == section and one["tag"] == "tr":
                rows.append([])
            elif one["section"] == section and one["tag"] in ("th", "td"):
                rows[-1].append(" ".join(one["text"].split()))
        return rows


def _lab(*arguments):
    code = "import sys; from autograder.commands.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def _cell(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def _gradebook(course):
    return Course(course, "softmax").gradebook()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which everything has happened that the report speaks of."""
    course = tmp_path_factory.mktemp("class") / "course"
    samples = [one for one in read_samples(SAMPLES) if one.student in HANDED_IN]
    prepare(ROOT, course, samples)
    submitted = course / "submitted"
    for student, (model, sources) in MORE.items():
        shutil.copytree(submitted / model, submitted / student)
        file = submitted / student / "softmax" / "softmax.ipynb"
        notebook = nbformat.read(file, as_version=4)
        for cell, source in sources.items():
            _cell(notebook, cell).source = source
        nbformat.write(notebook, file)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(FAILS)
    graded = _lab("grade", "--course", course, "--timeout", "6")  # for the endless one
    assert graded.returncode == 1, graded.stderr  # mina's file breaks off
    shutil.copytree(submitted / "ada", submitted / "newcomer")
    (submitted / os.fsdecode(b"\xff") / "softmax").mkdir(parents=True)
    file = course / "autograded" / "torn" / "softmax" / "softmax.ipynb"
    file.chmod(0o644)
    file.write_text('{"cells": [')
    with _gradebook(course) as gradebook:
        gradebook.update_or_create_student(QUOTED, first_name=MARKUP, last_name='"Ω", é')
        gradebook.add_student("absent", first_name="Al", last_name="Sent")
        by_hand = gradebook.find_grade("explore-equal", "softmax", "softmax", "ada")
        by_hand.manual_score, by_hand.needs_manual_grade = 0.5, False
        bonus = gradebook.find_grade("proof", "softmax", "softmax", "ada")
        bonus.manual_score, bonus.extra_credit, bonus.needs_manual_grade = 0, 2.25, False
        tests = gradebook.find_grade("softmax-tests", "softmax", "softmax", "overruled")
        tests.manual_score = 4
        late = gradebook.find_submission_notebook("softmax", "softmax", "carol")
        late.late_submission_penalty, late.flagged = 3.5, True
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def written(course, tmp_path_factory):
    return write_report(course, "softmax", page=tmp_path_factory.mktemp("report") / "class.html")


@pytest.fixture(scope="module")
def page(written):
    return Page(written.page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told(course):
    """What the graded notebooks' test cells hold, by student: the marks as data."""
    found = {}
    for folder in (course / "autograded").iterdir():
        if folder.name == "torn":
            continue
        notebook = nbformat.read(folder / "softmax" / "softmax.ipynb", as_version=4)
        cells = (_cell(notebook, f"{exercise}-tests") for exercise in EXERCISES)
        found[folder.name] = [cell.outputs[0].data[MIME_TYPE] for cell in cells]
    return found


# --- The mark as data ----------------------------------------------------------------------------


def test_a_mark_as_data_holds_no_words_and_no_case():
    data = grade("softmax", lambda xx: xx.exp())._repr_mimebundle_()[MIME_TYPE]
    assert data == {
        "exercise": "softmax",
        "outcome": "wrong",
        "points": 0.0,
        "max_points": 4.0,
        "findings": [
            {
                "name": "softmax",
                "outcome": "wrong",
                "points": 0.0,
                "max_points": 4.0,
                "misconception": "not-normalised",
                "doubt": "",
            }
        ],
    }
    assert json.loads(json.dumps(data)) == data


def test_jupyter_shows_a_mark_as_before_beside_the_data():
    from IPython.core.formatters import DisplayFormatter

    report = grade("softmax-of-x", {"p": None})
    shown, _ = DisplayFormatter().format(report)
    assert set(shown) == {MIME_TYPE, "text/plain", "text/html"}
    assert (shown["text/plain"], shown["text/html"]) == (repr(report), report._repr_html_())


@pytest.mark.slow
def test_the_runner_puts_the_data_into_every_test_cell(told):
    for marks in told.values():
        assert [mark["exercise"] for mark in marks] == list(EXERCISES)


# --- Numbers -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_everyones_points_are_the_gradebooks(page, course):
    rows = {row[0]: row for row in page.rows("everyone")[2:]}
    with _gradebook(course) as gradebook:
        submissions = gradebook.assignment_submissions("softmax")
        assert len(rows) == len(submissions) + 5  # absent, mina, newcomer, unlucky, \xff
        for one in submissions:
            student = one.student
            name = ", ".join(filter(None, (student.last_name, student.first_name)))
            _, _, total, tests, by_hand, late, *points = rows[f"{name} {student.id}".strip()]
            scores = {mark.name: mark.score for mark in one.notebooks[0].grades}
            assert points == [number(scores[f"{exercise}-tests"]) for exercise in EXERCISES]
            assert total == number(max(0, one.score - one.late_submission_penalty))
            assert by_hand == number(sum(scores[cell] for cell in HAND_MARKED))
            assert float(tests) + float(by_hand) == one.score
            assert late == ("-3.5" if student.id == "carol" else "")
    assert rows["ada"][2:5] == ["32.75", "30", "2.75"]


@pytest.mark.slow
def test_progress_counts_every_student_once(page, course):
    with _gradebook(course) as gradebook:
        waits = [one.needs_manual_grade for one in gradebook.assignment_submissions("softmax")]
    assert page.rows("progress")[1:] == [
        ["fully marked", str(waits.count(False))],
        ["waiting to be marked by hand", str(waits.count(True))],
        ["handed in, not graded", "4"],
        ["not handed in", "1"],
    ]
    assert waits.count(True) > 3


@pytest.mark.slow
def test_each_distribution_counts_every_graded_submission_once(page, written):
    graded = len(written.results.graded)
    tables = [row for row in page.rows("marks") if row[0] != "Points"]
    starts = [place for place, row in enumerate(tables) if row[0].startswith("0 to")]
    assert len(starts) == 2
    for table in (tables[: starts[1]], tables[starts[1] :]):
        assert sum(int(count) for _, count in table) == graded
    full = sum(written.results.points(one, by_hand=False) >= 28 for one in written.results.graded)
    assert ["28 to 30", str(full)] in tables


@pytest.mark.slow
def test_success_is_what_the_test_cells_say(page, told):
    rows = {row[0]: [int(n) for n in row[2:7]] for row in page.rows("exercises")[1:]}
    assert list(rows) == list(EXERCISES)
    coarse = {"right": 0, "partly_right": 1, "wrong": 2, "wrong_type": 2, "not_attempted": 3}
    expected = {exercise: Counter() for exercise in EXERCISES}
    for student, marks in told.items():
        for mark in marks:
            place = coarse.get(mark["outcome"], 4)
            if (student, mark["exercise"]) == ("overruled", "softmax"):
                place = 0  # a person gave all points
            expected[mark["exercise"]][place] += 1
    for exercise, counts in rows.items():
        without_torn = [n - (place == 0) for place, n in enumerate(counts)]  # marked by points
        assert without_torn == [expected[exercise][place] for place in range(5)]


@pytest.mark.slow
def test_misconceptions_are_those_of_the_notebooks(page, told):
    whose = {}
    for student, marks in told.items():
        for mark in marks:
            for one in mark["findings"]:
                if one["misconception"] and (student, mark["exercise"]) != ("overruled", "softmax"):
                    whose.setdefault(one["misconception"], set()).add(student)
    assert whose["not-normalised"] == {"carol", "007"}
    assert set(whose) >= {"exp-over-sum-of-x", "library-call", "not-shifted"}
    rows = page.rows("misconceptions")[1:]
    assert len(rows) == len(whose)
    for id, students in whose.items():
        row = next(row for row in rows if row[0].startswith(MISCONCEPTIONS[id].says))
        assert row[1].startswith(f"{len(students)} (")
        for student in students:
            assert student in row[1]
    counts = [int(row[1].split()[0]) for row in rows]
    assert counts == sorted(counts, reverse=True)


# --- What needs a person -------------------------------------------------------------------------


#: Who needs a person: for which reason, under which heading, and in which words.
NEEDS = {
    "mina": ("unread", "Could not be read", "The file breaks off"),
    "newcomer": ("not graded", "Not graded yet", "Handed in, but no marks are recorded."),
    os.fsdecode(b"\xff"): ("not graded", "Not graded yet", "Handed in, but no marks are recorded."),
    "unlucky": ("not graded", "Not graded yet", "It could not be recorded (RuntimeError)."),
    "torn": ("failed", "Could not be marked", "The graded copy of softmax cannot be read."),
    "deadly": ("ended", "Ran out of time, or ended its own process", "ended its own process"),
    "endless": (
        *("ended", "Ran out of time, or ended its own process"),
        "softmax did not return in time.",
    ),
    QUOTED: (
        *("library", "A library may have done the work"),
        "softmax leaves the work to a library, and earned nothing.",
    ),
    "comparing": (
        *("library", "A library may have done the work"),
        "softmax calls a library's softmax, perhaps only to compare; it has kept its points.",
    ),
    "carol": ("flagged", "Flagged in the formgrader", "Flagged in the formgrader: softmax."),
    "lin": ("repaired", "Repaired before grading", "was edited"),
}


@pytest.mark.slow
def test_exactly_those_who_need_a_person_are_listed_with_the_reason(written, page):
    found = {
        one.student: {need.reason for need in one.needs} for one in written.results.submissions
    }
    assert {student: reasons for student, reasons in found.items() if reasons} == {
        student: {reason} for student, (reason, _, _) in NEEDS.items()
    }
    lists = {}
    for one in page.elements:
        if one["section"] == "look" and one["tag"] == "h3":
            title, _, count = one["text"].partition(": ")
            cases = lists.setdefault(title, [])
            cases.append(int(count))
        elif one["section"] == "look" and one["tag"] == "li" and one["in"].count("ul") == 1:
            cases.append(" ".join(one["text"].split()))
    titles = Counter(title for _, title, _ in NEEDS.values())
    assert {title: cases[0] for title, cases in lists.items()} == titles
    for student, (_, title, words) in NEEDS.items():
        name = page_name(student)
        assert any(name in case and words in case for case in lists[title][1:]), student


def page_name(student):
    return student.encode("utf-8", "replace").decode()


@pytest.mark.slow
def test_the_table_names_the_same_people_and_reasons(written):
    with written.table.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for student, row in rows.items():
        known = {page_name(one): need for one, need in NEEDS.items()}
        reason, _, words = known.get(student, ("", "", ""))
        assert row["look at"] == reason, student
        assert words in row["why"], student
        assert bool(row["why"]) == bool(words), student


@pytest.mark.slow
def test_hand_marks_that_are_due_are_counted_by_question(page, course):
    with _gradebook(course) as gradebook:
        due = Counter(
            mark.name
            for one in gradebook.assignment_submissions("softmax")
            for mark in one.notebooks[0].grades
            if mark.needs_manual_grade
        )
        waiting = {
            f"submissions/{one.notebooks[0].id}"
            for one in gradebook.assignment_submissions("softmax")
            if one.needs_manual_grade
        }
    rows = {row[0]: row for row in page.rows("hand")[1:]}
    assert list(rows) == list(HAND_MARKED)
    assert {question: int(row[2]) for question, row in rows.items()} == {
        question: due[question] for question in HAND_MARKED
    }
    links = {one["attributes"]["href"] for one in page.all("a", "hand")}
    assert links == {f"{FORMGRADER}/{where}/" for where in ("gradebook/softmax/softmax", *waiting)}


# --- What a student could do ---------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_needs_nothing_from_elsewhere_and_links_only_to_the_formgrader(page):
    tags = {one["tag"] for one in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    ids = {one["id"] for one in page.elements}
    for one in page.elements:
        attributes = one["attributes"]
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        href = attributes.get("href", "#progress")
        if href.startswith("#"):
            assert href[1:] in ids
        else:
            assert href == "data:," or href.startswith(f"{FORMGRADER}/")
    assert "url(" not in page.all("style")[0]["text"]
    assert "@import" not in page.all("style")[0]["text"]


@pytest.mark.slow
def test_a_class_of_one_is_told_in_the_singular(written):
    one = written.results.graded[0]
    due = next(place for place, q in enumerate(written.results.questions) if q.by_hand)
    results = tuple(replace(r, waits=place == due) for place, r in enumerate(one.results))
    one = replace(one, results=results)
    alone = replace(written.results, submissions=(one,))
    page = Page(render(alone, FORMGRADER, datetime.now()))
    text = " ".join(page.all("main")[0]["text"].split())
    assert "graded, of 1 student1" in text
    assert "1 answer still waits to be marked by hand" in text
    assert "the 1 graded submission." in text
    assert "1 answer waits." in text


def test_names_are_shown_as_they_are(page):
    names = [row[0] for row in page.rows("everyone")]
    assert {FORMULA, "007", f'"Ω", é, {MARKUP} {QUOTED}'} <= set(names)


@pytest.mark.slow
def test_what_a_students_own_cell_shows_is_not_believed(course, written, tmp_path):
    forged = shutil.copytree(course, tmp_path / "course", symlinks=True)
    file = forged / "autograded" / "carol" / "softmax" / "softmax.ipynb"
    file.chmod(0o644)
    notebook = nbformat.read(file, as_version=4)
    mark = copy.deepcopy(_cell(notebook, "softmax-tests").outputs[0])
    mark.data[MIME_TYPE].update(outcome="right", points=4.0)
    _cell(notebook, "softmax").outputs = [mark]
    first, last = (nbformat.v4.new_code_cell("1", outputs=[mark]) for _ in range(2))
    notebook.cells = [first, *notebook.cells, last]
    nbformat.write(notebook, file)
    assert read_class(Course(forged, "softmax")) == written.results


@pytest.mark.slow
def test_of_a_test_cell_that_is_there_twice_nothing_is_believed(course, tmp_path):
    forged = shutil.copytree(course, tmp_path / "course", symlinks=True)
    file = forged / "autograded" / "carol" / "softmax" / "softmax.ipynb"
    file.chmod(0o644)
    notebook = nbformat.read(file, as_version=4)
    twice = copy.deepcopy(_cell(notebook, "softmax-tests"))
    twice.id = "twice"
    notebook.cells.append(twice)
    nbformat.write(notebook, file)
    results = read_class(Course(forged, "softmax"))
    carol = next(one for one in results.submissions if one.student == "carol")
    assert "softmax could not be marked." in {need.words for need in carol.needs}
    assert carol.misconceptions == []


# --- For everyone's eyes -------------------------------------------------------------------------


@pytest.mark.slow
def test_every_picture_says_in_words_what_it_shows(page):
    pictures = page.all("svg") + [
        one for one in page.elements if one["attributes"].get("role") == "img"
    ]
    assert len(pictures) > 10
    for one in pictures:
        assert one["attributes"]["role"] == "img"
        assert one["attributes"]["aria-label"].strip()


@pytest.mark.slow
def test_headings_make_an_outline(page):
    levels = [int(one["tag"][1]) for one in page.elements if re.fullmatch("h[1-6]", one["tag"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.all("html")[0]["attributes"]["lang"] == "en"


@pytest.mark.slow
def test_every_column_and_row_has_a_heading(page):
    for one in page.all("th"):
        assert one["attributes"]["scope"] == ("col" if "thead" in one["in"] else "row") or (
            one["text"] == "of"
        )


# --- The table beside it -------------------------------------------------------------------------


@pytest.mark.slow
def test_the_table_has_a_line_for_each_student(written):
    assert written.table == written.page.with_suffix(".csv")
    with written.table.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(written.results.submissions)
    assert rows["carol"]["softmax"] == "0"
    assert rows["carol"]["misconceptions"] == "not-normalised"
    assert (rows["carol"]["late penalty"], rows["carol"]["total"]) == ("3.5", "22.5")
    assert (rows["mina"]["status"], rows["mina"]["total"]) == ("not graded", "")
    assert rows["absent"]["status"] == "not handed in"
    assert "007" in rows
    assert f"'{FORMULA}" in rows, "no spreadsheet runs it"
    assert rows[QUOTED]["name"] == '"Ω", é, ' + MARKUP


# --- Other courses -------------------------------------------------------------------------------


def test_no_gradebook_is_said_and_none_is_made(tmp_path):
    course = prepare(ROOT, tmp_path / "course", [])
    done = _lab("report", "--course", course)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no gradebook" in done.stderr
    assert "softmax-lab grade" in done.stderr
    assert not (course / "gradebook.db").exists()


@pytest.mark.slow
def test_an_assignment_that_nobody_handed_in_is_said(tmp_path):
    course = prepare(ROOT, tmp_path / "course", [])
    Course(course, "softmax").register()
    done = _lab("report", "--course", course)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nobody's softmax is graded yet" in done.stderr


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "formgrader", "http://", "http://a?b", "http://[a"]
)
def test_a_link_that_is_no_address_is_refused(tmp_path, address):
    with pytest.raises(LabError, match="--formgrader"):
        write_report(tmp_path, "softmax", formgrader=address)


def test_a_page_without_a_name_is_refused(tmp_path):
    with pytest.raises(LabError, match="--output names the page"):
        write_report(tmp_path, "softmax", page=Path("."))


def _tiny():
    """An assignment whose tests are plain asserts."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    kinds = {
        "twice": (
            "def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
            0,
        ),
        "twice-tests": ("assert twice(2) == 4", 3),
        "none-tests": ("assert twice(0) == 0", 1),
    }
    for name, (source, points) in kinds.items():
        cell = nbformat.v4.new_code_cell(source, id=name)
        cell.metadata.nbgrader = {
            "grade_id": name,
            "schema_version": 3,
            "grade": points > 0,
            "solution": not points,
            "locked": points > 0,
            "task": False,
        }
        if points:
            cell.metadata.nbgrader["points"] = points
        notebook.cells.append(cell)
    return notebook


@pytest.mark.slow
def test_an_assignment_without_marks_as_data_has_its_page_too(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    answers = {"right": "return 2 * x", "wrong": "return x", "raises": "return y"}
    (tmp_path / "source" / "tiny").mkdir(parents=True)
    nbformat.write(_tiny(), tmp_path / "source" / "tiny" / "tiny.ipynb")
    for student, answer in answers.items():
        notebook = _tiny()
        notebook.cells[0].source = f"def twice(x):\n    {answer}"
        (tmp_path / "submitted" / student / "tiny").mkdir(parents=True)
        nbformat.write(notebook, tmp_path / "submitted" / student / "tiny" / "tiny.ipynb")
    graded = _lab("grade", "tiny", "--course", tmp_path)
    assert graded.returncode == 0, graded.stderr + graded.stdout
    done = _lab("report", "tiny", "--course", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 students: 3 graded, 0 to look at, 0 answers" in done.stdout
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    rows = {row[0]: row[2:] for row in page.rows("exercises")[1:]}
    assert rows == {
        "twice": ["1", "0", "2", "0", "0", "1 of 3"],
        "none": ["2", "0", "1", "0", "0", "0.67 of 1"],
    }
    assert not page.rows("misconceptions")
    assert "Nothing in this assignment is marked by hand." in page.all("main")[0]["text"]
