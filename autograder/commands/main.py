"""The parser of all subcommands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from autograder.commands import author, build, demo, doctor, grade, report
from autograder.errors import BAD_INPUT, FAILED, LabError

INTERRUPTED = 130  # what shells report for Ctrl-C


def parser() -> argparse.ArgumentParser:
    """Return the parser of every subcommand."""
    top = argparse.ArgumentParser(prog="softmax-lab", description="Build and grade the lesson.")
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (build, author, grade, report, demo, doctor):
        command.add_parser(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Return a subcommand's exit status; a `LabError` or a missing package is printed."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.handler(arguments)
        sys.stdout.flush()
    except LabError as error:
        print(f"softmax-lab: {error}", file=sys.stderr)
        return error.status
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "autograder":
            raise
        print(
            f"softmax-lab: {sys.executable} has no package {error.name}: run `make .venv`, or "
            "install softmax-lab with pip, and use that environment's softmax-lab.",
            file=sys.stderr,
        )
        return BAD_INPUT
    except BrokenPipeError:  # as after `| head`: nobody is there to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("softmax-lab: stopped.", file=sys.stderr)
        return INTERRUPTED
    return status
