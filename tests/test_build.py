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
from autograder.build.authoring import FRONT_MATTER, Contract, find_mistakes, read_cells
from autograder.build.release import find_broken_code, find_leaks
from autograder.commands.main import main
from autograder.errors import BAD_INPUT, FAILED, LabError

ROOT = Path(__file__).parent.parent
LESSON = (ROOT / "notebooks/softmax.md").read_text(encoding="utf-8")
CONTRACT = building.contract_of("softmax")
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


def edit(cell, old, new):
    """Return the lesson with `old` replaced by `new` once, in or after the line of `grade_id`."""
    at = re.search(rf'grade_id"?: "?{re.escape(cell)}"?[,\n]', LESSON).start()
    at = max(LESSON.rfind("\n```{code-cell}", 0, at), LESSON.rfind("\n+++ {", 0, at))
    head, tail = LESSON[:at], LESSON[at:]
    assert old in tail, f"the lesson has no {old!r} from cell {cell} on"
    return head + tail.replace(old, new, 1)


def without(cell):
    """Return the lesson without a code cell."""
    at = LESSON.index(f"grade_id: {cell}\n")
    start = LESSON.rindex("```{code-cell}", 0, at)
    return LESSON[:start] + LESSON[LESSON.index("\n```\n", at) + 5 :]


def test_the_lesson_has_none():
    assert mistakes(LESSON) == []


MISTAKES = {
    # name: (text, the cell that is named, words of the message)
    "duplicate": (
        edit("softmax-of-x", "grade_id: softmax-of-x", "grade_id: softmax"),
        "softmax",
        "same grade_id",
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
        edit("softmax-check", "check(", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\ncheck("),
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
        edit("softmax-check", "check(", 'grade("softmax", globals())\ncheck('),
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
        "the contract says 4",
    ),
    "other points by hand": (
        edit("explore-equal", '"points": 1', '"points": 2'),
        "explore-equal",
        "the contract says 1",
    ),
    "points for a check": (
        edit("softmax-check", "points: 0", "points: 1"),
        "softmax-check",
        "says 0",
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
    "no front matter": (LESSON.split("---\n", 2)[2], "", "front matter"),
    "no kernel": (LESSON.replace("  name: python3\n", "", 1), "", "front matter"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_cell(name):
    text, cell, words = MISTAKES[name]
    found = mistakes(text)
    assert any(cell in line and words in line for line in found), found


def test_another_order_than_the_contract_is_a_mistake():
    swapped = LESSON.replace("overflow", "OVER").replace("shifted", "overflow")
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
    settings = re.search(r"nbgrader:\n(  .*\n)+", LESSON)[0]
    text = LESSON.replace(settings, f"nbgrader: {value}\n", 1)
    with pytest.raises(LabError, match=r"(?s)notebooks/softmax\.md: .*line \d+"):
        building.convert(text, "notebooks/softmax.md", CONTRACT)


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
