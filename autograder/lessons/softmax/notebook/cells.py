"""Knows which cells have stopped, so that no check judges what an earlier run left behind."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from IPython.core.getipython import get_ipython

#: The names whose cell stopped when it was last run, each with why.
_stopped: dict[str, str] = {}
_EVENT = "post_run_cell"


def watch_cells(names: Collection[str]) -> None:
    """Notice from now on when a cell that defines one of these names stops."""
    shell: Any = get_ipython()
    if shell is None:
        return
    for known in list(shell.events.callbacks[_EVENT]):
        if getattr(known, "is_the_lessons", False):  # its cell is run once more
            shell.events.unregister(_EVENT, known)

    def note(result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        for name in names:
            if _defines(name, result.info.raw_cell or ""):
                _stopped.pop(name, None)
                if error is not None:
                    _stopped[name] = _told(error)

    note.is_the_lessons = True  # type: ignore[attr-defined]
    shell.events.register(_EVENT, note)


def why_stopped(names: Collection[str]) -> str:
    """Return why the cell that defines these names stopped, or "" if it did not."""
    return next((_stopped[name] for name in names if name in _stopped), "")


def _defines(name: str, source: str) -> bool:
    """Whether a cell assigns to a name, or defines a function of that name."""
    begins = rf"^[ \t]*(?:def[ \t]+{name}\b|(?:\w+[ \t]*,[ \t]*)*{name}[ \t]*(?:,[^=\n]*)?=(?!=))"
    return re.search(begins, source, re.MULTILINE) is not None


def _told(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)  # no name of a file
    return f"{type(error).__name__}: {text!s:.200}" if text else type(error).__name__
