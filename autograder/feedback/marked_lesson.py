"""Reads a graded notebook as a lesson: which exercises it has, and what became of each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution, is_task
from traitlets import List

from autograder.feedback.outputs import outcome, show, show_result
from autograder.feedback.safe import Outline, markdown, readable

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
_POINTS = re.compile(r"\s*\([^()]*\b(?:points?|marks?|pts?)\)\s*$", re.IGNORECASE)
_NOT_CODE = re.compile(r"^\s*(?:#.*)?$")


@dataclass(frozen=True)
class Verdict:
    """What became of an exercise: in words, as a sign, and for the style sheet."""

    word: str
    sign: str
    style: str


RIGHT = Verdict("right", "✔", "right")
PARTLY_RIGHT = Verdict("partly right", "◐", "partly")
WRONG = Verdict("not right yet", "✘", "wrong")
WAITING = Verdict("waiting for your grader", "…", "waiting")
UNANSWERED = Verdict("not answered", "○", "unanswered")
BONUS = Verdict("extra credit", "★", "right")
READ = Verdict("read by your grader", "✔", "waiting")


@dataclass(frozen=True)
class Shown:
    """A cell as the page shows it.

    Attributes:
        kind: "prose", "given", "own", "answer", "check" or "tests".
        html: rendered Markdown, or "".
        code: source text to show, or "".
        outputs: what it showed, as HTML.
        comment: the grader's comment, as HTML, or "".
        unanswered: whether it is an answer that the student left as it was handed out.

    """

    kind: str
    html: str = ""
    code: str = ""
    outputs: tuple[Markup, ...] = ()
    comment: str = ""
    unanswered: bool = False

    @property
    def first_line(self) -> str:
        """The first line of code that is no comment."""
        lines = self.code.split("\n")
        return next((line.strip() for line in lines if not _NOT_CODE.match(line)), "")


@dataclass(frozen=True)
class MarkedExercise:
    """An answer with what was said of it.

    Attributes:
        id: of its place on the page.
        title: the heading above it, as HTML, without the points.
        group: the heading that it stands under together with its neighbours, as HTML.
        verdict: what became of it.
        points: earned, with extra credit.
        max_points: what a right answer earns.
        extra: of the points, those that are extra credit.
        cells: from the answer to the last cell that marks it.

    """

    id: str
    title: Markup
    group: Markup
    verdict: Verdict
    points: float
    max_points: float
    extra: float
    cells: tuple[Shown, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether a person has still to read it."""
        return self.verdict is WAITING

    @property
    def commented(self) -> bool:
        """Whether the grader wrote something."""
        return any(cell.comment for cell in self.cells)


@dataclass(frozen=True)
class MarkedLesson:
    """What the template lays out: cells and exercises in the order of the notebook."""

    blocks: tuple[Shown | MarkedExercise, ...]

    @property
    def exercises(self) -> tuple[MarkedExercise, ...]:
        """The exercises, in order."""
        return tuple(block for block in self.blocks if isinstance(block, MarkedExercise))

    @property
    def groups(self) -> list[tuple[Markup, list[MarkedExercise]]]:
        """Neighbours under one heading, with that heading unless an exercise itself has it."""
        groups: list[tuple[Markup, list[MarkedExercise]]] = []
        for group, found in groupby(self.exercises, key=lambda exercise: exercise.group):
            together = list(found)
            own = any(exercise.title == group for exercise in together)
            groups.append((Markup() if own else group, together))
        return groups

    @property
    def waiting(self) -> int:
        """How many exercises wait for a person."""
        return sum(exercise.is_waiting for exercise in self.exercises)

    @property
    def extra(self) -> float:
        """Extra credit in all."""
        return sum(exercise.extra for exercise in self.exercises)


@dataclass
class _Span:
    """Where an exercise begins and ends, while it is being found."""

    first: int
    last: int
    headings: dict[int, str]
    title: str
    group: str
    graded: list[int] = field(default_factory=list)


class ReadLesson(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts the `MarkedLesson` of a notebook that has its marks into `resources["lesson"]`."""

    # nbconvert configures this trait of every preprocessor; without it each page logs a warning.
    display_data_priority: Any = List().tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Read the notebook; it stays as it is."""
        for cell in nb.cells:
            cell.source = readable(cell.source)
        folder = resources.get("metadata", {}).get("path", "")
        answers = [
            cell.source
            for cell in nb.cells
            if cell.cell_type == "code" and (is_solution(cell) or not _about(cell))
        ]
        own = self._added(nb.cells, resources)
        shown = _show(nb.cells, answers, folder, own)
        blocks: list[Shown | MarkedExercise] = []
        after = 0
        for span in _with_parts(_find(nb.cells, own)):
            cells = nb.cells[span.first : span.last + 1]
            blocks += shown[after : span.first]
            blocks.append(_exercise(span, cells, tuple(shown[span.first : span.last + 1])))
            after = span.last + 1
        resources["lesson"] = MarkedLesson((*blocks, *shown[after:]))
        return nb, resources

    def _added(self, cells: list[Any], resources: Any) -> frozenset[int]:
        """Return the places of Markdown cells that the instructor's notebook does not have."""
        course, about = self.parent.parent.coursedir, resources["nbgrader"]
        folder = course.format_path(course.source_directory, ".", about["assignment"])
        try:
            file = Path(folder) / f"{about['notebook']}.ipynb"
            source = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
        except (OSError, ValueError):  # no longer there: nothing can be told apart
            return frozenset()
        given = {readable(cell.source) for cell in source.cells}
        return frozenset(
            index
            for index, cell in enumerate(cells)
            if cell.cell_type == "markdown" and not _about(cell) and cell.source not in given
        )


def _find(cells: list[Any], own: frozenset[int]) -> list[_Span]:
    """An answer opens an exercise; what is graded up to the next answer belongs to it.

    What a student wrote, in an answer or in the cells `own`, has no headings.
    """
    spans: list[_Span] = []
    headings: dict[int, str] = {}
    for index, cell in enumerate(cells):
        if cell.cell_type == "markdown" and not is_solution(cell) and index not in own:
            for level, text in _headings(cell.source):
                headings = {k: v for k, v in headings.items() if k < level} | {level: text}
        graded = is_grade(cell) or is_task(cell)
        if not (graded or is_solution(cell)):
            continue
        # Tests that belong to no answer have a heading of their own, or nothing before them.
        alone = not spans or (spans[-1].graded and spans[-1].headings != headings)
        if is_solution(cell) or is_task(cell) or alone:
            levels = sorted(headings)
            name = cell.metadata.nbgrader["grade_id"].replace("-", " ").replace("_", " ")
            title = headings[levels[-1]] if levels else name.capitalize()
            # The h1 is the lesson's name: the level below it is what groups its exercises.
            below = [headings[level] for level in levels if level > 1]
            spans.append(_Span(index, index, headings, title, below[0] if below else title))
        if graded:
            spans[-1].graded.append(index)
        spans[-1].last = index
    return [span for span in spans if span.graded and _is_worth_a_line(span, cells)]


def _is_worth_a_line(span: _Span, cells: list[Any]) -> bool:
    """Whether a person or a test gives points for it: a check alone does not."""
    return any(cells[i].metadata.nbgrader.points or _by_hand(cells[i]) for i in span.graded)


def _by_hand(cell: Any) -> bool:
    return bool(is_solution(cell) or is_task(cell))


def _with_parts(spans: list[_Span]) -> list[_Span]:
    """Number the exercises that share a heading."""
    total = Counter((span.group, span.title) for span in spans)
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for span in spans:
        key = (span.group, span.title)
        seen[key] += 1
        part = f", part {seen[key]}" if total[key] > 1 else ""
        numbered.append(replace(span, title=span.title + part))
    return numbered


def _exercise(span: _Span, cells: list[Any], shown: tuple[Shown, ...]) -> MarkedExercise:
    graded = [cells[index - span.first] for index in span.graded]
    marks = [cell.metadata.nbgrader for cell in graded]
    exercise = MarkedExercise(
        id=f"exercise-{cells[0].metadata.nbgrader['grade_id']}",
        title=_inline(span.title),
        group=_inline(span.group),
        verdict=WAITING,
        points=sum(mark.score for mark in marks),
        max_points=sum(mark.points for mark in marks),
        extra=sum(mark.get("extra_credit", 0) for mark in marks),
        cells=shown,
    )
    words = next(filter(None, (outcome(cell.get("outputs", ())) for cell in graded)), "")
    waiting = any(mark.get("waiting") for mark in marks)
    answers = [cell for cell in shown if cell.kind == "answer"]
    left = bool(answers) and all(cell.unanswered for cell in answers)
    unanswered = left or words == "not attempted"
    return replace(exercise, verdict=_verdict(exercise, waiting=waiting, unanswered=unanswered))


def _verdict(exercise: MarkedExercise, *, waiting: bool, unanswered: bool) -> Verdict:
    if waiting:
        return WAITING
    if exercise.points <= 0 and unanswered:
        return UNANSWERED
    if exercise.max_points == 0:
        return BONUS if exercise.extra > 0 else READ
    if exercise.points >= exercise.max_points:
        return RIGHT
    return PARTLY_RIGHT if exercise.points > 0 else WRONG


def _show(cells: list[Any], answers: list[str], folder: str, own: frozenset[int]) -> list[Shown]:
    outline = Outline(2)  # below the page's own heading for the notebook
    shown = []
    for index, cell in enumerate(cells):
        if cell.cell_type == "code":
            shown.append(_code(cell, answers))
            continue
        written = cell.cell_type == "markdown"
        students = is_solution(cell)
        unanswered = students and (_about(cell).get("unanswered") or not cell.source.strip())
        html = markdown(
            cell.source if written and not unanswered else "",
            place=None if students or index in own else outline.place,
            attachments=cell.get("attachments"),
            folder=folder,
        )
        kind = "answer" if students else "own" if index in own else "prose"
        shown.append(Shown(kind, html, comment=_comment(cell), unanswered=bool(unanswered)))
    return shown


def _code(cell: Any, answers: list[str]) -> Shown:
    about = _about(cell)
    if is_grade(cell) and not is_solution(cell):
        kind = "tests" if about.points else "check"
        if about.get("cleared"):
            only_comments = all(map(_NOT_CODE.match, cell.source.split("\n")))
            code = "" if only_comments else cell.source
            return Shown(kind, code=code, outputs=tuple(show_result(cell.outputs)))
        return Shown(kind, code=cell.source, outputs=tuple(show(cell.outputs, answers)))
    kind = "answer" if is_solution(cell) else "given" if about else "own"
    # What the lesson itself hides in the notebook is machinery here, too.
    hidden = kind == "given" and cell.metadata.get("jupyter", {}).get("source_hidden")
    return Shown(
        kind,
        code="" if hidden else cell.source,
        outputs=tuple(show(cell.outputs, answers)),
        comment=_comment(cell),
        unanswered=kind == "answer" and bool(about.get("unanswered")),
    )


def _about(cell: Any) -> Any:
    return cell.metadata.get("nbgrader", {})


def _comment(cell: Any) -> Markup:
    comment = _about(cell).get("comment")
    return markdown(comment) if comment else Markup()


def _headings(text: str) -> list[tuple[int, str]]:
    found = _HEADING.findall(_FENCED.sub("", text))
    return [(len(marks), _POINTS.sub("", heading)) for marks, heading in found]


def _inline(text: str) -> Markup:
    """Render a heading's words, without a paragraph around them."""
    html = markdown(text).strip()
    return Markup(html.removeprefix("<p>").removesuffix("</p>"))
