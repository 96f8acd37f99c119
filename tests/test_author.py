"""Editing the lesson as a notebook changes in its text what was edited, and nothing else.

JupyterLab reads and writes the text through Jupytext's contents manager; so do these tests, with
the metadata that JupyterLab adds once a kernel runs. nbgrader's panel needs its settings in full.
"""

import difflib
import shutil
from pathlib import Path

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from autograder.build.headers import expand, shrink
from autograder.build.notebooks import contract_of
from autograder.commands.main import main
from autograder.errors import BAD_INPUT, OK

ROOT = Path(__file__).parent.parent
LESSON = ROOT / "notebooks/softmax.md"
CONTRACT = contract_of("softmax")
LEAN = LESSON.read_text(encoding="utf-8")
FULL = expand(LEAN, CONTRACT)
# What the kernel tells JupyterLab, and JupyterLab writes into an open notebook.
KERNEL = {"name": "python", "version": "3.10.1", "pygments_lexer": "ipython3"}


@pytest.fixture(params=[LEAN, FULL], ids=["names only", "settings in full"])
def jupyterlab(request, tmp_path):
    """Return functions that open the lesson as a notebook and save it, and its new text."""
    return opened(tmp_path, request.param)


def opened(folder, text):
    (folder / LESSON.name).write_bytes(text.encode())
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(folder)
    model = manager.get(LESSON.name, type="notebook")
    model["content"].metadata.language_info = nbformat.from_dict(KERNEL)
    model["content"].metadata.widgets = nbformat.from_dict({"some": "state"})

    def save():
        manager.save(model, LESSON.name)
        return changes(text, (folder / LESSON.name).read_text(encoding="utf-8"))

    return model["content"], save


def changes(before, after):
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_saving_without_a_change_changes_nothing(jupyterlab):
    _, save = jupyterlab
    assert save() == []


def test_saving_after_a_run_changes_nothing(jupyterlab):
    notebook, save = jupyterlab
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", text="ran\n")]
    assert save() == []


def test_a_new_sentence_changes_its_line_only(jupyterlab):
    notebook, save = jupyterlab
    notebook.cells[0].source += " One more sentence."
    assert [line[0] for line in save()] == ["-", "+"]


# --- the form that nbgrader's panel needs --------------------------------------------------------


def test_what_is_written_in_full_is_taken_out_again_byte_for_byte():
    assert shrink(FULL, CONTRACT) == LEAN
    assert expand(FULL, CONTRACT) == FULL
    assert shrink(LEAN, CONTRACT) == LEAN
    assert "nbgrader" not in LEAN
    assert ":name:" not in FULL
    assert '"name"' not in FULL


def test_only_headers_differ():
    lean, full = (
        [line for line in text.split("\n") if line and not line.startswith((":", "---", "+++"))]
        for text in (LEAN, FULL)
    )
    assert [line for line in full if line in lean] == lean


@pytest.fixture
def course(tmp_path, monkeypatch):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(LESSON, tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(course):
    return (course / "notebooks" / LESSON.name).read_text(encoding="utf-8")


def test_new_points_stay_and_are_refused(course, capsys):
    assert main(["author", "--full"]) == OK
    assert text_of(course) == FULL
    notebook, save = opened(course / "notebooks", FULL)
    settings = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    next(one for one in settings if one.get("grade_id") == "softmax-tests")["points"] = 7
    assert save() == ["-  points: 4", "+  points: 7"]
    assert main(["author", "softmax", "--lean"]) == OK
    left = changes(LEAN, text_of(course))
    assert "+  points: 7" in left
    assert "+  grade_id: softmax-tests" in left
    assert len([line for line in left if "grade_id" in line]) == 1
    capsys.readouterr()
    assert main(["build"]) == BAD_INPUT
    told = capsys.readouterr().err
    line = 1 + text_of(course).split("\n").index("  grade_id: softmax-tests")
    assert f"notebooks/softmax.md:{line - 3}: cell `softmax-tests`: points are 7" in told
    assert "the lesson declares 4: change one of the two" in told


def test_a_text_that_is_as_it_should_be_is_left_alone(course, capsys):
    before = (course / "notebooks" / LESSON.name).stat().st_mtime_ns
    assert main(["author", "--lean"]) == OK
    assert (course / "notebooks" / LESSON.name).stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""


def test_a_text_that_cannot_be_read_is_named_and_left_alone(course, capsys):
    broken = LEAN.replace(":name: setup", ":name: [", 1)
    (course / "notebooks" / LESSON.name).write_text(broken, encoding="utf-8")
    assert main(["author", "--full"]) == BAD_INPUT
    assert "notebooks/softmax.md: " in capsys.readouterr().err
    assert text_of(course) == broken
