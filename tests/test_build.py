"""The lesson builds, its committed notebooks are current, and every authoring mistake is named."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.build import notebooks as building
from autograder.build.authoring import find_mistakes
from autograder.build.headers import Contract, expand
from autograder.build.lesson_text import FRONT_MATTER, read_cells
from autograder.build.release import find_broken_code, find_leaks
from autograder.commands.main import main
from autograder.errors import BAD_INPUT, FAILED, LabError

ROOT = Path(__file__).parent.parent
LESSON = (ROOT / "notebooks/softmax.md").read_text(encoding="utf-8")
CONTRACT = building.contract_of("softmax")
#: The same lesson with nbgrader's settings in full, as its panel writes them.
FULL = expand(LESSON, CONTRACT)
SOURCE, RELEASE = Path("source/softmax/softmax.ipynb"), Path("release/softmax/softmax.ipynb")


def notebook(path):
    return nbformat.reads((ROOT / path).read_text(encoding="utf-8"), as_version=4)


# --- the committed notebooks ---------------------------------------------------------------------


@pytest.mark.slow
def test_committed_notebooks_are_what_anyone_else_builds(tmp_path):
    """Another home, time zone, language and terminal, and settings that are not the course's."""
    (tmp_path / "nbgrader_config.py").write_text("c.ClearSolutions.text_stub = 'not mine'\n")
    result = subprocess.run(
        [Path(sys.executable).with_name("softmax-lab"), "build", "--check"],
        cwd=ROOT / "notebooks",
        env={
            "HOME": str(tmp_path),
            "JUPYTER_CONFIG_DIR": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "LANG": "C",
            "TZ": "Asia/Tokyo",
            "COLUMNS": "40",
            "MPLBACKEND": "agg",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout.strip()) == (0, "Up to date."), result.stderr


@pytest.mark.slow
def test_a_missing_notebook_fails_the_check_with_the_command_that_repairs_it(
    tmp_path, monkeypatch, capsys
):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copytree(ROOT / "release", tmp_path / "release")
    monkeypatch.chdir(tmp_path)
    assert main(["build", "--check"]) == FAILED
    told = capsys.readouterr().out
    assert told == f"{SOURCE} is missing.\n\nRepair it with: softmax-lab build\n"


def test_the_source_holds_no_trace_of_the_machine_that_ran_it():
    text = (ROOT / SOURCE).read_text(encoding="utf-8")
    assert set(notebook(SOURCE).metadata) == {"kernelspec"}
    for trace in ("image/", "widget-view", "iopub", " at 0x", "lines_to_next_cell", "/home/"):
        assert trace not in text


def test_cells_are_named_after_their_grade_ids():
    for cell in notebook(SOURCE).cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        assert grade_id in (None, cell.id)


def test_the_release_gives_nothing_away():
    students = notebook(RELEASE)
    text = (ROOT / RELEASE).read_text(encoding="utf-8")
    for words in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "grade("):
        assert words not in text
    assert not list(find_leaks(read_cells(LESSON)[1], students, CONTRACT))
    assert not list(find_broken_code(students))


@pytest.mark.parametrize("kind", ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"])
def test_a_region_in_the_release_is_a_leak(kind):
    bodies = re.findall(rf"### BEGIN {kind}\n(.*?)\s*### END", LESSON, re.DOTALL)
    assert bodies
    for body in bodies:
        students = notebook(RELEASE)
        students.cells[3].source += f"\n{body}"
        assert list(find_leaks(read_cells(LESSON)[1], students, CONTRACT)), body


def test_a_model_answer_in_the_release_is_a_leak():
    students, model = notebook(RELEASE), notebook(SOURCE)
    answer = next(cell for cell in model.cells if cell.id == "explore-equal")
    students.cells[3].source += answer.source
    leaks = "".join(find_leaks(read_cells(LESSON)[1], students, CONTRACT))
    assert "cell `explore-equal`" in leaks


# --- authoring mistakes --------------------------------------------------------------------------


def mistakes(text, contract=CONTRACT):
    return [str(mistake) for mistake in find_mistakes(text, contract)]


def edit(cell, old, new, lesson=FULL):
    """Return a lesson with `old` replaced by `new` once, in or after the header of a cell."""
    name = rf'(grade_id"?: "?|:name: |"name": "){re.escape(cell)}"?[,}}\n]'
    at = re.search(name, lesson).start()
    at = max(lesson.rfind("\n```{code-cell}", 0, at), lesson.rfind("\n+++ {", 0, at))
    head, tail = lesson[:at], lesson[at:]
    assert old in tail, f"the lesson has no {old!r} from cell {cell} on"
    return head + tail.replace(old, new, 1)


def edit_lean(cell, old, new):
    return edit(cell, old, new, LESSON)


def without(cell, lesson=FULL):
    """Return a lesson without a code cell."""
    at = re.search(rf"(grade_id|:name): {cell}\n", lesson).start()
    start = lesson.rindex("```{code-cell}", 0, at)
    return lesson[:start] + lesson[lesson.index("\n```\n", at) + 5 :]


@pytest.mark.parametrize("lesson", [LESSON, FULL], ids=["names only", "settings in full"])
def test_the_lesson_has_none(lesson):
    assert mistakes(lesson) == []


MISTAKES = {
    # name: (text, the cell that is named, words of the message)
    "duplicate": (
        edit("softmax-of-x", "grade_id: softmax-of-x", "grade_id: softmax"),
        "softmax",
        "same name",
    ),
    "unknown exercise": (edit("softmax", "id: softmax", "id: sofmax"), "sofmax", "unknown"),
    "unknown tests": (
        edit("verdicts-tests", "id: verdicts-tests", "id: verdict-tests"),
        "verdict-tests",
        "unknown exercise `verdict`",
    ),
    "tests of nothing": (without("verdicts"), "verdicts-tests", "no cell `verdicts` above"),
    "check of nothing": (without("verdicts"), "verdicts-check", "no cell `verdicts` above"),
    "missing tests": (without("verdicts-tests"), "verdicts", "no cell `verdicts-tests`"),
    "missing exercise": (without("verdicts"), "", "no cell `verdicts`"),
    "no grade_id": (edit("setup", "  grade_id: setup\n", ""), "import", "without a grade_id"),
    "hidden tests in a check": (
        edit("softmax-check", "lab.", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\nlab."),
        "softmax-check",
        "HIDDEN TESTS outside a tests cell",
    ),
    "hidden tests in Markdown": (
        edit("explore-equal-question", "MARK SCHEME", "HIDDEN TESTS").replace(
            "END MARK SCHEME", "END HIDDEN TESTS", 1
        ),
        "explore-equal-question",
        "HIDDEN TESTS outside a tests cell",
    ),
    "hidden tests that count nothing": (
        edit("softmax-tests", "grade: true", "grade: false"),
        "softmax-tests",
        "needs grade: true",
    ),
    "no end": (edit("softmax", "    ### END SOLUTION\n", ""), "softmax", "without an end"),
    "no begin": (edit("softmax", "    ### BEGIN SOLUTION\n", ""), "softmax", "without `### BEGIN"),
    "nested": (
        edit("softmax", "### BEGIN SOLUTION\n", "### BEGIN SOLUTION\n### BEGIN HIDDEN TESTS\n"),
        "softmax",
        "inside a SOLUTION region",
    ),
    "plural": (edit("softmax", "BEGIN SOLUTION", "BEGIN SOLUTIONS"), "softmax", "stands alone"),
    "misspelt": (
        edit("softmax-tests", "BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST"),
        "softmax-tests",
        "write `### BEGIN HIDDEN TESTS`",
    ),
    "lower case": (
        edit("explore-equal-question", "BEGIN MARK SCHEME", "begin mark scheme"),
        "explore-equal-question",
        "write `### BEGIN MARK SCHEME`",
    ),
    "visible grade": (
        edit("softmax-check", "lab.", 'grade("softmax", globals())\nlab.'),
        "softmax-check",
        "outside a hidden region",
    ),
    "two hidden lines": (
        edit("softmax-tests", "from autograder", "secret = 3\nfrom autograder"),
        "softmax-tests",
        "2 lines in the hidden region",
    ),
    "another exercise": (
        edit("softmax-tests", 'grade("softmax"', 'grade("overflow"'),
        "softmax-tests",
        "it grades 'overflow'",
    ),
    "marks not last": (
        edit("softmax-tests", "### END HIDDEN TESTS", "### END HIDDEN TESTS\nprint(1)"),
        "softmax-tests",
        "code after the hidden region",
    ),
    "no solution region": (
        edit("softmax", "    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "", 1),
        "softmax",
        "no SOLUTION region",
    ),
    "solution in a given cell": (
        edit("softmax-torch", "    return", "    ### BEGIN SOLUTION\n    return").replace(
            "dim=0)\n```", "dim=0)\n    ### END SOLUTION\n```", 1
        ),
        "softmax-torch",
        "outside an exercise",
    ),
    "no points": (edit("softmax-tests", "  points: 4\n", ""), "softmax-tests", "without points"),
    "null points": (
        edit("softmax-tests", "points: 4", "points:"),
        "softmax-tests",
        "without points",
    ),
    "other points": (
        edit("softmax-tests", "points: 4", "points: 3"),
        "softmax-tests",
        "the lesson declares 4",
    ),
    "other points by hand": (
        edit("explore-equal", '"points": 1', '"points": 2'),
        "explore-equal",
        "the lesson declares 1",
    ),
    "points for a check": (
        edit("softmax-check", "points: 0", "points: 1"),
        "softmax-check",
        "declares 0",
    ),
    "negative points": (
        edit("softmax-tests", "points: 4", "points: -4"),
        "softmax-tests",
        "negative",
    ),
    "open check": (
        edit("softmax-check", "locked: true", "locked: false"),
        "softmax-check",
        "needs locked: true",
    ),
    "locked answer": (
        edit("softmax", "locked: false", "locked: true"),
        "softmax",
        "needs locked: false",
    ),
    "graded question": (
        edit("explore-equal-question", '"grade": false', '"grade": true'),
        "explore-equal-question",
        "needs grade: false",
    ),
    "old schema": (
        edit("softmax", "schema_version: 3", "schema_version: 2"),
        "softmax",
        "schema_version is 2",
    ),
    "task": (edit("setup", "task: false", "task: true"), "setup", "task: true"),
    "rubric in an answer": (
        edit("explore-equal", "}}\n", "}}\n\n### BEGIN MARK SCHEME\nx\n### END MARK SCHEME\n"),
        "explore-equal",
        "MARK SCHEME outside a question",
    ),
    "no rubric": (
        edit("explore-equal-question", "### BEGIN MARK SCHEME\n", "").replace(
            "### END MARK SCHEME\n", "", 1
        ),
        "explore-equal-question",
        "no mark scheme",
    ),
    "no question": (
        edit("explore-equal-question", '"explore-equal-question"', '"other"'),
        "explore-equal",
        "no cell `explore-equal-question`",
    ),
    "settings that say more": (
        edit("softmax", "  task: false\n", "  task: false\n  remark: mine\n"),
        "softmax",
        "(remark): delete that",
    ),
    "two names": (
        edit("softmax", "nbgrader:\n", "name: softmax-torch\nnbgrader:\n"),
        "softmax",
        "its name is `softmax-torch`, its grade_id another one",
    ),
    "no front matter": (LESSON.split("---\n", 2)[2], "", "front matter"),
    "no kernel": (LESSON.replace("  name: python3\n", "", 1), "", "front matter"),
    # names only
    "a name twice": (
        edit_lean("softmax-of-x", ":name: softmax-of-x", ":name: softmax"),
        "softmax",
        "same name",
    ),
    "a misspelt name": (
        edit_lean("softmax", ":name: softmax\n", ":name: sofmax\n"),
        "sofmax",
        "outside an exercise",
    ),
    "a misspelt answer": (
        edit_lean("explore-equal", '"explore-equal"', '"explore-eqal"'),
        "",
        "the lesson has no cell `explore-equal`",
    ),
    "tests of another name": (
        edit_lean("verdicts-tests", ":name: verdicts-tests", ":name: verdict-tests"),
        "verdict-tests",
        "unknown exercise `verdict`",
    ),
    "no tests": (without("verdicts-tests", LESSON), "verdicts", "no cell `verdicts-tests`"),
    "the name of a question for code": (
        edit_lean("softmax-torch", "softmax-torch", "proof-question"),
        "proof-question",
        "is a markdown cell, this is a code cell",
    ),
    "code in the cell of the lesson's Python": (
        edit_lean("machinery", "package; lab", "package; import math; lab"),
        "machinery",
        "write only:\n# softmax-lab build",
    ),
    "no cell for the lesson's Python": (
        without("machinery", LESSON),
        "",
        "the lesson has no cell `machinery`",
    ),
    # points that the text repeats
    "points of a heading": (
        LESSON.replace("### Shift it by hand (2 points)", "### Shift it by hand (3 points)"),
        "Shift it by hand",
        "the heading says 3 points, the lesson declares 2 for `shifted`",
    ),
    "points of a question's heading": (
        edit_lean("explore-equal-question", "(1 point)", "(2 points)"),
        "explore-equal-question",
        "the heading says 2 points, the lesson declares 1 for `explore-equal`",
    ),
    "points of a heading above nothing": (
        LESSON.replace("### Compare\n", "### Compare (2 points)\n"),
        "Compare",
        "the heading says 2 points, the lesson declares 0 for nothing",
    ),
    "points of the tests": (
        edit_lean("softmax-tests", "see: 4 points.", "see: 5 points."),
        "softmax-tests",
        "it says 5 points, the lesson declares 4",
    ),
    "all points": (
        LESSON.replace("carry 45 points in all", "carry 40 points in all"),
        "How to work through this lesson",
        "it says 40 points, the lesson declares 45",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_cell(name):
    text, cell, words = MISTAKES[name]
    found = mistakes(text)
    assert any(cell in line and words in line for line in found), found
    assert text not in (LESSON, FULL)


def test_another_order_than_the_contract_is_a_mistake():
    swapped = FULL.replace("overflow", "OVER").replace("shifted", "overflow")
    found = mistakes(swapped.replace("OVER", "shifted"))
    assert any("the contract has `overflow` before it" in line for line in found), found


def test_all_mistakes_are_told_at_once_each_with_its_line():
    text = edit("softmax-tests", "points: 4", "points: 3").replace("END SOLUTION", "END", 1)
    with pytest.raises(LabError) as error:
        building.convert(text, "notebooks/softmax.md", CONTRACT)
    lines = str(error.value).split("\n")
    assert len(lines) >= 2
    for line in lines:
        number, name = re.match(r"notebooks/softmax\.md:(\d+): cell `(.*?)`", line).groups()
        below = "\n".join(text.split("\n")[int(number) - 1 :])
        assert name in below[: below.index("schema_version")]


@pytest.mark.parametrize("value", ["[", "5", "{a: *b}"])
def test_metadata_that_cannot_be_read_is_an_error_with_its_line(value):
    settings = re.search(r"nbgrader:\n(  .*\n)+", FULL)[0]
    text = FULL.replace(settings, f"nbgrader: {value}\n", 1)
    with pytest.raises(LabError, match=r"(?s)notebooks/softmax\.md: .*line \d+"):
        building.convert(text, "notebooks/softmax.md", CONTRACT)


def test_a_name_that_cannot_be_read_is_an_error_with_its_line():
    text = LESSON.replace(":name: setup", ":name: [", 1)
    with pytest.raises(LabError, match=r"(?s)notebooks/softmax\.md: .*line \d+"):
        building.convert(text, "notebooks/softmax.md", CONTRACT)


def test_names_and_settings_in_full_make_the_same_notebook():
    lean, full = (building.convert(text, "softmax.md", CONTRACT) for text in (LESSON, FULL))
    assert lean == full
    assert "nbgrader:" not in LESSON


def test_a_cell_of_the_lessons_python_is_refused_where_the_lesson_has_none():
    cell = "```{code-cell} ipython3\n:name: machinery\n\nlab = 3\n```"
    (found,) = mistakes(f"{FRONT_MATTER}\n\n{cell}\n", Contract({}, {}))
    assert "the lesson has no Python for it" in found


# --- what happens when a cell runs ---------------------------------------------------------------

TINY = Contract({}, {})


@pytest.fixture
def course(tmp_path):
    """Return a function that writes a lesson of one given cell, and the course's directory."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "notebooks").mkdir()

    def write(code, tags="[]"):
        cell = f"```{{code-cell}} ipython3\n:tags: {tags}\n\n{code}\n```"
        text = f"{FRONT_MATTER}\n\n# Tiny\n\n{cell}\n"
        (tmp_path / "notebooks/tiny.md").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def outputs(root):
    text = (root / "source/tiny/tiny.ipynb").read_text(encoding="utf-8")
    return nbformat.reads(text, as_version=4).cells[-1].outputs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("print(object())", "memory address"),
        ("import sys; print('oh', file=sys.stderr)", "stderr"),
        ("import os; os._exit(1)", "the kernel died"),
    ],
)
def test_a_cell_that_cannot_be_a_reference_is_named_and_nothing_is_written(course, code, words):
    root = course(code)
    with pytest.raises(LabError, match=re.escape(words)) as error:
        building.build(root, "tiny", TINY)
    assert f"notebooks/tiny.md: cell 2 ({code!r})" in str(error.value)
    assert not (root / "source").exists()
    assert not (root / "release").exists()


@pytest.mark.slow
def test_pictures_are_compared_as_there_is_one(course):
    html = "<p>seen</p><svg a='1'>\n<g/></svg>"
    code = f"from IPython.display import HTML\nHTML({html!r})"
    root = course(code, "[figure]")
    building.build(root, "tiny", TINY)
    assert outputs(root)[0].data["text/html"] == "<p>seen</p><svg/>"


@pytest.mark.slow
def test_a_stale_notebook_is_shown_with_its_difference(course):
    root = course("print('one')\nprint('two')")
    assert len(building.build(root, "tiny", TINY)) == 2
    assert [output.text for output in outputs(root)] == ["one\ntwo\n"]
    assert building.build(root, "tiny", TINY) == []
    course("print('one')\nprint('three')")
    messages = building.differences(root, "tiny", TINY)
    assert [message.split(" ")[0] for message in messages] == [
        "source/tiny/tiny.ipynb",
        "release/tiny/tiny.ipynb",
    ]
    assert "-print('two')\n+print('three')" in messages[0]


# --- the command ---------------------------------------------------------------------------------


def test_a_directory_without_a_course_is_an_error_not_a_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == BAD_INPUT
    assert "Run this in the course's directory" in capsys.readouterr().err


def test_a_course_without_a_lesson_is_an_error_not_a_traceback(tmp_path, monkeypatch, capsys):
    (tmp_path / "nbgrader_config.py").touch()
    monkeypatch.chdir(tmp_path)
    assert main(["build", "--check"]) == BAD_INPUT
    assert "notebooks: no lesson is written there" in capsys.readouterr().err
    assert main(["build", "softmax"]) == BAD_INPUT
    assert "softmax.md is missing" in capsys.readouterr().err


def test_the_folded_cell_does_not_depend_on_the_order_of_a_set():
    program = "from autograder.build.machinery import source; print(source('softmax'))"
    texts = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1] != b""


def test_a_text_without_a_lesson_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "nbgrader_config.py").touch()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/hardmax.md").write_text(LESSON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == BAD_INPUT
    assert "no lesson 'hardmax'; there is softmax" in capsys.readouterr().err


def test_an_id_that_two_lessons_share_is_refused(monkeypatch):
    load = building.lessons.load
    monkeypatch.setattr(building.lessons, "names", lambda: ["hardmax", "softmax"])
    monkeypatch.setattr(building.lessons, "load", lambda name: load("softmax"))
    with pytest.raises(LabError, match="`explore-equal` is an exercise of softmax and of hardmax"):
        building.contract_of("softmax")
