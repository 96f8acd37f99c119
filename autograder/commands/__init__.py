"""The console script `softmax-lab`: one file a subcommand, and every word on the terminal.

`main` holds the parser. A subcommand's file has `add_parser(subparsers)`, which adds a parser and
sets its `handler`, a function from the parsed arguments to an exit status. Heavy imports (nbgrader,
torch) belong inside the handler, so that `--help` and completion answer at once.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
