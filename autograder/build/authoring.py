"""What can be wrong with a lesson's text, each mistake with the cell it is in and its remedy.

nbgrader accepts most of these without a word, and then shows students the solution, gives marks
for nothing, or grades nothing. The rules follow from the roles a cell can have, and a cell's role
from its grade_id: see `ROLES`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: nbgrader's metadata format that the installed version reads.
SCHEMA_VERSION = 3

FRONT_MATTER = """\
---
jupytext:
  notebook_metadata_filter: -jupytext.text_representation.jupytext_version
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---"""

#: What nbgrader removes from the students' copy. A region stands between `### BEGIN <kind>` and
#: `### END <kind>`.
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")

_HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_DELIMITERS = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in REGIONS]


@dataclass(frozen=True)
class Contract:
    """The exercises of an assignment, in the order of the lesson.

    Attributes:
        tested: the points of each exercise that `<id>-tests` marks.
        hand_marked: the points of each exercise that a person marks.

    """

    tested: Mapping[str, float]
    hand_marked: Mapping[str, float]


@dataclass(frozen=True)
class Role:
    """What a cell is for: the cell type and the nbgrader flags that make it so."""

    what: str
    cell_type: str | None
    grade: bool
    solution: bool

    @property
    def locked(self) -> bool:
        """Whether autograding puts the original text back."""
        return not self.solution


#: How the names of cells end that go with an exercise `<id>`.
CHECK, TESTS, QUESTION = "-check", "-tests", "-question"

GIVEN = Role("a given cell", None, grade=False, solution=False)
CODE = Role("an exercise", "code", grade=False, solution=True)
ANSWER = Role("a hand-marked answer", "markdown", grade=True, solution=True)
ROLES = {
    CHECK: Role("a visible check", "code", grade=True, solution=False),
    TESTS: Role("a tests cell", "code", grade=True, solution=False),
    QUESTION: Role("a hand-marked question", "markdown", grade=False, solution=False),
}


@dataclass(frozen=True)
class Cell:
    """One cell of the lesson's text."""

    number: int  # from 1
    line: int  # of the file, from 1
    cell_type: str
    source: str
    meta: Mapping[str, Any] | None  # nbgrader's, if any

    @property
    def grade_id(self) -> str:
        """The name nbgrader knows the cell by, or an empty string."""
        return str((self.meta or {}).get("grade_id") or "")

    @property
    def name(self) -> str:
        """How a message calls the cell."""
        if self.grade_id:
            return f"cell `{self.grade_id}`"
        first = self.source.strip().split("\n")[0]
        return f"cell {self.number} ({first[:50]!r})"


@dataclass(frozen=True)
class Region:
    """What stands between two delimiters; `lines` are indices into the cell's source lines."""

    kind: str
    lines: range

    def text(self, cell: Cell) -> list[str]:
        """Return the region's lines that are not blank, without their indentation."""
        lines = cell.source.split("\n")
        return [lines[i].strip() for i in self.lines if lines[i].strip()]


@dataclass(frozen=True)
class Mistake:
    """One authoring mistake; `str()` of it is what the author reads, after the file's name."""

    line: int
    cell: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.line}: {self.cell}: {self.text}" if self.cell else f"{self.line}: {self.text}"
        )


def read_cells(text: str) -> tuple[Any, list[Cell]]:
    """Return the notebook of a MyST text, and its cells as the rules see them.

    Raises:
        jupytext.myst.MystMetadataParsingError, yaml.YAMLError, nbformat.ValidationError: if a
            cell's metadata cannot be read.

    """
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook

    # The front matter has rules of its own, and what it says is not used: blank lines instead.
    body = _HEAD.sub(lambda head: "\n" * head[0].count("\n"), text, count=1)
    notebook = myst_to_notebook(body, add_source_map=True)
    starts = notebook.metadata.pop("source_map")
    lines = text.split("\n")
    cells = []
    for number, (start, cell) in enumerate(zip(starts, notebook.cells, strict=True), 1):
        while start + 1 < len(lines) and not lines[start].strip():  # the map counts blank lines
            start += 1
        meta = cell.metadata.get("nbgrader")
        if meta is not None and not isinstance(meta, Mapping):
            raise MystMetadataParsingError(
                f"line {start + 1}: `nbgrader:` has no settings below it"
            )
        cells.append(Cell(number, start + 1, cell.cell_type, cell.source, meta))
    return notebook, cells


def find_mistakes(text: str, contract: Contract) -> list[Mistake]:
    """Return every mistake in a lesson's text, in the order of its lines."""
    mistakes = list(_front_matter(text))
    _, cells = read_cells(text)
    seen: set[str] = set()
    for cell in cells:
        problems = [*_regions_problems(cell)]
        if cell.meta is not None:
            problems += _identity(cell, contract, seen)
            problems += _flags(cell, contract)
            problems += _points(cell, contract)
        problems += _content(cell, contract)
        mistakes += [Mistake(cell.line, cell.name, problem) for problem in problems]
        seen.add(cell.grade_id)
    mistakes += _completeness(cells, contract)
    return sorted(mistakes, key=lambda mistake: mistake.line)


def role_of(grade_id: str, contract: Contract) -> Role:
    """Return the role a grade_id gives a cell."""
    if grade_id in contract.tested:
        return CODE
    if grade_id in contract.hand_marked:
        return ANSWER
    return next((role for end, role in ROLES.items() if grade_id.endswith(end)), GIVEN)


def regions(cell: Cell) -> list[Region]:
    """Return the regions of a cell; one that is never closed ends with the cell."""
    found: list[Region] = []
    kind, start = "", 0
    lines = cell.source.split("\n")
    for i, line in enumerate(lines):
        edge, _, name = _delimiter(line).partition(" ")
        if edge == "BEGIN" and not kind:
            kind, start = name, i + 1
        elif edge == "END" and name == kind:
            found.append(Region(kind, range(start, i)))
            kind = ""
    if kind:
        found.append(Region(kind, range(start, len(lines))))
    return found


def _delimiter(line: str) -> str:
    """Return the delimiter that a line is for nbgrader: it looks for the words anywhere."""
    return next((words for words in _DELIMITERS if words in line), "")


def _front_matter(text: str) -> Iterator[Mistake]:
    head = _HEAD.match(text)
    wanted = ("format_name: myst", "kernelspec:", "name: python3")
    if head is None or not all(words in head[1] for words in wanted):
        yield Mistake(
            1, "", f"front matter is missing or incomplete. Start the file with:\n{FRONT_MATTER}"
        )


def _regions_problems(cell: Cell) -> Iterator[str]:
    open_kind = ""
    for line in cell.source.split("\n"):
        words = _delimiter(line)
        if not words:
            close = _resembles(line)
            if close:
                yield f"{line.strip()!r} is no delimiter for nbgrader: write `### {close}`"
            continue
        if not re.fullmatch(rf"\s*#+ {words}\s*", line):
            yield f"{line.strip()!r}: a delimiter stands alone on its line, as `### {words}`"
        edge, _, kind = words.partition(" ")
        if edge == "BEGIN" and open_kind:
            yield f"`### {words}` inside a {open_kind} region: end that region first"
        elif edge == "BEGIN":
            open_kind = kind
        elif kind != open_kind:
            yield f"`### {words}` without `### BEGIN {kind}` before it: add it"
        else:
            open_kind = ""
    if open_kind:
        yield f"`### BEGIN {open_kind}` without an end: add `### END {open_kind}`"


def _resembles(line: str) -> str:
    """Return the delimiter a line was probably meant to be, or an empty string."""
    words = re.sub(r"[\W_]+", " ", line).strip()
    if not line.lstrip().startswith(("#", "<!--")) and not words.isupper():
        return ""  # prose
    close = difflib.get_close_matches(words.upper(), _DELIMITERS, 1, cutoff=0.8)
    return close[0] if close else ""


def _identity(cell: Cell, contract: Contract, seen: set[str]) -> Iterator[str]:
    grade_id = cell.grade_id
    if not grade_id:
        yield "nbgrader metadata without a grade_id: give the cell a name of its own"
        return
    if grade_id in seen:
        yield "another cell above has the same grade_id: give this one a name of its own"
    if grade_id in contract.tested or grade_id in contract.hand_marked:
        return
    role = role_of(grade_id, contract)
    if role is GIVEN:
        assert cell.meta is not None
        if cell.meta.get("solution") or cell.meta.get("grade"):
            yield "unknown exercise: use an id of the contract, or make it a locked given cell"
        return
    end = next(end for end in ROLES if grade_id.endswith(end))
    exercise = grade_id.removesuffix(end)
    known = contract.hand_marked if end == QUESTION else contract.tested
    if exercise not in known:
        yield f"unknown exercise `{exercise}`: names that end in {end} belong to an exercise"
    elif end != QUESTION and exercise not in seen:
        yield f"there is no cell `{exercise}` above it to test: add it, or move this cell below it"


def _flags(cell: Cell, contract: Contract) -> Iterator[str]:
    assert cell.meta is not None
    version = cell.meta.get("schema_version")
    if version != SCHEMA_VERSION:
        yield f"schema_version is {version}: set it to {SCHEMA_VERSION}"
    role = role_of(cell.grade_id, contract)
    if not cell.grade_id:
        return
    if role.cell_type not in (None, cell.cell_type):
        yield f"{role.what} is a {role.cell_type} cell, this is a {cell.cell_type} cell"
    wanted = {"grade": role.grade, "solution": role.solution, "locked": role.locked}
    wrong = [flag for flag, value in wanted.items() if cell.meta.get(flag) is not value]
    if cell.meta.get("task"):
        yield "task: true is not used here: ask in `<id>-question`, answer in `<id>`"
    if wrong:
        settings = ", ".join(f"{flag}: {str(wanted[flag]).lower()}" for flag in wrong)
        yield f"{role.what} needs {settings}"


def _points(cell: Cell, contract: Contract) -> Iterator[str]:
    assert cell.meta is not None
    if not cell.meta.get("grade"):
        return
    points = cell.meta.get("points")
    if isinstance(points, bool) or not isinstance(points, (int, float)):
        yield "a graded cell without points: add `points:` and a number"
        return
    if points < 0:
        yield f"points are negative ({points:g}): they start at 0"
        return
    wanted: float | None = contract.hand_marked.get(cell.grade_id)
    if cell.grade_id.endswith(TESTS):
        wanted = contract.tested.get(cell.grade_id.removesuffix(TESTS))
    elif cell.grade_id.endswith(CHECK):
        wanted = 0  # what students can see, they can also pass without understanding
    if wanted is not None and points != wanted:
        yield f"points are {points:g}, the contract says {wanted:g}: change one of the two"


def hidden_line(exercise: str) -> str:
    """Return the one line that marks an exercise."""
    return f'from autograder import grade; grade("{exercise}", globals())'


def _content(cell: Cell, contract: Contract) -> Iterator[str]:
    role = role_of(cell.grade_id, contract)
    found = regions(cell)
    kinds = [region.kind for region in found]
    for region in found:
        if not region.text(cell):
            yield f"the {region.kind} region is empty"
    if "SOLUTION" in kinds and role not in (CODE, ANSWER):
        yield "a SOLUTION region outside an exercise's cell: only those are cleared safely"
    if role is CODE and cell.cell_type == "code" and "SOLUTION" not in kinds:
        yield (
            "no SOLUTION region, so nbgrader would replace the whole cell: put the solution "
            "between `### BEGIN SOLUTION` and `### END SOLUTION`"
        )
    if "MARK SCHEME" in kinds and role is not ROLES[QUESTION]:
        yield "a MARK SCHEME outside a question: it belongs in `<id>-question`"
    if role is ROLES[QUESTION] and "MARK SCHEME" not in kinds:
        yield "no mark scheme: add `### BEGIN MARK SCHEME` … `### END MARK SCHEME`"
    if "HIDDEN TESTS" in kinds and role is not ROLES[TESTS]:
        yield "HIDDEN TESTS outside a tests cell: they belong in `<id>-tests`, graded and locked"
    yield from _grade_calls(cell, found)
    if role is ROLES[TESTS]:
        yield from _hidden_tests(cell, found)


def _grade_calls(cell: Cell, found: list[Region]) -> Iterator[str]:
    if cell.cell_type != "code":
        return
    hidden = {i for region in found if region.kind == "HIDDEN TESTS" for i in region.lines}
    for i, line in enumerate(cell.source.split("\n")):
        if i not in hidden and re.search(r"\bgrade\(", line):
            yield f"{line.strip()!r} outside a hidden region: put it in `<id>-tests`"


def _hidden_tests(cell: Cell, found: list[Region]) -> Iterator[str]:
    exercise = cell.grade_id.removesuffix(TESTS)
    hidden = [region for region in found if region.kind == "HIDDEN TESTS"]
    wanted = hidden_line(exercise)
    if len(hidden) != 1:
        yield f"{len(hidden)} hidden regions, not one: it holds `{wanted}`"
        return
    text = hidden[0].text(cell)
    if len(text) > 1:
        yield f"{len(text)} lines in the hidden region: students may see it, so only `{wanted}`"
        return
    name = re.search(r"\bgrade\(\s*[\"']([^\"']*)[\"']", "".join(text))
    if name and name[1] != exercise:
        yield f"it grades {name[1]!r}: a tests cell grades its own exercise, `{wanted}`"
    elif text and text != [wanted]:
        yield f"the hidden line is {text[0]!r}: write `{wanted}`"
    after = cell.source.split("\n")[hidden[0].lines.stop + 1 :]
    if any(line.strip() and not line.strip().startswith("#") for line in after):
        yield "code after the hidden region: nbgrader reads the marks from the cell's last line"


def _completeness(cells: list[Cell], contract: Contract) -> Iterator[Mistake]:
    named = {cell.grade_id: cell for cell in reversed(cells) if cell.grade_id}
    end = cells[-1] if cells else Cell(0, 1, "markdown", "", None)
    for exercises, partner in ((contract.tested, TESTS), (contract.hand_marked, QUESTION)):
        for exercise in exercises:
            cell = named.get(exercise)
            if cell is None:
                yield Mistake(end.line, "", f"the lesson has no cell `{exercise}`: add it")
            elif exercise + partner not in named:
                text = f"it has no cell `{exercise}{partner}`: add it"
                yield Mistake(cell.line, cell.name, text)
        order = [e for e in exercises if e in named]
        placed = sorted(order, key=lambda exercise: named[exercise].number)
        for wanted, found in zip(order, placed, strict=True):
            if wanted != found:
                text = f"the contract has `{wanted}` before it: change the order of one of the two"
                yield Mistake(named[found].line, named[found].name, text)
                break
    for exercise in contract.hand_marked:
        question, answer = named.get(exercise + QUESTION), named.get(exercise)
        if question and answer and question.number > answer.number:
            yield Mistake(question.line, question.name, f"it comes after its answer `{exercise}`")
