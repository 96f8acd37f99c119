"""Mark the values a student computed or chose: tensors, a statistic, words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograder.marking.cases import LESSON, LESSON_LARGE, Vector
from autograder.marking.exercises import EFFECT_WORDS, EFFECTS
from autograder.marking.misconceptions import MISCONCEPTIONS, recognise
from autograder.marking.observation import Observation
from autograder.marking.observer import Observer
from autograder.marking.reference import close, exp32, softmax, tolerance
from autograder.marking.report import Finding, Outcome
from autograder.marking.words import article, show

_NAN = float("nan")


@dataclass(frozen=True)
class Hint:
    """A wrong value that says what went wrong."""

    values: Vector
    says: str
    question: str = ""


@dataclass(frozen=True)
class TensorRule:
    """What a tensor must hold.

    Attributes:
        name: the variable.
        expected: its numbers.
        relative: the relative error that is forgiven.
        logits: the vector it is the softmax of, so that misconceptions can be recognised; or ().
        hints: other values that are easily mistaken for it.

    """

    name: str
    expected: Vector
    relative: float
    logits: Vector = ()
    hints: tuple[Hint, ...] = ()


def _softmax_rule(name: str, logits: Vector, *hints: Hint) -> TensorRule:
    return TensorRule(name, softmax(logits), tolerance(logits), logits, hints)


def _of_x(change: Callable[[float], float]) -> Vector:
    return tuple(change(value) for value in LESSON)


@dataclass(frozen=True)
class _Experiment:
    """A change of x, and the same change made to the wrong thing or the wrong way."""

    expression: str
    change: Callable[[float], float]
    inverse: Callable[[float], float] | None = None

    @property
    def logits(self) -> Vector:
        return _of_x(self.change)


_EXPERIMENTS = {
    "p_plus_1": _Experiment("x + 1", lambda v: v + 1),
    "p_minus_100": _Experiment("x - 100", lambda v: v - 100),
    "p_minus_max": _Experiment("x - x.max()", lambda v: v - 3),
    "p_half": _Experiment("x * 0.5", lambda v: v * 0.5, lambda v: v / 0.5),
    "p_triple": _Experiment("x * 3.0", lambda v: v * 3, lambda v: v / 3),
}
_SWAPPED = "Which expression belongs to this name? Have two of them changed places?"
#: The naive formula in float32 at x - 100, where exp has only some digits left.
_SMALLEST = 2.0**-149
_LOST = [round(2.718281828459045 ** (v - 100) / _SMALLEST) for v in LESSON]


def _experiment_rules() -> list[TensorRule]:
    of_x = Hint(
        softmax(LESSON),
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
    rules = []
    for name, each in _EXPERIMENTS.items():
        changed_after = tuple(each.change(share) for share in softmax(LESSON))
        own = [
            Hint(
                changed_after,
                "The change was made to the outputs; it belongs to the input.",
                "Which comes first in the expression, the change or softmax_torch?",
            )
        ]
        if each.inverse is not None:
            own.append(
                Hint(
                    softmax(_of_x(each.inverse)),
                    "x was divided where it should be multiplied.",
                    f"What is {each.expression} for x = [1, 2, 3]?",
                )
            )
        if name == "p_minus_100":
            own.append(
                Hint(
                    tuple(count / sum(_LOST) for count in _LOST),
                    "exp of such small numbers has only some digits left: these look like your "
                    "own softmax, where softmax_torch was asked for.",
                )
            )
        rules.append(_softmax_rule(name, each.logits, of_x, *own, *others, *bare))
    return rules


_OVERFLOW_LIKE_X = Hint(
    softmax(LESSON_LARGE),
    "These are the right shares, as softmax_torch gives them: your own `softmax` was asked.",
    "What does your own softmax(x2) give?",
)

# On this one vector other formulas give the same zeros, all of them less likely.
_NAN_REPLACED = Hint(
    (0.0, 0.0, 0.0),
    MISCONCEPTIONS["nan-replaced"].says,
    MISCONCEPTIONS["nan-replaced"].question,
)

#: Every tensor that is marked by its numbers, by its name.
TENSOR_RULES: Mapping[str, TensorRule] = {
    rule.name: rule
    for rule in (
        TensorRule(
            "logits_for_output_1",
            (-2.0, 2.0, -2.0),
            1e-3,
            hints=(
                Hint(
                    (2.0, -2.0, -2.0),
                    "These settings make output 0 as large as possible.",
                    "Outputs are counted from 0. Which slider belongs to output 1?",
                ),
                Hint(
                    (-2.0, -2.0, 2.0),
                    "These settings make output 2 as large as possible.",
                    "Outputs are counted from 0. Which slider belongs to output 1?",
                ),
            ),
        ),
        _softmax_rule(
            "p",
            LESSON,
            Hint(LESSON, "This is x itself.", "Where is your softmax called?"),
            Hint(
                softmax(LESSON_LARGE), "This is softmax of 50 * x.", "Which vector was asked for?"
            ),
        ),
        *_experiment_rules(),
        TensorRule(
            "x2",
            LESSON_LARGE,
            1e-5,
            hints=(Hint(LESSON, "This is x itself.", "What does it have to be multiplied by?"),),
        ),
        TensorRule("p_overflow", (0.0, _NAN, _NAN), 1e-5, hints=(_OVERFLOW_LIKE_X,)),
        TensorRule(
            "first_step",
            exp32(LESSON_LARGE),
            1e-4,
            hints=(
                Hint(LESSON_LARGE, "This is x2 itself.", "What does softmax do with it first?"),
                Hint(
                    tuple(value - 150 for value in LESSON_LARGE),
                    "This is the shifted x2: the repair, not what fails.",
                    "What did your `softmax`, the one without a repair, do first?",
                ),
                Hint(
                    exp32(LESSON),
                    "This is exp of x, not of x2.",
                    "For which vector did softmax fail?",
                ),
            ),
        ),
        _softmax_rule(
            "p_shifted",
            tuple(value - 150 for value in LESSON_LARGE),
            _NAN_REPLACED,
            Hint(
                (0.0, _NAN, _NAN),
                "This is what softmax gives for x2 before the shift.",
                "What does x2 - 150.0 look like?",
            ),
            Hint(
                tuple(value - 150 for value in LESSON_LARGE),
                "This is x2 - 150.0 itself.",
                "Where is softmax called?",
            ),
            Hint(
                softmax(LESSON),
                "This is softmax of x, or of x - 150.0.",
                "Which vector was 150.0 to be subtracted from?",
            ),
        ),
        _softmax_rule(
            "p_stable",
            LESSON_LARGE,
            _NAN_REPLACED,
            Hint(
                (0.0, _NAN, _NAN),
                "There is still nan in it.",
                "Is it softmax_stable that was called, and does it subtract before exp?",
            ),
            Hint(
                softmax(LESSON),
                "This is softmax of x, not of x2.",
                "Which vector was softmax not able to cope with?",
            ),
        ),
    )
}


def mark_tensor(
    rule: TensorRule,
    seen: Observation | None,
    max_points: float,
    observer: Observer,
    follow_through: Sequence[Observation] = (),
) -> Finding:
    """Mark one tensor.

    Args:
        rule: what is expected.
        seen: the student's value, or None where the name is not defined.
        max_points: what a right value earns.
        observer: where the formulas of misconceptions run.
        follow_through: other values that are right, because they follow from an answer to another
            exercise, where that answer has already been marked.

    """

    def finding(outcome: Outcome, share: float, message: str, **more: str) -> Finding:
        return Finding(rule.name, outcome, share * max_points, max_points, message, **more)

    if (early := _no_value(rule.name, seen, max_points)) is not None:
        return early
    assert seen is not None
    right = _numbers_agree(seen.values, rule)
    if _is_float_vector(seen, len(rule.expected)) and right:
        return finding(Outcome.RIGHT, 1, f"`{rule.name}` is right.")
    if any(_same_value(seen, other) for other in follow_through):
        return finding(
            Outcome.RIGHT, 1, f"`{rule.name}` is what follows from your own function: right."
        )
    if right:
        return finding(Outcome.WRONG_TYPE, 0.5, _right_numbers(rule, seen))
    if seen.kind == "callable":
        message = f"`{rule.name}` is a function. Did you forget to call it: name(argument)?"
        return finding(Outcome.WRONG_TYPE, 0, message)
    if not seen.values:
        message = f"`{rule.name}` should be a tensor; it is {article(seen)}."
        return finding(Outcome.WRONG_TYPE, 0, message)

    for hint in rule.hints:
        if close(seen.values, hint.values, 1e-4):
            message = f"`{rule.name}` is {show(seen.values)}. {hint.says}"
            return finding(Outcome.WRONG, 0, message, question=hint.question)
    known = recognise(observer, [rule.logits], [seen]) if rule.logits else None
    if known is not None:
        message = f"`{rule.name}` is {show(seen.values)}. {known.says}"
        return Finding(rule.name, Outcome.WRONG, 0, max_points, message, known.question, known.id)
    message = f"`{rule.name}` is {show(seen.values)}. {_remark(rule, seen)}"
    return finding(Outcome.WRONG, 0, message)


def _remark(rule: TensorRule, seen: Observation) -> str:
    count = len(rule.expected)
    if len(seen.values) != count:
        return f"It should hold {count} numbers, and holds {len(seen.values)}."
    if rule.name == "logits_for_output_1":
        if any(abs(value) > 2 for value in seen.values):
            return "The sliders go from -2 to 2."
        return f"Output 1 is then {softmax(seen.values)[1]:.3f}; it can be larger."
    if rule.logits and any(value != value for value in seen.values):
        return "There is nan in it; softmax of these numbers is not nan."
    if rule.logits and abs(sum(seen.values) - 1) > 1e-3:
        return f"Its numbers add up to {sum(seen.values):.4g}; softmax's add up to 1."
    return "That is not what was asked for: read the question once more, one name at a time."


def _right_numbers(rule: TensorRule, seen: Observation) -> str:
    start = f"`{rule.name}` holds the right numbers"
    if seen.kind != "tensor":
        return f"{start}, but it is {article(seen)}; make it a tensor of floats."
    if seen.shape != (len(rule.expected),):
        return f"{start}, but its shape is {seen.shape}; ({len(rule.expected)},) was expected."
    return (
        f"{start}, but its dtype is {seen.dtype}: whole numbers. Write 1. in place of 1 to make a "
        "tensor of floats, which softmax needs."
    )


def _is_float_vector(seen: Observation, size: int) -> bool:
    is_float = seen.dtype in ("float32", "float64", "float16", "bfloat16")
    return seen.kind == "tensor" and is_float and seen.shape == (size,)


def _numbers_agree(values: Sequence[float], rule: TensorRule) -> bool:
    return bool(values) and close(values, rule.expected, rule.relative)


def _same_value(one: Observation, other: Observation) -> bool:
    if one.kind in ("none", "dots", "raised", "died", "timed out"):
        return False
    if (one.kind, one.dtype, one.shape) != (other.kind, other.dtype, other.shape):
        return False
    if not one.values:
        return False
    return close(one.values, other.values, 1e-5)


def _no_value(name: str, seen: Observation | None, max_points: float) -> Finding | None:
    """Return the finding of a name without a value, or None where there is something to mark."""
    if seen is None:
        message = (
            f"`{name}` is not defined: the cell that should define it is missing, stopped with an "
            "error before it did, or spells the name another way."
        )
        return Finding(name, Outcome.NOT_DEFINED, 0, max_points, message)
    if seen.kind == "dots":
        message = f"`{name}` is still `...`: replace the dots by your answer."
        return Finding(name, Outcome.NOT_ATTEMPTED, 0, max_points, message)
    if seen.kind == "none":
        message = f"`{name}` is None: either that was put into it, or a function returned nothing."
        return Finding(name, Outcome.WRONG_TYPE, 0, max_points, message)
    return None


_SHIFT = LESSON_LARGE[2]
_OTHER_STATISTICS = {
    50.0: "its smallest element, or its standard deviation",
    100.0: "its mean, or its median, or its range",
    300.0: "its sum",
    3.0: "the largest element of x, or how many there are",
    -150.0: "the negative of it",
    2.0: "the position of an element, or the mean of x",
    187.08287048339844: "the norm of x2",
}


def mark_shift(seen: Observation | None, max_points: float) -> Finding:
    """Mark the statistic of x2 that 150 is: a number, or a tensor or array with one element."""
    name = "shift"
    if (early := _no_value(name, seen, max_points)) is not None:
        return early
    assert seen is not None
    if seen.kind == "callable":
        message = "`shift` is a function. Did you forget the parentheses that call it?"
        return Finding(name, Outcome.WRONG_TYPE, 0, max_points, message)
    if len(seen.values) != 1:
        message = f"`shift` should be one number; it is {article(seen)}."
        return Finding(name, Outcome.WRONG_TYPE, 0, max_points, message)
    value = seen.values[0]
    if close([value], [_SHIFT], 1e-5):
        if seen.kind in ("number", "tensor", "array"):
            return Finding(name, Outcome.RIGHT, max_points, max_points, "`shift` is right.")
        message = f"`shift` holds the right number, but it is {article(seen)}; take it out of it."
        return Finding(name, Outcome.WRONG_TYPE, max_points / 2, max_points, message)
    like = next((w for v, w in _OTHER_STATISTICS.items() if close([value], [v], 1e-4)), None)
    message = f"`shift` is {value:g}" + (f": that is {like}." if like else ", not 150.")
    question = "Which number computed from the elements 50, 100 and 150 is 150?"
    return Finding(name, Outcome.WRONG, 0, max_points, message, question)


_Y_QUESTIONS = {
    "y2_y3": "y3 is y2 with 1 subtracted from both elements. Which experiment was like that?",
    "y2_y4": "y4 is y2 times 2. Which experiment was like that?",
}
_Y_ANSWERS = {"y2_y3": "same", "y2_y4": "different"}


def mark_word(name: str, seen: Observation | None, max_points: float) -> Finding:
    """Mark a choice between "same" and "different"."""
    if (early := _no_value(name, seen, max_points)) is not None:
        return early
    assert seen is not None
    word = seen.text.strip().lower()
    if seen.kind != "text":
        message = f'`{name}` should be the text "same" or "different"; it is {article(seen)}.'
        return Finding(name, Outcome.WRONG_TYPE, 0, max_points, message)
    if word not in ("same", "different"):
        message = f'`{name}` is {seen.text[:40]!r}; choose "same" or "different".'
        return Finding(name, Outcome.WRONG, 0, max_points, message)
    if word == _Y_ANSWERS[name]:
        return Finding(name, Outcome.RIGHT, max_points, max_points, f"`{name}` is right.")
    message = f'`{name}` is "{word}". Compute both and compare them.'
    return Finding(name, Outcome.WRONG, 0, max_points, message, _Y_QUESTIONS[name])


def mark_predictions(seen: Observation | None, max_points: float) -> Finding:
    """Check that a choice was made for each expression; a prediction cannot be wrong."""
    name = "predictions"
    words, problem = _words(name, seen, max_points)
    if problem is not None:
        return problem
    missing = [key for key in EFFECTS if words.get(key) not in EFFECT_WORDS]
    if not missing:
        return Finding(
            name, Outcome.RIGHT, max_points, max_points, "You have committed yourself. Now look!"
        )
    if all(words.get(key) == "..." for key in EFFECTS):
        message = "All predictions are still `...`: choose a word for each."
        return Finding(name, Outcome.NOT_ATTEMPTED, 0, max_points, message)
    message = " ".join(_what_is_missing(name, words, key) for key in missing)
    return Finding(name, Outcome.WRONG, 0, max_points, message)


def mark_verdicts(seen: Observation | None, max_points: float) -> Finding:
    """Mark what each expression did to softmax(x), each in equal parts."""
    name = "verdicts"
    words, problem = _words(name, seen, max_points)
    if problem is not None:
        return problem
    if all(words.get(key) == "..." for key in EFFECTS):
        message = "All verdicts are still `...`: choose a word for each."
        return Finding(name, Outcome.NOT_ATTEMPTED, 0, max_points, message)
    right = [key for key, word in EFFECTS.items() if words.get(key) == word]
    if len(right) == len(EFFECTS):
        return Finding(name, Outcome.RIGHT, max_points, max_points, "All verdicts are right.")
    told = []
    for key in EFFECTS:
        if words.get(key) not in EFFECT_WORDS:
            told.append(_what_is_missing(name, words, key))
        elif key not in right:
            told.append(f'`{key}` is not "{words[key]}".')
    question = (
        "Put each result beside softmax_torch(x): is the largest share larger, smaller or as it "
        "was?"
    )
    points = max_points * len(right) / len(EFFECTS)
    return Finding(name, Outcome.WRONG, points, max_points, " ".join(told), question)


def _words(
    name: str, seen: Observation | None, max_points: float
) -> tuple[dict[str, str], Finding | None]:
    """Return the words by key (lower case; "..." for dots), or why there are none."""
    if (early := _no_value(name, seen, max_points)) is not None:
        return {}, early
    assert seen is not None
    if seen.kind != "mapping":
        message = f"`{name}` should be the dictionary of the cell above; it is {article(seen)}."
        return {}, Finding(name, Outcome.WRONG_TYPE, 0, max_points, message)
    words = {}
    for key, item in seen.items:
        words[key] = {"text": item.text.strip().lower(), "dots": "..."}.get(
            item.kind, article(item)
        )
    return words, None


def _what_is_missing(name: str, words: Mapping[str, str], key: str) -> str:
    if key in words:
        if words[key] == "...":
            return f"`{key}` is still `...`."
        return f'`{key}` is {words[key][:40]!r}; choose "same", "flatter" or "sharper".'
    unknown = [word for word in words if word not in EFFECTS]
    similar = difflib.get_close_matches(key, unknown, n=1, cutoff=0.5)
    found = f" {similar[0][:40]!r} looks like it: is there a typo?" if similar else ""
    return f"`{name}` has no key {key!r}.{found}"
