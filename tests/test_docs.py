"""Every command, path and link of the documents is there, and takes what they say it takes."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderApp

from autograder.commands.main import parser

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "tests" / "attacks" / "README.md",
    ROOT / "autograder" / "lessons" / "softmax" / "samples" / "README.md",
]
#: tests/test_nbgrader_contract.py runs these with the real nbgrader.
NBGRADER = {"autograde", "validate", "generate_feedback", "export"}
#: A path begins with one of these.
TOP = {path.name for path in ROOT.iterdir() if not path.name.startswith((".git", ".venv"))}
#: A path with a part that is to be filled in; and what a course, or the guide's lesson, makes.
NOT_HERE = re.compile(r".*(?:[A-Z<*…]|variance)|(?:submitted|autograded|feedback)/")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def code(document: Path) -> list[str]:
    """The code in a document: each span, and each line of a block for a terminal."""
    text = text_of(document)
    blocks = re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", text)
    prose = re.sub(r"(?ms)^ *```.*?^ *```", "", text)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return spans + [line.strip() for block in blocks for line in block.splitlines()]


def commands(program: str) -> list[list[str]]:
    """The arguments that documents call a program with; "…" stands for some that are left out."""
    call = re.compile(rf"(?:\.venv/bin/)?{program} (?!.*…)(.+)")
    lines = (call.match(line) for document in DOCUMENTS for line in code(document))
    found = sorted({line[1] for line in lines if line})
    return [shlex.split(arguments, comments=True) for arguments in found]


def called(arguments: list[str]) -> str:
    return " ".join(arguments)


def headings(document: Path) -> set[str]:
    """What a link to a heading of a document ends with, as GitHub makes it."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```", "", text_of(document))
    titles = re.findall(r"(?m)^#+ (.*)$", prose)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("arguments", commands("make"), ids=called)
def test_make_knows_the_target(arguments):
    run = subprocess.run(
        ["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("arguments", commands("softmax-lab"), ids=called)
def test_softmax_lab_takes_the_arguments(arguments, capsys):
    if "--help" in arguments:
        with pytest.raises(SystemExit, match=r"\A0\Z"):
            parser().parse_args(arguments)
        return
    assert callable(parser().parse_args(arguments).handler), capsys.readouterr().err


@pytest.mark.parametrize("arguments", commands("nbgrader"), ids=called)
def test_nbgrader_has_the_command_and_the_contract_runs_it(arguments):
    name, *options = arguments
    contract = (ROOT / "tests" / "test_nbgrader_contract.py").read_text(encoding="utf-8")
    assert name in NBGRADER
    assert f'"{name}"' in contract
    application = NbGraderApp.subcommands[name][0]()
    application.parse_command_line(options)
    if hasattr(application, "plugin_class"):
        assert application.plugin_class


#: tests/test_lesson_guide.py follows the guide, whose lesson is not here.
PYTEST = [arguments for arguments in commands("pytest") if "variance" not in called(arguments)]


@pytest.mark.parametrize("arguments", PYTEST, ids=called)
def test_pytest_finds_something_to_run(arguments):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_documents_name_the_commands_that_people_need():
    """Or the tests above would pass on documents that they cannot read."""
    assert {"demo", "test", "lab", "grade", "author", "quick"} <= {c[0] for c in commands("make")}
    subcommands = {"build", "grade", "report", "doctor"}
    assert subcommands <= {c[0] for c in commands("softmax-lab")}
    assert {c[0] for c in commands("nbgrader")} == NBGRADER
    assert ["--nbval", "source/softmax/softmax.ipynb"] in commands("pytest")


def test_both_commands_stand_on_the_first_screen():
    first = text_of(ROOT / "README.md").split("\n")[:20]
    assert {"make demo", "make test"} <= {line.partition(" #")[0].strip() for line in first}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_every_path_leads_somewhere(document):
    links = re.findall(r'\]\((?!https?:)([^)]+)\)|src(?:set)?="([^"]+)"', text_of(document))
    for target in (link or source for link, source in links):
        file, _, anchor = target.partition("#")
        path = document.parent / file if file else document
        assert path.is_file(), target
        if anchor:
            assert anchor in headings(path), target
    paths = (span for span in code(document) if re.fullmatch(r"[\w.-]+/\S*", span))
    for path in (path for path in paths if path.split("/")[0] in TOP and not NOT_HERE.match(path)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    "document",
    # The changelog also names what was.
    [document for document in DOCUMENTS if document.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_name_in_the_package_can_be_imported(document):
    names = re.findall(r"\bautograder(?:\.\w+)+", text_of(document))
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute) or importlib.import_module(name)


def test_every_station_stands_in_the_table():
    rows = re.findall(r"(?m)^\| `([\w/]+)/` \|", text_of(ROOT / "CONTRIBUTING.md"))
    folders = {path.parent.name for path in (ROOT / "autograder").glob("*/__init__.py")}
    assert {row.split("/")[0] for row in rows} == folders - {"commands"}
    assert all((ROOT / "autograder" / row).is_dir() for row in rows)
