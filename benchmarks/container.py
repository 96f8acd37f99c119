"""Grade dangerous submissions with stock nbgrader in a container that is thrown away.

Made of util-linux: namespaces of its own (users, mounts, processes, network), a file system in
memory, the system read-only beside it, no privileges, limits. What runs in it dies with it. This
file is both sides: `run` is called by `attacks.py`, `main` is the container's first process.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import damage

LAB = Path("/lab")
COURSE, HOME = LAB / "course", LAB / "home"
ASSIGNMENT = "softmax"

#: The caller's PATH may lack the folder of pivot_root.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TOOLS = ("unshare", "mount", "umount", "pivot_root", "setpriv", "prlimit")
_UNSHARE = ("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child")
#: What is shown of the system, read-only.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store")
_DEVICES = ("null", "zero", "full", "random", "urandom")
#: What may be written to, and how large it may grow: all of it is memory.
_WRITABLE = {LAB: "1g", Path("/tmp"): "256m", Path("/dev/shm"): "2g"}
#: Each process may have: bytes, processes of this user, seconds of CPU, files.
_LIMITS = {"as": 6 << 30, "nproc": 1000, "fsize": 300 << 20, "cpu": 200, "nofile": 4096, "core": 0}
#: Who runs the students' code where root grades. Everyone else stays who they are.
_NOBODY = 65534
#: Seconds that a run's own helpers may take to disappear.
_GRACE = 2.0
#: Bytes of the log that are told.
_TOLD = 8000


def what_is_missing() -> str:
    """Return why no container can be made here, or "" where one can."""
    if not sys.platform.startswith("linux"):
        return "a container needs Linux"
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    if missing:
        return f"{', '.join(missing)} of util-linux cannot be found"
    seen = run({"copies": {}, "commands": [["true"]], "seconds": 20})
    if "error" in seen:
        return f"this machine allows no container ({seen['error']})"
    if seen["statuses"] != [0]:
        return f"nothing starts in a container here ({seen['log'].strip()})"
    return ""


def run(order: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out an order in a container of its own.

    Args:
        order: what is to be done there: `copies` of what is here, by path here, to what path there;
            `commands`, run one after another in the course's folder; the `seconds` they may take
            together; their `environment`; `own`, folders whose files are not looked at; `student`,
            whose graded work is.

    Returns:
        What was seen: see `main`. Where there was no container, an `error` alone.

    """
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    script = Path(__file__).resolve()
    shown = [sys.base_prefix, sys.prefix, str(script.parent)]
    with tempfile.TemporaryDirectory(prefix="container-") as root:
        process = subprocess.Popen(
            ["unshare", *user, *_UNSHARE, sys.executable, "-E", "-s", str(script)],
            env={"PATH": _PATH},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            errors="backslashreplace",
        )
        try:
            # The container keeps the time itself; this is for the case that it cannot.
            said, complaint = process.communicate(
                json.dumps({**order, "root": root, "shown": shown}), order["seconds"] + 60
            )
        except subprocess.TimeoutExpired:
            return {"error": "it did not end"}
        finally:
            if process.poll() is None:
                process.kill()  # and with it, by --kill-child, all that is in the container
                process.communicate()
    try:
        return dict(json.loads(said))
    except ValueError:
        lines = complaint.strip().splitlines() or [f"it ended with status {process.returncode}"]
        return {"error": lines[-1]}


# --- Inside ---------------------------------------------------------------------------------------


def main() -> None:
    """Make the container, carry out the order on stdin, and print what was seen.

    This is the container's first process: no other one in it can end, stop or read it, and when it
    ends, so do they. It prints `statuses` of the commands, None for one that ran out of time;
    whether one did (`stopped`); `seconds`; what they said (`log`); the processes `left`; the files
    `changed`; the gradebook `before` and `after`; of the student, the `points`, the graded work's
    `boasts`, and whether the feedback has `scripts`.
    """
    order = json.load(sys.stdin)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which does nothing to a first process
    Path("/proc/self/oom_score_adj").write_text("1000")  # short of memory? Then take this first.
    _enter(Path(order["root"]), order["shown"], order["copies"])
    book, own = COURSE / "gradebook.db", {*order.get("own", ()), *order["shown"]}
    files, gradebook = damage.digests(_WRITABLE, own), damage.gradebook(book)
    log = os.memfd_create("log")
    start = time.monotonic()
    statuses = [
        _execute(command, order.get("environment", {}), log, start + order["seconds"])
        for command in order["commands"]
    ]
    seconds = time.monotonic() - start
    left = [] if None in statuses else _left()
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    _give_up_privileges()  # what is read from here on was written by students' code
    files_after = damage.digests(_WRITABLE, own)
    names = {*files, *files_after}
    student = order.get("student", "")
    graded = COURSE / "autograded" / student / ASSIGNMENT
    gradebook_after = damage.gradebook(book)
    seen = {
        "statuses": statuses,
        "stopped": None in statuses,
        "seconds": seconds,
        "log": _end_of(log),
        "left": left,
        "changed": sorted(n for n in names if files.get(n) != files_after.get(n)),
        "before": gradebook,
        "after": gradebook_after,
        "points": damage.points(gradebook_after, student, graded),
        "boasts": damage.boasts(graded),
        "scripts": damage.scripts(COURSE / "feedback" / student / ASSIGNMENT),
    }
    json.dump(seen, sys.stdout)


def _enter(root: Path, shown: Sequence[str], copies: Mapping[str, str]) -> None:
    """Make the container's file system below `root`, and make it the only one."""
    _mount("-t", "tmpfs", "-o", "mode=755,size=16m", "tmpfs", root)
    for place in _SYSTEM:
        if os.path.islink(place):
            (root / place[1:]).symlink_to(os.readlink(place))
        elif os.path.isdir(place):
            _show(Path(place), root)
    (root / "dev").mkdir()
    for name in _DEVICES:
        (root / "dev" / name).touch()
        _mount("--bind", f"/dev/{name}", root / "dev" / name)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (root / "dev" / name).symlink_to(f"/proc/self/fd/{number}")
    (root / "dev" / "fd").symlink_to("/proc/self/fd")
    (root / "proc").mkdir()
    _mount("-t", "proc", "-o", "nosuid,nodev,noexec", "proc", root / "proc")
    for place, size in _WRITABLE.items():
        (root / str(place)[1:]).mkdir()
        options = f"mode=1777,nosuid,nodev,size={size},nr_inodes=100k"
        _mount("-t", "tmpfs", "-o", options, "tmpfs", root / str(place)[1:])
    for place in shown:
        if not (root / place[1:]).exists():
            _show(Path(place), root)
    for place in (COURSE, HOME):
        (root / str(place)[1:]).mkdir()
    for here, there in copies.items():
        shutil.copytree(here, root / there[1:], symlinks=True, dirs_exist_ok=True)
    if _is_root():
        for folder, _, names in os.walk(root / str(LAB)[1:]):
            for name in (folder, *(os.path.join(folder, name) for name in names)):
                os.chown(name, _NOBODY, _NOBODY, follow_symlinks=False)
    (root / "old").mkdir()
    _tool("pivot_root", root, root / "old")
    os.chdir("/")
    _tool("umount", "--lazy", "/old")
    os.rmdir("/old")
    _make_read_only()
    _raise_loopback()


def _show(place: Path, root: Path) -> None:
    inside = root / str(place)[1:]
    inside.mkdir(parents=True)
    _mount("--rbind", place, inside)


def _make_read_only() -> None:
    """Make everything read-only that is not to be written to; the other flags stay."""
    kept = {*map(str, _WRITABLE), "/proc", *(f"/dev/{name}" for name in _DEVICES)}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        _, _, _, _, place, flags, *_ = line.split()
        place = place.encode().decode("unicode_escape")
        if place not in kept:
            others = [flag for flag in flags.split(",") if flag not in ("rw", "ro")]
            _mount("-o", ",".join(["remount", "bind", "ro", *others]), place)


def _mount(*arguments: str | Path) -> None:
    _tool("mount", *arguments)


def _tool(*command: str | Path) -> None:
    subprocess.run(command, check=True, env={"PATH": _PATH}, stdin=subprocess.DEVNULL)


def _raise_loopback() -> None:
    """Bring up the one network interface there is; kernels speak on it."""
    get_flags, set_flags, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def _is_root() -> bool:
    """Whether this is the machine's root, and not a user who is called root in here."""
    inside, outside, _ = Path("/proc/self/uid_map").read_text().split()[:3]
    return os.getuid() == 0 and (inside, outside) == ("0", "0")


def _execute(
    command: Sequence[str], environment: Mapping[str, str], log: int, deadline: float
) -> int | None:
    """Run a command without privileges and within limits; None: it ran out of time."""
    user = (f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups") if _is_root() else ()
    limits = (f"--{name}={value}" for name, value in _LIMITS.items())
    unprivileged = ("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
    process = subprocess.Popen(
        ["prlimit", *limits, "setpriv", *user, *unprivileged, *command],
        cwd=COURSE,
        env={"PATH": _PATH, **environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        return process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def _left() -> list[str]:
    """Return the command lines of the processes that do not end by themselves."""
    deadline = time.monotonic() + _GRACE
    while (left := list(_others())) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _others() -> Iterable[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if process.name != str(os.getpid()) and state not in "ZX":
                yield (
                    (process / "cmdline")
                    .read_bytes()
                    .replace(b"\0", b" ")
                    .decode("utf-8", "replace")
                )


def _give_up_privileges() -> None:
    if _is_root():
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _end_of(log: int) -> str:
    size = os.fstat(log).st_size
    return os.pread(log, _TOLD, max(0, size - _TOLD)).decode("utf-8", "replace")


if __name__ == "__main__":
    main()
