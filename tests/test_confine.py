"""Real forks confine themselves and try things; run as root and as an ordinary user."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

import autograder
from autograder.commands import doctor
from autograder.commands.main import main
from autograder.sandbox import confine
from autograder.sandbox.confine import CannotConfine, Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the box is made of Linux's parts")

REPOSITORY = Path(autograder.__file__).resolve().parents[1]
PACKAGES = Path(torch.__file__).parents[1]
LIBC = ctypes.CDLL(None, use_errno=True)
HURRY = 60  # seconds; only a test that fails waits as long


class Box:
    """Runs functions in forks that have confined themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.pid = 0

    def run(self, student: Callable[[], Any], limits: Limits | None = None, **options: Any) -> Any:
        """Return what the function returns, or the name of the error that it ends with."""
        return self.told(student, limits, **options)[0]

    def told(
        self, student: Callable[[], Any], limits: Limits | None = None, **options: Any
    ) -> tuple[Any, int]:
        """Return that and the status that the process ended with."""
        self.scratch.mkdir(exist_ok=True)
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_student(student, limits or Limits(), writing, options)
        os.close(writing)
        data = b""
        while not data.endswith(b"\n") and select.select([reading], [], [], HURRY)[0]:
            if not (more := os.read(reading, 1 << 16)):
                break
            data += more
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        return json.loads(data) if data else None, status

    def _be_the_student(
        self, student: Callable[[], Any], limits: Limits, writing: int, options: dict[str, Any]
    ) -> None:
        try:
            try:
                confine.confine(self.scratch, [PACKAGES], limits, keep=[writing], **options)
                told = student()
            except CannotConfine as error:
                told = f"CannotConfine: {error}"
            except BaseException as error:
                told = type(error).__name__
            os.write(writing, json.dumps(told).encode() + b"\n")
        finally:
            os._exit(0)


@pytest.fixture
def box() -> Iterator[Box]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    folder.chmod(0o711)
    yield Box(folder)
    shutil.rmtree(folder)


def errno_of(call: Callable[[], int]) -> str:
    """Return the name of the error that a C function reports, or "done"."""
    ctypes.set_errno(0)
    return "done" if call() >= 0 else errno.errorcode[ctypes.get_errno()]


DENIED = ("EPERM", "EACCES", "ENOSYS")


# --- Files --------------------------------------------------------------------------------------

OUTSIDE = {
    "the repository": REPOSITORY / "README.md",
    "the marking": REPOSITORY / "autograder" / "marking" / "__init__.py",
    "the source notebook": REPOSITORY / "source" / "softmax" / "softmax.ipynb",
    "this test": Path(__file__),
    "the users": Path("/etc/passwd"),
    "the kernel's settings": Path("/proc/sys/kernel/hostname"),
    "the parent's environment": Path(f"/proc/{os.getpid()}/environ"),
    "the parent's command line": Path(f"/proc/{os.getpid()}/cmdline"),
    "the first process": Path("/proc/1/status"),
    "its own environment": Path("/proc/self/environ"),
    "its own memory": Path("/proc/self/mem"),
    "the terminal": Path("/dev/tty"),
    "shared memory": Path("/dev/shm"),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_cannot_read(box: Box, what: str) -> None:
    path = str(OUTSIDE[what])
    assert box.run(lambda: os.close(os.open(path, os.O_RDONLY))) == "PermissionError"


@pytest.mark.parametrize("folder", ["/", "/tmp", "/home", "/proc", "/etc", "/var", "/dev/shm"])
def test_cannot_list(box: Box, folder: str) -> None:
    assert box.run(lambda: os.listdir(folder)) == "PermissionError"


def test_cannot_read_what_belongs_to_the_caller(box: Box) -> None:
    other = box.folder / "gradebook.db"
    other.write_text("marks")
    other.chmod(0o666)
    assert box.run(lambda: other.read_text()) == "PermissionError"


WRITES: dict[str, Callable[[Path], Any]] = {
    "create": lambda target: target.with_name("new").write_text("x"),
    "overwrite": lambda target: target.write_text("x"),
    "append": lambda target: target.open("a"),
    "truncate": lambda target: os.truncate(target, 0),
    "truncate by opening": lambda target: os.open(target, os.O_RDONLY | os.O_TRUNC),
    "delete": lambda target: target.unlink(),
    "rename": lambda target: target.rename("stolen"),
    "replace": lambda target: Path("mine").write_text("x") and os.replace("mine", target),
    "hard link": lambda target: os.link(target, "linked"),
    "folder": lambda target: target.with_name("folder").mkdir(),
    "symbolic link": lambda target: os.symlink("x", target.with_name("link")),
    "read a symbolic link": lambda target: os.symlink(target, "out") or Path("out").read_text(),
    "write a symbolic link": lambda target: os.symlink(target, "out") or Path("out").write_text(""),
    "by the working directory": lambda target: (
        os.chdir(target.parent) or Path("gradebook.db").read_text()
    ),
    "change owner": lambda target: os.chown(target, os.getuid(), os.getgid()),
    "attributes": lambda target: os.setxattr(target, "user.x", b"x"),
    "device": lambda target: os.mknod("null", 0o20666, os.makedev(1, 3)),
}


@pytest.mark.parametrize("how", WRITES)
def test_cannot_reach_files_outside(box: Box, how: str) -> None:
    target = box.folder / "gradebook.db"
    target.write_text("marks")
    target.chmod(0o666)
    box.folder.chmod(0o777)  # so that only the box stands in the way
    # A link from one folder into another is refused as one between two disks would be.
    assert box.run(lambda: WRITES[how](target)) in ("PermissionError", "OSError")
    assert target.read_text() == "marks"
    assert target.stat().st_nlink == 1
    assert {path.name for path in box.folder.iterdir()} == {"gradebook.db", "scratch"}


def test_modes_and_times_outside_stay(box: Box) -> None:
    target = box.folder / "gradebook.db"
    target.write_text("marks")
    before = target.stat()
    box.run(lambda: (os.chmod(target, 0), os.utime(target, (0, 0))))
    box.run(lambda: (os.chmod(box.folder, 0o777), os.chmod(sys.executable, 0)))
    after = target.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert box.folder.stat().st_mode & 0o777 == 0o711


def test_the_scratch_folder_is_its_own(box: Box) -> None:
    def work() -> list[str]:
        Path("a").write_text("1")
        Path("folder").mkdir()
        os.rename("a", "folder/b")
        shutil.copy("folder/b", "c")
        os.link("c", "d")
        Path("d").unlink()
        return [Path("folder/b").read_text(), Path("c").read_text(), os.getcwd()]

    assert box.run(work) == ["1", "1", str(box.scratch)]
    assert (box.scratch / "folder" / "b").read_text() == "1"


def test_open_files_of_the_caller_are_closed(box: Box) -> None:
    with open(__file__) as open_file:
        number = open_file.fileno()
        assert box.run(lambda: os.fstat(number)) == "OSError"


# --- Network ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_no_sockets(box: Box, family: str, kind: str) -> None:
    new = lambda: socket.socket(getattr(socket, family), getattr(socket, kind)).close()  # noqa: E731
    assert box.run(new) == "PermissionError"


def test_a_pair_of_sockets_stays_a_pair(box: Box) -> None:
    def turn() -> list[str]:
        one, other = socket.socketpair()
        one.send(b"x")
        return [
            other.recv(1).decode(),
            errno_of(lambda: LIBC.connect(one.fileno(), b"\1\0/run/x\0", 9)),
            errno_of(lambda: LIBC.bind(one.fileno(), b"\1\0x\0", 4)),
            errno_of(lambda: LIBC.sendto(one.fileno(), b"x", 1, 0, b"\1\0/run/x\0", 9)),
        ]

    assert box.run(turn) == ["x", "EPERM", "EPERM", "EPERM"]
    assert box.run(lambda: socket.socketpair(type=socket.SOCK_DGRAM)) == "PermissionError"


# --- Other processes ----------------------------------------------------------------------------


@pytest.mark.parametrize("waived", [(), ("landlock", "user")])
def test_cannot_signal_others(box: Box, waived: tuple[str, ...]) -> None:
    for other in (os.getpid(), 1, -os.getpgrp()):
        assert box.run(lambda: os.kill(other, 0), waived=waived) == "PermissionError"  # noqa: B023


def test_can_signal_its_own(box: Box) -> None:
    def stop_a_child() -> int:
        child = subprocess.Popen(["sleep", "1000"])
        child.terminate()
        return child.wait()

    assert box.run(stop_a_child) == -signal.SIGTERM


def test_cannot_leave_its_process_group(box: Box) -> None:
    assert box.run(os.setsid) == "PermissionError"
    assert box.run(lambda: os.setpgid(0, 0)) == "PermissionError"

    def daemonise() -> int:
        if (child := os.fork()) == 0:
            try:
                os.setsid()
            except PermissionError:
                time.sleep(1000)
        return child

    grandchild = box.run(daemonise)  # `told` kills the group

    def is_alive() -> bool:
        try:
            state = Path(f"/proc/{grandchild}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"  # dead; its new parent has not looked

    give_up = time.monotonic() + HURRY
    while is_alive() and time.monotonic() < give_up:
        os.sched_yield()
    assert not is_alive()


def test_dies_with_its_parent(box: Box) -> None:
    reading, writing = os.pipe()
    box.scratch.mkdir()
    if (parent := os.fork()) == 0:
        if os.fork() == 0:
            confine.confine(box.scratch, [PACKAGES], Limits(), keep=[writing])
            os.write(writing, b"x")
            time.sleep(1000)
        time.sleep(1000)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([reading], [], [], HURRY)[0]
    assert os.read(reading, 1) == b""  # the last end of the pipe is gone
    os.close(reading)


CALLS: dict[str, Callable[[], int]] = {
    "ptrace the parent": lambda: LIBC.ptrace(16, os.getppid(), 0, 0),
    "be traced": lambda: LIBC.ptrace(0, 0, 0, 0),
    "read another's memory": lambda: LIBC.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0),
    "limit another": lambda: LIBC.prlimit(os.getppid(), resource.RLIMIT_CPU, 0, 0),
    "slow down the user": lambda: LIBC.setpriority(2, os.getuid(), 19),
    "pin another": lambda: LIBC.sched_setaffinity(os.getppid(), 8, b"\1" + bytes(7)),
    "io_uring": lambda: LIBC.syscall(425, 8, ctypes.create_string_buffer(256)),
    "bpf": lambda: LIBC.syscall(321 if os.uname().machine == "x86_64" else 280, 0, 0, 0),
    "namespaces": lambda: LIBC.unshare(0x10000000),
    "mount": lambda: LIBC.mount(b"none", b".", b"tmpfs", 0, 0),
    "chroot": lambda: LIBC.chroot(b"."),
    "anonymous files": lambda: LIBC.memfd_create(b"x", 0),
    "shared memory": lambda: LIBC.shmget(0, 4096, 0o1600),
    "outlive the parent": lambda: LIBC.prctl(1, 0, 0, 0, 0),
    "outlive the parent, with dirt in the register": lambda: LIBC.prctl(
        ctypes.c_ulong(1 << 32 | 1), 0, 0, 0, 0
    ),
    "be looked into": lambda: LIBC.prctl(4, 1, 0, 0, 0),
    "become root": lambda: LIBC.setuid(0),
    "type into the terminal": lambda: LIBC.ioctl(0, 0x5412, b"x"),
    "signal by way of a file": lambda: LIBC.fcntl(0, 8, os.getppid()),
    "files under way in a socket": lambda: LIBC.sendmsg(0, 0, 0),
    "more room in a socket": lambda: LIBC.setsockopt(0, socket.SOL_SOCKET, socket.SO_SNDBUF, 0, 0),
    "open by handle": lambda: LIBC.open_by_handle_at(-100, bytes(16), 0),
    "another filter": lambda: LIBC.syscall(317 if os.uname().machine == "x86_64" else 277, 1, 0, 0),
}


@pytest.mark.parametrize("what", CALLS)
def test_refused_calls(box: Box, what: str) -> None:
    assert box.run(lambda: errno_of(CALLS[what])) == "EPERM"


def test_has_no_privileges(box: Box) -> None:
    def who() -> list[Any]:
        return [*os.getresuid(), *os.getresgid(), confine._capabilities()]

    *ids, capabilities = box.run(who)
    assert 0 not in ids
    # Of root's, at most the right to read where Landlock lets it: Python may lie in /root.
    assert capabilities in (0, 1 << 2)


def test_a_program_it_starts_is_confined_too(box: Box) -> None:
    secret = box.folder / "gradebook.db"
    secret.write_text("marks")
    secret.chmod(0o666)

    def shell() -> list[str]:
        script = f"cat {secret}; echo $HOME; cat /etc/passwd; echo x > {box.folder}/x; echo end"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
        return done.stdout.split()

    assert box.run(shell) == [str(box.scratch), "end"]


# --- Limits -------------------------------------------------------------------------------------


def test_memory_is_limited(box: Box) -> None:
    small = Limits(memory=256 << 20)
    assert box.run(lambda: len(bytearray(100 << 20)), small) == 100 << 20
    assert box.run(lambda: len(bytearray(300 << 20)), small) == "MemoryError"
    assert box.run(lambda: torch.ones(300 << 18).sum().item(), small) == "RuntimeError"


def test_cpu_time_is_limited(box: Box) -> None:
    def loop() -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass

    told, status = box.told(loop, Limits(cpu=1))
    assert told is None
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_files_are_limited(box: Box) -> None:
    def flood() -> None:
        Path("big").write_bytes(bytes(2 << 20))

    assert box.run(flood, Limits(file_size=1 << 20)) == "OSError"
    assert (box.scratch / "big").stat().st_size <= 1 << 20


def test_open_files_are_limited(box: Box) -> None:
    assert box.run(lambda: len([os.dup(0) for _ in range(100)]), Limits(open_files=50)) == "OSError"


def test_a_fork_bomb_is_bounded(box: Box) -> None:
    def bomb() -> int:
        children = 0
        try:
            while children < 1000:
                if os.fork() == 0:
                    time.sleep(1000)
                children += 1
        except BlockingIOError:
            pass
        return children

    # An ordinary user's other processes may end meanwhile, which leaves room for some more.
    assert 0 < box.run(bomb, Limits(processes=20)) < 100


def test_limits_cannot_be_raised(box: Box) -> None:
    def raise_them() -> list[str]:
        told = []
        for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE"):
            number = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(number)[1]
            try:
                resource.setrlimit(number, (hard + 1, hard + 1))
                told.append(name)
            except (ValueError, PermissionError):
                pass
        return told

    assert box.run(raise_them) == []


# --- Environment --------------------------------------------------------------------------------


def test_the_environment_tells_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    told = box.run(lambda: dict(os.environ))
    assert "SECRET" not in told
    assert str(REPOSITORY) not in json.dumps({k: v for k, v in told.items() if k != "PATH"})
    assert told["HOME"] == told["TMPDIR"] == told["MPLCONFIGDIR"] == str(box.scratch)
    assert box.run(lambda: subprocess.getoutput("echo .$SECRET.")) == ".."
    assert box.run(tempfile.gettempdir) == str(box.scratch)


def test_the_environment_is_gone_from_memory(box: Box) -> None:
    """Of a process that was started with a secret; its own kernel record is looked at."""
    program = (
        "import ctypes, os, sys\n"
        "from pathlib import Path\n"
        "from autograder.sandbox import confine\n"
        "fields = open('/proc/self/stat').read().rpartition(')')[2].split()\n"
        "start, end = int(fields[47]), int(fields[48])\n"
        "before = ctypes.string_at(start, end - start)\n"
        f"confine.confine(Path({str(box.scratch)!r}), [], confine.Limits())\n"
        "after = ctypes.string_at(start, end - start)\n"
        "print(b'hunter2' in before, b'hunter2' in after, any(after))\n"
    )
    box.scratch.mkdir()
    path = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"SECRET": "hunter2", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "False", "False"]


# --- Honest work --------------------------------------------------------------------------------


def _torch() -> float:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = torch.softmax(x, 0).pow(2).sum()
    loss.backward()
    torch.save(x, "x.pt")
    torch.linalg.svd(torch.randn(20, 20))
    return float(torch.load("x.pt").sum())


def _figure() -> bool:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().bar([1, 2], [3, 4])
    figure.suptitle(r"$e^x$ é")
    for ending in ("svg", "png"):
        figure.savefig(f"a.{ending}")
    return "<svg" in Path("a.svg").read_text()


def _widgets() -> int:
    import ipywidgets

    return len(ipywidgets.VBox([ipywidgets.FloatSlider(), ipywidgets.HTML("x")]).children)


def _numpy() -> int:
    import numpy as np

    np.save("a.npy", np.random.default_rng().normal(size=3))
    return len(np.load("a.npy"))


def _imports() -> bool:
    import colorsys
    import fractions
    import math
    import random
    import statistics
    import wave

    return all((colorsys, fractions, math, random, statistics, wave))


def _shell() -> list[bool]:
    from IPython.core.interactiveshell import InteractiveShell

    sys.stdout = sys.stderr = open("out", "w")  # noqa: SIM115 (the process ends with it)
    shell = InteractiveShell.instance()
    good = shell.run_cell("x = 1\nimport asyncio\nawait asyncio.sleep(0)\nx")
    bad = shell.run_cell("1 / 0")
    sys.stdout.flush()
    return [good.result == 1, "ZeroDivisionError" in Path("out").read_text(), not bad.success]


def _threads() -> list[int]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(abs, range(-3, 0)))


HONEST: dict[str, tuple[Callable[[], Any], Any]] = {
    "torch": (_torch, 6.0),
    "a figure": (_figure, True),
    "widgets": (_widgets, 2),
    "numpy": (_numpy, 3),
    "modules imported for the first time": (_imports, True),
    "IPython's shell": (_shell, [True, True, True]),
    "threads": (_threads, [3, 2, 1]),
    "a temporary file": (lambda: tempfile.mkstemp()[0] > 2, True),
    "a program": (lambda: subprocess.getoutput("echo hi | tr h H"), "Hi"),
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_work_goes_on(box: Box, what: str) -> None:
    work, expected = HONEST[what]
    assert box.run(work) == expected


def test_the_marking_can_watch_a_function_from_inside(box: Box) -> None:
    from autograder.marking.observer import IN_A_CHILD

    def watch() -> list[str]:
        calls = IN_A_CHILD.call(lambda xx: xx.exp() / xx.exp().sum(), [[1.0, 2.0]])
        return [one.result.kind for one in calls]

    assert box.run(watch) == ["tensor"]


def test_several_processes_are_refused_clearly(box: Box) -> None:
    """`multiprocessing` keeps its locks in /dev/shm, which all students would share."""

    def pool() -> None:
        import multiprocessing

        multiprocessing.get_context("fork").Pool(2)

    assert box.run(pool) == "PermissionError"


# --- Failing closed -----------------------------------------------------------------------------


def test_a_missing_layer_is_refused(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    def missing() -> None:
        raise confine._Missing("the part was taken out: put it back.")

    monkeypatch.setattr(confine, "_sandlock", missing)
    with pytest.raises(CannotConfine) as caught:
        confine.check()
    assert "put it back" in str(caught.value)
    assert "--without-landlock" in str(caught.value)
    assert "--without-seccomp" not in str(caught.value)
    confine.check(waived=["landlock"])
    assert "put it back" in box.run(lambda: "ran")


@pytest.mark.parametrize("part", ["_restrict_files", "_filter_calls"])
def test_a_layer_that_does_not_hold_is_refused(
    monkeypatch: pytest.MonkeyPatch, box: Box, part: str
) -> None:
    monkeypatch.setattr(confine, part, lambda *args, **options: None)
    assert box.run(lambda: "ran").startswith("CannotConfine")


@pytest.mark.parametrize("layer", ["landlock", "seccomp", "limits", "user"])
def test_any_layer_can_be_waived(box: Box, layer: str) -> None:
    if layer == "landlock" and os.geteuid() == 0 and confine._unreachable(Path(os.__file__)):
        pytest.skip("root's Python lies where an unprivileged user can only read under Landlock")
    assert box.run(lambda: "ran", waived=[layer]) == "ran"


def test_a_process_with_threads_is_refused(box: Box) -> None:
    box.scratch.mkdir()
    reading, writing = os.pipe()
    if os.fork() == 0:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        try:
            confine.confine(box.scratch, [], Limits(), keep=[writing])
        except CannotConfine as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        assert "2 threads" in pipe.read()
    os.wait()


def test_an_unknown_layer_is_an_error() -> None:
    with pytest.raises(ValueError, match="sandwich"):
        confine.check(waived=["sandwich"])


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_other_systems_are_refused(
    monkeypatch: pytest.MonkeyPatch, platform: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not any(layer.available for layer in confine.layers())
    with pytest.raises(CannotConfine, match=f"nothing in {name}"):
        confine.check()


# --- softmax-lab doctor -------------------------------------------------------------------------


def test_the_doctor_finds_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.count("enforced") == len(confine.LAYERS)


def test_the_doctor_tells_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = confine.Layer("seccomp", False, "using the network", "`apt install libseccomp2`.")
    monkeypatch.setattr(confine, "layers", lambda: [layer])
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["why"] == "`apt install libseccomp2`."
    assert "--without-seccomp" in doctor.report([layer])


def test_probing_changes_nothing_in_the_caller() -> None:
    before = (os.getresuid(), os.getcwd(), dict(os.environ), resource.getrlimit(resource.RLIMIT_AS))
    confine.layers()
    os.listdir("/")
    after = (os.getresuid(), os.getcwd(), dict(os.environ), resource.getrlimit(resource.RLIMIT_AS))
    assert before == after
