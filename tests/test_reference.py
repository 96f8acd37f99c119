"""The reference that answers are compared with is torch.softmax; the cases reach what they name."""

import math

import pytest
import torch

from autograder.lessons.softmax.cases import EXTREME, MODERATE, X2, X
from autograder.lessons.softmax.reference import exp32, softmax, tolerance
from autograder.marking.compare import close

ALL = [X, X2, *(case.vector for case in (*MODERATE, *EXTREME))]


@pytest.mark.parametrize("vector", ALL, ids=str)
def test_the_reference_is_torch_softmax(vector):
    expected = torch.softmax(torch.tensor(vector, dtype=torch.float64), 0).tolist()
    assert softmax(vector) == pytest.approx(expected, rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("vector", ALL, ids=str)
def test_torch_softmax_itself_is_within_the_tolerance(vector):
    got = torch.softmax(torch.tensor(vector), 0).tolist()
    assert close(got, softmax(vector), tolerance(vector))


@pytest.mark.parametrize("vector", ALL, ids=str)
def test_exp_then_logsumexp_is_within_the_tolerance(vector):
    x = torch.tensor(vector)
    assert close((x - x.logsumexp(0)).exp().tolist(), softmax(vector), tolerance(vector))


@pytest.mark.parametrize("case", MODERATE, ids=str)
def test_the_plain_formula_survives_what_softmax_is_asked(case):
    x = torch.tensor(case.vector)
    got = (x.exp() / x.exp().sum()).tolist()
    assert close(got, softmax(case.vector), tolerance(case.vector))


def test_exp32_overflows_where_float32_does():
    vector = (50.0, 88.7, 88.8, 150.0, 1e4, -1e4)
    expected = torch.exp(torch.tensor(vector)).tolist()
    assert close(exp32(vector), expected, 1e-4)
    assert expected[2] == math.inf


@pytest.mark.parametrize(
    ("got", "expected", "agrees"),
    [
        ([math.nan], [math.nan], True),
        ([math.nan], [0.0], False),
        ([0.0], [math.nan], False),
        ([math.inf], [math.inf], True),
        ([math.inf], [-math.inf], False),
        ([math.inf], [1.0], False),
        ([1e-39], [0.0], True),
        ([1e-30], [0.0], False),
        ([0.0900], [0.09003057], False),
        ([1.0, 2.0], [1.0], False),
        ([-0.5], [0.5], False),
    ],
)
def test_close(got, expected, agrees):
    assert close(got, expected, 2e-5) is agrees
