"""The house: what each station of the package may import, and that a name means one thing.

Every import is read, those inside functions as well; those for types alone are not followed.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: From the roof down: what each station may import, besides itself and `errors`.
HOUSE = {
    "commands": "pipeline build lms handmarks results feedback samples gradebook runner sandbox "
    "lessons",
    "pipeline": "gradebook intake runner",
    "build": "runner lessons marking",
    "lms": "results gradebook",
    "handmarks": "feedback gradebook lessons",
    "results": "gradebook lessons marking",
    "feedback": "gradebook intake lessons marking",
    "samples": "",
    "gradebook": "intake runner marking",
    "intake": "",
    "runner": "sandbox marker marking",
    "sandbox": "",
    "marker": "lessons marking",
    "lessons": "marking",
    "marking": "",
    "errors": "",
}
#: What of the marking the runner may know before the student's process is forked: how an answer is
#: observed, never what is right.
OBSERVING = {"child", "describing", "library", "observation", "observer", "stopwatch"}
#: Packages that are not the standard library's, for stations that may not import every one.
PACKAGES = {"marking": {"torch"}, "errors": set()}
#: Folders whose files are called as what they are about is: subcommands, parts of a lesson.
NAMED_FROM_OUTSIDE = ("autograder.commands.", "autograder.lessons.")


def read_package() -> dict[str, str]:
    """Return the source of every module by its name."""
    sources = {}
    for file in sorted((ROOT / "autograder").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        sources[name] = file.read_text(encoding="utf-8")
    return sources


PACKAGE = read_package()


# --- What is read -------------------------------------------------------------------------------


def imports(module: str, sources: Mapping[str, str]) -> set[str]:
    """Return the names of the modules that a module imports, but for types."""
    found = set()
    waiting: list[ast.AST] = [ast.parse(sources[module])]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = imported_from(node, module, sources)
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                found.add(inner if inner in sources else origin)
    return found


def imported_from(node: ast.ImportFrom, module: str, sources: Mapping[str, str]) -> str:
    """Return the whole name of what `from … import` names."""
    if node.level == 0:
        return str(node.module)
    # Files that the build puts into the notebook have another package around them there.
    assert ".notebook" in module, f"{module}: imports are absolute"
    is_package = any(other.startswith(f"{module}.") for other in sources)
    parts = module.split(".")
    around = parts[: len(parts) + is_package - node.level]
    return ".".join([*around, node.module] if node.module else around)


def station(module: str) -> str:
    """Return the part of the house that a module of the package is in."""
    return module.split(".")[1] if "." in module else "autograder"


def forbidden_imports(sources: Mapping[str, str]) -> list[str]:
    """Return "A imports B" for every import that the house does not allow."""
    return [
        f"{module} imports {other}"
        for module in sources
        if module != "autograder"  # gives `grade`, and knows where that is
        for other in sorted(imports(module, sources))
        if not is_allowed(module, other)
    ]


def is_allowed(module: str, other: str) -> bool:
    here = station(module)
    package = other.partition(".")[0]
    if package != "autograder":
        packages = PACKAGES.get(here)
        return packages is None or package in sys.stdlib_module_names or package in packages
    there = station(other)
    if (here, there) == ("runner", "marking"):
        return other.split(".")[2] in OBSERVING
    everybody = {here} if here == "marking" else {here, "errors", "autograder"}
    return there in everybody or there in HOUSE[here].split()


def circle(sources: Mapping[str, str]) -> list[str]:
    """Return modules of which each imports the next, and the last is the first; [] if none do."""
    graph = {module: imports(module, sources) - {module} for module in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1][::-1])
    return []


def names_of_two_things(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return classes, names of types and modules that there are two of, and where they are."""
    found = defaultdict(set)
    for module, source in sources.items():
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].add(module)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name[0].isupper() and not name.isupper():
                    found[name].add(module)
        if not module.startswith(NAMED_FROM_OUTSIDE) and module.count(".") > 1:
            found[module.rpartition(".")[2]].add(module)
    return {name: sorted(where) for name, where in sorted(found.items()) if len(where) > 1}


# --- The package --------------------------------------------------------------------------------


def test_every_station_has_its_place():
    assert {station(module) for module in PACKAGE} == {"autograder", *HOUSE}


def test_a_station_imports_only_what_is_below_it():
    below = list(HOUSE)
    for here, allowed in HOUSE.items():
        below.remove(here)
        assert set(allowed.split()) <= set(below), here


def test_nothing_is_imported_that_the_house_does_not_allow():
    assert forbidden_imports(PACKAGE) == []


def test_no_module_imports_itself_through_others():
    assert circle(PACKAGE) == []


def test_a_name_means_one_thing():
    assert names_of_two_things(PACKAGE) == {}


@pytest.mark.parametrize(
    ("module", "source", "refused"),
    [
        ("marking.new", "from autograder.lessons.softmax import cases", "autograder.lessons"),
        ("marking.new", "import numpy", "numpy"),
        ("marking.new", "from autograder.errors import LabError", "autograder.errors"),
        ("lessons.softmax.new", "from autograder.marker import grade", "autograder.marker"),
        ("runner.new", "from autograder.marking import functions", "autograder.marking.functions"),
        ("runner.new", "def run():\n    import autograder.lessons", "autograder.lessons"),
        ("runner.new", "from autograder import pipeline", "autograder.pipeline"),
        ("sandbox.new", "from autograder.runner.pool import Pool", "autograder.runner.pool"),
        ("intake.new", "from autograder.gradebook import course", "autograder.gradebook.course"),
        ("gradebook.new", "from autograder.results import page", "autograder.results.page"),
        ("pipeline", "from autograder.commands.grade import add_parser", "autograder.commands"),
    ],
)
def test_a_made_up_import_is_refused(module, source, refused):
    made_up = forbidden_imports({**PACKAGE, f"autograder.{module}": source})
    (told,) = set(made_up) - set(forbidden_imports(PACKAGE))
    assert told.startswith(f"autograder.{module} imports {refused}")


def test_what_is_imported_for_types_alone_is_not_followed():
    source = "if TYPE_CHECKING:\n    from autograder.pipeline import Line"
    assert forbidden_imports({"autograder.runner.new": source}) == []


def test_a_made_up_circle_and_a_made_up_name_are_found():
    one = "def late():\n    from autograder.intake.two import Seat"
    two = "import autograder.intake.one\nclass Seat: ...\nclass _Pool: ..."
    sources = {**PACKAGE, "autograder.intake.one": one, "autograder.intake.two": two}
    assert set(circle(sources)) == {"autograder.intake.one", "autograder.intake.two"}
    twice = names_of_two_things({**sources, "autograder.gradebook.two": ""})
    assert twice["Pool"] == ["autograder.intake.two", "autograder.runner.pool"]
    assert twice["two"] == ["autograder.gradebook.two", "autograder.intake.two"]
    assert "Seat" not in twice


# --- What an import costs -----------------------------------------------------------------------

HEAVY = "nbgrader IPython matplotlib dask nbformat torch"
#: What is forked for each student knows nothing of what is right.
FORKED = "autograder.runner.template, autograder.commands.main"
SECRET = "autograder.lessons.softmax autograder.marker autograder.marking.mark"


@pytest.mark.parametrize(
    ("module", "needless"),
    [
        ("autograder", f"{HEAVY} autograder.runner"),
        ("autograder.marking", f"{HEAVY} autograder.runner"),
        ("autograder.marker", f"{HEAVY.replace(' torch', '')} autograder.runner"),
        ("autograder.commands.main", HEAVY),
        (FORKED, f"{SECRET} nbgrader"),
    ],
)
def test_an_import_brings_nothing_needless(module, needless):
    program = f"import sys, {module}; print({set(needless.split())} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


BARE = """
import sys
from autograder.commands.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", [["build", "--check"], ["report"], ["demo"]])
def test_a_missing_package_is_named_and_help_needs_none(command):
    # Without site there is no package but ours.
    python = [sys.executable, "-S", "-c", BARE]
    shown = subprocess.run([*python, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    run = subprocess.run([*python, *command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2
    assert "has no package" in run.stderr
    assert "Traceback" not in run.stderr
