"""The mistakes that students make with softmax, the likelier ones first.

A formula gets a tensor of shape (n,), n logits, and returns what a student who makes the mistake
would.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from autograder.lessons.softmax.reference import softmax
from autograder.marking.misconceptions import Formula, Misconception

Tensor = torch.Tensor


def _naive(x: Tensor) -> Tensor:
    return x.exp() / x.exp().sum()


def _stable(x: Tensor) -> Tensor:
    return _naive(x - x.max())


def _one_hot(x: Tensor) -> Tensor:
    return (torch.arange(len(x)) == x.argmax()).float()


def _shifted_by(statistic: Formula) -> tuple[Formula, ...]:
    return (lambda x: _naive(x - statistic(x)),)


def _only_when(statistic: Formula, *limits: float) -> tuple[Formula, ...]:
    """Shift where the statistic is beyond a limit: the limit itself counts, or does not."""
    return (
        *_with(lambda x, c: _stable(x) if statistic(x) > c else _naive(x), *limits),
        *_with(lambda x, c: _stable(x) if statistic(x) >= c else _naive(x), *limits),
    )


def _with(formula: Callable[[Tensor, float], Tensor], *constants: float) -> tuple[Formula, ...]:
    return tuple(lambda x, c=c: formula(x, c) for c in constants)


def _nan_to_one_hot(x: Tensor) -> Tensor:
    p = _naive(x)
    return torch.where(p.isnan(), _one_hot(x), p)


def _whole_nan_to_one_hot(x: Tensor) -> Tensor:
    p = _naive(x)
    return _one_hot(x) if p.isnan().any() else p


def _shares(weights: Tensor) -> Tensor:
    return weights / weights.sum()


# x, or what is left of it after a shift, divided by its size.
_SCALED: tuple[Formula, ...] = (
    lambda x: _stable(x / x.max()),
    lambda x: _naive(x / x.max()),
    lambda x: _naive(x / x.abs().max()),
    lambda x: _naive(x / x.norm()),
    lambda x: _naive(x / x.sum()),
    lambda x: _naive(x / x.abs().sum()),
    lambda x: _naive(x / x.mean()),
    lambda x: _naive((x - x.mean()) / x.std()),
    lambda x: _naive((x - x.mean()) / x.std(correction=0)),
    lambda x: _naive((x - x.min()) / (x.max() - x.min())),
    lambda x: _stable((x - x.max()) / x.max()),
    lambda x: _stable((x - x.max()) / x.abs().max()),
)

# The constants students write.
_EPSILONS = (*(10.0**-n for n in (*range(11), 12, 15, 16, 20)), 2.0**-23, 2.0**-52, 2.0**-126)
_SHIFTS = (1, 3, *range(10, 160, 10), 75, 85, 87, 88, 200, 300, 500, 1000, 10000)
_LIMITS = (1, 5, 10, 20, 30, 50, 60, 70, 80, 85, 87, 88, 88.7, 88.72, 100, 500, 700, 709)
_SMALL = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-20, 1e-30)
_IN_PLACE_OF_INF = (
    *(0.0, 1.0, 100.0, 1e3, 1e6, 1e9, 1e10, 1e20, 1e30, 1e35, 1e37, 1e38, 3e38, 3.4e38),
)
_NEARLY_E = (2.7183, 2.7182, 2.718, 2.72, 2.71, 2.7, 2.8, 3.0)
_FACTORS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.7, 0.75, 0.8, 0.9),
    *(1.1, 1.2, 1.25, 1 / 0.7, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0),
)

_OF_SHARES = (
    # Normalising
    Misconception(
        "not-normalised",
        "This looks like exp(x) by itself: the numbers do not add up to 1.",
        "What would you divide each of these numbers by to make them shares of a whole?",
        (torch.exp,),
    ),
    Misconception(
        "exp-over-sum-of-x",
        "This looks like exp(x) divided by the sum of x.",
        "Which numbers have to add up to the denominator, so that the shares add up to 1: "
        "the x, or what exp made of them?",
        (
            lambda x: x.exp() / x.sum(),
            lambda x: (x - x.max()).exp() / x.sum(),
            lambda x: (x - x.max()).exp() / (x - x.max()).sum(),
        ),
    ),
    Misconception(
        "x-over-sum",
        "This looks like x divided by the sum of x: exp is missing.",
        "What happens to your outputs when one of the inputs is negative?",
        (_shares,),
    ),
    Misconception(
        "identity",
        "Your function gives back what it was given.",
        "What does softmax do with x first?",
        (lambda x: x,),
    ),
    Misconception(
        "x-over-sum-of-exps",
        "This looks like x divided by the sum of exp(x): the numerator is x itself.",
        "What has to be on top, so that the shares add up to 1?",
        (
            lambda x: x / x.exp().sum(),
            lambda x: x / (x - x.max()).exp().sum(),
            lambda x: (x - x.max()) / (x - x.max()).exp().sum(),
        ),
    ),
    Misconception(
        "exp-over-max",
        "This looks like exp(x) divided by its largest element: the largest output is always 1.",
        "If one output is already 1, what is left for the others?",
        (lambda x: x.exp() / x.exp().max(), lambda x: (x - x.max()).exp()),
    ),
    Misconception(
        "exp-over-mean",
        "This looks like exp(x) divided by its mean.",
        "Your outputs add up to how many there are. What should they add up to?",
        (
            lambda x: x.exp() / x.exp().mean(),
            lambda x: (x - x.max()).exp() / (x - x.max()).exp().mean(),
        ),
    ),
    Misconception(
        "exp-over-length",
        "This looks like exp(x) divided by how many numbers there are.",
        "Does dividing by n make the outputs add up to 1 for every x?",
        (lambda x: x.exp() / len(x), lambda x: (x - x.max()).exp() / len(x)),
    ),
    Misconception(
        "exp-over-norm",
        "This looks like exp(x) divided by its Euclidean norm: the squares add up to 1.",
        "Which add up to 1 for probabilities: the numbers, or their squares?",
        (
            lambda x: x.exp() / x.exp().norm(),
            lambda x: (x - x.max()).exp() / (x - x.max()).exp().norm(),
            lambda x: torch.nn.functional.normalize(x.exp(), dim=0),
        ),
    ),
    Misconception(
        "exp-over-exp-of-sum",
        "This looks like exp(x) divided by the exp of the sum of x.",
        "Is exp(a + b) the same as exp(a) + exp(b)? Which of them does the formula ask for?",
        (lambda x: x.exp() / x.sum().exp(), lambda x: (x - x.sum()).exp()),
    ),
    Misconception(
        "exp-twice-in-denominator",
        "This looks like exp(x) divided by the exp of the sum of exp(x).",
        "The denominator is a sum of exponentials. What does another exp do to it?",
        (
            lambda x: x.exp() / x.exp().sum().exp(),
            lambda x: (x - x.max()).exp() / (x - x.max()).exp().sum().exp(),
            lambda x: x.exp() / x.exp().exp().sum(),
        ),
    ),
    Misconception(
        "exp-of-shares",
        "This looks like exp taken after dividing x by its sum.",
        "Which comes first in the formula, exp or the division?",
        (lambda x: _shares(x).exp(),),
    ),
    Misconception(
        "exp-over-cumsum",
        "This looks like exp(x) divided by a running total: each output uses another denominator.",
        "Should the first output know of the inputs that come after it?",
        (lambda x: x.exp() / x.exp().cumsum(0),),
    ),
    Misconception(
        "excludes-own-term",
        "In each denominator the element's own exp seems to be left out.",
        "A share of a whole: is the part itself in the whole?",
        (lambda x: x.exp() / (x.exp().sum() - x.exp()),),
    ),
    Misconception(
        "first-three-only",
        "The denominator seems to be made of the first three elements only.",
        "What should change in your function when x has four elements?",
        (lambda x: x.exp() / x[:3].exp().sum(),),
    ),
    Misconception(
        "minus-sum",
        "This looks like the sum subtracted from exp(x), where it should divide.",
        "Which operation turns parts into shares of a whole?",
        (lambda x: x.exp() - x.exp().sum(),),
    ),
    Misconception(
        "times-sum",
        "This looks like exp(x) multiplied by the sum, where it should be divided.",
        "Should an output get larger or smaller when the other inputs grow?",
        (lambda x: x.exp() * x.exp().sum(),),
    ),
    Misconception(
        "inverted",
        "The fraction looks upside down: the sum is divided by exp(x).",
        "Which is larger, a part or the whole? And which of them belongs on top?",
        (lambda x: x.exp().sum() / x.exp(),),
    ),
    Misconception(
        "denominator-only",
        "This looks like the denominator alone: the sum of exp(x).",
        "How many outputs should there be for three inputs?",
        (lambda x: x.exp().sum(),),
    ),
    Misconception(
        "percent",
        "These look like percentages: the outputs add up to 100.",
        "What should the outputs of softmax add up to?",
        (lambda x: 100 * _stable(x), lambda x: 100 * _naive(x)),
    ),
    Misconception(
        "twice",
        "This looks like softmax of softmax: it is applied twice.",
        "After one normalisation the outputs add up to 1. What does another one do to them?",
        (lambda x: _stable(_stable(x)), lambda x: _naive(_naive(x))),
    ),
    # Other functions
    Misconception(
        "log-softmax",
        "This looks like the logarithm of softmax: all outputs are 0 or less.",
        "Can a share of a whole be negative?",
        (
            lambda x: x - x.logsumexp(0),
            lambda x: torch.log_softmax(x, 0),
            lambda x: x - x.exp().sum().log(),
            lambda x: _naive(x).log(),
        ),
    ),
    Misconception(
        "negative-log",
        "This looks like minus the logarithm of softmax.",
        "Which input gets the largest output in yours, and which should?",
        (lambda x: x.logsumexp(0) - x, lambda x: -_naive(x).log()),
    ),
    Misconception(
        "softmin",
        "This looks like softmax of -x: the smallest input gets the largest output.",
        "Where did a minus sign come in?",
        (lambda x: _stable(-x), lambda x: _naive(-x), lambda x: _naive(x.max() - x)),
    ),
    Misconception(
        "sigmoid",
        "This looks like the sigmoid of each element by itself.",
        "Does your first output change when only the last input does? Should it?",
        (torch.sigmoid,),
    ),
    Misconception(
        "one-hot",
        "This is 1 at the largest input and 0 elsewhere: the hard maximum, not the soft one.",
        "What should the outputs be when two inputs are almost equal?",
        (
            _one_hot,
            lambda x: (x == x.max()).float(),
            lambda x: (x == x.max()) / (x == x.max()).sum(),
        ),
    ),
    Misconception(
        "argmax-index",
        "This is the position of the largest input.",
        "Softmax is a soft version of that: how many numbers should come out?",
        (lambda x: x.argmax(),),
    ),
    Misconception(
        "largest-only",
        "This is only the largest of the outputs.",
        "How many outputs should there be for three inputs?",
        (lambda x: _stable(x).max(), lambda x: _naive(x).max()),
    ),
    Misconception(
        "base-2",
        "This looks like softmax with powers of 2 in place of powers of e.",
        "Which number is raised to the power x in the formula?",
        (lambda x: _shares(x.exp2()), lambda x: _shares((x - x.max()).exp2())),
    ),
    Misconception(
        "base-10",
        "This looks like softmax with powers of 10 in place of powers of e.",
        "Which number is raised to the power x in the formula?",
        (lambda x: _shares(10**x), lambda x: _shares(10 ** (x - x.max()))),
    ),
    Misconception(
        "absolute-shares",
        "This looks like |x| divided by the sum of |x|: exp is missing.",
        "Should -3 and 3 get the same output?",
        (
            lambda x: _shares(x.abs()),
            lambda x: x / x.abs().sum(),
            lambda x: torch.nn.functional.normalize(x, p=1, dim=0),
            lambda x: torch.nn.functional.normalize(x.abs(), p=1, dim=0),
        ),
    ),
    Misconception(
        "squares",
        "This looks like x² divided by the sum of x²: exp is missing.",
        "Should -3 and 3 get the same output?",
        (lambda x: _shares(x * x),),
    ),
    Misconception(
        "relu-shares",
        "This looks like max(x, 0) divided by its sum: negative inputs get nothing.",
        "Is exp of a negative number ever 0?",
        (lambda x: _shares(x.clamp(min=0)),),
    ),
    Misconception(
        "log-shares",
        "This looks like log(x) divided by its sum: log in place of exp.",
        "What is log of a negative number? And exp of one?",
        (lambda x: _shares(x.log()),),
    ),
    Misconception(
        "softplus-shares",
        "This looks like log(1 + exp(x)) divided by its sum.",
        "Which function turns the inputs into positive numbers in the formula?",
        (lambda x: _shares(torch.log1p(x.exp())), lambda x: _shares(torch.log(1 + x.exp()))),
    ),
    Misconception(
        "expm1",
        "This looks like exp(x) - 1 in place of exp(x).",
        "What should an input of 0 contribute to the whole?",
        (lambda x: _shares(x.expm1()), lambda x: x.expm1() / x.exp().sum()),
    ),
    Misconception(
        "min-max-scaling",
        "This looks like (x - min) / (max - min): a stretch to the range from 0 to 1.",
        "Do your outputs add up to 1?",
        (lambda x: (x - x.min()) / (x.max() - x.min()),),
    ),
    Misconception(
        "standardised",
        "This looks like (x - mean) / standard deviation.",
        "Can a share of a whole be negative?",
        (lambda x: (x - x.mean()) / x.std(), lambda x: (x - x.mean()) / x.std(correction=0)),
    ),
    Misconception(
        "uniform",
        "All outputs are the same, whatever x is.",
        "Which output should be the largest?",
        (
            lambda x: torch.ones_like(x) / len(x),
            lambda x: torch.ones(len(x)) / 3,
            *_with(lambda x, c: torch.full_like(x, c), 1.0, 0.5),
        ),
    ),
    Misconception(
        "exp-of-positions",
        "This looks like softmax of the positions of the elements, whatever they are.",
        "Where does your function use the numbers of its argument?",
        (
            lambda x: _naive(torch.arange(len(x)).float()),
            lambda x: _naive(torch.arange(1, len(x) + 1).float()),
        ),
    ),
    Misconception(
        "temperature",
        "This looks like softmax of x times a constant: sharper or flatter than it should be.",
        "What is x multiplied or divided by before exp? Is that in the formula?",
        (
            *_with(lambda x, c: _naive(x * c), *_FACTORS),
            *_with(lambda x, c: _stable(x * c), *_FACTORS),
        ),
    ),
    Misconception(
        "rounded",
        "The outputs seem to be rounded.",
        "What becomes of a share of one in a million when it is rounded?",
        (
            *_with(lambda x, c: torch.round(_stable(x), decimals=int(c)), 1, 2, 3, 4, 5, 6),
            *_with(lambda x, c: torch.round(_naive(x), decimals=int(c)), 1, 2, 3, 4, 5, 6),
        ),
    ),
    Misconception(
        "rounded-exps",
        "The exponentials seem to be rounded before they are divided.",
        "What becomes of exp(-5) when it is rounded?",
        (
            *_with(lambda x, c: _shares(torch.round(x.exp(), decimals=int(c))), *range(7)),
            *_with(
                lambda x, c: _shares(torch.round((x - x.max()).exp(), decimals=int(c))), *range(7)
            ),
            lambda x: _shares(x.exp().floor()),
            lambda x: _shares(x.exp().ceil()),
        ),
    ),
    Misconception(
        "epsilon",
        "The denominator seems to have a small number added to it.",
        "How large is the sum of exp(x) when all inputs are far below zero?",
        _with(
            lambda x, c: x.exp() / (x.exp().sum() + c),
            *_EPSILONS,
        )
        + _with(
            lambda x, c: (x - x.max()).exp() / ((x - x.max()).exp().sum() + c),
            1.0,
            0.1,
            0.01,
            1e-3,
            1e-4,
        ),
    ),
    Misconception(
        "small-exps-cut",
        "The smallest exponentials seem to be replaced by 0.",
        "What is the share of an input whose exponential is small, but all others are, too?",
        (
            *_with(lambda x, c: _shares(x.exp() * (x.exp() >= c)), *_SMALL),
            *_with(lambda x, c: _shares((x - x.max()).exp() * ((x - x.max()).exp() >= c)), *_SMALL),
        ),
    ),
    Misconception(
        "small-shares-cut",
        "The smallest shares seem to be replaced by 0.",
        "Can a share of a whole be exactly 0 on paper?",
        (
            *_with(lambda x, c: _naive(x) * (_naive(x) >= c), *_SMALL),
            *_with(lambda x, c: _stable(x) * (_stable(x) >= c), *_SMALL),
        ),
    ),
    Misconception(
        "half-precision",
        "The outputs have only a few right digits, as if computed in half precision.",
        "How many digits does a float16 keep, and how many a float32?",
        (
            lambda x: _naive(x.half()).float(),
            lambda x: _stable(x.half()).float(),
            lambda x: _stable(x.half().float()),
            lambda x: _stable(x).half().float(),
            lambda x: _naive((x - x.max()).half()).float(),
            lambda x: _naive(x.half().float()),
            lambda x: _naive((x - x.max()).bfloat16()).float(),
            lambda x: _naive(x.bfloat16()).float(),
            lambda x: _stable(x.bfloat16()).float(),
            lambda x: _stable(x).bfloat16().float(),
        ),
    ),
    Misconception(
        "exp-of-absolute",
        "This looks like softmax of |x|: the signs are lost.",
        "Should -3 and 3 get the same output?",
        (lambda x: _naive(x.abs()), lambda x: _stable(x.abs())),
    ),
    Misconception(
        "exp-of-squares",
        "This looks like softmax of x²: the signs are lost.",
        "Should -3 and 3 get the same output?",
        (lambda x: _naive(x * x), lambda x: _stable(x * x)),
    ),
    Misconception(
        "exp-twice",
        "This looks like exp applied twice before normalising.",
        "How often does e stand in the numerator of the formula?",
        (lambda x: _naive(x.exp()), lambda x: _stable(x.exp())),
    ),
    Misconception(
        "exp-of-softmax",
        "This looks like exp applied to the finished shares.",
        "Which step comes last in the formula?",
        (lambda x: _naive(x).exp(), lambda x: _stable(x).exp()),
    ),
    Misconception(
        "sigmoid-shares",
        "This looks like the sigmoid of each element, divided by their sum.",
        "Which function turns the inputs into positive numbers in the formula?",
        (lambda x: _shares(x.sigmoid()),),
    ),
    Misconception(
        "tanh",
        "This looks like tanh of each element.",
        "Which function is in the formula? Can a share be negative?",
        (torch.tanh, lambda x: _shares(x.tanh())),
    ),
    Misconception(
        "one-minus",
        "This looks like 1 minus softmax: what is left over for the others.",
        "Which input should get the largest output?",
        (lambda x: 1 - _stable(x), lambda x: 1 - _naive(x)),
    ),
    Misconception(
        "weighted-by-x",
        "This looks like the shares multiplied by x.",
        "What should the outputs add up to?",
        (
            lambda x: x * _stable(x),
            lambda x: x * _naive(x),
            lambda x: (x * _stable(x)).sum(),
            lambda x: (torch.arange(len(x)) * _stable(x)).sum(),
        ),
    ),
    Misconception(
        "log-of-sum",
        "This looks like the logarithm of the sum of exp(x), a single number.",
        "How many outputs should there be for three inputs?",
        (lambda x: x.logsumexp(0), lambda x: x.exp().sum().log()),
    ),
    Misconception(
        "scaled-by-length",
        "This looks like softmax of x divided by how many numbers there are, or its root.",
        "What is x divided by before exp? Is that in the formula?",
        (
            lambda x: _naive(x / len(x)),
            lambda x: _stable(x / len(x)),
            lambda x: _naive(x / len(x) ** 0.5),
            lambda x: _stable(x / len(x) ** 0.5),
        ),
    ),
    Misconception(
        "scaled-inputs",
        "This looks like softmax of x divided by its own size.",
        "What is x divided by before exp? Is that in the formula?",
        _SCALED,
    ),
    Misconception(
        "shift-without-exp",
        "This looks like x minus its maximum, divided by a sum: exp is missing.",
        "Can a share of a whole be negative?",
        (
            lambda x: x - x.max(),
            lambda x: _shares(x - x.max()),
            lambda x: (x - x.max()) / x.sum(),
            lambda x: _shares(x - x.min()),
        ),
    ),
    Misconception(
        "two-shifts",
        "The numerator and the denominator seem to be shifted by different numbers.",
        "By what does each shift multiply its part of the fraction? Do the factors cancel?",
        (
            lambda x: (x - x.max()).exp() / (x - x.min()).exp().sum(),
            lambda x: (x - x.min()).exp() / (x - x.max()).exp().sum(),
            lambda x: (x - x.max()).exp() / (x - x.mean()).exp().sum(),
        ),
    ),
    Misconception(
        "whole-numbers",
        "The outputs seem to be turned into whole numbers.",
        "What is the whole-number part of a share?",
        (
            lambda x: _stable(x).long(),
            lambda x: _stable(x).round(),
            lambda x: (100 * _stable(x)).round(),
            lambda x: (100 * _stable(x)).long(),
        ),
    ),
    Misconception(
        "raised-floor",
        "The smallest outputs seem to be raised to some floor.",
        "What should the output be for an input that is far below the others?",
        (
            *_with(lambda x, c: _stable(x).clamp(min=c), *_EPSILONS[3:]),
            *_with(lambda x, c: _naive(x) + c, *_EPSILONS[3:]),
            *_with(lambda x, c: _stable(x) + c, *_EPSILONS[3:]),
            *_with(lambda x, c: _shares(x.exp() + c), *_EPSILONS),
            *_with(lambda x, c: _shares((x - x.max()).exp() + c), *_EPSILONS),
        ),
    ),
    Misconception(
        "typed-e",
        "This looks like powers of a number that is only near e.",
        "How many digits of e did you type? torch.exp knows them all.",
        (
            *_with(lambda x, c: _shares(c**x), *_NEARLY_E),
            *_with(lambda x, c: _shares(c ** (x - x.max())), *_NEARLY_E),
            *_with(lambda x, c: _shares(c ** x.double()), *_NEARLY_E),
        ),
    ),
    # The right numbers in the wrong way
    Misconception(
        "hard-coded-answer",
        "Your function gives the same numbers whatever it is given.",
        "Where does it use its argument? Is there another x in it, or a printed number?",
        (
            lambda x: torch.tensor(softmax((1.0, 2.0, 3.0))),
            lambda x: torch.tensor([0.0900, 0.2447, 0.6652]),
            lambda x: torch.tensor([0.09, 0.245, 0.665]),
        ),
    ),
    Misconception(
        "another-x",
        "The notebook's own x seems to be used inside, beside the argument.",
        "Which name does your function give to its argument, and which name do its lines use?",
        (
            lambda x: x.exp() / torch.tensor([1.0, 2.0, 3.0]).exp().sum(),
            lambda x: torch.tensor([1.0, 2.0, 3.0]).exp() / x.exp().sum(),
            lambda x: (x - 3).exp() / torch.tensor([-2.0, -1.0, 0.0]).exp().sum(),
            lambda x: (x - x.max()).exp() / torch.tensor([-2.0, -1.0, 0.0]).exp().sum(),
        ),
    ),
    Misconception(
        "sorted",
        "These are the right numbers, sorted: each must stay at its own input's place.",
        "Which output belongs to the first input?",
        (
            lambda x: _stable(x).sort().values,
            lambda x: _stable(x).sort(descending=True).values,
        ),
    ),
    Misconception(
        "reversed",
        "These are the right numbers in reverse order.",
        "Which output belongs to the first input?",
        (lambda x: _stable(x).flip(0),),
    ),
)

# Overflow, and how not to repair it.
_OF_OVERFLOW = (
    Misconception(
        "not-shifted",
        "This looks like plain exp(x) / sum of exp(x): exp still overflows when x is large.",
        "What could you subtract from all elements, without changing the answer, before exp?",
        (
            _naive,
            lambda x: (x - x.exp().sum().log()).exp(),
            lambda x: x.exp() * x.exp().sum().reciprocal(),
            lambda x: _shares((-x.max()).exp() * x.exp()),
            *_with(lambda x, c: x.exp() / (x.exp().sum() + c), *_EPSILONS[4:]),
            *_with(lambda x, c: _shares(x.exp() + c), *_EPSILONS[4:]),
        ),
    ),
    Misconception(
        "shift-numerator-only",
        "The shift seems to be in the numerator only.",
        "If you divide the top of a fraction by a number, what must you do to the bottom?",
        (lambda x: (x - x.max()).exp() / x.exp().sum(),),
    ),
    Misconception(
        "shift-denominator-only",
        "The shift seems to be in the denominator only.",
        "If you divide the bottom of a fraction by a number, what must you do to the top?",
        (lambda x: x.exp() / (x - x.max()).exp().sum(),),
    ),
    Misconception(
        "shift-by-mean",
        "This looks like a shift by the mean of x.",
        "What is the largest element after your shift, when one x is far above the others?",
        _shifted_by(torch.mean),
    ),
    Misconception(
        "shift-by-min",
        "This looks like a shift by the smallest element.",
        "After your shift all elements are 0 or more. Where does exp overflow?",
        _shifted_by(torch.min),
    ),
    Misconception(
        "shift-by-median",
        "This looks like a shift by the median of x.",
        "What is the largest element after your shift, when one x is far above the others?",
        _shifted_by(torch.median),
    ),
    Misconception(
        "shift-by-first",
        "This looks like a shift by the first element.",
        "What is the largest element after your shift, when the first one is small?",
        _shifted_by(lambda x: x[0]),
    ),
    Misconception(
        "shift-by-last",
        "This looks like a shift by the last element.",
        "What is the largest element after your shift, when x is in descending order?",
        _shifted_by(lambda x: x[-1]),
    ),
    Misconception(
        "shift-by-end",
        "This looks like a shift by the larger of the first and the last element, or by the last "
        "one that is larger than the first.",
        "What is the largest element after your shift, when the largest one is in the middle?",
        (
            *_shifted_by(lambda x: torch.maximum(x[0], x[-1])),
            *_shifted_by(lambda x: x[x > x[0]][-1] if (x > x[0]).any() else x[0]),
        ),
    ),
    Misconception(
        "shift-by-sum",
        "This looks like a shift by the sum of x.",
        "How far below zero do all elements get? What is exp of that?",
        _shifted_by(torch.sum),
    ),
    Misconception(
        "shift-by-abs-max",
        "This looks like a shift by the largest absolute value.",
        "What becomes of your shift when all elements are very negative?",
        _shifted_by(lambda x: x.abs().max()),
    ),
    Misconception(
        "shift-by-norm",
        "This looks like a shift by the norm of x.",
        "What becomes of your shift when all elements are very negative?",
        _shifted_by(torch.norm),
    ),
    Misconception(
        "shift-by-position",
        "This looks like a shift by the position of the largest element.",
        "What do argmax and max give for [0, 700, 0]?",
        _shifted_by(torch.argmax),
    ),
    Misconception(
        "shift-by-constant",
        "This looks like a shift by a fixed number.",
        "For which x was that number right? What would be right for every x?",
        _with(
            lambda x, c: _naive(x - c),
            *_SHIFTS,
        ),
    ),
    Misconception(
        "shift-added",
        "The largest element seems to be added where it should be subtracted.",
        "Are your elements larger or smaller after the shift? Which helps exp?",
        (lambda x: _naive(x + x.max()),),
    ),
    Misconception(
        "shift-after-exp",
        "The largest element seems to be subtracted after exp, not before.",
        "In which step does the overflow happen? Can a later step undo it?",
        (
            lambda x: _shares(x.exp() - x.max()),
            lambda x: _shares(x.exp() - x.exp().max()),
            lambda x: (x.exp() - x.max()) / x.exp().sum(),
            lambda x: _naive(x) - _naive(x).max(),
            lambda x: _naive(x) - x.max(),
            lambda x: x.exp() / (x.exp() - x.max()).sum(),
        ),
    ),
    Misconception(
        "scaled-not-shifted",
        "This looks like x divided by its size, where something should be subtracted.",
        "Which leaves softmax as it was: adding the same number to all inputs, or scaling them?",
        _SCALED,
    ),
    Misconception(
        "clamped",
        "Inputs beyond some limit seem to be cut off: different inputs become equal.",
        "What are the outputs for 1000 and 2000 once both are cut off at the same value?",
        (
            *_with(
                lambda x, c: _naive(x.clamp(max=c)),
                *_LIMITS,
            ),
            *_with(
                lambda x, c: _naive(x.clamp(-c, c)),
                *_LIMITS,
            ),
            *_with(
                lambda x, c: _naive((x - x.max()).clamp(min=-c)), 1, 5, 10, 20, 30, 50, 60, 70, 80
            ),
            *_with(
                lambda x, c: _shares(x.exp().clamp(max=c)),
                *(3.4e38, 3e38, 1e38, 1e37, 1e30, 1e20, 1e10),
            ),
            *_with(lambda x, c: _naive(x.double().clamp(max=c)), 500, 700, 709),
            *_with(lambda x, c: _naive(x.double().clamp(max=c)).nan_to_num(nan=0.0), 500, 700, 709),
            *_with(lambda x, c: _shares(x.exp().clamp(min=c)), 1e-30, 1e-20, 1e-12, 1e-10, 1e-8),
            *_with(lambda x, c: _stable(x.clamp(-c, c)), *_LIMITS),
            *_with(lambda x, c: _stable(x.clamp(max=c)), *_LIMITS),
        ),
    ),
    Misconception(
        "nan-replaced",
        "The nan seem to be replaced by other numbers after they have appeared.",
        "Do your outputs still add up to 1? What was lost before the nan came?",
        (
            *_with(lambda x, c: _naive(x).nan_to_num(nan=c), 0.0, 1.0, 0.5, 1e-9, 1 / 3),
            lambda x: torch.where(_naive(x).isnan(), 1 / len(x), _naive(x)),
            lambda x: _shares(_naive(x).nan_to_num(nan=1.0)),
            lambda x: _shares(_naive(x).nan_to_num(nan=0.0)),
            *_with(lambda x, c: _shares(_naive(x).nan_to_num(nan=c)), 0.5, 1 / 3, 1e-9),
            lambda x: _shares(torch.where(_naive(x).isnan(), 1 / len(x), _naive(x))),
            lambda x: torch.ones_like(x) / len(x) if _naive(x).isnan().any() else _naive(x),
            lambda x: torch.zeros_like(x) if _naive(x).isnan().any() else _naive(x),
            _nan_to_one_hot,
            _whole_nan_to_one_hot,
        ),
    ),
    Misconception(
        "inf-replaced",
        "The inf seem to be replaced by other numbers after they have appeared.",
        "Which of the exponentials were larger than the others, before both became inf?",
        (
            *_with(lambda x, c: _shares(x.exp().nan_to_num(posinf=c)), *_IN_PLACE_OF_INF),
            lambda x: _shares(x.exp().nan_to_num()),
            lambda x: _shares(torch.where(x.exp().isinf(), 1 / len(x), x.exp())),
            lambda x: x.exp().nan_to_num() / x.exp().sum().nan_to_num(),
        ),
    ),
    Misconception(
        "float64-not-shifted",
        "This looks like the plain formula in double precision: it overflows too, only later.",
        "Where does exp overflow in double precision?",
        (
            lambda x: _naive(x.double()),
            lambda x: (x.double() - x.double().exp().sum().log()).exp(),
        ),
    ),
    Misconception(
        "shift-only-when-big",
        "The shift seems to be done only when some number is large.",
        "What is exp of a very negative number? And the sum, when all are very negative?",
        (
            *_shifted_by(lambda x: x.max().clamp(min=0)),
            *_only_when(lambda x: x.max(), 80, 85, 87, 88, 88.7, 90, 100, 150, 200, 500, 709, 1000),
            *_only_when(lambda x: x.abs().max(), 88, 88.7, 90, 100, 150, 200, 500, 709, 1000),
            *_only_when(lambda x: x.exp().isinf().any(), 0.5),
            *_only_when(lambda x: x.exp().sum().isinf(), 0.5),
            *_only_when(lambda x: _naive(x).isnan().any(), 0.5),
        ),
    ),
)

# Behaviour, in this lesson's own words.
_OF_BEHAVIOUR = (
    Misconception(
        "wrong-shape",
        "The result has another shape than the input.",
        "How many outputs, in which arrangement, should there be for three inputs?",
    ),
    Misconception(
        "library-call",
        "A library's softmax does the work here; the exercise is to write it yourself.",
        "Which two steps does the formula have, and which torch function does each?",
    ),
    Misconception(
        "right-only-for-lesson-x",
        "Your function is right for x = [1, 2, 3] and for no other vector.",
        "What in your function holds only for [1, 2, 3]?",
    ),
)

MISCONCEPTIONS = (*_OF_SHARES, *_OF_OVERFLOW, *_OF_BEHAVIOUR)
#: What is likelier where a function has to bear large numbers.
WITH_LARGE_NUMBERS = tuple(each.id for each in _OF_OVERFLOW)
