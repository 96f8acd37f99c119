"""Examine submissions side by side, each in processes of its own."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

from autograder.grading.confine import Limits, check
from autograder.grading.errors import LabError
from autograder.grading.runner.job import Cell, Examined

#: Seconds a submission may take beyond what its cells may: calls of its functions by tests.
_EXTRA_SECONDS = 120.0


class NotRun(Exception):
    """A submission could not be examined; the message is a sentence for its line."""


@dataclass(frozen=True)
class Settings:
    """How submissions are run.

    Attributes:
        jobs: how many at once.
        cell_seconds: how long one cell may take.
        limits: what a student's code may use.
        waived: layers of the box to do without.

    """

    jobs: int = os.cpu_count() or 1
    cell_seconds: float = 30.0
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    waived: frozenset[str] = frozenset()


class Pool:
    """A pool of examiners. The threads only wait; the work is done in other processes.

    Raises:
        CannotConfine: this machine lacks a layer of the box that is not waived.

    """

    def __init__(self, settings: Settings) -> None:
        check(settings.waived)
        self._settings = settings
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["autograder.grading.runner.template"])
        self._threads = ThreadPoolExecutor(settings.jobs)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def submit(self, cells: Sequence[Cell]) -> Future[Examined]:
        """Examine code cells; the future raises `NotRun`, or `LabError` to end the run."""
        return self._threads.submit(self._examine, cells)

    def _examine(self, cells: Sequence[Cell]) -> Examined:
        settings = self._settings
        scratch = tempfile.mkdtemp(prefix="submission-")
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_serve_job, args=(theirs, scratch, settings.limits, settings.waived)
        )
        try:
            process.start()
            theirs.close()
            ours.send(
                {
                    "cells": [(cell.kind, cell.source) for cell in cells],
                    "seconds": settings.cell_seconds,
                }
            )
            if not ours.poll(settings.cell_seconds * len(cells) + _EXTRA_SECONDS):
                raise NotRun("It did not come to an end, and was ended.")
            result = ours.recv()
        except (EOFError, OSError):
            raise NotRun("Its examiner ended unexpectedly. Grade it again.") from None
        finally:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            ours.close()
            shutil.rmtree(scratch, ignore_errors=True)
        if "refused" in result:
            raise LabError(result["refused"])
        return Examined(result["outputs"], result["notes"])


def _serve_job(connection: object, scratch: str, limits: Limits, waived: Collection[str]) -> None:
    """Import the template only in the process that is a fork of it."""
    from autograder.grading.runner.template import serve_job

    serve_job(connection, scratch, limits, waived)
