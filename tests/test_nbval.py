"""`pytest --nbval source/softmax/softmax.ipynb` compares what the cells show, for real."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = Path("source/softmax/softmax.ipynb")

pytestmark = pytest.mark.slow


def nbval(course: Path, notebook: Path) -> tuple[int, set[int]]:
    """The number of code cells, and which of them differ."""
    command = ["-m", "pytest", "-q", "--nbval", "--nbval-current-env", str(notebook)]
    done = subprocess.run(
        [sys.executable, *command], cwd=course, capture_output=True, text=True, timeout=120
    )
    failed = {int(cell) for cell in re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, re.M)}
    ran = sum(int(n) for n in re.findall(r"(\d+) (?:passed|failed)", done.stdout))
    return ran, failed


@pytest.fixture
def course(tmp_path):
    for file in ("conftest.py", "pyproject.toml", NOTEBOOK):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_one_digit_of_a_stored_output_makes_its_cell_fail(course):
    notebook = nbformat.read(course / NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    changed = set()
    for number, cell in enumerate(code):
        for output in cell.outputs:
            texts = output.data if "data" in output else output
            for kind in ("text", "text/plain", "text/html"):
                if not changed & {number} and re.search(r"\d", texts.get(kind, "")):
                    texts[kind] = re.sub(r"\d", lambda d: str(9 - int(d[0])), texts[kind], count=1)
                    changed.add(number)
    assert changed
    nbformat.write(notebook, course / NOTEBOOK)
    assert nbval(course, NOTEBOOK) == (len(code), changed)


def test_a_picture_in_any_other_notebook_is_compared(course):
    notebook = nbformat.read(course / NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    figures = {n for n, cell in enumerate(code) if "figure" in cell.metadata.get("tags", [])}
    elsewhere = course / "submitted/ada/softmax/softmax.ipynb"
    elsewhere.parent.mkdir(parents=True)
    shutil.move(course / NOTEBOOK, elsewhere)
    assert nbval(course, elsewhere) == (len(code), figures)
