"""What of a student's outputs is shown: what is an output, is harmless, and not too much."""

from __future__ import annotations

import json
import re
from typing import Any

from autograder.runner.job import Outputs

#: The most characters that the outputs of all of a student's cells may have together: a thousand
#: cells may each show as much as one may.
MAX_OUTPUTS = 10_000_000

_BASE64 = re.compile(r"[A-Za-z0-9+/=\n]*")


def error_output(name: str, text: str) -> dict[str, Any]:
    """Return an error of ours, as if a cell had ended with it."""
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def screened(outputs: Any) -> Outputs:
    """Return outputs that came over the wire, as far as they are any."""
    checked: Outputs = []
    for one in outputs if isinstance(outputs, list) else ():
        if not isinstance(one, dict):
            continue
        what = one.get("output_type")
        if what == "stream":
            name = "stderr" if one.get("name") == "stderr" else "stdout"
            checked.append({"output_type": what, "name": name, "text": _text(one.get("text"))})
        elif what == "error":
            lines = one.get("traceback")
            checked.append(
                {
                    "output_type": what,
                    "ename": _text(one.get("ename")),
                    "evalue": _text(one.get("evalue")),
                    "traceback": [_text(x) for x in lines] if isinstance(lines, list) else [],
                }
            )
        elif what in ("display_data", "execute_result") and isinstance(one.get("data"), dict):
            kept = {k: v for k, v in one["data"].items() if _is_harmless(k, v)}
            more = {"execution_count": None} if what == "execute_result" else {}
            checked.append({"output_type": what, "data": kept, "metadata": {}, **more})
    return checked


class Room:
    """How much a submission's cells may still show."""

    def __init__(self, left: int) -> None:
        self._left = left

    def fill(self, outputs: Outputs) -> Outputs:
        """Return the outputs as far as there is room for them, and say where one is missing."""
        for index, one in enumerate(outputs):
            self._left -= len(json.dumps(one))
            if self._left < 0:
                text = "[the outputs of all cells together are too long: the rest was left out]\n"
                left_out = {"output_type": "stream", "name": "stdout", "text": text}
                return [*outputs[:index], left_out]
        return outputs


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_harmless(kind: Any, value: Any) -> bool:
    """Whether a part of a student's display can hold nothing that a grader's browser runs."""
    if not isinstance(value, str):
        return False
    if kind in ("image/png", "image/jpeg"):
        return _BASE64.fullmatch(value) is not None
    return kind in ("text/plain", "text/latex")
