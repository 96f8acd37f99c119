"""Tables that put what a student predicted beside what came out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import torch
from IPython.display import display

from .checks import CHANGES, RESULTS, WORDS, effect_of, largest_shares
from .names import notebook

_NONE = "-"


def compare_predictions() -> None:
    """Show what the student predicted beside the results, once there are five predictions."""
    names = notebook()
    guesses = [_word(names.get("predictions"), change) for change in CHANGES]
    if _NONE in guesses:
        words = "First predict: what you found is shown here once you have made five predictions."
        print(words)
        return
    rows: list[list[Any]] = [["x", "", torch.softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)]]
    for change, guess, name in zip(CHANGES, guesses, RESULTS, strict=True):
        found = names.get(name)
        rows.append([change, guess, found if isinstance(found, torch.Tensor) else _NONE])
    _show("Predicted and found", ["softmax of", "you predicted", "you found"], rows)


def compare_verdicts() -> None:
    """Show what the student predicted and judged beside what softmax did."""
    names = notebook()
    rows = []
    for change in CHANGES:
        guess = _word(names.get("predictions"), change)
        verdict = _word(names.get("verdicts"), change)
        before, after = largest_shares(change)
        found = f"{before:.3f} → {after:.3f}"
        rows.append([change, guess, verdict, found, _outcome(change, guess, verdict)])
    headings = ["softmax of", "you predicted", "you judged", "largest share", "so it was"]
    _show("Predicted and judged", headings, rows)


def _outcome(change: str, guess: str, verdict: str) -> str:
    """Say how a prediction went, once the verdict says what happened."""
    if _NONE in (guess, verdict):
        return _NONE
    if verdict != effect_of(change):
        return "judge again: look at the largest share"
    return "as predicted" if guess == verdict else "a surprise: what did you overlook?"


def _word(answers: object, change: str) -> str:
    """Return the word that a dictionary has for a change, or a dash."""
    word = str(answers.get(change)).strip().lower() if isinstance(answers, dict) else _NONE
    return word if word in WORDS else _NONE


def _show(caption: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table, as HTML and as plain text; a cell that is a tensor gets small bars."""
    head = "".join(f'<th scope="col" style="text-align: left">{h}</th>' for h in headings)
    body, plain = "", [caption, "   ".join(f"{h:13}" for h in headings).rstrip()]
    for first, *others in rows:
        cells = "".join(f'<td style="text-align: left">{_html(v)}</td>' for v in others)
        body += f'<tr><th scope="row" style="text-align: left">{escape(first)}</th>{cells}</tr>'
        plain.append("   ".join(f"{_plain(v):13}" for v in (first, *others)).rstrip())
    table = f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"
    table = f'<div style="overflow-x: auto">{table}</div>'
    display({"text/plain": "\n".join(plain), "text/html": table}, raw=True)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "  ".join(f"{n:.4f}" for n in value.flatten()[:6].tolist())
    return str(value)


def _html(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return escape(value)
    drawn = value.flatten()[:3].tolist() if value.is_floating_point() else []
    rects = "".join(
        f'<rect x="{16 * i + 1}" y="{29 - 28 * n:.1f}" width="13" height="{28 * n:.1f}"/>'
        for i, n in enumerate(drawn)
        if 0 <= n <= 1
    )
    style = "fill: var(--jp-brand-color1, #1976d2); vertical-align: middle"
    bars = f'<svg aria-hidden="true" width="48" height="30" style="{style}">{rects}</svg>'
    return f"{bars} {_plain(value)}"
