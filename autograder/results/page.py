"""The class report as a page: what stands in it, and in which words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, quantiles
from typing import get_args
from urllib.parse import quote

from autograder.marking.report import as_html
from autograder.results.class_results import (
    ClassResults,
    Reason,
    ReportedCell,
    Stage,
    StudentResults,
    Success,
)
from autograder.results.tables import counted, number

#: How many names a list shows where the formgrader lists all of them.
NAMES = 20

_STATUS: dict[Stage, str] = {
    "finished": "fully marked",
    "waiting": "waiting to be marked by hand",
    "not graded": "handed in, not graded",
    "not handed in": "not handed in",
}
_SUCCESS: dict[Success, str] = {
    "right": "right",
    "partly": "partly right",
    "wrong": "wrong",
    "not attempted": "not attempted",
    "other": "other",
}
_REASONS: dict[Reason, tuple[str, str]] = {
    "unread": (
        "Could not be read",
        "Nothing in the file was graded; a mark from an earlier one stands. Ask for a new file.",
    ),
    "not graded": (
        "Not graded yet",
        "Grading failed, or has not run since; a mark from an earlier file stands. Grade again.",
    ),
    "failed": (
        "Could not be marked",
        "A test gave no mark. Look at the graded notebook, and mark it by hand if need be.",
    ),
    "ended": (
        "Ran out of time, or ended its own process",
        "What came before was marked. Is it an endless loop, or was the limit too short?",
    ),
    "library": (
        "A library may have done the work",
        "The exercise asks for the student’s own code. Look at it, and decide.",
    ),
    "flagged": ("Flagged in the formgrader", "A grader asked for a second look."),
    "repaired": (
        "Repaired before grading",
        "The notebook had been changed where it should not be. Each line says what was done.",
    ),
}


@dataclass(frozen=True)
class Segment:
    """A part of a bar: a class of the style sheet, words, and how many."""

    style: str
    words: str
    count: int


@dataclass(frozen=True)
class Histogram:
    """How many submissions have how many points.

    Attributes:
        id: for the page's own links.
        title: which points.
        summary: the mean and the quartiles, in words.
        bins: where each begins, its words, and how many are in it.
        most: the points of right answers.

    """

    id: str
    title: str
    summary: str
    bins: tuple[tuple[float, str, int], ...]
    most: float

    @property
    def highest(self) -> int:
        """The largest of the counts."""
        return max(count for _, _, count in self.bins)


def render(results: ClassResults, formgrader: str, now: datetime) -> str:
    """Return the page.

    Args:
        results: what it tells.
        formgrader: the address of the formgrader, without a slash at its end.
        now: when it is made.

    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("autograder.results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number, code=lambda text: Markup(as_html(text)), counted=counted
    )
    template = environment.get_template("class_report.html.j2")
    links = _Links(results.assignment, formgrader)
    return template.render(
        assignment=results.assignment,
        formgrader=formgrader,
        made=f"{now.day} {now:%B %Y, %H:%M}",
        results=results,
        progress=_progress(results),
        histograms=_histograms(results),
        exercises=_exercises(results),
        success=_SUCCESS,
        misconceptions=_misconceptions(results, links),
        needs=_needs(results, links),
        in_need=sum(bool(one.needs) for one in results.submissions),
        hand=_hand(results, links),
        notebooks=[(name, links.notebook(name)) for name in _notebooks(results)],
        hand_waiting=sum(one.waiting for one in results.submissions),
        automatic=[q for q in results.questions if not q.by_hand],
        students=_students(results, links),
        late=any(one.penalty for one in results.submissions),
    )


class _Links:
    """The addresses of the formgrader's pages (nbgrader 0.9.6)."""

    def __init__(self, assignment: str, formgrader: str) -> None:
        self._assignment = quote(assignment, safe="")
        self._formgrader = formgrader

    def submission(self, one: StudentResults, notebook: str | None = None) -> str:
        ids = one.notebooks
        if notebook is None and len(ids) == 1:
            (notebook,) = ids
        if notebook is not None:
            return f"{self._formgrader}/submissions/{quote(ids[notebook], safe='')}/"
        if ids:
            student = quote(one.student, safe="")
            return f"{self._formgrader}/manage_students/{student}/{self._assignment}/"
        return ""

    def notebook(self, name: str) -> str:
        return f"{self._formgrader}/gradebook/{self._assignment}/{quote(name, safe='')}/"


@dataclass(frozen=True)
class Who:
    """A student as a list shows them: id, name, a link or ""."""

    id: str
    name: str
    link: str


def _who(one: StudentResults, links: _Links, notebook: str | None = None) -> Who:
    return Who(one.student, one.name, links.submission(one, notebook))


def _progress(results: ClassResults) -> list[Segment]:
    count = Counter(one.status for one in results.submissions)
    return [
        Segment(status.replace(" ", "-"), words, count[status]) for status, words in _STATUS.items()
    ]


def _histograms(results: ClassResults) -> list[Histogram]:
    graded = results.graded
    automatic = [results.points(one, by_hand=False) for one in graded]
    waiting = any(one.waiting for one in graded)
    total = "All points so far" if waiting else "All points"
    found = []
    if results.max_points(by_hand=False):
        most = results.max_points(by_hand=False)
        found.append(_histogram("automatic", "Points given by tests", automatic, most))
    if results.max_points(by_hand=True) or any(one.penalty for one in graded):
        totals = [one.total for one in graded]
        found.append(_histogram("total", total, totals, results.max_points()))
    return found


def _histogram(id: str, title: str, values: Sequence[float], most: float) -> Histogram:
    width = _width(most)
    count = max(1, math.ceil(most / width - 1e-9))
    bins = [0] * count
    beyond = 0
    for value in values:
        if value > most + 1e-9:
            beyond += 1
        else:
            bins[min(int((value + 1e-9) / width), count - 1)] += 1
    rows = []
    for index, size in enumerate(bins):
        low, high = index * width, min((index + 1) * width, most)
        last = index == count - 1
        words = f"{number(low)} to {'' if last else 'below '}{number(high)}"
        rows.append((low, words, size))
    if beyond:
        rows.append((most, f"more than {number(most)} (with extra credit)", beyond))
    return Histogram(id, title, _summary(values, most), tuple(rows), most)


def _width(most: float) -> float:
    """Return a round width that makes fifteen bins or fewer."""
    exponent = 10.0 ** math.floor(math.log10(max(most, 1e-6) / 15))
    widths = [factor * exponent for factor in (1, 2, 2.5, 5, 10)]
    return next(width for width in widths if most / width <= 15 + 1e-9)


def _summary(values: Sequence[float], most: float) -> str:
    if len(values) < 2:
        return f"One submission: {number(values[0])} of {number(most)}." if values else ""
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return (
        f"Mean {number(mean(values))} of {number(most)}, median {number(middle)}; "
        f"the middle half between {number(low)} and {number(high)}."
    )


@dataclass(frozen=True)
class ExerciseRow:
    """One exercise: the parts of its bar, what "other" is, the mean of its points."""

    question: ReportedCell
    parts: tuple[Segment, ...]
    other: str
    mean: float


def _exercises(results: ClassResults) -> list[ExerciseRow]:
    rows = []
    graded = results.graded
    for place, question in enumerate(results.questions):
        if question.by_hand:
            continue
        column = [one.results[place] for one in graded]
        count = Counter(result.success for result in column)
        others = Counter(result.words for result in column if result.success == "other")
        parts = tuple(
            Segment(success.replace(" ", "-"), words, count[success])
            for success, words in _SUCCESS.items()
        )
        other = ", ".join(f"{n} {words}" for words, n in others.most_common())
        rows.append(ExerciseRow(question, parts, other, mean(r.points for r in column)))
    return rows


@dataclass(frozen=True)
class MisconceptionRow:
    """One misconception: what its answers look like, where, and whose they are."""

    id: str
    says: str
    exercises: str
    share: float
    who: tuple[Who, ...]


def _misconceptions(results: ClassResults, links: _Links) -> list[MisconceptionRow]:
    where: dict[str, dict[str, None]] = defaultdict(dict)
    whose: dict[str, list[StudentResults]] = defaultdict(list)
    for one in results.graded:
        for id in one.misconceptions:
            whose[id].append(one)
        for question, result in zip(results.questions, one.results, strict=True):
            for id in result.misconceptions:
                where[id][question.label] = None
    if not whose:
        return []
    from autograder.lessons import load, names  # imports torch

    lesson = results.assignment if results.assignment in names() else None
    known = load(lesson).misconceptions if lesson else {}
    places = {question.label: place for place, question in enumerate(results.questions)}
    rows = [
        MisconceptionRow(
            id,
            known[id].says if id in known else id,
            ", ".join(sorted(where[id], key=places.__getitem__)),
            len(ones) / len(results.graded),
            tuple(_who(one, links) for one in ones),
        )
        for id, ones in whose.items()
    ]
    return sorted(rows, key=lambda row: (-len(row.who), row.id))


@dataclass(frozen=True)
class NeedGroup:
    """The submissions that need a person for one reason."""

    reason: Reason
    title: str
    advice: str
    cases: tuple[tuple[Who, tuple[str, ...]], ...]


def _needs(results: ClassResults, links: _Links) -> list[NeedGroup]:
    groups = []
    for reason in get_args(Reason):
        cases = []
        for one in results.submissions:
            words = tuple(need.words for need in one.needs if need.reason == reason)
            if words:
                cases.append((_who(one, links), words))
        if cases:
            groups.append(NeedGroup(reason, *_REASONS[reason], tuple(cases)))
    return groups


@dataclass(frozen=True)
class HandRow:
    """One question that people mark."""

    question: ReportedCell
    waiting: int
    marked: int
    link: str
    who: tuple[Who, ...]


def _hand(results: ClassResults, links: _Links) -> list[HandRow]:
    rows = []
    for place, question in enumerate(results.questions):
        waits = [one for one in results.graded if one.results[place].waits]
        if not question.by_hand and not waits:
            continue
        who = (_who(one, links, question.notebook) for one in waits[:NAMES])
        marked = len(results.graded) - len(waits)
        link = links.notebook(question.notebook)
        rows.append(HandRow(question, len(waits), marked, link, tuple(who)))
    return rows


def _notebooks(results: ClassResults) -> list[str]:
    return list(dict.fromkeys(question.notebook for question in results.questions))


@dataclass(frozen=True)
class StudentRow:
    """A line of the table of everyone; the points are text, and none where nothing is graded."""

    who: Who
    status: str
    points: tuple[str, ...]
    automatic: str
    by_hand: str
    penalty: str
    total: str


def _students(results: ClassResults, links: _Links) -> Iterable[StudentRow]:
    automatic = [place for place, q in enumerate(results.questions) if not q.by_hand]
    for one in results.submissions:
        who, status = _who(one, links), one.status
        if not one.results:
            yield StudentRow(who, status, (), "", "", "", "")
            continue
        yield StudentRow(
            who,
            status,
            tuple(number(one.results[place].points) for place in automatic),
            number(results.points(one, by_hand=False)),
            number(results.points(one, by_hand=True)),
            number(-one.penalty) if one.penalty else "",
            number(one.total),
        )
