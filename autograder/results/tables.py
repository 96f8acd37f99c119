"""Tables of comma-separated values that a spreadsheet opens without running what students wrote."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

#: Where a spreadsheet may see a formula begin: at the start of a cell, or after a mark at which
#: another country's settings begin a new one. The wide forms are Japanese keyboards'.
_FORMULA = re.compile(r'(^|[;,\t\r\n"])(\s*)(?=[=+\-@＝＋－＠])')
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def number(value: float) -> str:
    """Return points with at most two decimals, halves rounded up, without needless zeros."""
    rounded = Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_HALF_UP) + 0
    return f"{rounded:f}".rstrip("0").rstrip(".")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it has one."""
    return f"{count} {noun if count == 1 else f'{noun}s'}"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula; a plain number is none."""
    return _FORMULA.search(text) is not None and not _PLAIN_NUMBER.fullmatch(text)


def safe(text: str) -> str:
    """Return a text for people in one line, with an apostrophe where a formula would begin.

    That is OWASP's advice on CSV injection; quoting alone does not keep a formula from running.
    """
    text = " ".join(text.split())
    return _FORMULA.sub(r"\1\2'", text) if is_formula(text) else text


def write_table(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows as UTF-8 with a byte order mark, by which Excel knows it.

    The file appears whole, or not at all. A folder's name may hold what is no text: it gets a "?".
    """
    new = file.with_name(f"{file.name}.new")
    with new.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
        csv.writer(stream).writerows(rows)
    os.replace(new, file)
