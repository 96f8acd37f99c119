"""Runs the instructor's notebook in a fresh kernel and keeps what a later run can be compared with.

Nothing of the machine that ran it stays in the outputs: no times, no random ids, no addresses, no
picture bytes, which change with every version of a plotting library and its fonts.
"""

from __future__ import annotations

import copy
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any

from autograder.errors import LabError
from autograder.runner.job import FIGURE

CELL_SECONDS = 120

SVG = re.compile(r"(?s)<svg .*?</svg>")

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ADDRESS = re.compile(r" at 0x[0-9a-f]+")

#: Variables that change what Python, IPython, matplotlib or a terminal prints.
_PERSONAL = re.compile(r"PYTHON(?!PATH$)|IPYTHON|JUPYTER|MPL|NO_COLOR$|FORCE_COLOR$|COLUMNS$")


def execute(notebook: Any, file: str) -> None:
    """Run a notebook and store its outputs in it; `file` is what messages call its text.

    Raises:
        LabError: if a cell raises an error or takes longer than `CELL_SECONDS`, the kernel dies,
            or an output could not be the same in another run. It names the cell.

    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    running: list[int] = []
    metadata = copy.deepcopy(notebook.metadata)
    with tempfile.TemporaryDirectory(prefix="softmax-lab-") as home:
        environment = {k: v for k, v in os.environ.items() if not _PERSONAL.match(k)}
        environment |= {"IPYTHONDIR": home, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        client = NotebookClient(
            notebook,
            # No directory to look in leaves the kernel of this very environment, and not another
            # one that the user has installed as "python3".
            km=AsyncKernelManager(
                kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
            ),
            timeout=CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            force_raise_errors=True,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            on_cell_start=lambda cell, cell_index: running.append(cell_index),
            resources={"metadata": {"path": home}},
        )
        try:
            client.execute(cleanup_kc=True, env=environment)  # a manager that is given is kept
        except CellExecutionError as error:
            failure = f"{error.ename}: {error.evalue}"
        except CellTimeoutError:
            failure = f"it takes longer than {CELL_SECONDS} seconds"
        except DeadKernelError:
            failure = "the kernel died while running it"
        else:
            failure = ""
    notebook.metadata = metadata  # without the widgets' states and the language's version
    if failure:
        raise LabError(f"{file}: {name_of(notebook, running[-1])}: {failure}")
    problems = [
        f"{file}: {name_of(notebook, i)}: {problem}"
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        for problem in _clean(cell)
    ]
    if problems:
        raise LabError("\n".join(problems))


def without_pictures(html: str) -> str:
    """Return HTML with `<svg/>` for each picture: that there is one can be compared, and no more.

    The build keeps this of a figure, and nbval compares it (conftest.py in the repository's root).
    """
    return SVG.sub("<svg/>", html)


def name_of(notebook: Any, index: int) -> str:
    """Return how a message calls a cell of a notebook."""
    cell = notebook.cells[index]
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    first = cell.source.strip().split("\n")[0]
    return f"cell `{grade_id}`" if grade_id else f"cell {index + 1} ({first[:50]!r})"


def _clean(cell: Any) -> Iterator[str]:
    """Remove from a cell's outputs what changes between runs; yield what cannot be removed."""
    cell.metadata.pop("execution", None)
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            yield f"it prints to stderr, which nbgrader takes for a failure: {output.text.strip()}"
        data = output.get("data", {})
        for kind in [kind for kind in data if kind == WIDGET_VIEW or kind.startswith("image/")]:
            del data[kind]
        if FIGURE in cell.metadata.get("tags", []) and "text/html" in data:
            data["text/html"] = without_pictures(data["text/html"])
        for text in (output.get("text", ""), *data.values()):
            address = ADDRESS.search(str(text))
            if address:
                yield f"its output holds a memory address,{address[0]}: print something else"
