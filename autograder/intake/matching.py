"""Finds out which submitted cell stands for which released one.

By grade_id; where that is lost, by text or cell id; where those are lost too, by what lies between
the cells that were recognised.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nbformat.notebooknode import NotebookNode

from autograder.intake.submission import Problem, SubmittedCell, Unusable, as_dict, as_text

#: How many cells are compared in one go, and how many pairs of characters in all the comparisons
#: of a submission: a notebook made to take long shall not.
_MOST_PAIRS = 5_000
MAX_COMPARED = 20_000_000

ReleasedRole = Literal["answer", "locked", "plain"]
How = Literal["grade_id", "cell id", "text", "position"]


@dataclass(frozen=True)
class Released:
    """A released cell, and what tells it from others."""

    index: int
    cell_type: str
    source: str
    grade_id: str | None
    id: str | None
    role: ReleasedRole

    @property
    def label(self) -> str:
        """How a message calls the cell."""
        return self.grade_id or f"number {self.index + 1}"

    @property
    def names(self) -> frozenset[str]:
        """What the cell defines."""
        return defined_names(self.source) if self.cell_type == "code" else frozenset()


_DEFINITION = re.compile(
    r"^(?:(?:async )?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.M
)


def defined_names(code: str) -> frozenset[str]:
    """Return the names that code defines at its top level, as far as a glance can tell."""
    return frozenset(a or b for a, b in _DEFINITION.findall(code))


def describe(index: int, cell: NotebookNode) -> Released:
    """Return what a released cell is known by."""
    marks = as_dict(as_dict(cell.metadata).get("nbgrader"))
    role: ReleasedRole = "plain"
    if marks.get("solution"):
        role = "answer"
    elif marks.get("grade") or marks.get("locked") or marks.get("task"):
        role = "locked"
    return Released(
        index,
        cell.cell_type,
        cell.source,
        as_text(marks.get("grade_id")) if role != "plain" else None,
        as_text(cell.get("id")),
        role,
    )


@dataclass
class Matching:
    """Which submitted cell stands for which released one.

    Attributes:
        taken: submitted cells by the released cell's index.
        how: by what they were recognised, by the same.
        places: released indexes by the submitted cell's.
        dropped: submitted cells that repeat a released one.
        left: pairs of characters that may still be compared.

    """

    taken: dict[int, SubmittedCell] = field(default_factory=dict)
    how: dict[int, How] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    left: int = field(default_factory=lambda: MAX_COMPARED)

    def add(self, released: Released, cell: SubmittedCell, how: How) -> None:
        """Record a match."""
        self.taken[released.index] = cell
        self.how[released.index] = how
        self.places[cell.index] = released.index

    def similarity(self, a: str, b: str) -> float:
        """Return how alike two texts are, from 0 to 1.

        Raises:
            Unusable: too much has been compared in this submission.

        """
        if same_text(a, b):
            return 1.0
        # The beginning is enough to tell cells apart.
        a, b = a[:600], b[:600]
        matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
        if matcher.quick_ratio() < 0.5:
            return 0.0
        there = Counter(b)
        self.left -= sum(there[letter] for letter in a)  # what the matcher looks at, to begin with
        if self.left < 0:
            raise Unusable(
                "too-large",
                "Too many of the notebook’s cells have lost the ids they had, and are alike.",
                "It was not graded; ask for the notebook with its own cells only.",
            )
        return matcher.ratio()


def match(
    released: Sequence[Released], cells: Sequence[SubmittedCell], problems: list[Problem]
) -> Matching:
    """Match a submission's cells with the released ones; `problems` is added to.

    Raises:
        Unusable: hardly anything is recognised.

    """
    matching = Matching()
    _match_grade_ids(released, cells, matching, problems)
    _match_texts_and_ids(released, cells, matching)
    _match_gaps(released, cells, matching)
    _refuse_other_assignments(released, cells, matching)
    return matching


def _match_grade_ids(
    released: Sequence[Released],
    cells: Sequence[SubmittedCell],
    matching: Matching,
    problems: list[Problem],
) -> None:
    by_id = {r.grade_id: r for r in released if r.grade_id}
    found: dict[str, list[SubmittedCell]] = {}
    for cell in cells:
        if cell.grade_id in by_id:
            found.setdefault(cell.grade_id, []).append(cell)
    single = {id: same[0] for id, same in found.items() if len(same) == 1}
    for id, same in found.items():
        r = by_id[id]
        if len(same) == 1:
            matching.add(r, same[0], "grade_id")
            continue
        following = (
            single[n.grade_id].index for n in released[r.index + 1 :] if n.grade_id in single
        )
        matching.add(
            r, _choose(r, same, next(following, len(cells)), matching, problems), "grade_id"
        )


def _choose(
    r: Released, same: list[SubmittedCell], end: int, matching: Matching, problems: list[Problem]
) -> SubmittedCell:
    """Return which of several cells with one grade_id counts.

    Splitting or copying a cell in Jupyter repeats its metadata, and run from top to bottom the
    last copy in front of the tests is what the tests saw. The other changed copies stay as
    ordinary cells: half of a split cell is part of the answer.
    """
    changed = [cell for cell in same if not same_text(cell.source, r.source)]
    matching.dropped.update(cell.index for cell in same if cell not in changed)
    times = f"The cell {r.label} is there {len(same)} times"
    if r.role != "answer":
        matching.dropped.update(cell.index for cell in same)
        done = "The instructor’s version was used, once."
        problems.append(Problem("duplicate-cell", r.label, f"{times}.", done))
        return same[0] if len(changed) == len(same) else next(c for c in same if c not in changed)
    in_place = [cell for cell in changed if cell.index < end]
    chosen = (in_place or changed or same)[-1]
    if not changed:
        what, done = f"{times}, all unchanged.", "It counts as not attempted."
    elif len(changed) == 1:
        what, done = f"{times}, one of them changed.", "The changed one was graded."
    else:
        what = f"{times}, {len(changed)} of them changed."
        done = (
            f"The last one {'before the next cell of the lesson ' if in_place else ''}was graded, "
            "because it is what a run from top to bottom leaves; the others were kept beside it."
        )
    problems.append(Problem("duplicate-cell", r.label, what, done))
    return chosen


def _match_texts_and_ids(
    released: Sequence[Released], cells: Sequence[SubmittedCell], matching: Matching
) -> None:
    free = [cell for cell in cells if _is_free(cell, matching)]
    by_text: dict[tuple[str, str], list[Released]] = {}
    for r in released:
        by_text.setdefault((r.cell_type, r.source.strip()), []).append(r)
    for cell in free:
        same = by_text.get((cell.cell_type, cell.source.strip()), [])
        if len(same) == 1 and same[0].source.strip():
            if same[0].index not in matching.taken:
                matching.add(same[0], cell, "text")
            elif same[0].role != "plain":
                matching.dropped.add(cell.index)  # a copy of a test or of an unanswered cell
                matching.places[cell.index] = same[0].index
    by_cell_id = {r.id: r for r in released if r.id}
    for cell in free:
        if not _is_free(cell, matching):
            continue
        for id in cell.ids:
            known = by_cell_id.get(id)
            if known is None or known.index in matching.taken:
                continue
            if known.role == "answer" or matching.similarity(known.source, cell.source) >= 0.5:
                matching.add(known, cell, "cell id")
                break


def _is_free(cell: SubmittedCell, matching: Matching) -> bool:
    return cell.index not in matching.places and cell.index not in matching.dropped


def _match_gaps(
    released: Sequence[Released], cells: Sequence[SubmittedCell], matching: Matching
) -> None:
    """Match what lies between matched cells: by similar text, else by the same place."""
    for before, run, after in _runs(cells, matching, len(released)):
        if before < after:
            wanted = [r for r in released[before + 1 : after] if r.index not in matching.taken]
        else:  # the student moved cells: look after the one before and before the one after
            wanted = _open_from(released, matching, range(before + 1, len(released)))
            ahead = _open_from(released, matching, range(after - 1, -1, -1))
            wanted = sorted({*wanted, *ahead}, key=lambda r: r.index)
        for r, cell, how in _align(wanted, run, before, after, matching):
            matching.add(r, cell, how)


def _runs(
    cells: Sequence[SubmittedCell], matching: Matching, end: int
) -> list[tuple[int, list[SubmittedCell], int]]:
    """Return the runs of unmatched cells, each with the released cells around it."""
    runs: list[tuple[int, list[SubmittedCell], int]] = []
    before, run = -1, list[SubmittedCell]()
    for cell in cells:
        place = matching.places.get(cell.index)
        if place is not None:
            runs.append((before, run, place))
            before, run = place, []
        elif cell.index not in matching.dropped:
            run.append(cell)
    return [r for r in [*runs, (before, run, end)] if r[1]]


def _open_from(
    released: Sequence[Released], matching: Matching, indices: Iterable[int]
) -> list[Released]:
    found = []
    for index in indices:
        if index in matching.taken:
            break
        found.append(released[index])
    return found


def _align(
    wanted: Sequence[Released],
    run: Sequence[SubmittedCell],
    before: int,
    after: int,
    matching: Matching,
) -> list[tuple[Released, SubmittedCell, How]]:
    """Return the pairs, in order, that fit best together."""
    if not wanted:
        return []
    run = run[: max(1, _MOST_PAIRS // len(wanted))]
    rows, columns = len(wanted), len(run)
    names = [defined_names(cell.source) for cell in run]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    fits: dict[tuple[int, int], tuple[float, How]] = {}
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            ends = (wanted[i].index == before + 1 and j == 0) + (
                wanted[i].index == after - 1 and j == columns - 1
            )
            alike = matching.similarity(wanted[i].source, run[j].source)
            score, how = _fit(wanted[i], run[j], alike, names[j], ends, alone=rows == columns == 1)
            fits[i, j] = score, how
            paired = score + best[i + 1][j + 1] if score else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[Released, SubmittedCell, How]] = []
    i = j = 0
    while i < rows and j < columns:
        score, how = fits[i, j]
        if score and best[i][j] == score + best[i + 1][j + 1]:
            pairs.append((wanted[i], run[j], how))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _fit(
    r: Released, cell: SubmittedCell, alike: float, names: frozenset[str], ends: int, alone: bool
) -> tuple[float, How]:
    """Return how well a submitted cell fits a released one (0: not at all), and by what.

    Args:
        r: the released cell.
        cell: the submitted one.
        alike: how alike their texts are.
        names: what the submitted one defines.
        ends: beside how many recognised cells both stand.
        alone: whether there is no other pair.

    """
    if r.role != "answer":
        return (1.5 * alike, "text") if alike >= 0.6 else (0.0, "text")
    shared = len(r.names & names) / len(r.names) if r.names else 0.0
    same_type = cell.cell_type == r.cell_type
    score = 2 * shared + alike + 0.5 * same_type + 0.25 * ends
    if shared or alike >= (0.6 if same_type else 0.75):
        return score, "text"
    if (same_type and ends) or (alone and ends == 2):
        return score, "position"
    return 0.0, "position"


def same_text(a: str, b: str) -> bool:
    """Whether two cells differ only in blanks at line ends or empty lines around them."""
    return a == b or _trimmed(a) == _trimmed(b)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")


def _refuse_other_assignments(
    released: Sequence[Released], cells: Sequence[SubmittedCell], matching: Matching
) -> None:
    """Refuse a notebook in which hardly anything is recognised."""
    if not cells:
        raise Unusable("empty", "The notebook has no cells.")
    known = coded = 0
    for index, cell in matching.taken.items():
        r = released[index]
        names = bool(r.names & defined_names(cell.source))
        known += (
            matching.how[index] == "grade_id"
            or names
            or matching.similarity(r.source, cell.source) > 0.5
        )
        coded += r.role == "answer" and names
    named = sum(r.role == "answer" and bool(r.names) for r in released)
    if known < 0.2 * len(released) and coded < max(1, 0.3 * named):
        other = sorted({c.grade_id for c in cells if c.grade_id} - {r.grade_id for r in released})
        hint = f" It has cells named {', '.join(other[:3])}." if other else ""
        raise Unusable(
            "wrong-assignment",
            f"This looks like another notebook: of the lesson’s {len(released)} cells, {known} "
            f"can be recognised.{hint}",
        )
