"""Run cells with IPython's own shell, without a kernel, and give their outputs in nbformat.

What a kernel has and this shell lacks: `get_ipython().kernel`, comms (a widget's later life),
capturing by Output widgets, `input()`, an event loop between cells.
"""

from __future__ import annotations

import ast
import gc
import io
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from autograder.runner.job import Outputs

#: The most characters a cell's outputs may have in all; what comes after is dropped, and said so.
MAX_OUTPUT = 1_000_000


@dataclass(frozen=True)
class RanTest:
    """How a test cell ended: facts, whatever room there was to show them.

    Attributes:
        passed: whether it raised nothing and wrote nothing to the error stream.
        value: of its last expression; None if that gave none, or a semicolon ends it.

    """

    passed: bool
    value: object


class _OutputRecorder:
    """The outputs of the cell that runs."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.outputs: Outputs = []
        self.has_errors = False  # whether anything came on the error stream, shown or not
        self._left = MAX_OUTPUT

    def stream(self, name: str, text: str) -> None:
        self.has_errors = self.has_errors or (name == "stderr" and bool(text))
        text = self._cut(text)
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        elif text:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def display(
        self, what: str, data: dict[str, Any], metadata: dict[str, Any], **more: Any
    ) -> None:
        size = sum(len(str(part)) for part in data.values())
        if size > self._left:
            self.stream("stdout", "[an output that is too large was left out]\n")
            return
        self._left -= size
        self.outputs.append({"output_type": what, "data": data, "metadata": metadata, **more})

    def _cut(self, text: str) -> str:
        if self._left <= 0:
            return ""
        kept = text[: self._left]
        self._left -= len(kept)
        return kept if len(kept) == len(text) else f"{kept}\n[what follows was left out]\n"


class _Stream(io.TextIOBase):
    encoding = "utf-8"  # what asks whether × can be written is told yes

    def __init__(self, recorder: _OutputRecorder, name: str) -> None:
        self._recorder, self._name = recorder, name

    def write(self, text: str) -> int:
        self._recorder.stream(self._name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):
    recorder: _OutputRecorder

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        self.recorder.display("display_data", dict(data), dict(metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        self.recorder.start()


class _Hook(DisplayHook):
    recorder: _OutputRecorder

    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.recorder.display(
            "execute_result",
            dict(format_dict),
            dict(md_dict or {}),
            execution_count=None,  # counted when the notebook is put together
        )

    def finish_displayhook(self) -> None:
        pass


class Shell:
    """A shell; make one before the fork and use it in one child."""

    def __init__(self) -> None:
        # The user's own profile is neither read nor written: no history, no start-up files.
        with tempfile.TemporaryDirectory() as folder:
            self._shell: Any = _InteractiveShell.instance(ipython_dir=folder)
        self._shell.InteractiveTB.set_mode("Plain")  # as Python shows it; others take 20 ms each
        self.recorder = _OutputRecorder()
        parts: tuple[Any, ...] = (self._shell.display_pub, self._shell.displayhook, self._shell)
        for part in parts:
            part.recorder = self.recorder

    @property
    def names(self) -> dict[str, Any]:
        """The namespace of the cells."""
        names: dict[str, Any] = self._shell.user_ns
        return names

    def run(self, source: str, draws: bool = True) -> Outputs:
        """Run a cell and return its outputs; an error is one of them.

        Args:
            source: the cell's text.
            draws: whether its figures are needed. If not they stay empty, which saves most of the
                time of a cell that shows one.

        """
        with nullcontext() if draws else _empty_figures():
            self._run(source)
        return self.recorder.outputs

    def run_test(self, source: str) -> tuple[Outputs, RanTest]:
        """Run a test cell; return its outputs and how it ended."""
        result = self._run(source)
        passed = bool(result.success) and not self.recorder.has_errors
        return self.recorder.outputs, RanTest(passed, result.result)

    def _run(self, source: str) -> Any:
        self.recorder.start()
        with self._redirected():
            return self._shell.run_cell(source, store_history=True)

    def reset(self) -> None:
        """Forget what cells have defined and how many have run."""
        self._shell.reset(new_session=True)

    def user_names(self) -> list[str]:
        """Return the names that cells have defined."""
        hidden = self._shell.user_ns_hidden
        return [name for name in self.names if name not in hidden and not name.startswith("_")]

    @contextmanager
    def _redirected(self) -> Iterator[None]:
        before = sys.stdout, sys.stderr
        sys.stdout = _Stream(self.recorder, "stdout")
        sys.stderr = _Stream(self.recorder, "stderr")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


@contextmanager
def _empty_figures() -> Iterator[None]:
    figure: Any = Figure
    draw = figure.draw
    figure.draw = lambda figure, renderer: None
    try:
        yield
    finally:
        figure.draw = draw


class _InteractiveShell(InteractiveShell):
    display_pub_class: Any = _Publisher
    displayhook_class: Any = _Hook
    recorder: Any = None

    def init_history(self) -> None:
        from IPython.core.history import HistoryManager

        self.history_manager = HistoryManager(
            shell=self, parent=self, hist_file=":memory:", enabled=False
        )

    def transform_cell(self, raw_cell: str) -> str:
        """Leave lines of plain Python as they are: to look for IPython's syntax in them is slow."""
        # A single line may be a magic without its percent sign, which looks like Python.
        if self.input_transformers_post or "\n" not in raw_cell.strip():
            return str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(raw_cell)
        except Exception:  # IPython's syntax, or an error, which running the cell will tell
            return str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]
        return f"{raw_cell}\n"

    def system(self, cmd: str) -> None:
        """Run a `!command` with pipes: IPython's own way needs a terminal, which the box denies."""
        ran = subprocess.run(
            self.var_expand(cmd, depth=1),  # type: ignore[no-untyped-call]
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        sys.stdout.write(ran.stdout.decode(errors="replace"))
        self.user_ns["_exit_code"] = ran.returncode

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.recorder.outputs.append(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype))[:200],
                "evalue": _text_of(evalue)[:2000],
                "traceback": [str(line).rstrip("\n")[:20_000] for line in stb][:100],
            }
        )


def _text_of(error: Any) -> str:
    try:
        return str(error)
    except Exception:  # its own __str__ failed
        return ""


#: What a process does for the first time takes longest.
_WARM_UP = ("1 +", "1 / 0", "import torch; torch.softmax(torch.tensor([0.5, 2.0]), dim=0)")


def warm_up() -> Shell:
    """Import and run once what every submission needs, in a process that will be forked.

    It stays single-threaded: a fork has only the thread that forked.
    """
    import ipywidgets  # noqa: F401
    import matplotlib.pyplot as plt
    import numpy.random  # noqa: F401
    import torch

    torch.set_num_threads(1)
    torch.softmax(torch.ones(3).exp(), 0)
    shell = Shell()
    shell.run("%matplotlib inline")  # as every kernel does; matplotlib is imported already
    for kind in ("svg", "png"):
        fig, ax = plt.subplots(layout="constrained")
        ax.plot([1, 10], [1, 10], label="$x$")
        ax.set(xscale="log", title="title", xlabel="x")
        ax.legend()
        fig.savefig(io.BytesIO(), format=kind)
    plt.close("all")
    for source in _WARM_UP:
        shell.run(source)
    shell.reset()
    gc.collect()
    gc.freeze()  # forks then share the pages of what is here, which a collection would write to
    return shell
