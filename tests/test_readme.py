"""Every command of the README is there, and is run by a test or by CI."""

import re
import subprocess
from pathlib import Path

from autograder.commands.main import parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: CI calls `make test`; the others of these are run by tests, or open JupyterLab, which
#: tests/test_author.py and test_nbgrader_contract.py do in the parts that are ours.
NBGRADER = {"autograde", "validate", "generate_feedback", "export"}


CODE = [" ".join(code.split()) for code in re.findall(r"(?s)```sh\n.*?```|`[^`]+`", README)]


def commands(program):
    return {name for code in CODE for name in re.findall(rf"\b{program} ([a-z_.-]+)", code)}


def test_make_knows_every_target():
    targets = commands("make")
    assert {"demo", "test", "lab", "grade", "author"} <= targets
    for target in targets:
        run = subprocess.run(
            ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr


def test_softmax_lab_knows_every_subcommand():
    for command in commands("softmax-lab"):
        arguments = parser().parse_args([command])
        assert callable(arguments.handler)


def test_every_nbgrader_command_is_one_that_the_contract_runs():
    contract = (ROOT / "tests" / "test_nbgrader_contract.py").read_text(encoding="utf-8")
    assert commands("nbgrader") <= NBGRADER
    for command in NBGRADER:
        assert f'"{command}"' in contract


def test_every_link_to_a_file_leads_somewhere():
    for target in re.findall(r'\]\((?!https?:|#)([^)]+)\)|src(?:set)?="([^"]+)"', README):
        assert (ROOT / (target[0] or target[1])).is_file(), target
