"""The exercises of the lesson on softmax: what is right, what it is worth, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from types import MappingProxyType

from autograder.lessons.softmax.cases import EXTREME, MODERATE, THREE_NUMBERS, VERY_LARGE, X2, X
from autograder.lessons.softmax.library import LIBRARY, LIBRARY_WHEN_LARGE
from autograder.lessons.softmax.misconceptions import MISCONCEPTIONS, WITH_LARGE_NUMBERS
from autograder.lessons.softmax.reference import exp32, exp64, softmax, tolerance
from autograder.marking.cases import Case, Vector
from autograder.marking.choices import TablePart, WordPart
from autograder.marking.functions import FunctionPart
from autograder.marking.lesson import Exercise, Lesson, Question
from autograder.marking.observation import Observation
from autograder.marking.scalars import ScalarPart
from autograder.marking.tensors import Hint, TensorPart
from autograder.marking.work import Work

_NAN = float("nan")

#: x2 after the shift by hand.
SHIFTED = tuple(value - 150 for value in X2)


# --- The two functions ----------------------------------------------------------------------------


def _explain(result: Observation) -> str:
    """Say which property of softmax a result breaks, without its numbers."""
    if not result.dtype.startswith(("float", "bfloat")):
        return f"The result's dtype is {result.dtype}; shares need a float dtype."
    if not result.values:
        return "The result is not an ordinary, dense tensor."
    if any(value != value for value in result.values):
        return "There is nan in the result: where does inf / inf or 0 / 0 come from?"
    if any(value < 0 for value in result.values):
        return "Some outputs are negative; softmax's outputs are shares of a whole."
    if abs(sum(result.values) - 1) > 1e-3:
        return "The outputs do not add up to 1; shares of a whole do."
    return "The outputs add up to 1, but they are not each element's share."


_OF_X = Case(X, "x = [1, 2, 3]")
_OF_X2 = Case(X2, "x2 = [50, 100, 150]")
_KNOWN = MappingProxyType({X: "softmax_torch(x)", X2: ""})

SOFTMAX = FunctionPart(
    "softmax",
    reference=softmax,
    tolerance=tolerance,
    core=(_OF_X, *THREE_NUMBERS),
    others=MODERATE,
    core_points=1,
    other_points=2,
    argument_points=1,
    praise="is right for vectors of every length, order and sign. Well done!",
    known=_KNOWN,
    explain=_explain,
    library=LIBRARY,
    probes=(X, X[::-1], SHIFTED, X2),
)
SOFTMAX_STABLE = FunctionPart(
    "softmax_stable",
    reference=softmax,
    tolerance=tolerance,
    core=(_OF_X, _OF_X2, *THREE_NUMBERS),
    others=(*MODERATE, *EXTREME),
    core_points=2,
    other_points=2,
    argument_points=1,
    praise="is right however large or small the numbers are. Well done!",
    known=_KNOWN,
    explain=_explain,
    long=VERY_LARGE,
    likelier=WITH_LARGE_NUMBERS,
    library=LIBRARY_WHEN_LARGE,
    probes=(X, X[::-1], SHIFTED, X2),
)


# --- Tensors that are the softmax of something ----------------------------------------------------


def _remark_on_shares(seen: Observation) -> str:
    if any(value != value for value in seen.values):
        return "There is nan in it; softmax of these numbers is not nan."
    if abs(sum(seen.values) - 1) > 1e-3:
        return f"Its numbers add up to {sum(seen.values):.4g}; softmax's add up to 1."
    return ""


def _shares(
    name: str,
    logits: Vector,
    *hints: Hint,
    function: FunctionPart = SOFTMAX,
    follows: Callable[[Work], Sequence[Observation]] = lambda work: (),
    goes_with: str = "",
) -> TensorPart:
    """Return the part that is the softmax of some logits."""
    return TensorPart(
        name,
        points=1,
        expected=softmax(logits),
        relative=tolerance(logits),
        function=function,
        argument=logits,
        hints=hints,
        remark=_remark_on_shares,
        follows=follows,
        goes_with=goes_with,
    )


def _first_steps(work: Work) -> list[Observation]:
    """Return what softmax may begin with: exp of their own x2, or what a stable one does."""
    own = work.vector("x2")
    steps = [exp32(own)] if own else []
    call = work.call("softmax", X2)
    large = call.result.values if call is not None else ()
    if large and all(map(isfinite, large)):
        # Their softmax does not overflow: it shifts first, or works in double precision.
        steps.append(SHIFTED)
        steps.append(tuple(map(exp64, X2)))
    return [
        Observation("tensor", dtype=dtype, shape=(len(values),), values=values)
        for values in steps
        for dtype in ("float32", "float64")
    ]


# --- The five experiments -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Experiment:
    """A change of a vector, what it does to softmax, and the same change made the wrong way."""

    expression: str
    effect: str
    change: Callable[[Vector], Vector]
    inverse: Callable[[Vector], Vector] | None = None

    @property
    def logits(self) -> Vector:
        return self.change(X)


def _plus(number: float, vector: Vector) -> Vector:
    return tuple(value + number for value in vector)


def _times(number: float, vector: Vector) -> Vector:
    return tuple(value * number for value in vector)


_EXPERIMENTS = {
    "p_plus_1": _Experiment("x + 1", "same", partial(_plus, 1)),
    "p_minus_100": _Experiment("x - 100", "same", partial(_plus, -100)),
    "p_minus_max": _Experiment("x - x.max()", "same", lambda v: _plus(-max(v), v)),
    "p_half": _Experiment("x * 0.5", "flatter", partial(_times, 0.5), partial(_times, 2)),
    "p_triple": _Experiment("x * 3.0", "sharper", partial(_times, 3), partial(_times, 1 / 3)),
}
_EFFECT_WORDS = ("same", "flatter", "sharper")
_SWAPPED = "Which expression belongs to this name? Have two of them changed places?"
#: The naive formula in float32 at x - 100, where exp has only some digits left.
_SMALLEST = 2.0**-149
_LOST = [round(exp64(v - 100) / _SMALLEST) for v in X]


def _experiments() -> tuple[TensorPart, ...]:
    of_x = Hint(
        softmax(X),
        "These are the numbers of softmax_torch(x): nothing was changed.",
        "What does the expression do to x before softmax?",
    )
    others = [
        Hint(
            softmax(each.logits),
            f"These are the numbers of softmax_torch({each.expression}).",
            _SWAPPED,
        )
        for each in _EXPERIMENTS.values()
    ]
    bare = [
        Hint(each.logits, f"This is {each.expression} itself.", "Where is softmax_torch?")
        for each in _EXPERIMENTS.values()
    ]
    return tuple(
        _shares(name, each.logits, of_x, *_hints_of(name, each), *others, *bare)
        for name, each in _EXPERIMENTS.items()
    )


def _hints_of(name: str, each: _Experiment) -> list[Hint]:
    """Return the slips that one experiment has for itself."""
    hints = [
        Hint(
            each.change(softmax(X)),
            "The change was made to the outputs; it belongs to the input.",
            "Which comes first in the expression, the change or softmax_torch?",
        )
    ]
    if each.inverse is not None:
        hints.append(
            Hint(
                softmax(each.inverse(X)),
                "x was divided where it should be multiplied.",
                f"What is {each.expression} for x = [1, 2, 3]?",
            )
        )
    if name == "p_minus_100":
        hints.append(
            Hint(
                tuple(count / sum(_LOST) for count in _LOST),
                "exp of such small numbers has only some digits left: these look like your own "
                "softmax, where softmax_torch was asked for.",
            )
        )
    return hints


# --- Hints and questions --------------------------------------------------------------------------

_NAN_REPLACED = next(each for each in MISCONCEPTIONS if each.id == "nan-replaced")
# On one vector other formulas give the same zeros, all of them less likely.
_ZEROS = Hint((0.0, 0.0, 0.0), _NAN_REPLACED.says, _NAN_REPLACED.question)
_EXCHANGED = "Have `p_overflow` and `first_step` changed places?"
_WHICH_OUTPUT = "Outputs are counted from 0. Which slider belongs to output 1?"


def _remark_on_largest(seen: Observation) -> str:
    if any(abs(value) > 2 for value in seen.values):
        return "The sliders go from -2 to 2."
    return f"Output 1 is then {softmax(seen.values)[1]:.3f}; it can be larger."


LESSON = Lesson(
    exercises=(
        Question("explore-equal", 1),
        Question("explore-bigger", 1),
        Question("explore-smaller", 1),
        Exercise(
            "explore-largest",
            (
                TensorPart(
                    "logits_for_output_1",
                    points=1,
                    expected=(-2.0, 2.0, -2.0),
                    relative=1e-3,
                    hints=(
                        Hint(
                            (2.0, -2.0, -2.0),
                            "These settings make output 0 as large as possible.",
                            _WHICH_OUTPUT,
                        ),
                        Hint(
                            (-2.0, -2.0, 2.0),
                            "These settings make output 2 as large as possible.",
                            _WHICH_OUTPUT,
                        ),
                    ),
                    remark=_remark_on_largest,
                ),
            ),
        ),
        Exercise("softmax", (SOFTMAX,)),
        Exercise(
            "softmax-of-x",
            (
                _shares(
                    "p",
                    X,
                    Hint(X, "This is x itself.", "Where is your softmax called?"),
                    Hint(softmax(X2), "This is softmax of 50 * x.", "Which vector was asked for?"),
                    follows=lambda work: work.follows("softmax", X),
                ),
            ),
        ),
        Exercise(
            "predict",
            (
                TablePart(
                    "predictions",
                    points=1,
                    words=_EFFECT_WORDS,
                    keys={each.expression: None for each in _EXPERIMENTS.values()},
                    praise="You have committed yourself. Now look!",
                ),
            ),
        ),
        Exercise("experiments", _experiments()),
        Exercise(
            "verdicts",
            (
                TablePart(
                    "verdicts",
                    points=5,
                    words=_EFFECT_WORDS,
                    keys={each.expression: each.effect for each in _EXPERIMENTS.values()},
                    praise="All verdicts are right.",
                    question="Put each result beside softmax_torch(x): is the largest share "
                    "larger, smaller or as it was?",
                ),
            ),
        ),
        Question("experiments-why", 2),
        Exercise(
            "overflow",
            (
                TensorPart(
                    "x2",
                    points=1,
                    expected=X2,
                    relative=1e-5,
                    hints=(Hint(X, "This is x itself.", "What does it have to be multiplied by?"),),
                    # A softmax that shifts in place leaves another x2 behind.
                    follows=lambda work: work.left_behind("softmax", X2),
                ),
                TensorPart(
                    "p_overflow",
                    points=1,
                    expected=(0.0, _NAN, _NAN),
                    relative=1e-5,
                    hints=(
                        Hint(
                            softmax(X2),
                            "These are the right shares, as softmax_torch gives them: your own "
                            "`softmax` was asked.",
                            "What does your own softmax(x2) give?",
                        ),
                        Hint(exp32(X2), "This is exp of x2: the first step.", _EXCHANGED),
                    ),
                    follows=lambda work: work.follows("softmax", X2, work.vector("x2")),
                ),
                TensorPart(
                    "first_step",
                    points=1,
                    expected=exp32(X2),
                    relative=1e-4,
                    hints=(
                        Hint(X2, "This is x2 itself.", "What does softmax do with it first?"),
                        Hint(
                            (0.0, _NAN, _NAN),
                            "This is what softmax of x2 gives in the end.",
                            _EXCHANGED,
                        ),
                        Hint(
                            tuple(exp64(value) for value in X2),
                            "This is exp of x2 in double precision, where it still fits.",
                            "Which dtype has x2, and with which did your `softmax` compute?",
                        ),
                        Hint(
                            SHIFTED,
                            "This is the shifted x2: the repair, not what fails.",
                            "What did your `softmax`, the one without a repair, do first?",
                        ),
                        Hint(
                            exp32(X),
                            "This is exp of x, not of x2.",
                            "For which vector did softmax fail?",
                        ),
                    ),
                    follows=_first_steps,
                ),
            ),
        ),
        Exercise(
            "shifted",
            (
                _shares(
                    "p_shifted",
                    SHIFTED,
                    _ZEROS,
                    Hint(
                        (0.0, _NAN, _NAN),
                        "This is what softmax gives for x2 before the shift.",
                        "What does x2 - 150.0 look like?",
                    ),
                    Hint(SHIFTED, "This is x2 - 150.0 itself.", "Where is softmax called?"),
                    Hint(
                        softmax(X),
                        "This is softmax of x, or of x - 150.0.",
                        "Which vector was 150.0 to be subtracted from?",
                    ),
                    follows=lambda work: work.follows("softmax", SHIFTED),
                ),
                ScalarPart(
                    "shift",
                    points=1,
                    expected=150.0,
                    question="Which number computed from the elements 50, 100 and 150 is 150?",
                    mistaken_for={
                        50.0: "its smallest element, or its standard deviation",
                        100.0: "its mean, or its median, or its range",
                        300.0: "its sum",
                        3.0: "the largest element of x, or how many there are",
                        -150.0: "the negative of it",
                        2.0: "the position of an element, or the mean of x",
                        187.08287048339844: "the norm of x2",
                    },
                ),
            ),
        ),
        Exercise(
            "softmax-stable",
            (
                SOFTMAX_STABLE,
                _shares(
                    "p_stable",
                    X2,
                    _ZEROS,
                    Hint(
                        (0.0, _NAN, _NAN),
                        "There is still nan in it.",
                        "Is it softmax_stable that was called, and does it subtract before exp?",
                    ),
                    Hint(
                        softmax(X),
                        "This is softmax of x, not of x2.",
                        "Which vector was softmax not able to cope with?",
                    ),
                    function=SOFTMAX_STABLE,
                    follows=lambda work: work.follows("softmax_stable", X2),
                    goes_with="softmax_stable",
                ),
            ),
        ),
        Exercise(
            "analysis-shift",
            (
                WordPart(
                    "y2_y3",
                    points=1,
                    words=("same", "different"),
                    right="same",
                    says="Compute both and compare them.",
                    question="y3 is y2 with 1 subtracted from both elements. Which experiment was "
                    "like that?",
                ),
            ),
        ),
        Question("analysis-shift-why", 2),
        Exercise(
            "analysis-scale",
            (
                WordPart(
                    "y2_y4",
                    points=1,
                    words=("same", "different"),
                    right="different",
                    says="Compute both and compare them.",
                    question="y4 is y2 times 2. Which experiment was like that?",
                ),
            ),
        ),
        Question("analysis-scale-why", 2),
        Question("analysis-overflow", 2),
        Question("analysis-correct", 2),
        Question("analysis-no-nan", 2),
        Question("proof", 0, bonus=2),
    ),
    recognised=MISCONCEPTIONS,
)
