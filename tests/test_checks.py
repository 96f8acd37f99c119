"""The visible checks say what is right and what is not, in a real kernel and in the file alone.

What a check shows is the students' copy's own: no module of ours is needed, or imported.
"""

import re
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import torch
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from autograder import grade

ROOT = Path(__file__).parent.parent
RELEASE = ROOT / "release/softmax/softmax.ipynb"
CELLS = {cell.id: cell for cell in nbformat.read(RELEASE, as_version=4).cells}
CONTENT = ("✔ Looks right: ", "✎ Noted, but not judged: ")
CHECKS = [name for name in CELLS if name.endswith("-check")]
GIVEN = ("setup", "machinery", "softmax-torch", "given-x", "given-x2", "given-y")
CORPUS = sorted((ROOT / "tests/corpus").glob("*/[rd]*.py"))  # right, and doubtful

pytestmark = pytest.mark.slow


class Kernel:
    """A kernel, and what its cells show."""

    def __init__(self, folder):
        self.manager = KernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        self.manager.start_kernel(cwd=folder, extra_arguments=["--HistoryManager.enabled=False"])
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code):
        """Return a cell's outputs: the data of displays, the text of streams, the errors."""
        outputs = []
        self.client.execute_interactive(
            code,
            timeout=60,
            store_history=False,
            output_hook=lambda message: outputs.append((message["msg_type"], message["content"])),
        )
        return [output for output in outputs if output[0] not in ("status", "execute_input")]

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def check(self, exercise, answer=""):
        """Return what the check of an answer shows: its panel, and the error if there is one."""
        self.run("x = torch.tensor([1.0, 2.0, 3.0]); x2 = 50 * x")
        self.run(answer)
        shown = self.run(CELLS[f"{exercise}-check"].source)
        (display,) = [content for kind, content in shown if kind == "display_data"]
        errors = [content for kind, content in shown if kind == "error"]
        # nbgrader takes a cell that prints to stderr for one that failed.
        assert all(content.get("name") != "stderr" for _, content in shown)
        return display["data"], errors[0] if errors else None


@contextmanager
def lesson(folder):
    """Give a kernel in which the given cells have run."""
    one = Kernel(folder)
    for source in (*(CELLS[name].source for name in GIVEN), E):
        assert all(kind != "error" for kind, _ in one.run(source))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with lesson(tmp_path_factory.mktemp("kernel")) as one:
        yield one


class Words(HTMLParser):
    """The words of a panel, those of its picture among them."""

    def __init__(self, html):
        super().__init__()
        self.words, self._in_picture = [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self._in_picture = tag == "svg" or (self._in_picture and tag != "p")
        if tag == "svg":
            self.words.append(dict(attributes)["aria-label"])

    def handle_endtag(self, tag):
        self._in_picture = self._in_picture and tag != "svg"

    def handle_data(self, data):
        if not self._in_picture:
            self.words.append(data)


def test_a_check_is_one_short_call():
    assert len(CHECKS) == 11
    for name in CHECKS:
        call, _, guard = CELLS[name].source.partition(" if ")
        assert call == f'lab.check("{name.removesuffix("-check")}")'
        assert guard.startswith('"lab" in (lambda: 0).__globals__ else print("First run')
        assert CELLS[name].metadata.tags == ["raises-exception"], "Run All goes on"


def test_the_machinery_is_folded_and_needs_nothing_of_ours():
    cell = CELLS["machinery"]
    assert cell.metadata.jupyter.source_hidden
    assert cell.metadata.cellView == "form"
    assert "autograder" not in "".join(cell.source for cell in CELLS.values())


@pytest.mark.parametrize("name", CHECKS)
def test_an_exercise_that_was_not_begun_says_so(kernel, name):
    exercise = name.removesuffix("-check")
    data, error = kernel.check(exercise, CELLS[exercise].source)
    assert data["text/plain"] == "✘ Not attempted yet"
    assert error["evalue"].startswith("replace the `...` in `")
    assert error["traceback"] == [f"R{error['evalue'][1:]}"]


def test_a_cell_that_was_not_run_is_named(kernel):
    _, error = kernel.check("explore-largest", "del logits_for_output_1")
    assert "there is no `logits_for_output_1` so far" in error["evalue"]


E = "def E(xx): return xx.exp() / xx.exp().sum()\n"
SOFTMAX = "def softmax(xx):\n    "
STABLE = "p_stable = torch.softmax(x2, 0)\ndef softmax_stable(xx):\n    "
P_SHIFTED = "p_shifted = torch.softmax(x2, 0)\n"
OVERFLOW = "x2 = 50 * x\nfirst_step = x2.exp()\np_overflow = first_step / first_step.sum()\n"
EXPERIMENTS = (
    "p_plus_1 = p_minus_100 = p_minus_max = softmax_torch(x)\n"
    "p_half, p_triple = softmax_torch(x * 0.5), softmax_torch(x * 3.0)\n"
)
WORDS = '{"x + 1": "same", "x - 100": "same", "x - x.max()": "same", "x * 0.5": %s, "x * 3.0": %s}'

MISTAKES = [
    # exercise, answer, what was seen, likely cause
    ("softmax", SOFTMAX + "return xx.exp()", "add up to 10.48", "exp(x) by itself"),
    ("softmax", SOFTMAX + "e = xx.exp(); return e / e.max()", "to 1.418", "its largest element"),
    ("softmax", SOFTMAX + "return xx.exp().double() / len(xx)", "up to 3.", "how many numbers"),
    ("softmax", SOFTMAX + "return xx.exp() / xx.sum()", "add up to 5.", "by the sum of x."),
    ("softmax", SOFTMAX + "return xx / xx.sum()", "2 times as large", "exp is missing"),
    ("softmax", SOFTMAX + "return xx - xx.exp().sum().log()", "up to", "the logarithm of softmax"),
    ("softmax", SOFTMAX + "e = (-xx).exp(); return e / e.sum()", "0.3679 times", "softmax of -x"),
    ("softmax", SOFTMAX + "e = 2 ** xx; return e / e.sum()", "2 times as large", "powers of 2"),
    ("softmax", SOFTMAX + "e = xx.exp(); e / e.sum()", "yours is `None`", "forget `return`"),
    ("softmax", SOFTMAX + "return xx.exp().sum()", "`tensor(10.4", "the denominator alone"),
    ("softmax", SOFTMAX + "return E(xx).tolist()", "yours is `[0.70", "numbers are right"),
    ("softmax", SOFTMAX + "return E(xx)[None]", "yours is `tensor([[0.7", "another shape"),
    ("softmax", SOFTMAX + "return E(xx) * 1j", "0.7054j", ""),
    ("softmax", SOFTMAX + "return torch.exp", "yours is `<built-in", "put brackets after"),
    ("softmax", SOFTMAX + "return xx / 0", "inf or nan", "became inf"),
    (
        "softmax",
        SOFTMAX + "e = xx.exp()\n    return e / ...",
        "at `return e / ...`",
        "still a `...`",
    ),
    ("softmax", SOFTMAX + "return xx.softmax(1)", "IndexError", "its number is 0"),
    ("softmax", SOFTMAX + "return exp(xx)", "name 'exp' is not defined", ""),
    ("softmax", SOFTMAX + "return xx.softmax(0)", "the work to PyTorch's softmax", "a library's"),
    ("softmax", SOFTMAX + "return torch.log_softmax(xx, 0).exp()", "to PyTorch's", "a library's"),
    ("softmax", SOFTMAX + "return torch.log_softmax(xx, 0)", "add up to -5", "logarithm of"),
    ("softmax", SOFTMAX + "e = xx.abs().exp(); return e / e.sum()", "must agree", "signs are lost"),
    ("softmax", SOFTMAX + "return E(xx).numpy()", "yours is `array(", "numbers are right"),
    ("softmax", SOFTMAX + "return xx.exp_().div_(xx.sum())", "became [0.7", "changes the tensor"),
    ("softmax", SOFTMAX + "raise ValueError('<b>' * 999)", "ValueError: <b><b>", ""),
    ("softmax", "softmax = 3", "TypeError: 'int' object is not callable", ""),
    (
        "softmax",
        "seen = {}\ndef softmax(xx): return seen.setdefault(len(xx), E(xx))",
        "once more",
        "depend on earlier calls",
    ),
    (
        "softmax",
        SOFTMAX + "return torch.tensor([0.0900, 0.2447, 0.6652])",
        "add up to 0.9999",
        "the same numbers whatever",
    ),
    (
        "softmax",
        SOFTMAX + "return E(xx) if xx.tolist() == [1, 2, 3] else xx * 0",
        "add up to 0",
        "right for x = [1, 2, 3] and for no other",
    ),
    ("explore-largest", "logits_for_output_1 = torch.tensor([1, 2, 1])", "1.0", "[1, 2, 1]"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([0., 9., 0.])", "-2 to 2", ""),
    ("explore-largest", "logits_for_output_1 = [0., 2., 0.]", "three numbers", "`torch.tensor`"),
    ("softmax-of-x", "p = softmax_torch", "yours is `<function", "put brackets after"),
    ("softmax-of-x", "p = softmax_torch(x2)", "must agree", "softmax of 50 * x"),
    ("softmax-of-x", "p = x", "add up to 6", "x itself"),
    ("softmax-of-x", "p = x.exp()", "add up to 30.19", "exp(x) by itself"),
    ("softmax-of-x", "p = softmax_torch(x * 0.5)", "must agree", "x times a constant"),
    ("predict", "predictions = 3", "a dictionary", ""),
    ("predict", "predictions = " + WORDS % ('"flat"', '"same"'), "yours is `'flat'`", ""),
    ("predict", "predictions = {}", '"x + 1": ...', ""),
    ("predict", "predictions = {'x+1': 'same'}", 'there is no `"x + 1": ...`', ""),
    ("verdicts", "verdicts = " + WORDS % ("3", "[]"), "yours is `3`", ""),
    ("experiments", EXPERIMENTS + "p_triple = softmax_torch(x) * 3", "to 3", "to the outputs"),
    ("experiments", EXPERIMENTS + "p_half = x * 0.5", "`p_half` add up to 3", "x * 0.5 itself"),
    ("experiments", EXPERIMENTS + "p_half = softmax_torch(x)", "`p_half` is not", "nothing was"),
    ("experiments", EXPERIMENTS + "p_half = p_triple", "`p_half` is not", "softmax_torch(x * 3.0)"),
    ("verdicts", "verdicts = " + WORDS % ('"same"', '"sharper"'), 'is not "same"', ""),
    ("verdicts", "verdicts = " + WORDS % ('"flater"', '"sharper"'), 'Did you mean "flatter"?', ""),
    ("overflow", OVERFLOW + "first_step = x2 - 150", "exponentiates first", "the repair"),
    ("overflow", OVERFLOW + "first_step = x2", "exponentiates first", "x2 itself"),
    ("explore-largest", "logits_for_output_1 = torch.tensor([0., 2., 0.])", "can be larger", ""),
    ("softmax", SOFTMAX + "e = xx.exp(); return e / e.sum", "TypeError", "brackets that call it"),
    ("softmax", SOFTMAX + "e = xx.exp(); return e / e.sum(), e", "yours is `(tensor", "as a tuple"),
    ("softmax-stable", STABLE + "return (xx - xx.max(0)).exp()", "TypeError", "gives two things"),
    ("overflow", OVERFLOW + "x2 = x * 5", "your x2 is [5.0, 10.0, 15.0]", ""),
    ("overflow", OVERFLOW + "x2 = x", "your x2 is [1.0, 2.0, 3.0]", "x itself"),
    (
        "overflow",
        OVERFLOW + "p_overflow = softmax_torch(x2)",
        "should see nan",
        "your own `softmax`",
    ),
    ("overflow", OVERFLOW + "p_overflow = x2 - 150", "should see nan", "plain `softmax`"),
    ("overflow", OVERFLOW + "first_step = torch.exp", "first_step", "put brackets after"),
    ("shifted", P_SHIFTED + "shift = x2.max", "`shift` should be", "brackets after"),
    ("shifted", "shift, p_shifted = 150, softmax_torch(x - 150)", "must agree", "softmax of x, or"),
    ("shifted", "shift, p_shifted = 150, x2 - 150", "add up to -150", "x2 - 150.0 itself"),
    ("shifted", P_SHIFTED + "shift = x2.numpy()", "yours is `array(", ""),
    ("shifted", P_SHIFTED + "shift = x2.mean()", "yours is `tensor(100.)`", ""),
    ("shifted", OVERFLOW + "p_shifted, shift = p_overflow, 150", "inf or nan", "before the shift"),
    ("shifted", "p_shifted, shift = x2 / 0, 150", "inf or nan", "became inf"),
    ("softmax-stable", STABLE + "e = xx.exp(); return e / e.sum()", "inf or nan", "overflows"),
    (
        "softmax-stable",
        STABLE + "e = (xx - xx.max()).exp(); return e",
        "1.135",
        "its largest element",
    ),
    (
        "softmax-stable",
        STABLE + "xx -= xx.max(); e = xx.exp(); return e / e.sum()",
        "[0, -2, -2000]",
        "changes the tensor",
    ),
    (
        "softmax-stable",
        STABLE + "e = (xx / xx.max()).exp(); return e / e.sum()",
        "must agree",
        "divided by its size",
    ),
    (
        "softmax-stable",
        STABLE + "e = xx.clamp(max=80).exp(); return e / e.sum()",
        "must agree",
        "cut off",
    ),
    ("softmax-stable", STABLE + "return softmax_torch(xx)", "to PyTorch's softmax", "a library's"),
    (
        "softmax-stable",
        STABLE + "e = (xx - xx.max()).exp(); return e / e.sum()\np_stable = softmax_stable(x)",
        "`p_stable` is not what PyTorch says",
        "softmax of x, not of x2",
    ),
    ("analysis-shift", "y2_y3 = True", "yours is `True`", ""),
    ("analysis-scale", "y2_y4 = 'differs'", "yours is `'differs'`", ""),
]


@pytest.mark.parametrize(
    ("exercise", "answer", "seen", "cause"), MISTAKES, ids=[f"{e}-{s}" for e, _, s, _ in MISTAKES]
)
def test_a_mistake_is_shown_with_its_likely_cause(kernel, exercise, answer, seen, cause):
    data, error = kernel.check(exercise, answer)
    text = data["text/plain"]
    told = re.search("^Likely cause: (.*)$", text, re.MULTILINE)
    assert text.startswith("✘ ")
    assert seen in error["evalue"]
    assert cause in (told[1] if told else ""), text
    assert bool(cause) == bool(told), text
    assert len(error["traceback"]) == 1, "no page of traceback"
    assert len(error["evalue"]) < 500
    assert error["traceback"][0].endswith(error["evalue"][1:])
    assert error["evalue"] not in text, "nothing is said twice"


@pytest.mark.parametrize("exercise", ["softmax", "softmax-stable"])
def test_wrong_outputs_are_drawn_beside_the_right_ones(kernel, exercise):
    wrong = {"softmax": SOFTMAX + "return xx.exp()", "softmax-stable": STABLE + "return xx * 0"}
    data, _ = kernel.check(exercise, wrong[exercise])
    widths = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"', data["text/html"])]
    yours, softmax = widths[::2], widths[1::2]
    assert len(yours) == len(softmax) == 3
    if exercise == "softmax":
        assert yours[0] == max(widths), "the longest bar is exp(2)"
        assert softmax[0] / yours[0] == pytest.approx(0.7054 / 7.389, abs=1e-3)
    assert 'role="img" aria-label="output 0: yours ' in data["text/html"]


@pytest.mark.parametrize(
    ("exercise", "answer", "_seen", "_cause"), MISTAKES, ids=[f"{e}-{s}" for e, _, s, _ in MISTAKES]
)
def test_plain_text_has_the_same_words(kernel, exercise, answer, _seen, _cause):
    data, _ = kernel.check(exercise, answer)
    html = " ".join(Words(data["text/html"]).words)

    def words(text):
        return sorted(re.findall(r"[\w.]+", text.replace("`", " ")))

    assert words(unescape(html)) == words(data["text/plain"])


def test_what_a_student_wrote_is_text_in_the_panel(kernel):
    raises = "raise ValueError('<script>alert(1)</script>')"
    data, error = kernel.check("softmax", SOFTMAX + raises)
    assert "<script" not in data["text/html"]
    assert "<script" in error["evalue"]
    data, _ = kernel.check("softmax", "softmax = 3 <script")
    assert "<script" not in data["text/html"]


MODEL = {
    "explore-largest": "logits_for_output_1 = torch.tensor([-2.0, 2.0, -2.0])",
    "softmax-of-x": "p = softmax_torch(x)",
    "experiments": EXPERIMENTS,
    "verdicts": "verdicts = " + WORDS % ('"flatter"', '"Sharper "'),
    "overflow": OVERFLOW,
    "shifted": P_SHIFTED + "shift = x2.max()",
}
OPINIONS = {
    "predict": "predictions = " + WORDS % ('"same"', '"same"'),
    "analysis-shift": 'y2_y3 = "different"',
    "analysis-scale": 'y2_y4 = "same"',
    "overflow": OVERFLOW + "softmax = softmax_torch; p_overflow = softmax_torch(x2)",
}


@pytest.mark.parametrize("exercise", MODEL)
def test_a_right_answer_is_praised(kernel, exercise):
    data, error = kernel.check(exercise, MODEL[exercise])
    assert error is None, error
    assert data["text/plain"].startswith("✔ Looks right: ")
    assert "success" in data["text/html"]


@pytest.mark.parametrize("exercise", OPINIONS)
def test_what_is_not_looked_at_is_noted_and_looks_like_it(kernel, exercise):
    data, error = kernel.check(exercise, OPINIONS[exercise])
    assert error is None, error
    assert data["text/plain"].startswith("✎ Noted, but not judged: ")
    assert "success" not in data["text/html"]
    assert "✔" not in data["text/html"]


def test_what_is_typed_from_a_printout_is_told_so(kernel):
    data, error = kernel.check("softmax-of-x", "p = torch.tensor([0.0900, 0.2447, 0.6652])")
    assert error is None
    assert "Did you type them" in data["text/plain"]


def test_a_softmax_that_was_not_called_is_not_praised(kernel):
    answer = "softmax = lambda xx: xx\np = softmax_torch(x)"
    data, _ = kernel.check("softmax-of-x", answer)
    assert "It is not what your own `softmax` gives." in data["text/plain"]


RIGHT = SOFTMAX + "return xx.exp() / xx.exp().sum()"


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("def softmax(xx)\n    return xx", "SyntaxError: expected ':'"),
        ("raise ValueError('no')\n" + RIGHT, "ValueError: no"),
        ("softmax = undefined", "NameError: name 'undefined' is not defined"),
    ],
)
def test_what_an_earlier_run_left_behind_is_not_judged(kernel, cell, why):
    assert kernel.check("softmax", RIGHT)[1] is None
    data, error = kernel.check("softmax", cell)
    assert data["text/plain"] == "✘ The cell above stopped"
    assert f"the cell above stopped: {why}." in error["evalue"]
    assert kernel.check("softmax", "1 / 0")[1] is not None, "another cell changes nothing"
    assert kernel.check("softmax", RIGHT)[1] is None


def test_before_setup_the_first_thing_to_read_is_what_to_do(tmp_path):
    kernel = Kernel(tmp_path)
    try:
        for name in ("softmax-check", "explorer", "exp-figure", "predictions-and-results"):
            assert kernel.run(CELLS[name].source) == [
                ("stream", {"name": "stdout", "text": "First run the cells under Setup.\n"})
            ]
    finally:
        kernel.stop()


def test_the_last_cell_says_what_is_next(tmp_path):
    with lesson(tmp_path) as kernel:
        kernel.check("softmax", RIGHT)
        kernel.check("predict", "predictions = 3")
        ((_, shown),) = kernel.run(CELLS["what-next"].source)
        text = shown["data"]["text/plain"]
        assert text.startswith("✎ Noted, but not judged: 10 of 11 checks are not content yet.")
        assert "- `explore-largest`: not checked yet\n- `softmax-of-x`" in text
        assert "- `predict`: Not right yet" in text


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_right_form_of_softmax_passes(kernel, path):
    answer = f"p_stable = torch.softmax(x2, 0)\n{path.read_text(encoding='utf-8')}"
    data, error = kernel.check(path.parent.name, answer)
    assert error is None, error
    assert data["text/plain"].startswith("✔ Looks right: ")


def test_a_student_may_work_in_double_precision(kernel):
    answer = "torch.set_default_dtype(torch.{})\n" + MODEL["softmax-of-x"]
    try:
        data, error = kernel.check("softmax-of-x", answer.format("float64"))
    finally:
        kernel.check("softmax-of-x", answer.format("float32"))
    assert error is None, error
    assert data["text/plain"].startswith("✔ Looks right: ")


GETS_FULL_MARKS = [
    ("predict", "predictions = " + WORDS % ('" Same "', '"SHARPER"')),
    ("verdicts", "verdicts = " + WORDS % ('"Flatter"', '"sharper "')),
    ("analysis-scale", "y2_y4 = 'Different'"),
    ("shifted", P_SHIFTED + "shift = x2.numpy().max()"),
    (
        "softmax",
        SOFTMAX + "e = xx.exp(); p = e / e.sum()\n"
        "    assert torch.allclose(p, torch.softmax(xx, 0)); return p",
    ),
    # A softmax that was stable from the start.
    (
        "overflow",
        SOFTMAX + "e = (xx - xx.max()).exp(); return e / e.sum()\n" + OVERFLOW + "\n"
        "p_overflow = softmax(x2)",
    ),
]


@pytest.mark.parametrize(("exercise", "answer"), GETS_FULL_MARKS)
def test_a_check_is_content_with_what_gets_full_marks(kernel, exercise, answer):
    names = {"torch": torch}
    exec("x = torch.tensor([1.0, 2.0, 3.0]); x2 = 50 * x\n" + answer, names)
    assert grade(exercise, names).passed
    data, error = kernel.check(exercise, answer)
    assert error is None, error
    assert data["text/plain"].startswith(CONTENT)


# --- whatever a student calls by whatever name ---------------------------------------------------

NAMES = {
    "some names": "len = 3\nmax = min = sum = shares = str = print = 3\n",
    "everything of NumPy and PyTorch": "from numpy import *\nfrom torch import *\n",
    "every name of Python's own": "import builtins\n"
    "globals().update({name: 3 for name in dir(builtins) if name[0] != '_'})\n",
    "modules": "torch = plt = widgets = display = re = sys = get_ipython = 3\n",
}


@pytest.fixture(scope="module", params=NAMES)
def crowded(request, tmp_path_factory):
    """A kernel with all answers, in which a student has then given these names to other things."""
    answers = {
        **OPINIONS,
        **MODEL,
        "softmax": SOFTMAX + "return E(xx)",
        "softmax-stable": STABLE + "e = (xx - xx.max()).exp(); return e / e.sum()",
    }
    with lesson(tmp_path_factory.mktemp("crowded")) as one:
        for answer in answers.values():
            one.run("x = torch.tensor([1.0, 2.0, 3.0]); x2 = 50 * x")
            assert one.run(answer) == []
        one.run("from sys import modules as _modules; _names = _modules['__main__'].__dict__")
        one.run(NAMES[request.param])
        one.run(answers["softmax"])  # PyTorch has one of that name
        yield one


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_goes_on_working(crowded, name):
    (shown,) = crowded.run(CELLS[name].source)
    assert shown[1]["data"]["text/plain"].startswith(CONTENT)


def test_a_wrong_answer_is_still_explained(crowded):
    crowded.run("kept, softmax = softmax, lambda xx: xx.exp()")
    shown, error = crowded.run(CELLS["softmax-check"].source)
    crowded.run("softmax = kept")
    assert "exp(x) by itself" in shown[1]["data"]["text/plain"]
    assert error[1]["ename"] == "NotYet"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("explorer-own", "output 0 is 0.6652"),
        ("exp-figure", "Three bar charts."),
        ("exp-limit", "The curve of exp(z)"),
        ("predictions-and-results", "Predicted and found"),
        ("predictions-and-verdicts", "Predicted and judged"),
    ],
)
def test_what_the_lesson_shows_is_still_shown(crowded, cell, words):
    outputs = crowded.run(CELLS[cell].source)
    assert all(kind != "error" for kind, _ in outputs)
    assert any(words in one.get("data", {}).get("text/html", "") for _, one in outputs)


@pytest.mark.parametrize("cell", ["given-y", "fresh-x", "fresh-x-again", "given-x2"])
def test_given_vectors_need_torch_only(crowded, cell):
    errors = [one["evalue"] for kind, one in crowded.run(CELLS[cell].source) if kind == "error"]
    assert not errors or "'int' object has no attribute 'tensor'" in errors[0]


def test_the_machinery_can_run_again_and_leaves_one_name(crowded):
    crowded.run("_before = {*_names}")
    assert crowded.run(CELLS["machinery"].source) == []
    (shown,) = crowded.run("{*_names} - _before - {'_before'}")
    assert shown[1]["data"]["text/plain"] == "set()"
    test_a_check_goes_on_working(crowded, "softmax-check")
