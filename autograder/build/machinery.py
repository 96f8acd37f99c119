"""Puts a lesson's own Python files into its notebook, as one folded cell.

The cell makes a package `lab` of the files of `autograder/lessons/NAME/notebook/`: modules with
names of their own, so that nothing that a student defines changes what they do.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from autograder import lessons
from autograder.errors import LabError

#: The package's name in the notebook.
PACKAGE = "lab"

#: What students have besides Python itself.
INSTALLED = frozenset({"torch", "ipywidgets", "matplotlib", "IPython"})

#: How the notebook shows the cell: folded, in Colab and in JupyterLab.
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}

_CELL = '''\
# @title Checks, sliders and pictures (nothing in this cell needs to be read)
def {package}():
    """Make a package of the texts below. Its names are not those of this notebook."""
    import builtins
    import sys
    from importlib.machinery import ModuleSpec
    from importlib.util import module_from_spec
    from types import FunctionType

    texts = {{
{texts}
    }}
    for name in texts:
        sys.modules[name] = module_from_spec(ModuleSpec(name, None, is_package=name == "{package}"))
        sys.modules[name].__builtins__ = builtins
    for name, text in texts.items():
        FunctionType(builtins.compile(text, name, "exec"), sys.modules[name].__dict__)()
    return sys.modules["{package}"]


{package} = {package}()'''


def has_machinery(assignment: str) -> bool:
    """Whether a lesson has files for its notebook."""
    return (_folder(assignment) / "__init__.py").is_file()


def placeholder(assignment: str) -> str:
    """Return what stands for the cell in the lesson's text, and does the same for its author."""
    return (
        f"# softmax-lab build puts autograder/lessons/{assignment}/notebook/ here.\n"
        f"from autograder.build.machinery import package; {PACKAGE} = package({assignment!r})"
    ).replace("'", '"')


def source(assignment: str) -> str:
    """Return the text of the cell.

    Raises:
        LabError: a file imports what students need not have, or cannot stand in a raw string.

    """
    texts = ",\n".join(
        f"    {name!r}: r'''{text}'''".replace("    ", "        ", 1)
        for name, text in _texts(assignment).items()
    )
    return _CELL.format(package=PACKAGE, texts=f"{texts},")


def guarded(source: str) -> str:
    """Return a cell that says what to do where the package is not there yet, as after a restart."""
    return _CALL.sub(
        rf'\1 if "{PACKAGE}" in (lambda: 0).__globals__ '
        'else print("First run the cells under Setup.")',
        source,
    )


#: A line that calls the package. The guard uses no name that a student may have given away.
_CALL = re.compile(rf"^({PACKAGE}\.\w+\(.*\))$", re.MULTILINE)


def package(assignment: str) -> Any:
    """Return what the cell calls `lab`.

    Raises:
        LabError: see `source`.

    """
    names: dict[str, Any] = {}
    exec(source(assignment), names)
    return names[PACKAGE]


def asked(assignment: str) -> Any:
    """Return a lesson's module `notebook/asked.py`, or None if it has none."""
    path = _folder(assignment) / "asked.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"{PACKAGE}.asked", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _folder(assignment: str) -> Path:
    return Path(lessons.__path__[0], assignment, "notebook")


def _texts(assignment: str) -> dict[str, str]:
    """Return the texts of the modules by their names in the notebook, each after those it needs."""
    files = {path.stem: path for path in sorted(_folder(assignment).glob("*.py"))}
    # Sorted, for the order of a set is another one each time.
    needs = {stem: sorted(set(_imports(path, files))) for stem, path in files.items()}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " → ".join(f"{stem}.py" for stem in error.args[1])
        raise LabError(f"{_folder(assignment)}: files that need each other: {circle}") from None
    order.remove("__init__")  # it gathers what the others offer
    texts = {stem: files[stem].read_text(encoding="utf-8") for stem in (*order, "__init__")}
    if "known" in texts:
        texts["known"] = _known(assignment)
    for stem, text in texts.items():
        if "'''" in text or not text.endswith("\n"):
            raise LabError(f"{files[stem]}: no ''' here, please, and a new line at the end.")
    return {_name(stem): text for stem, text in texts.items()}


def _name(stem: str) -> str:
    return PACKAGE if stem == "__init__" else f"{PACKAGE}.{stem}"


def _known(assignment: str) -> str:
    """Return the text of the module that says what the misconceptions would answer."""
    from autograder.build.causes import NO_TENSOR, RIGHT, WRONG, table  # imports torch

    known = table(lessons.load(assignment), asked(assignment))
    return (
        f"import json\n\nRIGHT, NO_TENSOR, WRONG = {RIGHT}, {NO_TENSOR}, {WRONG}\n"
        f'TABLE = json.loads(r"""{known}""")\n'
    )


def _imports(path: Path, files: dict[str, Path]) -> Iterator[str]:
    """Give the files that a file imports.

    Raises:
        LabError: it imports something that students need not have.

    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.ImportFrom) and node.level:
            if node.level > 1 or node.module not in files:
                raise LabError(
                    f"{path}:{node.lineno}: write `from .file import name` for a file beside it."
                )
            yield node.module
            continue
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            if top not in INSTALLED and top not in sys.stdlib_module_names:
                raise LabError(
                    f"{path}:{node.lineno}: `{top}` is not what students have. The notebook needs "
                    f"{', '.join(sorted(INSTALLED))} only."
                )
