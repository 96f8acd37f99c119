"""What the misconceptions answer to what the checks ask: the build writes it into the notebook.

`causes` lists likely causes: id, words, question. `errors` has parts of what exceptions say, each
with the id of the cause that it shows. `answers` has different answers for each name and each
vector that it is asked for. A row is a cause, and the number of its answer for each vector. In
place of numbers, which would answer another exercise, an answer may name the logits that it is the
softmax of, or a variable of the student's.
"""

from __future__ import annotations

from typing import TypedDict

#: In a row: what softmax gives, nothing that is a tensor, and anything else for a vector of the
#: lesson's own, whose answers might be those of other exercises.
RIGHT, NO_TENSOR, WRONG = -1, -2, -3


class Table(TypedDict):
    """See above."""

    causes: list[tuple[str, str, str]]
    errors: dict[str, str]
    answers: dict[str, list[list[list[float] | dict[str, list[float]] | str]]]
    rows: dict[str, list[list[int]]]


TABLE: Table = {"causes": [], "errors": {}, "answers": {}, "rows": {}}
