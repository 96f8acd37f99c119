# ruff: noqa: E501
"""Every other exercise: each wrong answer has an outcome, points and a message of its own."""

import pytest
import torch

from autograder import Outcome, grade
from autograder.lessons import load
from autograder.marking.report import MIME_TYPE

EXERCISES = load("softmax").tested


RIGHT = """
logits_for_output_1 = torch.tensor([-2.0, 2.0, -2.0])
def softmax(xx):
    return torch.exp(xx) / torch.exp(xx).sum()
p = softmax(x)
predictions = {k: "same" for k in ("x + 1", "x - 100", "x - x.max()", "x * 0.5", "x * 3.0")}
p_plus_1 = softmax_torch(x + 1)
p_minus_100 = softmax_torch(x - 100)
p_minus_max = softmax_torch(x - x.max())
p_half = softmax_torch(x * 0.5)
p_triple = softmax_torch(x * 3.0)
verdicts = {"x + 1": "same", "x - 100": "same", "x - x.max()": "same",
            "x * 0.5": "flatter", "x * 3.0": "sharper"}
x2 = 50 * x
p_overflow = softmax(x2)
first_step = torch.exp(x2)
p_shifted = softmax(x2 - 150.0)
shift = x2.max()
def softmax_stable(xx):
    return softmax(xx - xx.max())
p_stable = softmax_stable(x2)
y2_y3 = "same"
y2_y4 = "different"
"""


def notebook(*changes: str) -> dict[str, object]:
    """Return the names a right notebook defines, after some more cells."""
    names: dict[str, object] = {"torch": torch, "x": torch.tensor([1.0, 2.0, 3.0])}
    names["softmax_torch"] = lambda xx: torch.softmax(xx, 0)
    for cell in (RIGHT, *changes):
        exec(cell, names)
    return names


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_earn_everything(exercise):
    report = grade(exercise, notebook())
    assert report.passed, report.message
    assert report.points == report.max_points == EXERCISES[exercise].points
    assert report.misconception is None


@pytest.mark.parametrize("exercise", EXERCISES)
def test_names_that_were_never_defined_are_named(exercise):
    report = grade(exercise, {})
    assert report.outcome is Outcome.NOT_DEFINED
    assert report.points == 0
    for name in EXERCISES[exercise].names:
        assert f"`{name}` is not defined" in report.message


@pytest.mark.parametrize("exercise", EXERCISES)
def test_dots_left_in_place_are_not_an_attempt(exercise):
    report = grade(exercise, dict.fromkeys(EXERCISES[exercise].names, ...))
    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert report.points == 0


# exercise, what the student's cell says, outcome, points, what the message says
WRONG = [
    ("explore-largest", "logits_for_output_1 = torch.tensor([2.0, -2.0, -2.0])", "WRONG", 0, "output 0"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([-2.0, -2.0, 2.0])", "WRONG", 0, "output 2"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([-9.0, 9.0, -9.0])", "WRONG", 0, "from -2 to 2"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([0.0, 2.0, 0.0])", "WRONG", 0, "can be larger"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([-2.0, 2.0])", "WRONG", 0, "3 numbers"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([-2, 2, -2])", "PARTLY_RIGHT", 0.5, "int64"),
    ("explore-largest", "logits_for_output_1 = [-2.0, 2.0, -2.0]", "PARTLY_RIGHT", 0.5, "a list"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([[-2.0, 2.0, -2.0]])", "PARTLY_RIGHT", 0.5, "(1, 3)"),
    ("softmax-of-x", "p = x", "WRONG", 0, "x itself"),
    ("softmax-of-x", "p = x.exp() / x.sum()", "WRONG", 0, "exp(x) divided by the sum of x"),
    ("softmax-of-x", "p = softmax", "WRONG_TYPE", 0, "forget to call it"),
    ("softmax-of-x", "p = None", "WRONG_TYPE", 0, "None"),
    ("softmax-of-x", "p = 'softmax(x)'", "WRONG_TYPE", 0, "the text"),
    ("softmax-of-x", "p = softmax(x).tolist()", "PARTLY_RIGHT", 0.5, "a list"),
    ("softmax-of-x", "p = tuple(softmax(x))", "PARTLY_RIGHT", 0.5, "a tuple"),
    ("softmax-of-x", "p = softmax(x).numpy()", "PARTLY_RIGHT", 0.5, "numpy"),
    ("softmax-of-x", "p = softmax(x).long()", "WRONG", 0, "[0, 0, 0]"),
    ("softmax-of-x", "p = torch.round(softmax(x), decimals=2)", "WRONG", 0, "rounded"),
    ("softmax-of-x", "p = [0.0900, 0.2447, 0.6652]", "PARTLY_RIGHT", 0.5, "a list"),
    ("softmax-of-x", "p = torch.tensor([0.090, 0.245, 0.665])", "WRONG", 0, "rounded"),
    ("softmax-of-x", "p = print(softmax(x))", "WRONG_TYPE", 0, "between printing a value and"),
    ("predict", "predictions = {}", "WRONG", 0, "has no key 'x + 1'"),
    ("predict", "predictions['x + 1'] = ...", "PARTLY_RIGHT", 0.8, "`x + 1` is still `...`"),
    ("predict", "predictions['x + 1'] = 'bigger'", "PARTLY_RIGHT", 0.8, "'bigger'"),
    ("predict", "predictions['x + 1'] = 'flater'", "PARTLY_RIGHT", 0.8, 'Did you mean "flatter"?'),
    ("predict", "predictions['x + 1'] = 'Same.'", "PARTLY_RIGHT", 0.8, 'Did you mean "same"?'),
    ("predict", "predictions = ['same'] * 5", "WRONG_TYPE", 0, "a list"),
    ("experiments", "p_half, p_triple = p_triple, p_half", "PARTLY_RIGHT", 3, "changed places"),
    ("experiments", "p_plus_1 = x + 1", "PARTLY_RIGHT", 4, "Where is softmax_torch?"),
    ("experiments", "p_half = softmax_torch(x)", "PARTLY_RIGHT", 4, "nothing was changed"),
    ("experiments", "p_half = softmax_torch(x).tolist()", "PARTLY_RIGHT", 4, "nothing was changed"),
    ("experiments", "p_triple = p_triple.tolist()", "PARTLY_RIGHT", 4.5, "a list"),
    ("experiments", "p_half = softmax_torch(x) * 0.5", "PARTLY_RIGHT", 4, "belongs to the input"),
    ("experiments", "del p_half", "PARTLY_RIGHT", 4, "`p_half` is not defined"),
    ("experiments", "p_half = softmax_torch(x / 0.5)", "PARTLY_RIGHT", 4, "divided"),
    ("experiments", "p_triple = softmax_torch(x / 3)", "PARTLY_RIGHT", 4, "divided"),
    ("experiments", "p_plus_1 = softmax_torch(x) + 1", "PARTLY_RIGHT", 4, "belongs to the input"),
    ("experiments", "p_minus_100 = softmax(x - 100)", "PARTLY_RIGHT", 4, "softmax_torch was asked for"),
    ("experiments", "p_half = torch.round(p_half, decimals=3)", "PARTLY_RIGHT", 4, "rounded"),
    ("experiments", "p_minus_max = p_plus_1 - p_plus_1.max()", "PARTLY_RIGHT", 4, "to the outputs"),
    ("overflow", "p_overflow, first_step = first_step, p_overflow", "PARTLY_RIGHT", 1, "changed places"),
    ("overflow", "first_step = x2.double().exp()", "PARTLY_RIGHT", 2, "double precision"),
    ("verdicts", "verdicts['x * 0.5'] = 'Flater'", "PARTLY_RIGHT", 4, 'Did you mean "flatter"?'),
    ("softmax-of-x", "p = softmax_torch(50 * x)", "WRONG", 0, "softmax of 50 * x"),
    ("softmax-of-x", "p = x * float('nan')", "WRONG", 0, "nan in it"),
    ("shifted", "p_shifted = softmax_torch(x - 150)", "PARTLY_RIGHT", 1, "or of x - 150.0"),
    ("overflow", "x2 = torch.tensor([50, 100, 150])", "PARTLY_RIGHT", 2.5, "int64"),
    ("verdicts", "verdicts['x * 0.5'] = 'sharper'", "PARTLY_RIGHT", 4, '`x * 0.5` is not "sharper"'),
    ("verdicts", "verdicts['x -100'] = verdicts.pop('x - 100')", "PARTLY_RIGHT", 4, "typo"),
    ("verdicts", "verdicts['x * 3.0'] = 'Sharp'", "PARTLY_RIGHT", 4, "'sharp'"),
    ("verdicts", "verdicts['x * 3.0'] = True", "PARTLY_RIGHT", 4, "`True`"),
    ("verdicts", "verdicts = dict.fromkeys(verdicts, ...)", "NOT_ATTEMPTED", 0, "still `...`"),
    ("overflow", "x2 = x", "PARTLY_RIGHT", 2, "x itself"),
    ("overflow", "p_overflow = softmax_torch(x2)", "PARTLY_RIGHT", 2, "your own `softmax`"),
    ("overflow", "first_step = x2 - 150", "PARTLY_RIGHT", 2, "the repair"),
    ("overflow", "first_step = x2.exp().sum()", "PARTLY_RIGHT", 2, "3 numbers"),
    ("overflow", "first_step = 'exp'", "PARTLY_RIGHT", 2, "the text 'exp'"),
    ("shifted", "p_shifted = softmax(x2)", "PARTLY_RIGHT", 1, "before the shift"),
    ("shifted", "p_shifted = x2 - 150.0", "PARTLY_RIGHT", 1, "Where is softmax called?"),
    ("shifted", "shift = x2.mean()", "PARTLY_RIGHT", 1, "its mean"),
    ("shifted", "shift = x.max()", "PARTLY_RIGHT", 1, "largest element of x,"),
    ("shifted", "shift = x2.max", "PARTLY_RIGHT", 1, "parentheses"),
    ("shifted", "shift = 150.01", "PARTLY_RIGHT", 1, "is 150.01, not 150"),
    ("shifted", "p_shifted = softmax(x2).nan_to_num()", "PARTLY_RIGHT", 1, "nan seem to be replaced"),
    ("shifted", "shift = 'max'", "PARTLY_RIGHT", 1, "the text 'max'"),
    ("shifted", "shift = [150.0]", "PARTLY_RIGHT", 1.5, "a list"),
    ("softmax-stable", "p_stable = softmax(x2)", "PARTLY_RIGHT", 5, "still nan"),
    ("softmax-stable", "p_stable = softmax(x2).nan_to_num()", "PARTLY_RIGHT", 5, "nan seem to be replaced"),
    ("softmax-stable", "p_stable = softmax_stable(x)", "PARTLY_RIGHT", 5, "softmax of x, not of x2"),
    ("softmax-stable", "softmax_stable = softmax", "PARTLY_RIGHT", 1, "still overflows"),
    ("analysis-shift", "y2_y3 = 'different'", "WRONG", 0, "subtracted"),
    ("analysis-shift", "y2_y3 = True", "WRONG_TYPE", 0, '"same" or "different"'),
    ("analysis-shift", "y2_y3 = 'equal'", "WRONG", 0, "'equal'"),
    ("analysis-shift", "y2_y3 = 'same.'", "WRONG", 0, 'Did you mean "same"?'),
    ("analysis-scale", "y2_y4 = 'same'", "WRONG", 0, "times 2"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "cell", "outcome", "points", "says"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(exercise, cell, outcome, points, says):
    report = grade(exercise, notebook(cell))
    assert not report.passed
    assert report.outcome.name == outcome, report.message
    assert report.points == points, report.message
    assert says in report.message


ALSO_RIGHT = [
    ("softmax-of-x", "p = softmax_torch(x).double()"),
    ("softmax-of-x", "p = torch.nn.Parameter(softmax(x))"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([-2, 2, -2], dtype=torch.float64)"),
    ("shifted", "shift = x2.max().item()"),
    ("shifted", "shift = int(max(x2))"),
    ("shifted", "shift = x2.max().numpy()"),
    ("shifted", "shift = x2.max(dim=0, keepdim=True).values"),
    ("verdicts", "verdicts = {k: v.upper() + ' ' for k, v in verdicts.items()}"),
    ("verdicts", "verdicts['x'] = 'same'"),
    ("predict", "predictions = dict.fromkeys(predictions, 'sharper')"),
]


@pytest.mark.parametrize(("exercise", "cell"), ALSO_RIGHT)
def test_another_right_answer_earns_everything(exercise, cell):
    report = grade(exercise, notebook(cell))
    assert report.passed, report.message
    assert report.points == report.max_points


SOFTMAXES = {
    "never divides": "def softmax(xx): return torch.exp(xx)",
    "does not overflow": "def softmax(xx): return (xx - xx.logsumexp(0)).exp()",
    "changes its argument": "def softmax(xx):\n    xx -= xx.max()\n    return xx.exp() / xx.exp().sum()",
    "returns a list": "def softmax(xx): return (xx.exp() / xx.exp().sum()).tolist()",
}


@pytest.mark.parametrize("how", SOFTMAXES)
def test_a_wrong_softmax_costs_no_other_exercise(how):
    names = notebook(
        SOFTMAXES[how],
        "p = softmax(x); x = torch.tensor([1.0, 2.0, 3.0])",
        "x2 = 50 * x; p_overflow = softmax(x2); first_step = torch.exp(x2)",
    )
    for exercise in ("softmax-of-x", "overflow"):
        report = grade(exercise, names)
        assert report.passed, report.message
    exec("x2 = 50 * x; p_shifted = softmax(x2 - 150.0); shift = x2.max()", names)
    assert grade("shifted", names).passed


def test_the_first_step_of_a_softmax_that_shifts_first_is_the_shift():
    names = notebook("def softmax(xx): return softmax_torch(xx - xx.max())")
    exec("p_overflow = softmax(x2); first_step = x2 - x2.max()", names)
    assert grade("overflow", names).passed
    names = notebook("def softmax(xx): raise ValueError", "first_step = x2 - x2.max()")
    assert not grade("overflow", names).passed


def test_nothing_follows_from_a_softmax_that_ignores_its_argument():
    names = notebook("def softmax(xx): return torch.tensor([0.2, 0.3, 0.5])", "p = softmax(x)")
    assert grade("softmax-of-x", names).points == 0


def test_a_wrong_x2_costs_only_itself():
    names = notebook("x2 = 60 * x; p_overflow = softmax(x2); first_step = torch.exp(x2)")
    report = grade("overflow", names)
    assert (report.points, report.max_points) == (2, 3)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("softmax", notebook()["softmax"]),
        ("softmax-stable", notebook()["softmax_stable"]),
        ("softmax-of-x", torch.tensor([0.09003057, 0.24472848, 0.66524094])),
        ("verdicts", notebook()["verdicts"]),
        ("predict", notebook()["predictions"]),
        ("analysis-shift", "same"),
    ],
)
def test_the_answer_may_be_the_thing_itself(exercise, answer):
    report = grade(exercise, answer)
    assert report.passed, report.message
    assert report.points == report.max_points


@pytest.mark.parametrize("exercise", ["sofmax", "proof", "", None, [], 3])
def test_what_is_not_marked_here_is_said_so(exercise):
    report = grade(exercise, 1)
    assert report.outcome is Outcome.NOT_CHECKED
    assert not report.passed
    assert repr(report) == "0"


def test_the_report_is_a_number_to_nbgrader_and_words_to_a_student():
    report = grade("softmax-of-x", {"p": [0.09003057, 0.24472848, 0.66524094]})
    assert repr(report) == "0.5"
    assert "a list" in report._repr_html_()
    assert "a list" in str(report)


def test_what_a_student_wrote_is_escaped():
    report = grade("analysis-shift", {"y2_y3": "<script>alert(1)</script>"})
    assert "<script>" not in report._repr_html_()


LEAKS = {
    "a text": "return str(xx.tolist())",
    "a number": "return xx[0].item()",
    "an exception's type": "raise type(str(xx.tolist()), (Exception,), {})",
    "a type": "return type(str(xx.tolist()), (), {})()",
    "a shape": "return torch.zeros(int(1000 * xx[0].abs()) + 7)",
    "a sum": "return xx",
}


@pytest.mark.parametrize("how", LEAKS)
def test_nothing_that_a_function_does_tells_a_hidden_input(how):
    names = {"torch": torch}
    exec(
        f"def softmax(xx):\n if xx.tolist() == [1, 2, 3]: return xx.softmax(0)\n {LEAKS[how]}",
        names,
    )
    names["softmax_again"] = names["softmax"]
    exec(
        "def softmax(xx):\n p = xx.exp() / xx.exp().sum()\n return p if xx.tolist() == [1, 2, 3] else softmax_again(xx)",
        names,
    )
    message = grade("softmax", names).message
    told = message.replace("[1, 2, 3]", "").replace("4 points", "")
    for number in ("0.3", "0.2", "5.0", "307", "5.1", "(3"):
        assert number not in told, message


def test_no_message_of_an_exception_tells_a_hidden_input():
    def softmax(xx):
        if xx.tolist() != [1.0, 2.0, 3.0]:
            raise ValueError(f"the input was {xx.tolist()}")
        return xx.exp() / xx.exp().sum()

    report = grade("softmax", softmax)
    assert "ValueError" in report.message
    assert "the input was" not in report.message


def test_an_operation_that_torch_does_not_implement_is_an_error_and_told():
    report = grade("softmax", lambda xx: torch.nn.functional.softplus(xx.long()))
    assert report.outcome is Outcome.RAISED
    assert "not implemented for 'Long'" in report.message


def test_half_a_character_can_be_shown():
    def softmax(xx):
        raise ValueError("\ud800")

    assert "ValueError: ?" in grade("softmax", softmax).message.encode().decode()


# What torch prints of each right answer. Nothing tells the second group from what is computed.
TYPED = {
    "p": "torch.tensor([0.0900, 0.2447, 0.6652])",
    "p_plus_1": "torch.tensor([0.0900, 0.2447, 0.6652])",
    "p_half": "torch.tensor([0.1863, 0.3072, 0.5065])",
    "p_triple": "torch.tensor([0.0024, 0.0473, 0.9503])",
    "p_shifted": "torch.tensor([3.7835e-44, 1.9287e-22, 1.0000e+00])",
    "p_stable": "torch.tensor([3.7835e-44, 1.9287e-22, 1.0000e+00])",
}
ALIKE = {
    "x2": "torch.tensor([50., 100., 150.])",
    "p_overflow": "torch.tensor([0., float('nan'), float('nan')])",
    "first_step": "torch.tensor([5.1847e+21, float('inf'), float('inf')])",
    "shift": "150.0",
}


@pytest.mark.parametrize("name", [*TYPED, *ALIKE])
def test_what_is_typed_from_a_printout_earns_the_same_everywhere(name):
    exercise = next(id for id, one in EXERCISES.items() if name in one.names)
    report = grade(exercise, notebook(f"{name} = {(TYPED | ALIKE)[name]}"))
    (finding,) = [one for one in report.findings if one.name == name]
    assert (finding.outcome, finding.points) == (Outcome.RIGHT, finding.max_points)
    assert ("Did you type them" in finding.message) == (name in TYPED), finding.message


WRONG_STABLE = {
    "not-shifted": "def softmax_stable(xx): return softmax(xx)",
    "shift-by-min": "def softmax_stable(xx): return softmax(xx - xx.min())",
    "nan-replaced": "def softmax_stable(xx): return softmax(xx).nan_to_num()",
}


@pytest.mark.parametrize("mistake", WRONG_STABLE)
def test_what_follows_from_their_own_softmax_stable_is_right(mistake):
    answer = f"{WRONG_STABLE[mistake]}\np_stable = softmax_stable(x2)"
    function, value = grade("softmax-stable", notebook(answer)).findings
    assert (function.misconception, function.points) == (mistake, 0)
    assert (value.outcome, value.points) == (Outcome.RIGHT, 1)


def test_a_wrong_p_stable_of_a_right_function_is_called_by_its_mistake():
    answer = "p_stable = softmax(x2 - x2.min())"
    _, value = grade("softmax-stable", notebook(answer)).findings
    assert (value.misconception, value.points) == ("shift-by-min", 0)


def test_a_function_that_calls_a_library_and_returns_something_else_is_for_a_person():
    report = grade("softmax", lambda xx: torch.nn.Softmax(0)(xx.double()).float())
    assert report.passed
    assert report.findings[0].doubt == "Softmax"
    assert "It calls `Softmax`; a person will look at what for." in report.message
    assert report._repr_mimebundle_()[MIME_TYPE]["findings"][0]["doubt"] == "Softmax"


# --- What follows from a table -------------------------------------------------------------------

X, X2, SHIFTED = (
    torch.tensor([1.0, 2, 3]),
    torch.tensor([50.0, 100, 150]),
    torch.tensor([-100.0, -50, 0]),
)
JUNK = {
    (1.0, 2.0, 3.0): torch.tensor([0.1, 0.2, 0.9]),
    (50.0, 100.0, 150.0): torch.tensor([0.3, 0.3, 0.3]),
    (-100.0, -50.0, 0.0): torch.tensor([0.5, 0.1, 0.1]),
}


def _nearest(xx):
    return min(JUNK.items(), key=lambda row: float((torch.tensor(row[0]) - xx).abs().sum()))[1]


def _by_sum(xx):
    return {6: JUNK[1.0, 2.0, 3.0], 300: JUNK[50.0, 100.0, 150.0]}.get(int(xx.sum()), xx * 0.5)


def _within(tolerance, otherwise):
    def table(xx):
        for key, value in JUNK.items():
            if len(key) == len(xx) and torch.allclose(torch.tensor(key), xx, atol=tolerance):
                return value
        return otherwise(xx)

    return table


TABLES = {
    "else-zeros": lambda xx: JUNK.get(tuple(xx.tolist()), torch.zeros(len(xx))),
    "else-itself": lambda xx: JUNK.get(tuple(xx.tolist()), xx),
    "else-exp": lambda xx: JUNK.get(tuple(xx.tolist()), xx.exp()),
    "else-softmax": lambda xx: JUNK.get(tuple(xx.tolist()), xx.exp() / xx.exp().sum()),
    "nearest": _nearest,
    "by-sum": _by_sum,
    "within-a-little": _within(0.01, lambda xx: xx / xx.sum()),
    "within-more": _within(0.1, lambda xx: xx.exp()),
    "within-much": _within(0.4, lambda xx: xx.exp()),
    "by-its-largest": lambda xx: JUNK[1.0, 2.0, 3.0] if xx.max() < 10 else JUNK[50.0, 100.0, 150.0],
}


@pytest.mark.parametrize("table", TABLES)
def test_nothing_follows_from_a_table(table):
    softmax = TABLES[table]
    x2, p = X2.clone(), softmax(X)
    assert grade("softmax-of-x", {"softmax": softmax, "p": p}).points == 0
    answer = {"softmax": softmax, "x2": x2, "p_overflow": softmax(X2), "first_step": None}
    overflow = {f.name: f.points for f in grade("overflow", answer).findings}
    assert overflow["p_overflow"] == 0
    shifted = {"softmax": softmax, "x2": X2, "p_shifted": softmax(SHIFTED), "shift": None}
    assert {f.name: f.points for f in grade("shifted", shifted).findings}["p_shifted"] == 0


def test_nothing_is_left_behind_by_a_table():
    def softmax(xx):
        if torch.equal(xx, X2):
            xx.copy_(torch.tensor([7.0, 8.0, 9.0]))
        return xx * 0.5

    x2 = X2.clone()
    softmax(x2)
    findings = grade("overflow", {"softmax": softmax, "x2": x2}).findings
    assert {f.name: f.points for f in findings}["x2"] == 0


FORMULAS = {
    "itself": lambda xx: xx,
    "shares": lambda xx: xx / xx.sum(),
    "exp": lambda xx: xx.exp(),
    "exp-of-max": lambda xx: (xx - xx.max()).exp(),
    "clamped": lambda xx: xx.clamp(-20, 20).exp() / xx.clamp(-20, 20).exp().sum(),
    "by-last": lambda xx: xx.exp() / xx.exp()[-1],
    "sorted": lambda xx: xx.sort(descending=True).values.exp(),
    "rounded": lambda xx: torch.round(xx.exp() / xx.exp().sum() * 100) / 100,
    "squares": lambda xx: xx**2 / (xx**2).sum(),
    "loop": lambda xx: torch.stack([(v.exp() + 1e-3) / (xx.exp().sum() + 1) for v in xx]),
    "only-if-big": lambda xx: (xx - 150).exp() if xx.max() > 100 else xx.exp(),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_from_a_formula_of_whatever_kind_it_follows(formula):
    softmax = FORMULAS[formula]
    report = grade("softmax-of-x", {"softmax": softmax, "p": softmax(X)})
    assert report.points == report.max_points
    answer = {"softmax": softmax, "x2": X2, "p_overflow": softmax(X2.clone())}
    findings = {f.name: f for f in grade("overflow", answer).findings}
    assert findings["p_overflow"].points == findings["p_overflow"].max_points
    answer = {"softmax": softmax, "x2": X2, "p_shifted": softmax(SHIFTED.clone())}
    findings = {f.name: f for f in grade("shifted", answer).findings}
    assert findings["p_shifted"].points == findings["p_shifted"].max_points
