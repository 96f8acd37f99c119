"""The same answers get the same marks, whichever editor saved them and whatever it left out."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from autograder.commands.demo import SAMPLES, prepare
from autograder.gradebook.course import Course
from autograder.pipeline import grade
from autograder.runner.job import Settings
from autograder.samples import make, read_samples

ROOT = Path(__file__).parents[1]


def colab(notebook):
    """Ids move into the metadata, cells lose nbgrader's, outputs get metadata of their own."""
    state = {"abc": {"model_module": "@jupyter-widgets/controls", "model_name": "HTMLModel"}}
    for number, cell in enumerate(notebook["cells"]):
        about = {"base_uri": "https://localhost:8080/", "height": 35}
        cell["metadata"] = {"id": cell.pop("id"), "colab": about}
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"outputId": f"{number:08x}-0000", "cellView": "form"}
            cell["metadata"]["executionInfo"] = {"status": "ok", "user": {"displayName": "Ada"}}
            cell["execution_count"] = None
            cell["outputs"] = [_result("application/vnd.google.colaboratory.intrinsic+json")]
    notebook["nbformat_minor"] = 0
    notebook["metadata"] |= {
        "colab": {"provenance": [], "toc_visible": True},
        "accelerator": "GPU",
        # Colab's widget states have no "state" around them.
        "widgets": {"application/vnd.jupyter.widget-state+json": state},
    }


def colab_again(notebook):
    """A second upload gives every cell a new id."""
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id")
        cell["metadata"] = {"id": f"x{number:011d}"}
    notebook["nbformat_minor"] = 0


def vs_code(notebook):
    """Locks are ignored, so a check was edited; the language is noted in each cell."""
    for cell in notebook["cells"]:
        cell["metadata"] |= {"vscode": {"languageId": "python"}}
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = [_result("application/vnd.code.notebook.stdout")]
        if cell["id"] == "softmax-check":
            cell["source"] = "# check(softmax)"
    kernel = {"name": ".venv", "display_name": ".venv (3.13.1)", "language": "python"}
    notebook["metadata"] |= {
        "kernelspec": kernel,
        "language_info": {"name": "python", "version": "3.13.1"},
        "vscode": {"interpreter": {"hash": "0" * 64}},
    }


def vs_code_locked_cells_are_gone(notebook):
    """Checks and tests were deleted, and text was put between."""
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if not cell["metadata"].get("nbgrader", {}).get("grade_id", "").endswith("-tests")
        and not cell["id"].endswith("-check")
    ]
    note = {"cell_type": "markdown", "id": "0a1b2c3d", "metadata": {}, "source": "A note."}
    notebook["cells"].insert(9, note)


def _result(kind):
    """Return an output as it comes from an editor that has not run the cell itself."""
    data = {"text/plain": ["tensor(1.)"], kind: {"type": "string"}}
    about = {"tags": [], "nbgrader": {"points": 100}}
    return {
        "output_type": "execute_result",
        "data": data,
        "metadata": about,
        "execution_count": None,
    }


def no_extension(notebook):
    """Cells were copied into a new notebook: no metadata, new ids."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"], cell["metadata"] = f"{number:08x}", {}


EDITORS = [colab, colab_again, vs_code, vs_code_locked_cells_are_gone, no_extension]


@pytest.mark.slow
def test_the_editor_does_not_change_the_marks(tmp_path):
    course = tmp_path / "course"
    answers = [s for s in read_samples(SAMPLES) if s.student in ("ada", "carol")]
    assert len(answers) == 2
    prepare(ROOT, course, answers)
    release, source = (
        nbformat.read(ROOT / which / "softmax/softmax.ipynb", as_version=4)
        for which in ("release", "source")
    )
    for sample in answers:
        saved = json.loads(make(sample, release, source))
        for editor in EDITORS:
            notebook = copy.deepcopy(saved)
            editor(notebook)
            folder = course / "submitted" / f"{sample.student}-{editor.__name__}" / "softmax"
            folder.mkdir(parents=True)
            (folder / "softmax.ipynb").write_text(json.dumps(notebook))
    grade(course, "softmax", settings=Settings(jobs=2))
    points = {marks.student: marks.automatic for marks in Course(course, "softmax").marks()}
    assert len(points) == 2 + 2 * len(EDITORS)
    assert points["ada"] > points["carol"] > 0
    for student, mark in points.items():
        assert mark == points[student.split("-")[0]], student
