"""What can be wrong with a lesson's text, each mistake with the cell it is in and its remedy.

nbgrader accepts most of these without a word, and then shows students the solution, gives marks
for nothing, or grades nothing. The rules follow from the roles a cell can have, and a cell's role
from its name: see `headers`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.build.headers import (
    ANSWER,
    CODE,
    GIVEN,
    MACHINERY,
    QUESTION,
    ROLES,
    SCHEMA_VERSION,
    TESTS,
    Contract,
    points_of,
    role_of,
    settings_of,
)
from autograder.build.lesson_text import (
    DELIMITERS,
    FRONT_MATTER,
    HEAD,
    LessonCell,
    Region,
    delimiter,
    read_cells,
    regions,
)


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


def find_mistakes(text: str, contract: Contract) -> list[Mistake]:
    """Return every mistake in a lesson's text, in the order of its lines."""
    mistakes = list(_front_matter(text))
    _, cells = read_cells(text)
    seen: set[str] = set()
    for cell in cells:
        problems = [*_regions_problems(cell)]
        problems += _identity(cell, contract, seen)
        problems += _settings(cell, contract)
        problems += _content(cell, contract)
        mistakes += [Mistake(cell.line, cell.label, problem) for problem in problems]
        seen.add(cell.grade_id)
    mistakes += _completeness(cells, contract)
    mistakes += _repeated_points(cells, contract)
    return sorted(mistakes, key=lambda mistake: mistake.line)


def _front_matter(text: str) -> Iterator[Mistake]:
    head = HEAD.match(text)
    wanted = ("format_name: myst", "kernelspec:", "name: python3")
    if head is None or not all(words in head[1] for words in wanted):
        yield Mistake(
            1, "", f"front matter is missing or incomplete. Start the file with:\n{FRONT_MATTER}"
        )


def _regions_problems(cell: LessonCell) -> Iterator[str]:
    open_kind = ""
    for line in cell.source.split("\n"):
        words = delimiter(line)
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
    close = difflib.get_close_matches(words.upper(), DELIMITERS, 1, cutoff=0.8)
    return close[0] if close else ""


def _identity(cell: LessonCell, contract: Contract, seen: set[str]) -> Iterator[str]:
    grade_id, name = cell.grade_id, cell.metadata.get("name")
    if cell.settings is not None and not cell.settings.get("grade_id"):
        yield "nbgrader metadata without a grade_id: give the cell a name of its own"
        return
    if not grade_id:
        return
    if name is not None and name != grade_id:
        yield f"its name is `{name}`, its grade_id another one: delete one of the two"
    if grade_id in seen:
        yield "another cell above has the same name: give this one a name of its own"
    if grade_id in contract.tested or grade_id in contract.hand_marked:
        return
    role = role_of(grade_id, contract)
    if role is GIVEN:
        settings = cell.settings or {}
        if settings.get("solution") or settings.get("grade"):
            yield "unknown exercise: use an id of the lesson, or make it a locked given cell"
        return
    end = next(end for end in ROLES if grade_id.endswith(end))
    exercise = grade_id.removesuffix(end)
    known = contract.hand_marked if end == QUESTION else contract.tested
    if exercise not in known:
        yield f"unknown exercise `{exercise}`: names that end in {end} belong to an exercise"
    elif end != QUESTION and exercise not in seen:
        yield f"there is no cell `{exercise}` above it to test: add it, or move this cell below it"


def _settings(cell: LessonCell, contract: Contract) -> Iterator[str]:
    """Compare a cell's type, and settings that it has in full, with what its name says."""
    if not cell.grade_id:
        return
    role, settings = role_of(cell.grade_id, contract), cell.settings
    if role.cell_type not in (None, cell.cell_type):
        yield f"{role.what} is a {role.cell_type} cell, this is a {cell.cell_type} cell"
    if settings is None:
        return
    problems = [*_flags(cell, contract), *_points(cell, contract)]
    yield from problems
    wanted = settings_of(cell.grade_id, contract)
    more = ", ".join(sorted(set(settings) - set(wanted)))
    if more and not problems:
        yield f"its nbgrader settings say more than its name does ({more}): delete that"


def _flags(cell: LessonCell, contract: Contract) -> Iterator[str]:
    assert cell.settings is not None
    version = cell.settings.get("schema_version")
    if version != SCHEMA_VERSION:
        yield f"schema_version is {version}: set it to {SCHEMA_VERSION}"
    role = role_of(cell.grade_id, contract)
    wanted = {"grade": role.grade, "solution": role.solution, "locked": role.locked}
    wrong = [flag for flag, value in wanted.items() if cell.settings.get(flag) is not value]
    if cell.settings.get("task"):
        yield "task: true is not used here: ask in `<id>-question`, answer in `<id>`"
    if wrong:
        flags = ", ".join(f"{flag}: {str(wanted[flag]).lower()}" for flag in wrong)
        yield f"{role.what} needs {flags}"


def _points(cell: LessonCell, contract: Contract) -> Iterator[str]:
    assert cell.settings is not None
    if not cell.settings.get("grade"):
        return
    points = cell.settings.get("points")
    if isinstance(points, bool) or not isinstance(points, (int, float)):
        yield "a graded cell without points: add `points:` and a number"
        return
    if points < 0:
        yield f"points are negative ({points:g}): they start at 0"
        return
    wanted = points_of(cell.grade_id, contract)
    if wanted is not None and points != wanted:
        yield f"points are {points:g}, the lesson declares {wanted:g}: change one of the two"


def hidden_line(exercise: str) -> str:
    """Return the one line that marks an exercise."""
    return f'from autograder import grade; grade("{exercise}", globals())'


def _content(cell: LessonCell, contract: Contract) -> Iterator[str]:
    role = role_of(cell.grade_id, contract)
    if cell.grade_id == MACHINERY and cell.source != contract.placeholder:
        yield from _machinery(contract)
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


def _machinery(contract: Contract) -> Iterator[str]:
    if contract.placeholder:
        yield f"the build puts the lesson's Python here, so write only:\n{contract.placeholder}"
    else:
        yield "the lesson has no Python for it: call it otherwise, or add a folder `notebook/`"


def _grade_calls(cell: LessonCell, found: list[Region]) -> Iterator[str]:
    if cell.cell_type != "code":
        return
    hidden = {i for region in found if region.kind == "HIDDEN TESTS" for i in region.lines}
    for i, line in enumerate(cell.source.split("\n")):
        if i not in hidden and re.search(r"\bgrade\(", line):
            yield f"{line.strip()!r} outside a hidden region: put it in `<id>-tests`"


def _hidden_tests(cell: LessonCell, found: list[Region]) -> Iterator[str]:
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


def _completeness(cells: list[LessonCell], contract: Contract) -> Iterator[Mistake]:
    named = {cell.grade_id: cell for cell in reversed(cells) if cell.grade_id}
    end = cells[-1].line if cells else 1
    if contract.placeholder and MACHINERY not in named:
        text = f"the lesson has no cell `{MACHINERY}`: add it, with\n{contract.placeholder}"
        yield Mistake(end, "", text)
    for exercises, partner in ((contract.tested, TESTS), (contract.hand_marked, QUESTION)):
        for exercise in exercises:
            cell = named.get(exercise)
            if cell is None:
                yield Mistake(end, "", f"the lesson has no cell `{exercise}`: add it")
            elif exercise + partner not in named:
                text = f"it has no cell `{exercise}{partner}`: add it"
                yield Mistake(cell.line, cell.label, text)
        order = [e for e in exercises if e in named]
        placed = sorted(order, key=lambda exercise: named[exercise].number)
        for wanted, found in zip(order, placed, strict=True):
            if wanted != found:
                text = f"the contract has `{wanted}` before it: change the order of one of the two"
                yield Mistake(named[found].line, named[found].label, text)
                break
    for exercise in contract.hand_marked:
        question, answer = named.get(exercise + QUESTION), named.get(exercise)
        if question and answer and question.number > answer.number:
            yield Mistake(question.line, question.label, f"it comes after its answer `{exercise}`")


_HEADING = re.compile(r"^#{1,6} (.*)$")
_IN_A_HEADING = re.compile(r"\(([\d.]+) points?\)\s*$")
_IN_ALL = re.compile(r"([\d.]+)\s+points\s+in\s+all")
_OF_TESTS = re.compile(r"^#.*: ([\d.]+) points?\.$", re.MULTILINE)


def _repeated_points(cells: list[LessonCell], contract: Contract) -> Iterator[Mistake]:
    """Compare the points that the text repeats with those that the lesson declares."""
    every = {**contract.tested, **contract.hand_marked}
    for heading in _headings(cells, contract):
        said = _IN_A_HEADING.search(heading.text)
        points = sum(every[exercise] for exercise in heading.exercises)
        if said and float(said[1]) != points:
            below = ", ".join(f"`{exercise}`" for exercise in heading.exercises) or "nothing"
            text = f"the heading says {said[1]} points, the lesson declares {points:g} for {below}"
            yield Mistake(heading.line, heading.cell.label, f"{text}: change one of the two")
    for cell in cells:
        said = None
        if cell.grade_id.endswith(TESTS):
            said = _OF_TESTS.search(cell.source)
            points = contract.tested.get(cell.grade_id.removesuffix(TESTS), 0)
        elif cell.cell_type == "markdown":
            said = _IN_ALL.search(cell.source)
            points = sum(every.values())
        if said and float(said[1]) != points:
            text = f"it says {said[1]} points, the lesson declares {points:g}"
            yield Mistake(cell.line, cell.label, f"{text}: change one of the two")


@dataclass
class _Heading:
    """A heading, and the exercises between it and the next."""

    cell: LessonCell
    line: int
    text: str
    exercises: list[str]


def _headings(cells: list[LessonCell], contract: Contract) -> list[_Heading]:
    found: list[_Heading] = []
    for cell in cells:
        role = role_of(cell.grade_id, contract)
        if role in (CODE, ANSWER):
            for heading in found[-1:]:
                heading.exercises.append(cell.grade_id)
        elif cell.cell_type == "markdown":
            for i, line in enumerate(cell.source.split("\n")):
                heading_text = _HEADING.match(line)
                if heading_text and not delimiter(line):
                    found.append(_Heading(cell, cell.line + i, heading_text[1], []))
    return found
