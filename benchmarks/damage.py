"""What an attack has done to a course: marks, files, processes, and what it says that it got at.

Standard library only: it also runs in the container, beside nothing of ours.
"""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

#: What an attack's outputs begin with where it got at something that is not its own.
BREACHED = "breached:"
#: A script of a student's that a page would run; escaped, it is only text.
SCRIPT = "<script>document.title"

_GRADES = """
select s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit
from grade g
join base_cell c on g.cell_id = c.id
join submitted_notebook n on g.notebook_id = n.id
join submitted_assignment s on n.assignment_id = s.id
"""
_POINTS = "select c.name, g.max_score from grade_cells g join base_cell c on g.id = c.id"


def digests(places: Sequence[Path], own: Collection[str] = ()) -> dict[str, str]:
    """Return the digest of every file below some folders, by path.

    Args:
        places: the folders.
        own: paths of folders that are left out.

    """
    return {str(path): _digest(path) for place in places for path in _files(place, own)}


def _files(place: Path, own: Collection[str]) -> Iterator[Path]:
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in own]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*names, *links]:
            yield Path(folder, name)


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"leads to {os.readlink(path)}"
    if not path.is_file():
        return "no regular file"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def gradebook(file: Path) -> dict[str, Any]:
    """Return what a gradebook says: `grades` by student and cell, and the cells' `points`.

    A grade is nbgrader's three columns: what the test gave, what a person gave, extra credit. Where
    it cannot be read, `error` says why.
    """
    grades: dict[str, dict[str, list[float | None]]] = {}
    try:
        base = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=1)
        try:
            for student, cell, *scores in base.execute(_GRADES):
                grades.setdefault(student, {})[cell] = scores
            points = dict(base.execute(_POINTS).fetchall())
        finally:
            base.close()
    except sqlite3.Error as error:
        return {"error": str(error), "grades": {}, "points": {}}
    return {"grades": grades, "points": points}


def earned(grades: dict[str, list[Any]]) -> float:
    """Return the points of a student, as nbgrader adds them up."""
    return sum(
        ((auto or 0) if manual is None else manual) + (extra or 0)
        for auto, manual, extra in grades.values()
    )


def points(book: dict[str, Any], student: str, graded: Path) -> float | None:
    """Return a student's points; None where there are none, nor a graded notebook in a folder."""
    total = earned(book["grades"].get(student, {}))
    return total if total or any(graded.glob("*.ipynb")) else None


def boasts(graded: Path) -> list[str]:
    """Return what the outputs of the graded notebooks in a folder say was got at."""
    found = []
    for page in sorted(graded.glob("*.ipynb")):
        try:
            cells = json.loads(page.read_bytes())["cells"]
        except (OSError, ValueError, KeyError):
            continue  # there is nothing to read: its marks tell
        for cell in cells:
            for output in cell.get("outputs", ()):
                # A traceback shows the attack's source, which holds the word.
                said = {key: value for key, value in output.items() if key != "traceback"}
                found += boasts_in(json.dumps(said, ensure_ascii=False))
    return found


def boasts_in(text: str) -> list[str]:
    """Return what a text says was got at."""
    return re.findall(rf"{BREACHED}[^\"\\\n]*", text)


def scripts(feedback: Path) -> bool:
    """Whether a feedback page in a folder would run a student's script."""
    return any(SCRIPT in page.read_text("utf-8", "replace") for page in feedback.glob("*.html"))
