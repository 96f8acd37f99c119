"""The marking layer stands alone: it imports the standard library, torch and itself."""

import ast
import sys
from pathlib import Path

import pytest

MARKING = sorted((Path(__file__).parent.parent / "autograder" / "marking").glob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MARKING, ids=lambda path: path.name)
def test_marking_imports_nothing_of_the_grading_layer(path):
    for name in imported(path):
        top = name.partition(".")[0]
        assert (
            top in sys.stdlib_module_names
            or top == "torch"
            or name.startswith("autograder.marking")
        ), f"{path.name} imports {name}"
