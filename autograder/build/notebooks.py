"""From the lesson's text to the instructor's and the students' notebooks.

The same text gives the same bytes, whoever builds it: `--check` compares them with the committed
files.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder import lessons
from autograder.build import machinery
from autograder.build.authoring import find_mistakes
from autograder.build.headers import CHECK, MACHINERY, TESTS, Contract, settings_of
from autograder.build.lesson_text import read_cells
from autograder.build.release import find_broken_code, find_leaks, generate
from autograder.errors import LabError

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
EXCERPT = 20  # lines of a difference that are shown


def lessons_in(root: Path) -> list[str]:
    """Return the names of the lessons whose text is in a course's `notebooks/`.

    Raises:
        LabError: if there is none.

    """
    found = sorted(path.stem for path in (root / "notebooks").glob("*.md"))
    if not found:
        raise LabError(f"{root / 'notebooks'}: no lesson is written there, as NAME.md.")
    return found


def contract_of(assignment: str) -> Contract:
    """Return what the text of a lesson has to hold.

    Raises:
        LabError: if there is no such lesson, or another one has an exercise of the same id.

    """
    lesson = lessons.load(assignment)
    for other in lessons.names():
        for exercise in lessons.load(other).exercises if other != assignment else ():
            if exercise.id in {*lesson.tested, *lesson.by_hand}:
                raise LabError(
                    f"`{exercise.id}` is an exercise of {assignment} and of {other}: give one of "
                    "them another id."
                )
    return Contract(
        {id: exercise.points for id, exercise in lesson.tested.items()},
        {id: question.points for id, question in lesson.by_hand.items()},
        machinery.placeholder(assignment) if machinery.has_machinery(assignment) else "",
    )


def build(root: Path, assignment: str, contract: Contract | None = None) -> list[Path]:
    """Write an assignment's notebooks, all of them or none; return the files that changed.

    Raises:
        LabError: see `make`.

    """
    changed = []
    for relative, text in make(root, assignment, contract).items():
        path = root / relative
        if _read(path) == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        changed.append((unfinished, path))
    for unfinished, path in changed:
        os.replace(unfinished, path)
    return [path for _, path in changed]


def rewrite(path: Path, form: Callable[[str, Contract], str], contract: Contract) -> bool:
    """Write a lesson's text in another form; return whether it is another text.

    Raises:
        LabError: if there is no text, or its cells cannot be read.

    """
    text = _read(path)
    if text is None:
        raise LabError(f"{path} is missing: the lesson is written there.")
    with _told_as(str(path)):
        new = form(text, contract)
    if new == text:
        return False
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(new, encoding="utf-8", newline="\n")
    os.replace(unfinished, path)
    return True


def differences(root: Path, assignment: str, contract: Contract | None = None) -> list[str]:
    """Return one message for each notebook that is not what its text gives.

    Raises:
        LabError: see `make`.

    """
    messages = []
    for relative, text in make(root, assignment, contract).items():
        committed = _read(root / relative)
        if committed is None:
            messages.append(f"{relative} is missing.")
        elif committed != text:
            lines = difflib.unified_diff(
                _readable(committed), _readable(text), "committed", "built", lineterm="", n=1
            )
            excerpt = "\n".join(list(lines)[:EXCERPT])
            messages.append(f"{relative} is out of date:\n{excerpt}".rstrip(":\n"))
    return messages


def make(root: Path, assignment: str, contract: Contract | None = None) -> dict[Path, str]:
    """Return the text of an assignment's notebooks by their paths below `root`.

    Without a contract, that of the assignment holds.

    Raises:
        LabError: if the lesson's text is missing or has authoring mistakes, a cell fails, a model
            answer does not get full marks, or the students' copy would show what it must not.
            It names the file and the cell.

    """
    import nbformat

    from autograder.build.execute import execute

    contract = contract or contract_of(assignment)
    file = f"notebooks/{assignment}.md"
    text = _read(root / file)
    if text is None:
        raise LabError(f"{root / file} is missing: the lesson is written there.")
    notebook = convert(text, file, contract)
    for cell in notebook.cells:
        if cell.id == MACHINERY:
            cell.source = machinery.source(assignment)
            cell.metadata |= machinery.FOLDED
        elif cell.cell_type == "code":
            cell.source = machinery.guarded(cell.source)
            if cell.id.endswith(CHECK):  # Run All goes on after a check that is not content
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    execute(notebook, file)
    _stop_at(_model_marks(notebook), file)
    source = nbformat.writes(notebook).rstrip() + "\n"  # type: ignore[no-untyped-call]
    release = generate(source, assignment, root)
    students = nbformat.reads(release, as_version=4)  # type: ignore[no-untyped-call]
    _stop_at([*find_leaks(read_cells(text)[1], students, contract)], file)
    _stop_at([*find_broken_code(students)], file)
    name = f"{assignment}.ipynb"
    return {Path("source", assignment, name): source, Path("release", assignment, name): release}


def convert(text: str, file: str, contract: Contract) -> Any:
    """Return the notebook of a lesson's text, not yet run; `file` is what messages call the text.

    Raises:
        LabError: with every authoring mistake.

    """
    import nbformat

    with _told_as(file):
        mistakes = find_mistakes(text, contract)
        notebook, cells = read_cells(text)
    if mistakes:
        raise LabError("\n".join(f"{file}:{mistake}" for mistake in mistakes))
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"kernelspec": KERNELSPEC}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell, read in zip(notebook.cells, cells, strict=True):
        if read.grade_id:
            cell.metadata.pop("name", None)
            settings = settings_of(read.grade_id, contract)
            cell.metadata["nbgrader"] = nbformat.from_dict(settings)  # type: ignore[no-untyped-call]
    _name_cells(notebook.cells)
    return notebook


@contextmanager
def _told_as(file: str) -> Iterator[None]:
    """Tell what cannot be read of a text as an error of its file."""
    import nbformat
    import yaml  # type: ignore[import-untyped]
    from jupytext.myst import MystMetadataParsingError

    try:
        yield
    except (MystMetadataParsingError, yaml.YAMLError, nbformat.ValidationError) as error:
        raise LabError(f"{file}: {error}") from None


def _name_cells(cells: list[Any]) -> None:
    """Give cells ids that stay when others come and go: grade_ids, or heading and number."""
    taken: set[str] = set()
    heading = "start"
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "markdown":
            title = re.search(r"^#+ (.*)$", cell.source, re.MULTILINE)
            heading = title[1] if title else heading
        stem = re.sub(r"[^a-z0-9_]+", "-", (grade_id or heading).lower()).strip("-")[:56]
        number = 0 if grade_id else 1
        name = f"{stem}-{number}" if number else stem
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        cell.id = name


def _model_marks(notebook: Any) -> list[str]:
    """Return the tests cells in which the model answer does not get full marks."""
    problems = []
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not str(meta.get("grade_id", "")).endswith(TESTS):
            continue
        results = [o for o in cell.outputs if o.output_type == "execute_result"]
        marks = results[-1].data.get("text/plain", "") if results else "nothing"
        try:
            full = float(marks) == meta["points"]
        except ValueError:
            full = False
        if not full:
            problem = f"the model answer gets {marks} of {meta['points']:g} points"
            problems.append(f"cell `{meta['grade_id']}`: {problem}")
    return problems


def _stop_at(problems: list[str], file: str) -> None:
    if problems:
        raise LabError("\n".join(f"{file}: {problem}" for problem in problems))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _readable(text: str) -> list[str]:
    """Return a notebook as lines for a person: for each cell its settings, source and outputs."""
    try:
        lines = []
        for cell in json.loads(text)["cells"]:
            lines.append(f"[{cell.get('id')}] {json.dumps(cell['metadata'], sort_keys=True)}")
            lines += "".join(cell["source"]).split("\n")
            outputs = [json.dumps(output, sort_keys=True) for output in cell.get("outputs", [])]
            lines += ["[outputs]", *outputs] if outputs else []
    except (ValueError, KeyError, TypeError):
        return text.split("\n")
    return lines
