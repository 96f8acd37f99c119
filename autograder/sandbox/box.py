"""Put the calling process into a box before it runs a student's code, and say what the box holds.

Every layer is applied from inside, lasts until the process ends, is inherited by whatever it
starts, and needs neither root nor a container. Linux only: elsewhere `layers` says what is missing
and `check` refuses.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

from autograder.errors import LabError
from autograder.sandbox import landlock, process, seccomp, user
from autograder.sandbox.layer import Layer, Missing
from autograder.sandbox.limits import Limits, limit

__all__ = [
    "LAYERS",
    "CannotConfine",
    "Layer",
    "Limits",
    "check",
    "confine",
    "counts_apart",
    "layers",
    "warm",
]


class CannotConfine(LabError):
    """A student's code would run with less protection than was asked for."""


#: What each layer keeps a student's code from, in the order in which they are applied.
LAYERS = {
    "user": "acting as root, or touching what belongs to other users",
    "limits": "using up memory, CPU time, processes, open files or a disk with one file",
    "landlock": "reading or writing files outside its own folder and the Python installation, "
    "looking into other processes and signalling them",
    "seccomp": "using the network, changing owners and permissions of files, tracing, "
    "leaving its process group, and rare parts of the kernel",
}


def layers() -> list[Layer]:
    """Try every layer in a forked child and tell which hold; changes nothing in the caller."""
    return [
        Layer(name, not why, what, why) for name, what in LAYERS.items() for why in [_try(name)]
    ]


def check(waived: Collection[str] = ()) -> None:
    """Make sure that this machine enforces every layer that is not waived.

    Raises:
        CannotConfine: some are missing; the message names them and the options that accept less.

    """
    _check_names(waived)
    missing = [layer for layer in layers() if not layer.available and layer.name not in waived]
    if missing:
        told = [f"- {one.name}, which keeps it from {one.what}: {one.why}" for one in missing]
        options = " ".join(f"--without-{one.name}" for one in missing)
        raise CannotConfine(
            "this machine cannot keep a student's code in its box. Missing:\n"
            + "\n".join(told)
            + f"\nTo run it with less protection all the same: {options}"
        )


@cache
def counts_apart(waived: frozenset[str] = frozenset()) -> bool:
    """Whether each student's processes have a limit that no other's count towards.

    Where they have not, `runner.pool` examines one submission at a time.
    """
    if sys.platform != "linux" or os.geteuid() == 0 or "limits" in waived:
        return True  # or there is no such limit
    return "user" not in waived and not _try(_APART)


def warm() -> None:
    """Do beforehand, in the template that is forked, what need not be done in every fork."""
    if sys.platform == "linux":
        import resource  # noqa: F401 - for the limits

        landlock.warm()
        seccomp.warm()


def confine(
    scratch: Path,
    readable: Sequence[Path],
    limits: Limits,
    waived: Collection[str] = (),
    *,
    keep: Collection[int] = (),
) -> None:
    """Confine the calling process for good; called before the first line of a student's code.

    Afterwards the process leads a session of its own, works in `scratch`, has a small fixed
    environment, and is killed when the process that forked it ends. All of it is tried out before
    this returns. When it raises, the process is half confined: end it.

    Args:
        scratch: an empty folder for this run alone, the only one that may be written to. Where the
            caller is root it is given to the unprivileged user.
        readable: files and folders that may be read besides the Python installation.
        limits: what may be used.
        waived: names of layers to do without.
        keep: file descriptors that stay open besides 0, 1 and 2.

    Raises:
        CannotConfine: a layer that is not waived could not be applied, or does not hold.

    """
    _check_names(waived)
    parent = os.getppid()
    scratch = scratch.resolve()
    warm()  # later, the box would keep it from importing what is installed in an odd place
    try:
        if sys.platform == "linux":
            _confine(scratch, readable, limits, waived, keep, parent)
        elif missing := [name for name in LAYERS if name not in waived]:
            raise Missing(_elsewhere(missing[0]))
        else:
            process.scrub(scratch)
    except Missing as missing_layer:
        raise CannotConfine(f"a student's code was not run: {missing_layer}") from None
    except OSError as error:
        raise CannotConfine(
            f"a student's code was not run, because it cannot be confined: {error}."
        ) from error


def _confine(
    scratch: Path,
    readable: Sequence[Path],
    limits: Limits,
    waived: Collection[str],
    keep: Collection[int],
    parent: int,
) -> None:
    process.be_alone()
    process.close_descriptors(keep)
    process.lead_a_group()
    process.scrub(scratch)
    process.be_first_out_of_memory()
    alone = False
    if "user" not in waived:
        alone = user.become_nobody(scratch, may_read="landlock" not in waived)
    if "limits" not in waived:
        limit(limits, alone)
    process.tie_to_parent(parent, hide="landlock" in waived)
    if "landlock" not in waived:
        landlock.restrict_files(scratch, readable, strict="seccomp" in waived)
    if "seccomp" not in waived:
        seccomp.filter_calls(strict="landlock" in waived or not landlock.scopes_signals())
    process.verify()
    if "landlock" not in waived:
        landlock.verify(scratch)
    if "seccomp" not in waived:
        seccomp.verify()
    process.verify_that_it_works(scratch)


def _check_names(waived: Collection[str]) -> None:
    if unknown := set(waived) - set(LAYERS):
        raise ValueError(f"no such layer: {', '.join(sorted(unknown))}")


# --- What this machine can do -------------------------------------------------------------------


#: What `_try` tries besides the layers.
_APART = "processes counted apart"


def _try(name: str) -> str:
    """Confine a forked child with one layer; return why that is impossible, or ""."""
    if sys.platform != "linux":
        return _elsewhere(name)
    folder = tempfile.mkdtemp(prefix="softmax-lab-")
    reading, writing = os.pipe()
    try:
        child = os.fork()
        if child == 0:
            _be_the_probe(name, Path(folder), writing)
        os.close(writing)
        with open(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not told:
        return "the process that tried it out died."
    return str(json.loads(told))


def _be_the_probe(name: str, folder: Path, writing: int) -> NoReturn:
    why = ""
    try:
        scratch = folder / "scratch"
        scratch.mkdir()
        folder.chmod(0o711)
        if name == "user":
            user.become_nobody(scratch, may_read=True)
        elif name == _APART:
            if not user.enter_namespace():
                raise Missing("no user namespace may be made.")
        elif name == "limits":
            limit(Limits(), alone=False)
        elif name == "landlock":
            process.tie_to_parent(os.getppid(), hide=False)
            landlock.restrict_files(scratch, (), strict=False)
            landlock.verify(scratch)
        else:
            process.tie_to_parent(os.getppid(), hide=False)
            seccomp.filter_calls(strict=True)
            seccomp.verify()
    except Exception as error:  # whatever it is, the layer does not work here
        why = str(error) or type(error).__name__
    finally:
        os.write(writing, json.dumps(why).encode())
        os._exit(0)


def _elsewhere(name: str) -> str:
    system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
    return (
        f"nothing in {system} that an ordinary program can use does this. Grade on Linux: a "
        f"virtual machine, a container{', WSL 2' if system == 'Windows' else ''} or a server."
    )
