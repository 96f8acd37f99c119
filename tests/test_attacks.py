"""Dishonest submissions, graded beside an honest one: they earn nothing and harm nobody."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import attacks
import nbformat
import ordinary
import orphans
import pytest
from bs4 import BeautifulSoup
from formgraded import NAME, formgrader_pages

from autograder.gradebook.course import Course

pytestmark = pytest.mark.slow

ATTACKS = attacks.read_attacks()
#: Loops are endless, or as good as: no need to wait for them as long as for honest work.
LIMITS = ("--timeout", "4", "--total-timeout", "15")
GRADE = "import sys; from autograder.commands.main import main; sys.exit(main())"
#: How an attack calls a file that it should not have been able to make.
MADE = re.compile(r"breached|attack-was-here")


@dataclass(frozen=True)
class Run:
    """A grading run of all attacks, and what was seen of it.

    Attributes:
        course: what was graded.
        said: what was written on the terminal.
        changed: the files in and around the course that are new, gone or different.
        made: the files of the attacks' own anywhere else.
        left: the command lines of processes that outlived it.

    """

    course: Course
    said: str
    changed: set[str]
    made: set[str]
    left: list[str]


@pytest.fixture(scope="module", params=["root", "ordinary user"])
def run(request):
    """Grade everyone once, as root and as an ordinary user."""
    as_root = request.param == "root"
    if as_root and os.geteuid() != 0:
        pytest.skip("this is not root")
    if not as_root and os.geteuid() == 0 and not ordinary.may_be_one():
        pytest.skip("this root may not mount, so an ordinary user may not find Python")
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        yield grade_all(Path(folder), as_root)


def grade_all(folder, as_root):
    course, home = attacks.course(folder, [attacks.all_wrong(), *ATTACKS])
    command = [sys.executable, "-c", GRADE, "grade", "--course", str(course), *LIMITS]
    if not as_root and os.geteuid() == 0:
        ordinary.give(folder)
        command = ordinary.command(command)
    before, made = digests(folder), set(attacks_files())
    with tempfile.NamedTemporaryFile() as report:
        result = subprocess.run(
            orphans.command(Path(report.name), command),
            env={**os.environ, "HOME": str(home)},
            capture_output=True,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
            check=False,
            timeout=1500,
        )
        left = json.loads(Path(report.name).read_text())
    return Run(
        Course(course, "softmax"),
        result.stdout + result.stderr,
        differences(before, digests(folder)),
        set(attacks_files()) - made,
        left,
    )


def digests(folder):
    """Return what every file and link below a folder holds."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = f"link to {os.readlink(path)}"
        elif path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(before, after):
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def attacks_files() -> Iterator[str]:
    """Give the files of attacks where anyone, or root, can write: names are all it looks at."""
    places = {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", str(Path.home())}
    for place in (*sorted(places), str(attacks.ROOT)):
        for folder, folders, files in os.walk(place):
            folders[:] = [one for one in folders if one not in SKIPPED]
            for name in (*folders, *files):
                path = os.path.join(folder, name)
                if MADE.search(name) and "/submitted/" not in path:
                    yield path


#: Folders of programs, where a walk takes long; they are read-only in the box like all others.
SKIPPED = {".git", ".venv", ".pyenv", "node_modules", "site-packages", ".cache", ".npm", ".cargo"}


@pytest.fixture(scope="module")
def marks(run):
    return {one.student: {m.cell.name: m.points for m in one.marks} for one in run.course.marks()}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_earns_what_its_answers_earn(marks, attack):
    earned = {cell: points for cell, points in marks.get(attack.name, {}).items() if points}
    assert earned == attacks.DESERVED.get(attack.name, {})


@pytest.mark.parametrize("attack", ["wire-says-unable", "patched-os-fork"])
def test_what_says_that_the_machine_failed_is_not_graded_and_the_cause_is_told(run, marks, attack):
    assert attack not in marks
    said = re.search(rf"^{attack}: not graded\.\n    (.*)$", run.said, re.M)
    assert said[1].endswith("It was tried 2 times, and nothing was marked.")


def test_all_wrong_answers_earn_nothing(marks):
    assert set(marks["all-wrong"].values()) == {0}


def test_honest_work_in_the_same_run_keeps_its_marks(run, marks):
    for student, (_, points) in attacks.HONEST.items():
        assert sum(marks[student].values()) == points, student


def test_no_file_but_the_course_s_own_is_new_or_changed(run):
    own = (
        *("course/gradebook.db", "course/.softmax-lab/", "course/autograded/"),
        "home/.cache/matplotlib/",  # the template's list of fonts
    )
    assert {name for name in run.changed if not name.startswith(own)} == set()
    assert run.made == set()


def test_no_process_is_left(run):
    assert run.left == []


def test_nothing_was_breached(run):
    assert attacks.BREACHED not in run.said
    for attack in ATTACKS:
        for page in run.course.autograded(attack.name).glob("*.ipynb"):
            if attack.aims_at == "pages" or attack.name in attacks.HARMLESS:
                continue
            for cell in nbformat.read(page, as_version=4).cells:
                for output in cell.get("outputs", ()):
                    # A traceback shows the attack's source, which holds the word.
                    said = {key: value for key, value in output.items() if key != "traceback"}
                    assert attacks.BREACHED not in str(said), attack.name


def test_no_traceback_reaches_a_person(run):
    assert "Traceback" not in run.said


# --- The pages: whoever graded, they are the same ------------------------------------------------


def acting(html):
    """Return what in a page could act, or fetch a page to act in its place."""
    body = html.partition("<body")[2] or html
    tags = re.findall(r"<(?:script|iframe|object|embed|meta|base|form)\b[^>]*>", body, re.I)
    handlers = re.findall(r"<[a-z][^<>]*?[\s/\"'](?:on[a-z]+|srcdoc)\s*=[^>]*>", html, re.I)
    addresses = re.findall(r"<[a-z][^<>]*=\s*[\"']?\s*(?:javascript|vbscript):[^>]*>", html, re.I)
    return [*tags, *handlers, *addresses]


def has_markup(course, student):
    """Whether anything of a student's could be taken for HTML: a page of plain text is one."""
    return any(
        re.search(r"<[a-z!/]|javascript:", text, re.I)
        for copy in course.autograded(student).glob("*.ipynb")
        for cell in nbformat.read(copy, as_version=4).cells
        if not cell.metadata.get("nbgrader", {}).get("locked")
        for text in (cell.source, json.dumps(cell.get("outputs", [])))
    )


@contextmanager
def only(names, folder):
    """Take all other folders away for a while."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as away:
        others = [one for one in folder.iterdir() if one.name not in names]
        for one in others:
            one.rename(Path(away) / one.name)
        yield
        for one in others:
            (Path(away) / one.name).rename(one)


def test_no_script_of_a_student_s_reaches_a_page(run):
    if run.course.root.stat().st_uid != os.geteuid():
        pytest.skip("seen on root's pages")
    marked_up = [attack.name for attack in ATTACKS if has_markup(run.course, attack.name)]
    assert len(marked_up) > 10
    with only(marked_up, run.course.root / "autograded"):
        run.course.generate_feedback()
    pages = list((run.course.root / "feedback").rglob("*.html"))
    assert len(pages) == len(marked_up)
    for page in pages:
        assert acting(page.read_text(encoding="utf-8")) == [], page


def test_no_script_of_a_student_s_reaches_the_formgrader(run):
    course = run.course
    if course.root.stat().st_uid != os.geteuid():
        pytest.skip("seen on root's pages")
    aimed = [attack.name for attack in ATTACKS if attack.aims_at == "pages"]
    copies = [course.autograded(name) / "softmax.ipynb" for name in aimed]
    pages = formgrader_pages(course.root, [copy for copy in copies if copy.is_file()])
    assert len(pages) > len(aimed) / 2
    for page in pages:
        shown = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        assert acting(str(shown.find(id="notebook-container"))) == [], page
        names = shown.find_all(class_="name-shown", string=True)
        assert any(NAME in name.text for name in names), page
        assert not shown.nav.find_all(["img", "script"]), page


# --- The watchers see ----------------------------------------------------------------------------

HIDES = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, ["innocent", "-c", "import time; time.sleep(600)"], {})
"""


def test_a_process_that_hides_would_be_seen(tmp_path):
    report = tmp_path / "report"
    began = time.monotonic()
    subprocess.run(orphans.command(report, [sys.executable, "-c", HIDES]), check=True)
    assert [one.split()[0] for one in json.loads(report.read_text())] == ["innocent"]
    assert time.monotonic() - began < 300, "it is ended, not waited for"


def test_one_that_ends_by_itself_is_none(tmp_path):
    report = tmp_path / "report"
    soon = HIDES.replace("600", "0.5")
    subprocess.run(orphans.command(report, [sys.executable, "-c", soon]), check=True)
    assert json.loads(report.read_text()) == []


def test_files_that_change_would_be_seen(tmp_path):
    for name in ("kept", "written", "removed"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("kept")
    before = digests(tmp_path)
    assert differences(before, digests(tmp_path)) == set()
    (tmp_path / "written").write_text("else")
    (tmp_path / "removed").unlink()
    (tmp_path / "new").touch()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("written")
    assert differences(before, digests(tmp_path)) == {"written", "removed", "new", "link"}
    made = tmp_path / "breached: here"
    made.touch()
    assert str(made) in set(attacks_files())


@pytest.mark.parametrize(
    "html",
    [
        "<script>document.title = 1</script>",
        "<p><SCRIPT src=//a.org></p>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        "<iframe srcdoc='<p>'></iframe>",
        '<meta http-equiv="refresh" content="0;url=//a.org">',
    ],
)
def test_what_acts_in_a_page_would_be_seen(html):
    assert acting(f"<div>{html}</div>")


def test_what_only_looks_like_it_is_none():
    assert acting("<p>&lt;script&gt; on top = 1; <code>onerror=x</code> javascript:x</p>") == []
