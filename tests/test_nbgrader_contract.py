"""What this project relies on in nbgrader and its neighbours, beyond what they promise.

A failure here after an upgrade says which of our modules to look at before anything else.
"""

import csv
import inspect
import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import requires, version
from pathlib import Path

import nbformat
import pytest
from nbgrader import preprocessors, utils
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.config import Config

from autograder.build.headers import SCHEMA_VERSION
from autograder.build.lesson_text import REGIONS
from autograder.lessons import load
from autograder.marking.report import MIME_TYPE

EXERCISES = load("softmax").tested

ROOT = Path(__file__).parent.parent


def test_the_installed_nbgrader_is_the_pinned_one():
    pinned = [line for line in requires("softmax-lab") if line.startswith("nbgrader")]
    assert pinned == [f"nbgrader=={version('nbgrader')}"]


def test_the_build_can_generate_an_assignment_without_a_gradebook():
    names = list(inspect.signature(GenerateAssignment).parameters)
    assert names[0] == "coursedir"
    assert GenerateAssignment.no_database.default_value is False
    assert preprocessors.SaveCells.enabled.default_value is True
    assert next(iter(inspect.signature(utils.capture_log).parameters)) == "app"
    assert {"root", "assignment_id"} <= set(CourseDirectory.class_trait_names(config=True))


def test_nbgrader_clears_the_regions_that_the_lint_knows():
    delimiters = {
        "SOLUTION": (preprocessors.ClearSolutions, "solution"),
        "HIDDEN TESTS": (preprocessors.ClearHiddenTests, "test"),
        "MARK SCHEME": (preprocessors.ClearMarkScheme, "mark_scheme"),
    }
    assert tuple(delimiters) == REGIONS
    for kind, (preprocessor, name) in delimiters.items():
        assert preprocessor in GenerateAssignment.preprocessors.default_args[0]
        for edge in ("begin", "end"):
            trait = getattr(preprocessor, f"{edge}_{name}_delimeter")
            assert trait.default_value == f"{edge.upper()} {kind}"


def test_the_lint_knows_nbgraders_metadata():
    assert MetadataValidator().schema_version == SCHEMA_VERSION
    assert set(MetadataValidator().schema["properties"]) >= {
        "grade",
        "grade_id",
        "locked",
        "points",
        "schema_version",
        "solution",
        "task",
    }


def test_feedback_is_made_by_the_steps_that_the_settings_extend():
    steps = [step.__name__ for step in GenerateFeedback.preprocessors.default_args[0]]
    assert steps == ["GetGrades", "CSSHTMLHeaderPreprocessor"]


def test_every_setting_is_one_that_its_class_has():
    """traitlets only warns of a misspelt setting, and not always."""
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters import DataTypeFilter
    from nbgrader.apps import ExportApp
    from nbgrader.plugins import CsvExportPlugin
    from traitlets.config.loader import PyFileConfigLoader

    classes = {
        cls.__name__: cls
        for cls in (
            Autograde,
            CourseDirectory,
            CsvExportPlugin,
            DataTypeFilter,
            ExportApp,
            GenerateFeedback,
            HTMLExporter,
            *vars(preprocessors).values(),
        )
        if inspect.isclass(cls)
    }
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    for name, settings in config.items():
        assert isinstance(settings, Config)
        assert set(settings) <= set(classes[name].class_trait_names(config=True)), name


def test_jupytext_and_nbclient_still_take_what_the_build_passes():
    from jupytext.myst import myst_to_notebook
    from nbclient import NotebookClient

    assert "add_source_map" in inspect.signature(myst_to_notebook).parameters
    wanted = {"record_timing", "coalesce_streams", "force_raise_errors", "on_cell_start"}
    assert wanted <= set(NotebookClient.class_trait_names())


def test_the_build_runs_the_kernel_of_its_own_environment():
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager(kernel_dirs=[]).get_kernel_spec("python3")
    assert spec.argv[0] == sys.executable


# --- the whole course, with nbgrader alone -------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course that was generated, autograded and answered by nbgrader's own commands."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "source", root / "source")
    log = nbgrader(root, "generate_assignment", "softmax")
    model = nbformat.read(root / "source/softmax/softmax.ipynb", as_version=4)
    empty = nbformat.read(root / "release/softmax/softmax.ipynb", as_version=4)
    answers = {cell.id: cell for cell in model.cells}
    for i, cell in enumerate(empty.cells):
        if utils.is_solution(cell):
            empty.cells[i].source = re.sub(r"### (BEGIN|END) \w+", "#", answers[cell.id].source)
    own = next(cell for cell in empty.cells if cell.id == "explore-equal")
    own.source += "\n\nWhat is BEGIN MARK SCHEME?"
    (root / "submitted/ada/softmax").mkdir(parents=True)
    nbformat.write(empty, root / "submitted/ada/softmax/softmax.ipynb")
    for command in (["autograde"], ["generate_feedback"]):
        log += nbgrader(root, *command, "softmax")
    log += nbgrader(root, "export")
    return root, log


def nbgrader(root, *arguments):
    """Run nbgrader with no PATH of ours, as from a desktop's launcher; return what it says."""
    result = subprocess.run(
        [Path(sys.executable).with_name("nbgrader"), *arguments],
        cwd=root,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(root),
            "JUPYTER_CONFIG_DIR": str(root / "none"),
            "PYTHONPATH": str(ROOT),  # the settings import the package that is tested
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


@pytest.mark.slow
def test_the_release_made_by_hand_is_the_committed_one(course):
    root, _ = course
    path = "release/softmax/softmax.ipynb"
    assert (root / path).read_bytes() == (ROOT / path).read_bytes()


@pytest.mark.slow
def test_right_answers_get_every_automatic_point(course):
    root, _ = course
    row = next(csv.DictReader((root / "grades.csv").open(encoding="utf-8")))
    notebook = nbformat.read(ROOT / "source/softmax/softmax.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if utils.is_grade(cell)]
    points = dict.fromkeys((True, False), 0.0)
    for cell in cells:
        points[utils.is_solution(cell)] += cell.metadata.nbgrader.points
    assert float(row["score"]) == points[False]
    assert float(row["max_score"]) == points[False] + points[True]


@pytest.mark.slow
def test_validate_tells_an_untouched_notebook_from_a_finished_one(course):
    root, _ = course
    untouched = nbgrader(root, "validate", "release/softmax/softmax.ipynb")
    checks, questions = 11, 9  # and the proof, which is worth nothing to nbgrader
    assert f"VALIDATION FAILED ON {checks + questions} CELL(S)" in untouched
    assert "Replace the `...` in `softmax` by" in untouched
    finished = nbgrader(root, "validate", "submitted/ada/softmax/softmax.ipynb")
    assert "Success! Your notebook passes all the tests." in finished


@pytest.mark.slow
def test_formgrader_lists_the_student_and_shows_the_rubric(course):
    root, _ = course
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"),
            *(f"--ServerApp.root_dir={root}", "--ServerApp.jpserver_extensions=nbgrader=True"),
        ],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        submissions = json.loads(
            get(f"{address}/formgrader/api/submitted_notebooks/softmax/softmax", token, server)
        )
        assert [one["student"] for one in submissions] == ["ada"]
        page = get(f"{address}/formgrader/submissions/{submissions[0]['id']}/", token, server)
        assert "Typical mistake" in page
        for where in ("gradebook/softmax/softmax/", "manage_students/ada/softmax/"):
            assert "nbgrader formgrade" in get(f"{address}/formgrader/{where}", token, server)
    finally:
        server.terminate()
        server.wait(timeout=30)


def get(url, token, server):
    """Read a page of a server that may still be starting."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    for _ in range(120):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            time.sleep(0.5)  # it does not listen yet
    raise TimeoutError(url)


@pytest.mark.slow
def test_graders_see_rubrics_and_hidden_tests_and_students_do_not(course):
    root, _ = course
    rubric = "Typical mistake"
    hidden = "globals()"
    graded = (root / "autograded/ada/softmax/softmax.ipynb").read_text(encoding="utf-8")
    page = (root / "feedback/ada/softmax/softmax.html").read_text(encoding="utf-8")
    assert rubric in graded
    assert hidden in graded
    for words in (rubric, hidden, "HIDDEN TESTS"):
        assert words not in page
    assert page.count("MARK SCHEME") == 1, "what the student wrote stays"


@pytest.mark.slow
def test_marks_as_data_are_in_the_graded_copy_and_not_on_the_page(course):
    root, _ = course
    graded = nbformat.read(root / "autograded/ada/softmax/softmax.ipynb", as_version=4)
    found = [
        output.data[MIME_TYPE]
        for cell in graded.cells
        for output in cell.get("outputs", ())
        if MIME_TYPE in output.get("data", ())
    ]
    assert [(mark["exercise"], mark["outcome"]) for mark in found] == [
        (exercise, "right") for exercise in EXERCISES
    ]
    page = (root / "feedback/ada/softmax/softmax.html").read_text(encoding="utf-8")
    assert MIME_TYPE not in page
    assert "max_points" not in page


def test_the_formgrader_asks_mathjax_for_one_thing_only():
    folder = Path(utils.__file__).parent / "server_extensions/formgrader"
    scripts = [file.read_text(encoding="utf-8") for file in folder.glob("static/js/*.js")]
    uses = set(re.findall(r"MathJax\.[\w.]+", "".join(scripts)))
    assert uses == {"MathJax.loaded", "MathJax.Hub.Startup.signal.Interest"}
    page = (folder / "templates/formgrade/index.html.j2").read_text(encoding="utf-8")
    assert "{{ mathjax() }}" in page
    assert not (folder / "templates/formgrade/mathjax.html.j2").exists(), "ours takes this name"


@pytest.mark.slow
def test_the_logs_hold_no_warning_that_nobody_can_act_on(course):
    _, log = course
    noise = [line for line in log.split("\n") if "arning" in line or "WARNING" in line]
    # nbgrader says this of every cell that it puts back for the graders' eyes.
    assert [line for line in noise if "Attribute 'checksum'" not in line] == []
