"""Turns what cells showed into what a student reads: no traceback, no script, no endless print."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from nbconvert.filters import strip_ansi

from autograder.feedback.safe import clean, latex, markdown, readable
from autograder.marking.report import MIME_TYPE, as_html

#: Of a longer text the rest is folded, and of a very long one left out.
MAX_LINES, MAX_FOLDED, MAX_LENGTH = 20, 300, 20_000

_NO_ALT = "A picture that this cell drew. It has no description."
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
# In IPython's tracebacks: where a frame in a cell begins; the arrow before its line, which only
# syntax errors lack.
_FRAME = re.compile(r"^\s*Cell In ?\[\d+\], line (\d+).*$", re.MULTILINE)
# Where a syntax error is said to be: in a file that no student knows.
_FILE = re.compile(r"\((?:<ipython-input-[^<>]*>|\d+\.py), (line \d+)\)\Z")
_ARROW = re.compile(r"^-+> *\d+ (.*)$", re.MULTILINE)


def show(outputs: Sequence[Any], answers: Sequence[str]) -> list[Markup]:
    """Return the outputs of a cell as HTML.

    Args:
        outputs: the cell's outputs.
        answers: the source texts that the student wrote, to find the line where an error began.

    """
    shown = [_error(o, answers) if o.output_type == "error" else _output(o) for o in outputs]
    return [html for html in shown if html]


def show_result(outputs: Sequence[Any]) -> list[Markup]:
    """Return what tests that students cannot see may tell: their result, not how they got there.

    Prints, and the words of an error, could hold a hidden case.
    """
    shown = [_output(o) for o in outputs if o.output_type == "execute_result"]
    for output in outputs:
        if output.output_type == "error":
            what = "did not pass" if output.ename == "AssertionError" else "stopped with an error"
            shown.append(_message(f"A test that you cannot see {what}."))
    return [html for html in shown if html]


def outcome(outputs: Sequence[Any]) -> str:
    """Return the outcome that `autograder.grade` found, in its words, or ""."""
    for output in outputs:
        report = output.get("data", {}).get(MIME_TYPE)
        try:
            report = json.loads(report) if isinstance(report, str) else report
        except ValueError:
            continue
        if isinstance(report, dict) and isinstance(report.get("outcome"), str):
            return str(report["outcome"]).lower().replace("_", " ")
    return ""


def _output(output: Any) -> Markup:
    if output.output_type == "stream":
        return _text(output.text)
    data = output.get("data", {})
    if "text/html" in data:
        return clean(_joined(data["text/html"]))
    if "text/markdown" in data:
        return markdown(_joined(data["text/markdown"]))
    for kind in _PICTURES:
        if kind in data:
            return picture(output, kind)
    if "text/latex" in data:
        return latex(_joined(data["text/latex"]))
    return _text(_joined(data.get("text/plain", "")))


def picture(output: Any, kind: str) -> Markup:
    """Return a picture among what a cell displayed, as HTML.

    Args:
        output: a cell's output.
        kind: the picture's MIME type; the output's data has it.

    """
    content = _joined(output.data[kind])
    if kind == "image/svg+xml":
        return clean(content)
    about = output.get("metadata", {}).get(kind, {})
    about = about if isinstance(about, dict) else {}
    html = Markup('<img src="data:{};base64,{}" alt="{}">').format(
        kind, "".join(content.split()), str(about.get("alt") or _NO_ALT)
    )
    return clean(html)


def _text(text: str) -> Markup:
    text = _plain(text)[:MAX_LENGTH].rstrip("\n")
    lines = text.split("\n")
    if not text.strip():
        return Markup()
    if len(lines) <= MAX_LINES:
        return _pre(lines)
    more = lines[MAX_LINES:MAX_FOLDED]
    end = ["[the rest is left out]"] if lines[MAX_FOLDED:] or len(text) == MAX_LENGTH else []
    return _pre(lines[:MAX_LINES]) + Markup(
        "<details><summary>{} more lines</summary>{}</details>"
    ).format(len(more), _pre(more + end))


def _pre(lines: Sequence[str]) -> Markup:
    return Markup('<pre tabindex="0">{}</pre>').format("\n".join(lines))


def _error(output: Any, answers: Sequence[str]) -> Markup:
    name, words = _plain(output.ename)[:100], _FILE.sub(r"(\1)", _plain(output.evalue)[:2000])
    traceback = _plain("\n".join(output.traceback))
    # A check of a lesson's raises a sentence, and shows no more of it than that.
    if name == "AssertionError" or traceback.lower() == words.lower():
        return _message(words or "A check did not pass.")
    place = _line_of_student(traceback, answers)
    said = Markup('<p class="message"><strong>{}</strong>{}</p>').format(
        name, f": {words}" if words else ""
    )
    if place is None:
        return said
    number, line = place
    where = Markup('<p>It began on line {} of your code:</p><pre tabindex="0">{}</pre>')
    return said + where.format(number, line)


def _message(text: str) -> Markup:
    """Show a sentence, with code as in the lesson."""
    return Markup('<p class="message">{}</p>').format(Markup(as_html(text)))


def _line_of_student(traceback: str, answers: Sequence[str]) -> tuple[int, str] | None:
    """Return the number and the text of the last line of the traceback that the student wrote."""
    _, *frames = _FRAME.split(traceback)  # number, text, number, text …
    for number, text in reversed(list(zip(map(int, frames[::2]), frames[1::2], strict=True))):
        arrow = _ARROW.search(text)
        line = (arrow[1] if arrow else text.lstrip("\n").partition("\n")[0]).strip()
        for source in answers:
            lines = source.split("\n")
            if line and number <= len(lines) and lines[number - 1].strip() == line:
                return number, line
    return None


def _plain(text: str) -> str:
    """Return the text without colours."""
    return readable(strip_ansi(text))  # type: ignore[no-untyped-call]


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
