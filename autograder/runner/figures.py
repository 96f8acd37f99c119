"""The lesson's figures that are the same for everyone: drawn for one submission, shown in all.

A given cell that is tagged "figure" need not be run again where nobody can tell: it names nothing
that a student or a test defines, and no other cell of the submission names what it defines.
"""

from __future__ import annotations

import builtins
import dis
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from functools import cache
from types import CodeType
from typing import Any

from autograder.runner.job import CodeCell, Outputs

_SAFE_BUILTINS = frozenset(dir(builtins)) - {
    *("dir", "eval", "exec", "globals", "input", "locals", "vars")
}


class Figures:
    """The figures of one notebook that a run has seen so far."""

    def __init__(self) -> None:
        self._seen: dict[str, Outputs] = {}  # by the cell's source

    def use_known_figures(self, cells: Sequence[CodeCell]) -> tuple[CodeCell, ...]:
        """Return the cells, the figures that are known with what they show."""
        same = same_for_all(cells)
        return tuple(
            replace(cell, shows=self._seen.get(cell.source)) if index in same else cell
            for index, cell in enumerate(cells)
        )

    def learn(self, cells: Sequence[CodeCell], outputs: Sequence[Outputs]) -> None:
        """Remember what the figures among cells that were run have shown."""
        for index in same_for_all(cells):
            if not any(one["output_type"] == "error" for one in outputs[index]):
                self._seen.setdefault(cells[index].source, outputs[index])


def same_for_all(cells: Sequence[CodeCell]) -> set[int]:
    """Return the indexes of the figures that need not be run for each submission."""
    found: set[int] = set()
    given: set[str] = set()  # names of which everyone has the same, whatever students define
    for index, cell in enumerate(cells):
        if cell.kind == "student":
            continue  # what students define replaces nothing that is given
        loads, stores = _names(cell.source)
        if cell.kind == "test" or not loads <= given | _SAFE_BUILTINS:
            given -= stores
            continue
        given |= stores
        if cell.is_figure and not any(stores & _uses(other) for other in cells):
            found.add(index)
    return found


def _uses(cell: CodeCell) -> Set[str]:
    """Return what a cell may use; a student's text is not even compiled here."""
    if cell.kind == "student":
        return set(re.findall(r"\w+", cell.source))
    return _names(cell.source)[0]


@cache
def _names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a cell of the lesson uses from before it, and those it sets."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow to import

    manager: Any = TransformerManager
    try:
        code = compile(manager().transform_cell(source), "<cell>", "exec")
    except (SyntaxError, ValueError):
        return frozenset(), frozenset()  # it does nothing
    loads: set[str] = set()
    stores: set[str] = set()
    for one in dis.get_instructions(code):
        if one.opname in ("STORE_NAME", "STORE_GLOBAL"):
            stores.add(one.argval)
        elif one.opname in ("LOAD_NAME", "DELETE_NAME") and one.argval not in stores:
            loads.add(one.argval)
        elif isinstance(one.argval, CodeType):
            loads |= set(_names_inside(one.argval)) - stores
    return frozenset(loads), frozenset(stores)


def _names_inside(code: CodeType) -> Iterator[str]:
    """Give the names that a function or class uses and does not set itself."""
    own = set()
    for one in dis.get_instructions(code):
        if one.opname == "STORE_NAME":
            own.add(one.argval)
        elif one.opname == "LOAD_NAME" or "GLOBAL" in one.opname:
            if one.argval not in own:
                yield one.argval
        elif isinstance(one.argval, CodeType):
            yield from _names_inside(one.argval)
