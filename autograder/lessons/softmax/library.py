"""What torch's own softmax is known by: the exercise is to write it."""

from __future__ import annotations

from typing import Any

import torch

from autograder.lessons.softmax.cases import X2, X
from autograder.marking.cases import drawn
from autograder.marking.fingerprint import Library
from autograder.marking.library import LibraryNames
from autograder.marking.misconceptions import Formula

# A student's code may have put another function in its place where nothing keeps it from that.
_functions: Any = torch._C._VariableFunctions


def _softmax(x: Any) -> Any:
    return _functions.softmax(x, 0)


def _exp_of_log_softmax(x: Any) -> Any:
    return _functions.log_softmax(x, 0).exp()


def _of_columns(form: Formula) -> Formula:
    return lambda x: form(x[:, None].repeat(1, 3))[:, 0]


# Each way to ask it that has last bits of its own: in either precision, through its logarithm,
# along the columns of a matrix, and normalised once more.
_FORMS = (
    _softmax,
    lambda x: _softmax(x.double()),
    _exp_of_log_softmax,
    lambda x: _exp_of_log_softmax(x.double()),
    _of_columns(_softmax),
    _of_columns(_exp_of_log_softmax),
    lambda x: _softmax(x) / _softmax(x).sum(),
)
_NAMES = LibraryNames(
    kernels=("softmax", "scaled_dot_product", "cross_entropy_loss", "attention"),
    functions=("softmax",),
)
_LONG = tuple(drawn("very many numbers", 150, 20.0, seed=100 + number) for number in range(24))
_LONG_AND_LARGE = tuple(
    drawn("very many large numbers", 150, 20.0, seed=200 + number, centre=1000.0)
    for number in range(24)
)
_SHORT = (1.0, -2.0, 0.5, 3.0, -1.0)

LIBRARY = Library(_FORMS, (_LONG,), _NAMES, watched=(X, _SHORT))
#: What overflows in a student's own softmax may be left to the library, too.
LIBRARY_WHEN_LARGE = Library(_FORMS, (_LONG, _LONG_AND_LARGE), _NAMES, watched=(X2, _SHORT))
