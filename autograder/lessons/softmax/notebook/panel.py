"""What a check shows: a sentence, bars beside those of softmax, the likely cause and a hint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import torch
from IPython.display import display


@dataclass(frozen=True)
class Cause:
    """What may be behind a wrong answer.

    Attributes:
        says: what the answer looks like, in words that follow "Likely cause: ".
        question: what to think about next.
        id: of the misconception, or "".

    """

    says: str = ""
    question: str = ""
    id: str = ""


@dataclass(frozen=True)
class Praise:
    """What a check says of an answer that it is content with.

    Attributes:
        sentence: what it says.
        is_right: whether it has looked at whether the answer is right.

    """

    sentence: str
    is_right: bool = True

    @property
    def title(self) -> str:
        """What stands before the sentence."""
        return "Looks right" if self.is_right else "Noted, but not judged"


@dataclass(frozen=True)
class Bars:
    """A picture of outputs beside those of softmax, and what it shows in words."""

    words: str = ""
    svg: str = ""


class NotYet(AssertionError):
    """What a check is not content with.

    Args:
        sentence: what was expected, and what was seen.
        title: stands before the sentence.
        cause: what may be behind it; its question is the hint.
        hint: another hint, where there is no cause with a question.
        bars: outputs beside those of softmax.

    """

    def __init__(
        self,
        sentence: str,
        title: str = "Not right yet",
        cause: Cause | None = None,
        hint: str = "",
        bars: Bars | None = None,
    ) -> None:
        super().__init__(sentence)
        self.title = title
        self.cause = cause or Cause()
        self.hint = self.cause.question or hint
        self.bars = bars or Bars()

    def _render_traceback_(self) -> list[str]:
        return [f"{str(self)[:1].upper()}{str(self)[1:]}"]  # the panel says the rest


def expect(claim: object, sentence: str, cause: Cause | None = None, hint: str = "") -> None:
    """Stop the check with a sentence unless a claim holds.

    Raises:
        NotYet: it does not.

    """
    if not claim:
        raise NotYet(sentence, cause=cause, hint=hint)


def bars_beside(yours: torch.Tensor, target: torch.Tensor) -> Bars:
    """Return a picture of two vectors of outputs, both of shape (n,), side by side."""
    pairs = list(zip(yours.tolist(), target.tolist(), strict=True))
    longest = max([1.0, *(v for v, _ in pairs if v < float("inf"))])
    ink = "var(--jp-content-font-color1, currentColor)"
    looks = {"yours": "fill: var(--jp-brand-color1, #1976d2)", "softmax": "fill: none"}
    words, svg = [], ""
    for i, pair in enumerate(pairs):
        words.append(f"output {i}: yours {pair[0]:.4g}, softmax {pair[1]:.4g}")
        svg += f'<text y="{50 * i + 28}">output {i}</text>'
        rows = zip((50 * i + 3, 50 * i + 24), pair, looks.items(), strict=True)
        for y, v, (name, look) in rows:
            width = 220 * min(v / longest, 1) if v > 0 else 0
            svg += (
                f'<text x="120" y="{y + 13}" text-anchor="end">{name}</text>'
                f'<rect x="130" y="{y}" width="{width:.1f}" height="17" '
                f'style="{look}; stroke: {ink}"/>'
                f'<text x="{138 + width:.1f}" y="{y + 13}">{v:.4g}</text>'
            )
    all_words = "; ".join(words)
    height = 50 * len(pairs)
    return Bars(
        all_words,
        f'<svg role="img" aria-label="{all_words}" viewBox="0 0 450 {height}" width="450" '
        f'style="max-width: 100%; fill: {ink}; font: 13px sans-serif">{svg}</svg>',
    )


def show_problem(problem: NotYet) -> None:
    """Show what a check is not content with, but for the sentence, which the error says."""
    _show(WRONG, problem.title, "", problem.bars, problem.cause.says, problem.hint)


def show_praise(praise: Praise, lines: Sequence[str] = ()) -> None:
    """Show that a check is content, and a list below that."""
    plain = "\n".join(f"- {line}" for line in lines)
    listed = f"<ul>{''.join(f'<li>{_html(line)}</li>' for line in lines)}</ul>" if lines else ""
    kind = RIGHT if praise.is_right else NOTED
    _show(kind, praise.title, praise.sentence, Bars(plain, listed))


#: A sign and a colour for each kind of panel; the colours are JupyterLab's, or those given here.
RIGHT, NOTED, WRONG = (
    ("✔", "success-color1, #2e7d32"),
    ("✎", "info-color1, #0277bd"),
    ("✘", "warn-color1, #b45309"),
)


def _show(
    kind: tuple[str, str],
    title: str,
    sentence: str,
    bars: Bars,
    cause: str = "",
    hint: str = "",
) -> None:
    """Show a panel, as HTML and in the same words as plain text."""
    sign, colour = kind
    first = f"{sign} {title}{':' * bool(sentence)}"
    plain = [f"{first} {sentence}".strip(), bars.words]
    parts = [f"<p><strong>{first}</strong> {_html(sentence)}</p>{bars.svg}"]
    if cause:
        plain.append(f"Likely cause: {cause}")
        parts.append(f"<p>Likely cause: {_html(cause)}</p>")
    if hint:
        plain.append(f"A hint: {hint}")
        summary = '<summary style="display: list-item; cursor: pointer">A hint</summary>'
        parts.append(f"<details>{summary}<p>{_html(hint)}</p></details>")
    style = f"border-left: 4px solid var(--jp-{colour}); padding: 0.1em 1em; overflow-x: auto"
    whole = f'<div style="{style}">{"".join(parts)}</div>'
    text = "\n".join(line for line in plain if line)
    display({"text/plain": text, "text/html": whole}, raw=True)  # type: ignore[no-untyped-call]


def _html(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
