"""What a student and nbgrader see of a mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import Any

#: The MIME type under which a test cell's output holds a mark for programs to read.
MIME_TYPE = "application/vnd.softmax-lab.report+json"


class Outcome(Enum):
    """What became of an answer; the value is what a student reads."""

    RIGHT = "right"
    PARTLY_RIGHT = "partly right"
    WRONG = "not right yet"
    WRONG_TYPE = "not the kind of value that was asked for"
    RAISED = "stopped with an error"
    TIMED_OUT = "did not come to an end"
    TOO_SLOW = "took too long"
    LIBRARY_CALL = "a library did the work"
    NOT_DEFINED = "not defined"
    NOT_ATTEMPTED = "not attempted"
    NOT_CHECKED = "could not be checked"


@dataclass(frozen=True)
class Finding:
    """The mark of one name of an exercise, or of one property of a function.

    Attributes:
        name: the variable or function that was looked at.
        outcome: what became of it.
        points: earned, between 0 and `max_points`.
        max_points: what a right answer earns.
        message: what was seen and what was expected, in plain text.
        question: a question that leads on, or "".
        misconception: the id of the misconception that explains the answer, or None.
        doubt: the library's function that it calls, for a person to see what for; or "".

    """

    name: str
    outcome: Outcome
    points: float
    max_points: float
    message: str
    question: str = ""
    misconception: str | None = None
    doubt: str = ""


@dataclass(frozen=True)
class Report:
    """The mark of an exercise, as `autograder.grade` returns it.

    As the last expression of a test cell it gives nbgrader its partial credit: `repr` is the
    points as a plain number. Jupyter shows `_repr_html_`, which carries the words of `message`.
    `_repr_mimebundle_` adds the mark as data, for the class report.

    Attributes:
        exercise: the exercise's id.
        findings: one for each name the exercise asks for.

    """

    exercise: str
    findings: tuple[Finding, ...]

    @property
    def points(self) -> float:
        """The points earned, between 0 and `max_points`."""
        return sum(finding.points for finding in self.findings)

    @property
    def max_points(self) -> float:
        """The points of a right answer."""
        return sum(finding.max_points for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Whether everything the exercise asks for is right."""
        return all(finding.outcome is Outcome.RIGHT for finding in self.findings)

    @property
    def outcome(self) -> Outcome:
        """RIGHT, or PARTLY_RIGHT where some points were earned, or the first other outcome."""
        outcomes = [finding.outcome for finding in self.findings]
        bad = [outcome for outcome in outcomes if outcome is not Outcome.RIGHT]
        if not bad:
            return Outcome.RIGHT
        return Outcome.PARTLY_RIGHT if self.points > 0 else bad[0]

    @property
    def misconception(self) -> str | None:
        """The id of the first misconception recognised, or None."""
        return next((f.misconception for f in self.findings if f.misconception), None)

    @property
    def fault(self) -> str:
        """Why the marking itself came to nothing, or ""."""
        unchecked = (f.message for f in self.findings if f.outcome is Outcome.NOT_CHECKED)
        return next(unchecked, "")

    @property
    def message(self) -> str:
        """What a student reads, as plain text."""
        lines = [f"{self._sign} {self.exercise}: {self.outcome.value}, {self._score}."]
        for finding in self._worth_telling:
            lines.append(finding.message)
            if finding.question:
                lines.append(f"Think about it: {finding.question}")
        return "\n".join(lines)

    @property
    def _worth_telling(self) -> list[Finding]:
        if self.passed:
            return [finding for finding in self.findings if finding.message][:1]
        return [finding for finding in self.findings if finding.outcome is not Outcome.RIGHT]

    @property
    def _sign(self) -> str:
        return "✔" if self.passed else "✘"

    @property
    def _score(self) -> str:
        return f"{_number(self.points)} of {_number(self.max_points)} points"

    def __repr__(self) -> str:
        return _number(self.points)

    def __str__(self) -> str:
        return self.message

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        # IPython adds the other representations to these. No message: it is made for one student.
        return {
            MIME_TYPE: {
                "exercise": self.exercise,
                "outcome": self.outcome.name.lower(),
                "points": float(self.points),
                "max_points": float(self.max_points),
                "findings": [
                    {
                        "name": finding.name,
                        "outcome": finding.outcome.name.lower(),
                        "points": float(finding.points),
                        "max_points": float(finding.max_points),
                        "misconception": finding.misconception,
                        "doubt": finding.doubt,
                    }
                    for finding in self.findings
                ],
            }
        }

    def _repr_html_(self) -> str:
        colour = "var(--jp-success-color1, #2e7d32)" if self.passed else _WRONG_COLOUR
        parts = [
            f'<div style="border-left: 4px solid {colour}; padding: 0.25em 1em">',
            f"<p><strong>{self._sign} {escape(self.exercise)}: "
            f"{self.outcome.value}</strong>, {self._score}.</p>",
        ]
        for finding in self._worth_telling:
            parts.append(f"<p>{as_html(finding.message)}</p>")
            if finding.question:
                parts.append(
                    # Bootstrap, on feedback pages, takes the triangle away that says "opens".
                    '<details><summary style="display: list-item; cursor: pointer">'
                    f"Think about it</summary><p>{as_html(finding.question)}</p></details>"
                )
        return "\n".join([*parts, "</div>"])


_WRONG_COLOUR = "var(--jp-warn-color1, #b45309)"


def as_html(text: str) -> str:
    """Return a text as HTML, escaped; what stands between backticks becomes code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _number(value: float) -> str:
    return f"{value:g}"
