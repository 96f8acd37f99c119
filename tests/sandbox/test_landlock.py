"""What the layer `landlock` keeps from a student's code; run as root and as an ordinary user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boxed import ON_LINUX, REPOSITORY, Box

pytestmark = ON_LINUX


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


def test_a_program_it_starts_is_confined_too(box: Box) -> None:
    secret = box.folder / "gradebook.db"
    secret.write_text("marks")
    secret.chmod(0o666)

    def shell() -> list[str]:
        script = f"cat {secret}; echo $HOME; cat /etc/passwd; echo x > {box.folder}/x; echo end"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
        return done.stdout.split()

    assert box.run(shell) == [str(box.scratch), "end"]
