"""The marking layer stands alone: it imports the standard library, torch and itself."""

import ast
import subprocess
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


BARE = """
import sys
from autograder.commands.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", [["build", "--check"], ["report"], ["demo"]])
def test_a_missing_package_is_named_and_help_needs_none(command):
    root = Path(__file__).parent.parent
    # Without site there is no package but ours.
    python = [sys.executable, "-S", "-c", BARE]
    shown = subprocess.run([*python, "--help"], cwd=root, capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    run = subprocess.run([*python, *command], cwd=root, capture_output=True, text=True)
    assert run.returncode == 2
    assert "has no package" in run.stderr
    assert "Traceback" not in run.stderr
