"""Grading is killed, starved, locked out and stopped: marks and copies stay whole and agree."""

from __future__ import annotations

import itertools
import logging
import os
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

from autograder.errors import LabError
from autograder.gradebook.course import Course
from autograder.pipeline import grade
from autograder.runner.job import Settings
from autograder.sandbox.box import Limits, layers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(layer.available for layer in layers()), reason="this machine cannot confine"
    ),
]

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-c"]
# Tests that run in the background are deaf to Ctrl-C, and so would be what they start.
MAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograder.commands.main import main
sys.exit(main())
"""
#: A variable in the environment of a run and of all that it starts, which tells them apart.
CELLS = {"double": "def double(n): return 2 * n", "words": "words = ['a']"}
WRONG = {"double": "def double(n): return n", "words": "words = []"}
FULL = 3.0
SETTINGS = Settings(jobs=2)
CLASS = [f"s{n:02}" for n in range(12)]


# --- A small course ------------------------------------------------------------------------------


def _cell(grade_id, source, **flags):
    meta = {"grade_id": grade_id, "schema_version": 3, "task": False, **flags}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": meta}, id=grade_id)


def _notebook(double, words):
    answer = {"grade": False, "locked": False, "solution": True}
    test = {"grade": True, "locked": True, "solution": False}
    return nbformat.v4.new_notebook(
        cells=[
            _cell("double", double, **answer),
            _cell("double-tests", "assert double(4) == 8", points=2, **test),
            _cell("words", words, **answer),
            _cell("words-tests", "assert words == ['a']", points=1, **test),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )


def _hand_in(course, student, double=CELLS["double"], words=CELLS["words"]):
    folder = course / "submitted" / student / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(_notebook(double, words), folder / "tiny.ipynb")


def _hand_in_all(course, turn):
    """Hand in for the whole class; who is right about what changes with every turn."""
    for number, student in enumerate(CLASS):
        kind = (number + turn) % 4
        _hand_in(course, student, *((CELLS, WRONG)[kind >> bit & 1][id] for bit, id in _BITS))


_BITS = ((0, "double"), (1, "words"))


def _make(course):
    course.mkdir(exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    (course / "source" / "tiny").mkdir(parents=True)
    solution = [f"### BEGIN SOLUTION\n{source}\n### END SOLUTION" for source in CELLS.values()]
    nbformat.write(_notebook(*solution), course / "source" / "tiny" / "tiny.ipynb")
    return course


@pytest.fixture
def course(tmp_path):
    return _make(tmp_path / "course")


def _points(course):
    return {marks.student: marks.automatic for marks in Course(course, "tiny").marks()}


def _copies(course):
    return {
        file.parts[-3]: file.read_bytes() for file in course.glob("autograded/*/tiny/tiny.ipynb")
    }


def _assert_sound(course):
    """Marks are complete and are those of the autograded copies, which are whole."""
    file = course / "gradebook.db"
    if not file.exists():
        assert not _copies(course)
        return
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    recorded = {}
    with Gradebook(f"sqlite:///{file}", "softmax-lab") as gradebook:
        for submission in gradebook.submission_dicts("tiny") if gradebook.assignments else ():
            student = submission["student"]
            grades = gradebook.find_submission_notebook("tiny", "tiny", student).grades
            assert {grade.name for grade in grades} == {"double-tests", "words-tests"}
            assert all(grade.auto_score is not None for grade in grades), student
            recorded[student] = sum(grade.auto_score for grade in grades)
    state = Course(course, "tiny").state / "graded"
    for student in set(recorded) | set(_copies(course)):
        copy = course / "autograded" / student / "tiny" / "tiny.ipynb"
        scored = None
        if copy.exists():
            notebook = nbformat.read(copy, as_version=4)
            nbformat.validate(notebook)
            assert len(notebook.cells) == 4
            tests = [c for c in notebook.cells if c.metadata.nbgrader.grade]
            scored = sum(determine_grade(c, logging.getLogger("tests"))[0] for c in tests)
        if scored != recorded.get(student):  # killed between the move and the commit
            kept = state / student / "tiny.json"
            assert not kept.exists() or '"digest": null' in kept.read_text(), student


# --- Runs and their processes --------------------------------------------------------------------


class _Run:
    """A grading run in a session of its own."""

    def __init__(self, course, *arguments, code=MAIN):
        self.process = subprocess.Popen(
            [*PYTHON, code, "grade", "tiny", "--course", course, "--jobs", "2", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pid in self.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def read_graded(self, count):
        """Read until so many students are graded, or the run ends."""
        lines = []
        while len(lines) < count and (line := self.process.stdout.readline()):
            lines += [line] if ": graded" in line else []
        return lines

    def finish(self):
        out, err = self.process.communicate(timeout=120)
        assert "Traceback" not in out + err, err
        return self.process.returncode, out, err

    def family(self):
        """Return the processes of this run other than the first, but no dead ones.

        They are known by their session, which none of them can leave: not by their environment,
        which the box empties.
        """
        pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
        mine = [pid for pid in pids if _stat(pid)[3:4] == [str(self.process.pid)]]
        return [pid for pid in mine if pid != self.process.pid and _stat(pid)[:1] != ["Z"]]

    def children_of(self, parent):
        return [pid for pid in self.family() if _parent(pid) == parent]

    def wait_for_children_of(self, parent, which: Callable[[int], bool] = lambda pid: True):
        while self.process.poll() is None:
            if found := [pid for pid in self.children_of(parent) if which(pid)]:
                return found
        raise AssertionError("the run ended before")

    def assert_nothing_is_left(self, seconds=15):
        deadline = time.monotonic() + seconds
        for pid in self.family():
            with suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                try:
                    left = max(0.0, deadline - time.monotonic())
                    assert select.select([descriptor], [], [], left)[0], f"{pid} is still there"
                finally:
                    os.close(descriptor)
        assert not self.family()


def _stat(pid):
    """Return a process's state, parent, group, session and so on; nothing if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _parent(pid):
    return next(map(int, _stat(pid)[1:2]), None)


def _is_template(pid):
    with suppress(OSError):
        return b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _is_template_with(library, pid):
    """Whether this is the template, and has come as far as to load a library."""
    with suppress(OSError):
        return _is_template(pid) and library in Path(f"/proc/{pid}/maps").read_text()
    return False


HIDES = """
import os, sys
if os.fork() == 0:
    if os.fork() == 0:
        for stream in range(3):
            os.close(stream)
        os.execve(sys.executable, ["innocent", "-c", "import time; time.sleep(60)"], {})
"""


def test_a_process_that_is_left_would_be_seen(course):
    with _Run(course, code=HIDES) as run:
        run.finish()
        with pytest.raises(AssertionError, match="still there"):
            run.assert_nothing_is_left(seconds=0)
    run.assert_nothing_is_left()


# --- Killed --------------------------------------------------------------------------------------


def _kill_often(course, seed, kills):
    """Kill runs at random points of theirs; return how many lines were read of some."""
    points = random.Random(seed)
    with _Run(_make(course)) as run:
        assert run.finish()[0] == 2  # nobody has handed in
    _hand_in_all(course, 0)
    started = time.monotonic()
    with _Run(course) as run:
        run.finish()
    whole = time.monotonic() - started
    shutil.rmtree(course)
    _make(course)
    far = []
    for turn in range(kills):
        if turn % 3 != 1:  # else what a killed run left is gone on with
            _hand_in_all(course, turn)
        with _Run(course, *(["--force"] if turn % 3 == 2 else [])) as run:
            if turn % 2:
                far.append(len(run.read_graded(points.randint(1, 11))))
                wait = points.uniform(0, 0.1)
            else:
                wait = points.uniform(0.2, 1) * whole
            with suppress(subprocess.TimeoutExpired):
                run.process.wait(wait)
            run.process.kill()
            run.process.wait()
            run.assert_nothing_is_left()
        _assert_sound(course)
    _hand_in_all(course, kills)
    return far


def test_a_run_may_be_killed_at_any_time(tmp_path):
    courses = {tmp_path / f"course{seed}": seed for seed in (1, 2)}
    kills = 7
    with ThreadPoolExecutor() as threads:
        far = list(threads.map(lambda one: _kill_often(*one, kills), courses.items()))
    assert sum(map(sum, far)) > 8  # they were in the midst of it
    undisturbed = _make(tmp_path / "undisturbed")
    _hand_in_all(undisturbed, kills)
    for course in (undisturbed, *courses):
        grade(course, "tiny", settings=SETTINGS)
        _assert_sound(course)
    right = _points(undisturbed)
    assert set(right.values()) == {0, 1, 2, 3}
    for course in courses:
        assert _points(course) == right


KILLED_BETWEEN = """
import os, signal, sys
from autograder.gradebook import record
move = record._replace
def move_and_die(staged, target):
    move(staged, target)
    os.kill(os.getpid(), signal.SIGKILL)
record._replace = move_and_die
"""


@pytest.mark.parametrize("graded_before", [False, True])
def test_a_run_killed_between_the_move_and_the_commit_is_healed(course, graded_before):
    _killed_between(course, graded_before)


def _killed_between(course, graded_before):
    _hand_in(course, "ada")
    if graded_before:
        grade(course, "tiny", settings=SETTINGS)
        _hand_in(course, "ada", words=WRONG["words"])
    with _Run(course, code=KILLED_BETWEEN + MAIN) as run:
        assert run.finish()[0] == -signal.SIGKILL
        run.assert_nothing_is_left()
    assert _points(course) == ({"ada": FULL} if graded_before else {})
    assert _copies(course)
    _assert_sound(course)
    if graded_before:
        _hand_in(course, "ada")  # as it was: what is in autograded/ is not this
    lines, _ = grade(course, "tiny", settings=SETTINGS)
    assert [line.status for line in lines] == ["graded"]
    assert _points(course) == {"ada": FULL}
    _assert_sound(course)
    assert b"words = ['a']" in _copies(course)["ada"]
    assert os.listdir(course / "autograded" / "ada") == ["tiny"]


KILLED_WITHIN = """
import os, signal
replace = os.replace
def replace_and_die(one, other):
    replace(one, other)
    if str(other).endswith(".old"):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace_and_die
"""


def _killed_within(course):
    _hand_in(course, "ada")
    grade(course, "tiny", settings=SETTINGS)
    copies = _copies(course)
    _hand_in(course, "ada", words=WRONG["words"])
    with _Run(course, code=KILLED_WITHIN + MAIN) as run:
        assert run.finish()[0] == -signal.SIGKILL
        run.assert_nothing_is_left()
    assert (_points(course), _copies(course)) == ({"ada": FULL}, {})
    with pytest.raises(LabError), _no_room(course):
        grade(course, "tiny", settings=SETTINGS)
    assert (_points(course), _copies(course)) == ({"ada": FULL}, copies)  # put back
    grade(course, "tiny", settings=SETTINGS)
    assert _points(course) == {"ada": 2}
    assert os.listdir(course / "autograded" / "ada") == ["tiny"]
    _assert_sound(course)


@contextmanager
def _no_room(course):
    """Have something in the way where graded notebooks are written first."""
    staging = course / ".softmax-lab" / "autograded"
    shutil.rmtree(staging, ignore_errors=True)
    staging.touch()
    try:
        yield
    finally:
        staging.unlink()


def test_a_run_killed_within_the_move_is_healed(course):
    _killed_within(course)


@pytest.fixture
def on_another_disk(course):
    """A course whose autograded/ is a link to another file system."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == course.stat().st_dev:
        pytest.skip("there is no other file system to write to")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        (course / "autograded").symlink_to(folder)
        yield course


def test_marks_and_copies_agree_when_the_copies_are_on_another_disk(on_another_disk):
    course = on_another_disk
    _hand_in_all(course, 0)
    with _Run(course) as run:
        run.read_graded(4)
        run.process.kill()
        run.process.wait()
        run.assert_nothing_is_left()
    _assert_sound(course)
    _hand_in_all(course, 1)
    grade(course, "tiny", settings=SETTINGS)
    _assert_sound(course)
    assert set(_copies(course)) == set(CLASS)
    assert {len(os.listdir(course / "autograded" / student)) for student in CLASS} == {1}


@pytest.mark.parametrize("graded_before", [False, True])
def test_a_kill_before_the_commit_is_healed_on_another_disk(on_another_disk, graded_before):
    _killed_between(on_another_disk, graded_before)


def test_a_kill_within_the_move_is_healed_on_another_disk(on_another_disk):
    _killed_within(on_another_disk)


# --- Stopped -------------------------------------------------------------------------------------


def test_a_stopped_run_says_so_and_the_next_one_does_the_rest(course):
    _hand_in_all(course, 0)
    with _Run(course) as run:
        read = run.read_graded(3)
        os.killpg(run.process.pid, signal.SIGINT)
        status, out, err = run.finish()
        run.assert_nothing_is_left()
    assert status == 130
    done = len(read) + out.count(": graded")
    assert f"Stopped after {done} graded" in err
    assert 3 <= done < len(CLASS)
    _assert_sound(course)
    lines, _ = grade(course, "tiny", settings=SETTINGS)
    assert sum(line.status == "unchanged" for line in lines) >= done
    assert len(_points(course)) == len(CLASS)


@pytest.mark.parametrize("library", ["python", "torch"])
def test_a_run_stopped_while_it_starts_leaves_nothing(course, library):
    _hand_in(course, "ada")
    with _Run(course) as run:
        run.wait_for_children_of(run.process.pid, lambda pid: _is_template_with(library, pid))
        os.killpg(run.process.pid, signal.SIGINT)
        status, out, err = run.finish()
        run.assert_nothing_is_left()
    assert (status, out.count(": graded")) == (130, 0)
    assert "Stopped after 0 graded" in err
    _assert_sound(course)


BLOCKED_IN_TEMPLATE = """
from multiprocessing import forkserver
from autograder.runner import pool
pool._start_template()
with open(f"/proc/{forkserver._forkserver._forkserver_pid}/status") as file:
    print(*(line.split()[1] for line in file if line.startswith("SigBlk:")))
"""


def test_the_template_is_deaf_to_ctrl_c_before_its_first_line():
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED_IN_TEMPLATE], capture_output=True, text=True, check=True
    )
    assert int(run.stdout, 16) >> (signal.SIGINT - 1) & 1, run.stdout


def test_a_killed_template_or_examiner_costs_nobody_a_mark(course):
    for student in CLASS:
        _hand_in(course, student, double=f"import time; time.sleep(0.5)\n{CELLS['double']}")
    with _Run(course) as run:
        run.read_graded(1)
        (template,) = run.wait_for_children_of(run.process.pid, _is_template)
        examiners = run.wait_for_children_of(template)
        os.kill(examiners[0], signal.SIGKILL)
        run.read_graded(2)
        os.kill(template, signal.SIGKILL)
        run.read_graded(2)
        (second,) = run.wait_for_children_of(run.process.pid, _is_template)
        assert second != template
        status, _, err = run.finish()
        run.assert_nothing_is_left()
    assert (status, err) == (0, "")
    assert _points(course) == dict.fromkeys(CLASS, FULL)
    _assert_sound(course)


GIVEN_UP = """
import multiprocessing, sys
from pathlib import Path
from autograder.runner import pool
from autograder.sandbox.box import Limits
if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.runner.template"])
    folder = Path(sys.argv[1])
    (folder / "student").mkdir(), (folder / "lesson").mkdir()
    ours, theirs = context.Pipe()
    ours.close()
    examiner = context.Process(target=pool._be_the_examiner, args=(theirs, folder, Limits(), ()))
    examiner.start()
    theirs.close()
    examiner.join()
    print(examiner.exitcode)
"""


def test_an_examiner_that_nobody_waits_for_ends_in_silence(tmp_path):
    file = tmp_path / "given_up.py"
    file.write_text(GIVEN_UP)
    run = subprocess.run([sys.executable, file, tmp_path], capture_output=True, text=True, cwd=ROOT)
    assert (run.stdout, run.stderr) == ("0\n", "")


# --- No room, no access --------------------------------------------------------------------------


@contextmanager
def _small_disk(folder):
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be had here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_ends_the_run_and_leaves_what_is_there(tmp_path):
    with _small_disk(tmp_path / "disk") as disk:
        course = _make(disk)
        for student in CLASS[:3]:
            _hand_in(course, student)
        grade(course, "tiny", settings=SETTINGS)
        _hand_in_all(course, 1)
        for spare in (0, 16_384, 65_536, 131_072):
            before, copies = _points(course), _copies(course)
            _fill(course / "ballast", spare)
            with pytest.raises(LabError, match=r"disk is full\. Free some space and start again"):
                grade(course, "tiny", settings=SETTINGS)
            (course / "ballast").unlink()
            after = _points(course)
            _assert_sound(course)
            assert set(after) >= set(before)
            if spare == 0:
                assert (after, _copies(course)) == (before, copies)
        _fill(course / "ballast", 0)
        with _Run(course) as run:
            status, _, err = run.finish()
        assert status == 2
        assert "disk is full" in err
        (course / "ballast").unlink()
        grade(course, "tiny", settings=SETTINGS)
        _assert_sound(course)
        assert len(_points(course)) == len(CLASS)


def _fill(file, spare):
    """Fill the disk but for so many bytes."""
    with open(file, "wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
    os.truncate(file, max(0, file.stat().st_size - spare))


IMPATIENT = "from autograder.gradebook import record; record.PATIENCE = 1\n"


@pytest.mark.parametrize("how", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_gradebook_in_use_is_named_as_the_reason(course, how):
    _hand_in(course, "ada")
    grade(course, "tiny", settings=SETTINGS)
    _hand_in(course, "ada", *WRONG.values())
    _hand_in(course, "ben")
    with closing(sqlite3.connect(course / "gradebook.db", isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        with _Run(course, code=IMPATIENT + MAIN) as run:
            status, _, err = run.finish()
        other.rollback()
    assert status == 2
    assert "formgrader" in err
    assert _points(course) == {"ada": FULL}
    _assert_sound(course)
    grade(course, "tiny", settings=SETTINGS)
    assert _points(course) == {"ada": 0, "ben": FULL}


@contextmanager
def _read_only(path):
    """Forbid writing to a file or below a folder, for root too."""
    if os.geteuid() != 0:
        modes = {one: one.stat().st_mode for one in (path, *path.rglob("*"))}
        for one, mode in modes.items():
            one.chmod(mode & ~0o222)
        try:
            yield
        finally:
            for one, mode in modes.items():
                one.chmod(mode)
        return
    for options in (["--bind"], ["-o", "remount,bind,ro"]):
        mounted = subprocess.run(["mount", *options, path, path], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"root cannot be kept from writing here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


@pytest.mark.parametrize("what", ["gradebook.db", ".", ".softmax-lab"])
def test_what_cannot_be_written_is_named(course, what):
    _hand_in(course, "ada")
    grade(course, "tiny", settings=SETTINGS)
    _hand_in(course, "ada", *WRONG.values())
    copies = _copies(course)
    with (
        _read_only(course / what),
        pytest.raises(LabError, match=r"(?i)read-?only|permission|unable to open"),
    ):
        grade(course, "tiny", settings=SETTINGS)
    assert (_points(course), _copies(course)) == ({"ada": FULL}, copies)
    grade(course, "tiny", settings=SETTINGS)
    assert _points(course) == {"ada": 0}


def test_of_two_runs_at_once_the_second_is_refused(course):
    _hand_in_all(course, 0)
    with _Run(course) as first:
        first.read_graded(1)
        first.process.send_signal(signal.SIGSTOP)  # else it may be done before the second begins
        with pytest.raises(LabError, match="another `softmax-lab grade` is running") as refused:
            grade(course, "tiny", settings=SETTINGS)
        first.process.send_signal(signal.SIGCONT)
        assert refused.value.status == 2
        assert first.finish()[0] == 0
    assert len(_points(course)) == len(CLASS)


# --- Without memory ------------------------------------------------------------------------------


@contextmanager
def _ending_processes(counts):
    """Have a machine's count of processes that it ended for want of memory grow all the time."""
    stop = threading.Event()

    def count():
        with open(counts, "r+b") as file:
            for number in itertools.count():
                os.pwrite(file.fileno(), b"oom_kill %06d\n" % number, 0)
                if stop.wait(0.001):
                    return

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_what_ran_while_the_machine_had_no_memory_is_not_graded(course, request):
    # Where no disk keeps the count waiting, and long enough for it to grow in any case.
    counts = Path(tempfile.mkdtemp(dir="/dev/shm")) / "vmstat"
    request.addfinalizer(lambda: shutil.rmtree(counts.parent))
    counts.write_bytes(b"oom_kill 000000\n")
    slow = f"import time; time.sleep(2)\n{CELLS['double']}"
    mounted = f'mount --bind "{counts}" /proc/vmstat && exec "$@"'
    command = [*("unshare", "-m", "sh", "-c", mounted, "sh"), *PYTHON, MAIN]
    command += ["grade", "tiny", "--course", course]
    _hand_in(course, "ada", slow)
    with _ending_processes(counts):
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(f"this root may not mount: {run.stderr}")
    assert run.returncode == 1, run.stderr
    assert "ada: not graded.\n    The machine ran out of memory" in run.stdout
    assert _points(course) == {}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert _points(course) == {"ada": FULL}


# --- Limits of a whole submission ----------------------------------------------------------------

EATER = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        block = bytearray(600 << 20)
        block[::4096] = b"x" * len(block[::4096])
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""

WRITER = """
import time
for n in range(60):
    with open(f"file{n}", "wb") as file:
        file.write(bytes(5_000_000))
time.sleep(60)
"""


def test_what_a_submission_uses_in_all_is_limited(course):
    _hand_in(course, "eater", words=EATER)
    _hand_in(course, "writer", words=WRITER)
    for student in CLASS[:4]:
        _hand_in(course, student)
    lines, _ = grade(course, "tiny", settings=SETTINGS)
    told = {line.student: " ".join(map(str, line.problems)) for line in lines}
    assert re.search(r"more than \d+ MiB of memory in all", told.pop("eater"))
    assert re.search(r"wrote more than \d+ MiB .* in all", told.pop("writer"))
    assert set(told.values()) == {""}
    assert _points(course) == {**dict.fromkeys(CLASS[:4], FULL), "eater": 2, "writer": 2}


CLOSED = """
import os, time
os.mkdir("closed", 0o300)
for n in range(60):
    with open(f"closed/file{n}", "wb") as file:
        file.write(bytes(5_000_000))
time.sleep(60)
"""

DEEP = """
import os, time
for _ in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
for n in range(60):
    with open(f"file{n}", "wb") as file:
        file.write(bytes(5_000_000))
time.sleep(60)
"""


def test_files_can_be_hidden_neither_from_the_limit_nor_from_removal(course, monkeypatch):
    _hand_in(course, "closed", words=CLOSED)
    _hand_in(course, "deep", words=DEEP)
    _hand_in(course, "ada")
    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)  # where root grades, students' code is another user's
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        lines, _ = grade(course, "tiny", settings=SETTINGS)
        assert not [name for name in os.listdir(temporary) if "scratch" in name]
    told = {line.student: " ".join(map(str, line.problems)) for line in lines}
    for student in ("closed", "deep"):
        assert "in all, or where nobody can look" in told[student], told
    assert told["ada"] == ""
    assert _points(course) == {"ada": FULL, "closed": 2, "deep": 2}


REMOVED = """
import os, time
kept = []
for n in range(60):
    kept.append(os.open("file", os.O_RDWR | os.O_CREAT))
    os.unlink("file")
    os.write(kept[-1], bytes(5_000_000))
"""

MAPPED = """
import os, time, torch
kept = []
for n in range(60):
    with open("file", "wb") as file:
        file.write(bytes(5_000_000))
    kept.append(torch.from_file("file", shared=True, size=1))
    os.unlink("file")
time.sleep(60)
"""

OTHER_FILES = f"""
import ctypes
{REMOVED}
libc = ctypes.CDLL(None)
stack = ctypes.create_string_buffer(1 << 16)
top = ctypes.c_void_p(ctypes.addressof(stack) + (1 << 16) - 64)
SHARES_MEMORY_NOT_FILES = 0x100
libc.clone(libc.pause, top, SHARES_MEMORY_NOT_FILES, None)
for file in kept:
    os.close(file)
time.sleep(60)
"""


@pytest.mark.parametrize("words", [f"{REMOVED}time.sleep(60)", MAPPED, OTHER_FILES])
def test_a_removed_file_counts_as_long_as_it_takes_room(course, words):
    _hand_in(course, "writer", words=words)
    _hand_in(course, "ada", words="import os\nos.unlink(open('file', 'w').name)" + CELLS["words"])
    lines, _ = grade(course, "tiny", settings=SETTINGS)
    told = {line.student: " ".join(map(str, line.problems)) for line in lines}
    assert re.search(r"wrote more than \d+ MiB .* in all", told["writer"])
    assert told["ada"] == ""


FIRST_THREAD_ENDS = """
import ctypes, os, threading, time

def take():
    time.sleep(0.3)
    block = bytearray(300 << 20)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(60)

if os.fork() == 0:
    threading.Thread(target=take).start()
    ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)
time.sleep(60)
"""

SOCKETS = """
import socket, time
kept = [socket.socketpair() for _ in range(100)]
for end in (end for pair in kept for end in pair):
    end.setblocking(False)
    try:
        while True:
            end.send(bytes(1 << 15))
    except BlockingIOError:
        pass
time.sleep(60)
"""


@pytest.mark.parametrize(("words", "mebibytes"), [(FIRST_THREAD_ENDS, 200), (SOCKETS, 30)])
def test_memory_counts_where_no_process_shows_it(course, words, mebibytes):
    _hand_in(course, "eater", words=words)
    settings = replace(SETTINGS, limits=Limits(total_memory=mebibytes << 20))
    ((line,), _) = grade(course, "tiny", settings=settings)
    assert f"more than {mebibytes} MiB of memory in all" in str(line.problems)


def test_cells_that_take_too_long_together_are_not_all_run(course):
    wait = "\nimport time\ntime.sleep(1.5)"
    _hand_in(course, "slow", CELLS["double"] + wait, CELLS["words"] + wait)
    _hand_in(course, "ada")
    settings = Settings(jobs=2, cell_seconds=5, submission_seconds=1)
    lines, _ = grade(course, "tiny", settings=settings)
    told = {line.student: " ".join(map(str, line.problems)) for line in lines}
    assert "The time for all its cells was up, and the rest was not run." in told["slow"]
    assert told["ada"] == ""
    assert _points(course)["ada"] == FULL
    assert _points(course)["slow"] == 2  # what was defined in time is marked
