"""Examine submissions side by side, each in processes of its own.

`examine` does one, in whatever process it is called. A `Pool` calls it through any
`concurrent.futures.Executor`: threads of this process by default, which only wait; a cluster's
client, such as Dask's, if it gives one.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import LabError
from autograder.runner.guard import family
from autograder.runner.job import CodeCell, Examined, Job, Settings
from autograder.runner.patience import Patience
from autograder.sandbox.box import Limits, check, counts_apart
from autograder.sandbox.limits import own_memory_limited

#: Seconds an examiner may take beyond the time a submission has: to start, confine and end.
_SPARE_SECONDS = 60.0
_LOOK_SECONDS = 0.5
#: What the process that grades may allocate, in bytes: what it reads is made by strangers.
_MEMORY = 4 << 30
#: How often a submission is begun when the machine fails.
_TRIES = 2
#: What each examiner is forked with. Every one runs the main script's imports once more: those of
#: `softmax-lab` cost nothing when they are there already.
_PRELOAD = ["autograder.runner.template", "autograder.commands.main"]
_PREFIX = "softmax-lab-scratch-"


class NotRun(Exception):
    """A submission could not be examined; the message is a sentence for its line."""


class Pool:
    """A pool of examiners; while it is open, this process's own memory has a limit.

    Args:
        settings: how submissions are run.
        executor: where `examine` is called. The pool does not shut it down. It must not be made of
            daemonic processes: those may not start others.

    Raises:
        CannotConfine: this machine lacks a layer of the box that is not waived.

    """

    def __init__(self, settings: Settings, executor: Executor | None = None) -> None:
        self._settings = settings
        self._running = _Running()
        self._limited = ExitStack()
        self._own = None
        if executor is None:
            check(settings.waived)
            _remove_leftovers()
            _start_template()
            executor = self._own = ThreadPoolExecutor(settings.jobs)
        self._executor = executor

    def __enter__(self) -> Pool:
        self._limited.enter_context(own_memory_limited(_MEMORY))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._limited.close()
        if self._own is not None:
            if error is not None:
                self._running.end()
            self._own.shutdown(cancel_futures=True)

    @property
    def one_at_a_time(self) -> bool:
        """Whether submissions wait for one another on this machine, whatever `jobs` says."""
        return self._own is not None and not counts_apart(self._settings.waived)

    def submit(self, cells: tuple[CodeCell, ...], files: Path | None = None) -> Future[Examined]:
        """Examine code cells; the future raises `NotRun`, or `LabError` to end the run."""
        job = Job(cells, self._settings, files)
        if self._own is not None:
            return self._own.submit(examine, job, self._running)
        return self._executor.submit(examine, job)


def _start_template() -> None:
    """Start the template deaf to Ctrl-C, which is for this process: it ends the others."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(_PRELOAD)
    resource_tracker.ensure_running()  # here already: it unblocks what is blocked when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()  # a new program keeps what is blocked; the template ignores it
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Running:
    """The examiners that run now, so that all of them can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[ForkServerProcess] = set()
        self._ending = False

    @property
    def ending(self) -> bool:
        with self._lock:
            return self._ending

    def add(self, process: ForkServerProcess) -> None:
        with self._lock:
            self._processes.add(process)
            if self._ending:
                process.terminate()

    def remove(self, process: ForkServerProcess) -> None:
        with self._lock:
            self._processes.discard(process)

    def end(self) -> None:
        with self._lock:
            self._ending = True
            for process in self._processes:
                process.terminate()  # an examiner ends what it has started


def examine(job: Job, running: _Running | None = None) -> Examined:
    """Examine one submission in processes of its own.

    Args:
        job: what to examine.
        running: is told of the process.

    Raises:
        NotRun: it could not be examined.
        LabError: no submission can be.

    """
    if multiprocessing.current_process().daemon:
        raise LabError(
            "the executor's processes are daemonic, and may start no others. Dask's are not if its "
            "setting distributed.worker.daemon is False."
        )
    running = running or _Running()
    failures: list[str] = []
    while len(failures) < _TRIES:
        try:
            with _turn(job.settings.waived), _folder(job.files) as folder:
                return _run_examiner(job, folder, running)
        except _Failed as failure:
            if running.ending:
                raise NotRun("The run was stopped.") from None
            failures.append(str(failure))
            time.sleep(1)  # what the machine lacks may come back
    raise NotRun(f"{failures[-1]} It was tried {_TRIES} times, and nothing was marked.")


class _Failed(Exception):
    """A submission could not be examined, by no fault of its own that is known: try again."""


@contextmanager
def _turn(waived: frozenset[str]) -> Iterator[None]:
    """Wait for this user's other examiners on this machine, where processes are counted together.

    One student's could otherwise use up what another's may have.
    """
    if counts_apart(waived):
        yield
        return
    import fcntl

    place = Path(tempfile.gettempdir()) / f"softmax-lab-turn-{os.geteuid()}"
    with open(os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _folder(files: Path | None) -> Iterator[Path]:
    """Make a folder with two in it, `student` and `lesson`, which hold copies of the files."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        folder.chmod(0o711)  # an unprivileged user works below it
        for name in ("student", "lesson"):
            (folder / name).mkdir()
            if files:
                shutil.copytree(files, folder / name, dirs_exist_ok=True)
        yield folder
    finally:
        _remove(folder)


def _run_examiner(job: Job, folder: Path, running: _Running) -> Examined:
    settings = job.settings
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_be_the_examiner, args=(theirs, folder, settings.limits, settings.waived)
    )
    group = 0
    started = time.monotonic()
    try:
        process.start()
        running.add(process)
        theirs.close()
        ours.send(job)
        group = ours.recv()
        forked = time.monotonic() - started
        pid = process.pid or 0
        seconds = 2 * settings.submission_seconds + _SPARE_SECONDS
        patience = Patience(seconds, lambda: [pid, *family(pid, root=pid)])
        while not ours.poll(_LOOK_SECONDS):
            if patience.is_over():
                raise NotRun("It did not come to an end, and was ended.")
        answer: Examined | Exception = ours.recv()
        group = 0
    except (EOFError, OSError):  # from outside, for a student's code cannot reach its examiner
        raise _Failed("Its examiner was ended: is there enough memory?") from None
    finally:
        running.remove(process)
        _end(process, group)
        ours.close()
        theirs.close()
    if isinstance(answer, LabError):
        raise answer
    if isinstance(answer, Exception):
        raise _Failed(str(answer))
    return replace(answer, cost=replace(answer.cost, fork=forked))


def _end(process: ForkServerProcess, group: int) -> None:
    """End an examiner, and the group of its student process if that is still there."""
    if process.pid is None:
        return
    if group:
        process.terminate()
    process.join(5)
    if process.is_alive():
        process.kill()
        process.join()
    if group:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _remove_leftovers() -> None:
    """Remove the scratch folders of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _is_running(int(pid)):
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a scratch folder of ours, whatever a student's code made of it."""
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder)
    with suppress(OSError):
        kind = folder.lstat()
        if stat.S_ISDIR(kind.st_mode) and kind.st_uid == os.geteuid():
            # Nested too deep for Python, or closed to its owner.
            for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
                subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL, check=False)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _be_the_examiner(
    connection: Any, folder: Path, limits: Limits, waived: Collection[str]
) -> None:
    """Import the template only in the process that is a fork of it."""
    from autograder.runner.template import SHELL, serve_examiner

    serve_examiner(connection, SHELL, folder, limits, waived)
