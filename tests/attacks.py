"""The attack corpus: what dishonest students hand in, made into files of today's lesson.

`attacks/README.md` says what an attack's file holds. Nothing here runs an attack.
"""

from __future__ import annotations

import base64
import copy
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from autograder.commands.demo import SAMPLES
from autograder.samples import Sample, make, read_samples

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "attacks"
ASSIGNMENT = "softmax"

#: The answers an attack hands in where it has no cell of its own.
BASE = "_all-wrong"
#: What an attack prints, or names a file by, when it got at something it should not have.
BREACHED = "breached:"
#: A made-up course and a made-up home hold this file. Attacks leave what has none alone.
MARKER = "this-is-the-demo"

#: Attacks on the grader whose odd objects hold right numbers: the points they deserve.
DESERVED = {
    "wrapper-subclass": {"explore-largest-tests": 1},
    "frames": {"softmax-stable-tests": 1},  # p_stable follows from a function that gives x back
}
#: Attacks that get at what is theirs, or at what everyone may see, and say that they did.
HARMLESS = {
    "home-dotfiles": "their home is the scratch folder",
    "home-kernelspec": "their home is the scratch folder",
    "home-startup": "their home is the scratch folder",
    "home-usercustomize": "their home is the scratch folder",
    "raises-the-inputs": "these are the inputs of a check that students can read",
    "returns-the-inputs": "these are the inputs of a check that students can read",
    "writes-down-the-hidden-inputs": "a function may remember what it was asked: see the README",
}
#: Who hands in honest work beside them: the sample it is, and its automatic points.
HONEST = {
    "0-ada": ("ada", 30),
    "carol": ("carol", 26),
    "forks-again-and-beside": ("ada", 30),  # graded beside one who takes every process there is
    "zz-ada": ("ada", 30),
}

AIMS = (
    "marks",  # points for wrong answers
    "hidden tests",  # to learn what they ask
    "other students",  # their work, their marks
    "course",  # source, gradebook, the runner's own files
    "home",  # what is left for the next student's run
    "processes",  # the runner's, and those that outlive the run
    "machine",  # memory, disk, network
    "grader",  # to crash or stall whoever reads the results
    "pages",  # scripts and forgeries for the people who read them
)


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        name: the file's name; also the student's id.
        what: in a few words, what it tries.
        aims_at: one of `AIMS`.
        stock: what stock nbgrader gave it, or "" where it gave nothing.
        cells: the text of cells, by grade_id.
        added: cells the student added: "first" and "last".
        files: further files in the submission's folder, by relative path.
        links: symbolic links in the submission's folder: where they lead, by relative path.
        metadata: is merged into the notebook's metadata.
        edit: changes the finished notebook.

    """

    name: str
    what: str
    aims_at: str
    stock: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    edit: Callable[[Any], None] | None = None


def read_attacks(folder: Path = FOLDER) -> list[Attack]:
    """Return the attacks of a folder, by name."""
    samples = {sample.student: sample for sample in read_samples(folder)}
    base = samples.pop(BASE)
    return [_attack(sample, base.cells) for sample in samples.values()]


def all_wrong(folder: Path = FOLDER) -> Attack:
    """Return the answers that every attack starts from, as an attack that does nothing."""
    base = next(sample for sample in read_samples(folder) if sample.student == BASE)
    return Attack("all-wrong", base.what, "marks", cells=base.cells)


def notebook(attack: Attack, release: Any, source: Any) -> bytes:
    """Return the notebook that is handed in.

    Args:
        attack: the attack.
        release: the students' notebook.
        source: the instructor's.

    """
    sample = Sample(attack.name, attack.what, {"starts from": "release"}, attack.cells)
    made = json.loads(make(sample, release, source))
    made["metadata"] |= copy.deepcopy(dict(attack.metadata))
    for where, text in attack.added.items():
        made["cells"].insert(0 if where == "first" else len(made["cells"]), _code(text, where))
    if attack.edit is not None:
        attack.edit(made)
    return json.dumps(made, indent=1).encode()


def hand_in(attack: Attack, submitted: Path, release: Any, source: Any) -> Path:
    """Write the whole submission below `submitted` and return its folder."""
    folder = submitted / attack.name / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{ASSIGNMENT}.ipynb").write_bytes(notebook(attack, release, source))
    for name, text in attack.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name, target in attack.links.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)
    return folder


def course(folder: Path, attacks: Iterable[Attack]) -> tuple[Path, Path]:
    """Make a course and a home below `folder`, marked as made up, and return both.

    Attacks and honest work are handed in there, and nothing is graded.
    """
    root, home = folder / "course", folder / "home"
    for place in (root, home):
        place.mkdir()
        (place / MARKER).touch()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for which in ("source", "release"):
        shutil.copytree(ROOT / which, root / which)
    release, source = (
        nbformat.read(root / which / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
        for which in ("release", "source")
    )
    for attack in attacks:
        hand_in(attack, root / "submitted", release, source)
    samples = {sample.student: sample for sample in read_samples(SAMPLES)}
    for student, (name, _) in HONEST.items():
        (root / "submitted" / student / ASSIGNMENT).mkdir(parents=True)
        file = root / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        file.write_bytes(make(samples[name], release, source))
    return root, home


def _attack(sample: Sample, base: Mapping[str, str]) -> Attack:
    settings = dict(sample.settings)
    own: dict[str, dict[str, str]] = {"": {}, "added": {}, "file": {}, "link": {}}
    for heading, text in sample.cells.items():
        kind, colon, name = heading.partition(":")
        own[kind if colon else ""][name if colon else heading] = text
    if settings.pop("other answers", "") == "left out":
        base = dict.fromkeys(base, "# see another cell")
    edit = settings.pop("edit", None)
    aims_at = settings.pop("aims at")
    if aims_at not in AIMS:
        raise ValueError(f"{sample.student} aims at {aims_at}")
    attack = Attack(
        sample.student,
        sample.what,
        aims_at,
        settings.pop("works on", ""),
        {**base, **own[""]},
        own["added"],
        own["file"],
        own["link"],
        json.loads(settings.pop("metadata", "{}")),
        _EDITS[edit] if edit else None,
    )
    if settings:
        raise ValueError(f"{sample.student} has unknown settings: {', '.join(settings)}")
    return attack


def _code(text: str, id: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": id,
        "metadata": {},
        "outputs": [],
        "source": text,
    }


# --- Edits of the finished notebook, as a student makes them with a text editor -------------------


def _tests(made: Any) -> list[Any]:
    marked = [(c, c["metadata"].get("nbgrader", {})) for c in made["cells"]]
    return [c for c, m in marked if m.get("grade") and not m.get("solution")]


def _of(made: Any, grade_id: str) -> Any:
    return next(
        c for c in made["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def _set(**values: Any) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        for cell in _tests(made):
            cell["metadata"]["nbgrader"] |= copy.deepcopy(values)

    return edit


def _tagged(*tags: str) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        for cell in _tests(made):
            cell["metadata"]["tags"] = list(tags)

    return edit


def _unlock_and_empty_tests(made: Any) -> None:
    for cell in _tests(made):
        cell["metadata"]["nbgrader"]["locked"] = False
        cell["source"] = "1000"


def _drop_tests(made: Any) -> None:
    tests = _tests(made)
    made["cells"] = [cell for cell in made["cells"] if cell not in tests]


def _double_tests(made: Any) -> None:
    for cell in _tests(made):
        twin = copy.deepcopy(cell)
        twin["id"] = f"twin-{cell['id']}"[:64]
        twin["source"] = "1000"
        made["cells"].append(twin)


def _tests_are(cell_type: str) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        for cell in _tests(made):
            cell["cell_type"] = cell_type
            cell.pop("outputs", None)
            cell.pop("execution_count", None)

    return edit


def _forge_outputs(made: Any) -> None:
    for cell in _tests(made):
        cell["metadata"]["tags"] = ["skip-execution"]
        cell["execution_count"] = 1
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "metadata": {},
                "data": {"text/plain": str(cell["metadata"]["nbgrader"]["points"])},
            }
        ]


def _add_a_bonus(made: Any) -> None:
    bonus = _code("1000", "bonus")
    bonus["metadata"]["nbgrader"] = {
        "cell_type": "code",
        "grade": True,
        "grade_id": "bonus",
        "locked": False,
        "points": 1000,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    made["cells"].append(bonus)


def _swap_grade_ids(made: Any) -> None:
    """The cheap exercise gets the name of the dear one, and is tested by its own test."""
    cheap, dear = _of(made, "predict-tests"), _of(made, "softmax-stable-tests")
    cheap["metadata"]["nbgrader"], dear["metadata"]["nbgrader"] = (
        dear["metadata"]["nbgrader"],
        cheap["metadata"]["nbgrader"],
    )


def _all_one_grade_id(made: Any) -> None:
    for cell in made["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "softmax-tests"


def _tests_come_first(made: Any) -> None:
    tests = _tests(made)
    made["cells"] = tests + [cell for cell in made["cells"] if cell not in tests]


def _answers_are_tests(made: Any) -> None:
    """Every answer's cell calls itself the test of the answer."""
    tests = {c["metadata"]["nbgrader"]["grade_id"] for c in _tests(made)}
    _drop_tests(made)
    for cell in made["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if f"{marks.get('grade_id')}-tests" in tests:
            marks |= {"grade_id": f"{marks['grade_id']}-tests", "grade": True, "solution": False}
            cell["source"] += "\n1000"


def _strange_values(made: Any) -> None:
    _of(made, "explore-largest")["metadata"]["nbgrader"] |= {
        "points": 1e308,
        "schema_version": 99,
        "grade_id": "../../../../tmp/explore",
        "checksum": {"$ref": "#"},
    }
    made["metadata"]["widgets"] = {"state": {"x" * 1000: ["<script>alert(1)</script>"]}}
    made["metadata"]["title"] = "{{ resources }}</title><script>alert(1)</script>"
    made["metadata"]["authors"] = [{"name": "\u202e\x1b[2J"}]


def _numbers_as_strings(made: Any) -> None:
    for cell in _tests(made):
        cell["metadata"]["nbgrader"] |= {"points": "1e3", "grade": "true", "locked": 0}


def _endless_formulas(made: Any) -> None:
    """Formulas that begin and never end, each of which a renderer looks through the rest for."""
    for number in range(40):
        made["cells"].append(
            {
                "cell_type": "markdown",
                "id": f"formula-{number}",
                "metadata": {},
                "source": "\\\\[" * 16_000,
            }
        )


def _many_cells(made: Any) -> None:
    """What the last cell does, a hundred more cells do."""
    last = made["cells"][-1]
    made["cells"] += [copy.deepcopy(last) | {"id": f"again-{n}"} for n in range(100)]


def _long_cell(made: Any) -> None:
    _of(made, "softmax")["source"] += "\n#" + "x" * 3_000_000


def _attach_pages(made: Any) -> None:
    """Pictures that are pages: an attachment's type is what the student says it is."""
    page = base64.b64encode(b"<script>document.title = 'breached:'</script>").decode()
    cell = _of(made, "explore-equal")
    cell["source"] = "![picture](attachment:picture.svg) ![page](attachment:page.html)"
    cell["attachments"] = {
        "picture.svg": {"image/svg+xml": page},
        "page.html": {"text/html": page},
    }


_EDITS: Mapping[str, Callable[[Any], None]] = {
    "points-1000": _set(points=1000),
    "grade-false": _set(grade=False),
    "tests-are-solutions": _set(solution=True, locked=False),
    "skip-execution": _tagged("skip-execution"),
    "remove-output": _tagged("remove-output", "remove-cell", "hide-output", "raises-exception"),
    "unlock-and-empty-tests": _unlock_and_empty_tests,
    "drop-tests": _drop_tests,
    "double-tests": _double_tests,
    "tests-are-markdown": _tests_are("markdown"),
    "tests-are-raw": _tests_are("raw"),
    "forge-outputs": _forge_outputs,
    "add-a-bonus": _add_a_bonus,
    "swap-grade-ids": _swap_grade_ids,
    "all-one-grade-id": _all_one_grade_id,
    "tests-come-first": _tests_come_first,
    "answers-are-tests": _answers_are_tests,
    "strange-values": _strange_values,
    "numbers-as-strings": _numbers_as_strings,
    "attach-pages": _attach_pages,
    "long-cell": _long_cell,
    "many-cells": _many_cells,
    "endless-formulas": _endless_formulas,
}
