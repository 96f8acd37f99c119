"""Editing the lesson as a notebook changes in its text what was edited, and nothing else.

JupyterLab reads and writes the text through Jupytext's contents manager; so do these tests, with
the metadata that JupyterLab adds once a kernel runs.
"""

import difflib
from pathlib import Path

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

LESSON = Path(__file__).parent.parent / "notebooks/softmax.md"
# What the kernel tells JupyterLab, and JupyterLab writes into an open notebook.
KERNEL = {"name": "python", "version": "3.10.1", "pygments_lexer": "ipython3"}


@pytest.fixture
def jupyterlab(tmp_path):
    """Return functions that open the lesson as a notebook and save it, and its new text."""
    (tmp_path / LESSON.name).write_bytes(LESSON.read_bytes())
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(tmp_path)
    model = manager.get(LESSON.name, type="notebook")
    model["content"].metadata.language_info = nbformat.from_dict(KERNEL)
    model["content"].metadata.widgets = nbformat.from_dict({"some": "state"})

    def save():
        manager.save(model, LESSON.name)
        return (tmp_path / LESSON.name).read_text(encoding="utf-8")

    return model["content"], save


def changes(text):
    before = LESSON.read_text(encoding="utf-8").split("\n")
    lines = difflib.unified_diff(before, text.split("\n"), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_saving_without_a_change_changes_nothing(jupyterlab):
    _, save = jupyterlab
    assert changes(save()) == []


def test_saving_after_a_run_changes_nothing(jupyterlab):
    notebook, save = jupyterlab
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", text="ran\n")]
    assert changes(save()) == []


def test_new_points_change_their_line_only(jupyterlab):
    notebook, save = jupyterlab
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    notebook.cells[names.index("softmax-tests")].metadata.nbgrader.points = 7
    assert changes(save()) == ["-  points: 4", "+  points: 7"]


def test_a_new_sentence_changes_its_line_only(jupyterlab):
    notebook, save = jupyterlab
    notebook.cells[0].source += " One more sentence."
    assert [line[0] for line in changes(save())] == ["-", "+"]
