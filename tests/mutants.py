"""Mechanical mutants of right answers, and an oracle that says which of them are still right.

The oracle knows nothing of the marker: it compares with a softmax computed by NumPy in float64.
"""

from __future__ import annotations

import ast
import copy
import signal
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch

Verdict = Literal["right", "wrong", "borderline", "raises"]

# ── Mutants ──────────────────────────────────────────────────────────────────────────────────

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.GtE)

#: What a function or method may be mistaken for.
SWAPS = {
    "exp": ("log", "expm1", "exp2", "sigmoid"),
    "exp_": ("log_", "expm1_", "sigmoid_"),
    "log": ("exp", "log1p", "log2"),
    "sigmoid": ("exp", "tanh"),
    "sum": ("mean", "max", "min", "prod"),
    "fsum": ("max", "min"),
    "max": ("min", "mean", "sum", "median"),
    "amax": ("amin", "mean", "sum"),
    "maximum": ("minimum", "add"),
    "logsumexp": ("sum", "mean", "cumsum"),
    "logaddexp": ("add", "maximum"),
    "cumsum": ("cumprod", "cummax"),
    "argmax": ("argmin",),
    "argsort": ("argmax",),
    "abs": ("neg", "sqrt"),
    "stack": ("cat",),
    "cat": ("stack",),
    "zeros": ("ones",),
    "empty_like": ("ones_like",),
    "double": ("float", "half"),
    "float": ("half", "double"),
    "unsqueeze": ("squeeze",),
    "div_": ("mul_", "sub_"),
    "sub_": ("add_", "div_"),
    "div": ("mul", "sub"),
}

#: What may still be done to an answer. Some of it does no harm.
RETURNED = ("clone", "double", "detach", "half", "sum")


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each way to break, or not to break, a source by one small edit: (description, source).

    A source with a `while` is refused: its mutants need not end.
    """
    tree = ast.parse(source)
    if any(isinstance(node, ast.While) for node in ast.walk(tree)):
        raise ValueError("mutants of a while loop need not end")
    seen = {ast.unparse(tree)}
    for number, (_, _, node, names) in enumerate(_places(tree)):
        for what, replacement in _replacements(node, names):
            mutated = copy.deepcopy(tree)
            parent, where, _, _ = list(_places(mutated))[number]
            _put(parent, where, copy.deepcopy(replacement))
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text in seen or not _compiles(text):
                continue
            seen.add(text)
            line = getattr(node, "lineno", 0)
            yield f"line {line}: {what}", text + "\n"


Where = tuple[str, "int | None"]


def _places(
    node: ast.AST, names: tuple[str, ...] = ()
) -> Iterator[tuple[ast.AST, Where, ast.AST, tuple[str, ...]]]:
    """Every node that may be replaced: its parent, where it hangs, itself, the local names."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        names = _locals(node)
    for field, value in ast.iter_fields(node):
        if field in ("func", "annotation", "returns", "targets", "target", "ctx"):
            # What is called is swapped at the call.
            if field == "func" and isinstance(value, ast.Attribute):
                yield from _places(value, names)
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.AST) and not isinstance(child, ast.Import | ast.ImportFrom):
                yield node, (field, index if isinstance(value, list) else None), child, names
                yield from _places(child, names)


def _locals(function: ast.FunctionDef | ast.Lambda) -> tuple[str, ...]:
    names = [argument.arg for argument in function.args.args]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return tuple(dict.fromkeys(names))


def _put(parent: ast.AST, where: Where, replacement: ast.AST | None) -> None:
    """Hang a node in another's place; None deletes it."""
    field, index = where
    if index is None:
        setattr(parent, field, replacement)
    elif replacement is not None:
        getattr(parent, field)[index] = replacement
    else:
        del getattr(parent, field)[index]
        if field == "body" and not parent.body:
            parent.body = [ast.Pass()]


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _replacements(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in OPERATORS:
                if not isinstance(op, other):
                    yield f"{_sign(op)} becomes {other.__name__}", ast.BinOp(left, other(), right)
            yield "operands exchanged", ast.BinOp(right, op, left)
            yield "right operand lost", left
            yield "left operand lost", right
            yield "sign turned", ast.UnaryOp(ast.USub(), node)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "minus lost", operand
        case ast.Compare(left=left, ops=[op], comparators=comparators):
            for other in COMPARISONS:
                if not isinstance(op, other):
                    yield (
                        f"{_sign(op)} becomes {other.__name__}",
                        ast.Compare(left, [other()], comparators),
                    )
        case ast.Call():
            yield from _calls(node)
        case ast.Constant(value=bool() | str() | None):
            return
        case ast.Constant(value=int() | float() as value):
            for other in (value + 1, -value, 0, -1):
                yield f"{value} becomes {other}", ast.Constant(other)
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            for other in names:
                if other != name:
                    yield f"{name} becomes {other}", ast.Name(other, ast.Load())
        case ast.Subscript(value=value):
            yield "index lost", value
        case ast.Return(value=value) if value is not None:
            yield "return lost", ast.Expr(value)
            for method in RETURNED:
                called = ast.Call(ast.Attribute(value, method, ast.Load()), [], [])
                yield f"returned through {method}", ast.Return(called)
            for name in names:
                yield f"{name} returned", ast.Return(ast.Name(name, ast.Load()))
        case ast.Assign(targets=[ast.Name() as target], value=ast.BinOp(left, op, right)) if (
            isinstance(left, ast.Name) and left.id == target.id
        ):
            yield "done in place", ast.AugAssign(target, op, right)
            yield "statement lost", None
        case ast.AugAssign(target=ast.Name() as target, op=op, value=value):
            for other in OPERATORS:
                if not isinstance(op, other):
                    yield (
                        f"{_sign(op)}= becomes {other.__name__}",
                        ast.AugAssign(target, other(), value),
                    )
            yield "statement lost", None
        case ast.Assign() | ast.Assert() | ast.Expr():
            yield "statement lost", None
        case ast.If(test=test):
            yield "condition turned", ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
            yield "condition always true", ast.If(ast.Constant(True), node.body, node.orelse)


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    func, args, keywords = node.func, node.args, node.keywords
    if isinstance(func, ast.Attribute):
        for other in SWAPS.get(func.attr, ()):
            swapped = ast.Attribute(func.value, other, ast.Load())
            yield f"{func.attr} becomes {other}", ast.Call(swapped, args, keywords)
        if not (isinstance(func.value, ast.Name) and func.value.id in ("torch", "math", "np", "F")):
            yield f".{func.attr}() lost", func.value
    if isinstance(func, ast.Name):
        for other in {"sum": ("max", "min"), "max": ("min", "sum")}.get(func.id, ()):
            yield f"{func.id} becomes {other}", ast.Call(ast.Name(other, ast.Load()), args, [])
    for i, argument in enumerate(args):
        if not isinstance(argument, ast.Starred):
            yield f"argument {i + 1} alone", argument
            yield f"argument {i + 1} lost", ast.Call(func, args[:i] + args[i + 1 :], keywords)
            yield (
                f"argument {i + 1} negated",
                ast.Call(
                    func,
                    [*args[:i], ast.UnaryOp(ast.USub(), argument), *args[i + 1 :]],
                    keywords,
                ),
            )
    for i, keyword in enumerate(keywords):
        rest = keywords[:i] + keywords[i + 1 :]
        yield f"{keyword.arg}= lost", ast.Call(func, args, rest)


def _sign(op: ast.AST) -> str:
    return type(op).__name__


# ── Oracle ───────────────────────────────────────────────────────────────────────────────────

#: Below the smallest normal float32 a number counts as zero.
TINY = float(np.finfo(np.float32).tiny)
#: An error this many times the tolerance is wrong for sure, one so many times smaller is right.
MARGIN = 3.0


def verdicts(sources: list[str], name: str, seconds: int = 10) -> list[Verdict]:
    """Which sources define a right `softmax` or `softmax_stable`; `seconds` is for each.

    "borderline": the error is within a factor of 3 of the tolerance, or there is one outside of
    what the exercise clearly asks for, or only for a single vector. "raises": not even [1, 2, 3]
    gets an answer, of which a marker can make no mistake worth a test. Runs the sources: call it
    in a child process.
    """
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    return [_verdict(source, name, seconds) for source in sources]


def _verdict(source: str, name: str, seconds: int) -> Verdict:
    def late(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        namespace: dict[str, Any] = {"torch": torch, "__name__": "mutant"}
        try:
            exec(compile(source, "mutant", "exec"), namespace)
            namespace[name](torch.tensor([1.0, 2.0, 3.0]))
        except Exception:
            return "raises"
        return _judge(namespace[name], *vectors(name))
    except Exception:
        return "wrong"
    finally:
        signal.alarm(0)


def _judge(function: Any, asked: list[np.ndarray], beyond: list[np.ndarray]) -> Verdict:
    failures, doubt = 0, False
    given: list[tuple[torch.Tensor, torch.Tensor]] = []
    for x in asked + asked[:6]:
        error = _error(function, x, given)
        doubt = doubt or not error < 1 / MARGIN
        failures += not error < MARGIN
        if failures == 2:
            return "wrong"
    for result, before in given:
        if not torch.equal(result, before):
            return "wrong"
    doubt = doubt or any(not _error(function, x, given) < 1 / MARGIN for x in beyond)
    return "borderline" if doubt else "right"


def _error(function: Any, x: np.ndarray, given: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """The largest error of an answer in units of the tolerance; inf for what is no answer."""
    argument = torch.tensor(x)
    try:
        result = function(argument)
    except TimeoutError:
        raise
    except Exception:
        return np.inf
    if not isinstance(result, torch.Tensor) or not result.is_floating_point():
        return np.inf
    unchanged = argument.shape == x.shape and np.array_equal(argument.detach().numpy(), x)
    if result.shape != x.shape or not unchanged:
        return np.inf
    got = result.detach().double().numpy()
    if not np.isfinite(got).all():
        return np.inf
    given.append((result.detach(), result.detach().clone()))
    wide = x.astype(np.float64)
    exps = np.exp(wide - wide.max())
    want = exps / exps.sum()
    tolerance = min(2e-5 + 4.8e-7 * np.abs(wide).max(), 1e-2)
    # Around the smallest normal number, one side may be flushed to zero.
    both_tiny = (np.abs(got) < 4 * TINY) & (want < 4 * TINY)
    ratio = np.abs(got - want) / (tolerance * np.maximum(want, TINY))
    return float(np.where(both_tiny, 0.0, ratio).max())


def vectors(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What the exercise clearly asks for, and what a fair marker may ask or not."""
    rng = np.random.default_rng(20)
    asked: list[Any] = [[1, 2, 3], [3, 2, 1], [2, -1, 0.5, 1], [0, 0, 0], [-4, -4], [5], [-3]]
    for n in (1, 2, 3, 4, 5, 6, 9, 16):
        asked += [rng.normal(size=n) * scale for scale in (0.5, 2, 6)]
        asked += [rng.uniform(-9, -1, size=n), rng.uniform(1, 9, size=n)]
    beyond: list[Any] = [[60, -60], [-60, -60, -59], [60, 60], rng.uniform(-60, 60, size=7)]
    if name == "softmax_stable":
        asked += [[50, 100, 150], [150, 50, 100], [150, 100, 50], [1000], [-1000], [-10000]]
        for n in (2, 3, 4, 7):
            asked += [np.full(n, -10000), np.full(n, 10000), np.full(n, 300), np.full(n, -300)]
            asked += [rng.normal(size=n) + shift for shift in (-10000, -500, 500, 9995)]
            asked += [rng.permutation(n) + 9990, rng.uniform(-1, 1, size=n) * 10000]
            asked += [np.append(rng.normal(size=n), 5000), np.append(rng.normal(size=n), -5000)]
            asked += [np.append(5000, rng.normal(size=n)), np.append(-5000, rng.normal(size=n))]
            asked += [rng.normal(size=n) * 40, rng.normal(size=n) * 200]
        beyond += [[88.5, 88.5], [-100, -101], [95, 0, -95], [-87, -90], [700, 710], [88.8, 0]]
    return _floats(asked), _floats(beyond)


def _floats(lists: list[Any]) -> list[np.ndarray]:
    return [np.asarray(x, dtype=np.float32) for x in lists]
