"""Dishonest submissions, graded beside an honest one: they earn nothing and harm nobody."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import attacks
import nbformat
import pytest
from bs4 import BeautifulSoup
from formgraded import formgrader_pages

from autograder.gradebook.course import Course

pytestmark = pytest.mark.slow

ATTACKS = attacks.read_attacks()
#: Loops are endless, or as good as: no need to wait for them as long as for honest work.
LIMITS = ("--timeout", "4", "--total-timeout", "40")
GRADE = "import sys; from autograder.commands.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def run():
    """Grade everyone once; give the course, what was said, and the files before and after."""
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        yield grade_all(Path(folder))


def grade_all(folder):
    course, home = attacks.course(folder, [attacks.all_wrong(), *ATTACKS])
    before = files(folder)
    result = subprocess.run(
        [sys.executable, "-c", GRADE, "grade", "--course", str(course), *LIMITS],
        env={**os.environ, "HOME": str(home), "RUNNER_OF_ATTACKS": folder.name},
        capture_output=True,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
        check=False,
        timeout=1500,
    )
    return Course(course, "softmax"), result, before, files(folder)


def files(folder):
    """Return the digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture(scope="module")
def marks(run):
    return {one.student: {m.cell.name: m.points for m in one.marks} for one in run[0].marks()}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_earns_what_its_answers_earn(marks, attack):
    earned = {cell: points for cell, points in marks.get(attack.name, {}).items() if points}
    assert earned == attacks.DESERVED.get(attack.name, {})


def test_all_wrong_answers_earn_nothing(marks):
    assert set(marks["all-wrong"].values()) == {0}


def test_honest_work_in_the_same_run_keeps_its_marks(run, marks):
    for student, (_, points) in attacks.HONEST.items():
        assert sum(marks[student].values()) == points, student


def test_no_file_but_the_course_s_own_is_new_or_changed(run):
    *_, before, after = run
    own = (
        *("course/gradebook.db", "course/.softmax-lab/", "course/autograded/"),
        "home/.cache/matplotlib/",  # the template's list of fonts
    )
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith(own)} == set()


def test_no_process_is_left(run):
    tag = b"RUNNER_OF_ATTACKS=" + run[0].root.parent.name.encode()
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is not ours
        if tag in environment:
            left.append((process / "cmdline").read_bytes())
    assert left == []


def test_nothing_was_breached(run):
    course, result, *_ = run
    assert attacks.BREACHED not in result.stdout + result.stderr
    for attack in ATTACKS:
        for page in course.autograded(attack.name).glob("*.ipynb"):
            if attack.aims_at == "pages" or attack.name in attacks.HARMLESS:
                continue
            for cell in nbformat.read(page, as_version=4).cells:
                for output in cell.get("outputs", ()):
                    # A traceback shows the attack's source, which holds the word.
                    said = {key: value for key, value in output.items() if key != "traceback"}
                    assert attacks.BREACHED not in str(said), attack.name


def test_no_script_of_a_student_s_reaches_a_page(run):
    course = run[0]
    course.generate_feedback()
    pages = list((course.root / "feedback").rglob("*.html"))
    assert len(pages) > len(ATTACKS) / 2
    for page in pages:
        assert "<script>document.title" not in page.read_text(encoding="utf-8"), page


def test_no_script_of_a_student_s_reaches_the_formgrader(run):
    course = run[0]
    aimed = [attack.name for attack in ATTACKS if attack.aims_at == "pages"]
    copies = [course.autograded(name) / "softmax.ipynb" for name in aimed]
    pages = formgrader_pages(course.root, [copy for copy in copies if copy.is_file()])
    assert len(pages) > len(aimed) / 2
    for page in pages:
        shown = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        notebook = shown.find(id="notebook-container")
        assert not notebook.find_all(["script", "iframe", "object", "embed", "meta", "base"]), page
        names = [name for tag in notebook.find_all(True) for name in tag.attrs]
        assert not [name for name in names if name.startswith("on")], page


def test_no_traceback_reaches_a_person(run):
    assert "Traceback" not in run[1].stdout + run[1].stderr
