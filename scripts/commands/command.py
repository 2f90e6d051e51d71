"""What all commands have in common: a fault is one line, and the exit status 1."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Parser(argparse.ArgumentParser):
    """Arguments of a command; a fault in them is one line, too."""

    def error(self, message: str) -> object:  # type: ignore[override]
        """Say what is wrong with the arguments, and end."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says more\n")


def run(
    name: str,
    parser: argparse.ArgumentParser,
    do: Callable[[argparse.Namespace], None],
    arguments: Sequence[str] | None,
) -> int:
    """Run a command and return its exit status."""
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("cabin").setLevel(logging.INFO)
    try:
        do(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has seen enough; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0
