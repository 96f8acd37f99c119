"""The lesson's own Python gets into the students' notebook as one folded cell, by itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.build import machinery
from autograder.build.notebooks import contract_of
from autograder.errors import LabError

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "autograder/lessons/softmax/notebook"
FILES = sorted(FOLDER.glob("*.py"))
CELLS = nbformat.read(ROOT / "release/softmax/softmax.ipynb", as_version=4).cells
IDS = [cell.id for cell in CELLS]
CELL = CELLS[IDS.index("machinery")]
#: What a student has to install, and no more.
STUDENTS = {"torch", "ipywidgets", "matplotlib", "IPython"}


# --- what the students get -----------------------------------------------------------------------


def test_the_cell_is_folded_and_says_that_it_need_not_be_read():
    assert CELL.metadata.cellView == "form"
    assert CELL.metadata.jupyter.source_hidden
    assert CELL.source.startswith("# @title ")


def test_who_sees_its_code_is_told_where_to_go_on_by_a_link_that_works_in_every_editor():
    above, after = CELLS[IDS.index("machinery") - 1], CELLS[IDS.index("machinery") + 1]
    assert "you\nneed not read it" in above.source
    (title, anchor) = re.search(r"\[(.*?)\]\(#(.*?)\)\.$", above.source).groups()
    # JupyterLab keeps the case of a heading in its anchor, VS Code does not.
    assert after.source.startswith(f"## {title}\n")
    assert anchor == title.replace(" ", "-") == anchor.lower()


def test_little_code_stands_before_the_first_slider():
    before = CELLS[: IDS.index("explorer") + 1]
    code = [cell.source for cell in before if cell.cell_type == "code" and cell is not CELL]
    lines = [line for source in code for line in source.split("\n") if line.strip()]
    assert len(lines) <= 25, lines
    assert CELLS[IDS.index("setup")].source.split("\n") == [
        "import ipywidgets as widgets",
        "import matplotlib.pyplot as plt",
        "import torch",
        "from torch import tensor",
    ]


def test_every_file_stands_in_the_cell_as_it_is_but_for_what_is_tabulated():
    for file in FILES:
        assert (file.read_text(encoding="utf-8") in CELL.source) is (file.name != "known.py")
    assert "TABLE = json.loads(" in CELL.source


def test_nothing_of_ours_and_no_solution_comes_with_them():
    assert "autograder" not in CELL.source
    lesson = (ROOT / "notebooks/softmax.md").read_text(encoding="utf-8")
    for region in re.findall(r"### BEGIN SOLUTION\n(.*?)\s*### END", lesson, re.DOTALL):
        for line in map(str.strip, region.split("\n")):
            assert len(line) < 8 or line not in CELL.source


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_imports_what_students_have_and_its_neighbours(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert (node.level, f"{node.module}.py") in {(1, other.name) for other in FILES}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for name in [node.module] if isinstance(node, ast.ImportFrom) else node.names:
                top = (name if isinstance(name, str) else name.name).partition(".")[0]
                assert top in STUDENTS or top in sys.stdlib_module_names


def test_the_cell_needs_neither_this_package_nor_a_kernel():
    program = f"import sys; sys.modules['autograder'] = None\n{CELL.source}\n" + (
        "import torch\n"
        "def softmax(xx): return xx.exp() / xx.exp().sum()\n"
        "lab.check('softmax')\n"
        "print(sorted(name for name in vars(lab) if name[0] != '_'), __name__)\n"
    )
    run = subprocess.run(
        [sys.executable], input=program, capture_output=True, text=True, check=True
    )
    assert "✔ Looks right" in run.stdout
    assert "'explore', 'show_limit', 'show_steps', 'what_next'] __main__" in run.stdout


# --- what an author may put there ----------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a function that writes files for the notebook of a lesson `tiny`, and the folder."""
    (tmp_path / "tiny/notebook").mkdir(parents=True)
    monkeypatch.setattr(machinery.lessons, "__path__", [str(tmp_path)])

    def write(**files):
        for name, text in files.items():
            path = tmp_path / f"tiny/notebook/{name}.py"
            path.write_text(text, encoding="utf-8")
        return tmp_path / "tiny/notebook"

    return write


def test_modules_are_made_after_those_they_need(folder):
    folder(
        __init__="from .a import one\n",
        a="from .z import two\n\none = two - 1\n",
        z="two = 2\n",
    )
    assert machinery.has_machinery("tiny")
    assert machinery.package("tiny").one == 1
    assert re.findall(r"'(lab\S*)': r'''", machinery.source("tiny")) == ["lab.z", "lab.a", "lab"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a": "import numpy\n"}, "a.py:1: `numpy` is not what students have"),
        ({"a": "\nfrom autograder import grade\n"}, "a.py:2: `autograder` is not what students"),
        ({"a": "from .b import one\n"}, "a.py:1: write `from .file import name`"),
        ({"a": "from ..softmax import lesson\n"}, "a.py:1: write `from .file import name`"),
        ({"a": "from .b import x\n", "b": "from .a import x\n"}, "files that need each other: "),
        ({"a": "text = '''one'''\n"}, "a.py: no '''"),
        ({"a": "one = 1"}, "a new line at the end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_go_into_the_notebook_is_named(folder, files, words):
    folder(__init__="", **files)
    with pytest.raises(LabError, match=re.escape(words)):
        machinery.source("tiny")


def test_only_a_lesson_with_files_has_such_a_cell(folder):
    assert not machinery.has_machinery("tiny")
    folder(__init__="")
    assert machinery.has_machinery("tiny")


def test_the_authors_cell_makes_what_the_students_cell_makes():
    assert contract_of("softmax").placeholder == machinery.placeholder("softmax")
    names = {}
    exec(machinery.placeholder("softmax"), names)
    assert names["lab"].__name__ == "lab"
