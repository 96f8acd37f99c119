"""nbgrader itself: configured by a course directory, and with its words in a log file.

Of the many lines that it logs hardly one says something that a person has to act on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import LabError


def configured(root: Path) -> Any:
    """Return nbgrader's application, configured by the course directory's `nbgrader_config.py`.

    Raises:
        LabError: the configuration cannot be loaded.

    """
    from nbgrader.apps.baseapp import NbGrader

    _put_programs_on_path()

    class Application(NbGrader):  # type: ignore[misc]  # nbgrader publishes no types
        name = "softmax-lab"
        load_cwd_config = False
        raise_config_file_errors = True

    app = Application()
    app.log_level = logging.WARNING
    app.log.handlers = [logging.NullHandler()]
    try:
        app.initialize([], root=str(root))
    except (Exception, SystemExit) as error:
        raise LabError(f"{root / 'nbgrader_config.py'} cannot be loaded: {error}.") from None
    app.log_level = logging.INFO
    return app


def _put_programs_on_path() -> None:
    """Let nbgrader find `alembic`, which it starts by name when it makes a gradebook."""
    here = os.path.dirname(sys.executable)
    known = os.environ.get("PATH", "")
    if here not in known.split(os.pathsep):
        os.environ["PATH"] = f"{here}{os.pathsep}{known}"


class LogFile:
    """Takes what is logged; a run's lines replace the last run's.

    Args:
        file: where they go; its folder is made when something is taken.
        log: nbgrader's own logger, beside which those of all libraries are taken.

    """

    def __init__(self, file: Path, log: logging.Logger) -> None:
        self.file = file
        self._log = log
        self._mode = "w"

    @contextlib.contextmanager
    def taking(self) -> Iterator[list[str]]:
        """Send all logs and warnings to the log file; give the lines as they come."""
        self.file.parent.mkdir(exist_ok=True)
        lines: list[str] = []
        mode, self._mode = self._mode, "a"
        loggers = [self._log, logging.getLogger(), logging.getLogger("py.warnings")]
        before = [(log, log.handlers[:], log.propagate) for log in loggers]
        with (
            open(self.file, mode, encoding="utf-8", errors="backslashreplace") as stream,
            _stderr_to(stream.fileno()),
            warnings.catch_warnings(),
        ):
            file = logging.StreamHandler(stream)
            file.setLevel(logging.INFO)
            file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            for log in loggers:
                log.handlers, log.propagate = [file, _Keep(lines)], False
            warnings.simplefilter("default")
            logging.captureWarnings(True)
            try:
                yield lines
            finally:
                logging.captureWarnings(False)
                for log, handlers, propagate in before:
                    log.handlers, log.propagate = handlers, propagate


@contextlib.contextmanager
def _stderr_to(descriptor: int) -> Iterator[None]:
    """Lead the process's error stream elsewhere: kernels inherit it, and some die with words."""
    kept = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class _Keep(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())
