"""``export_cuts``: the cuts of a trained network for other frameworks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..exports.choice import Choice
from ..exports.forms import check_form, form_of_file, forms, write_form
from ..exports.results import read_record
from ..exports.working_point import WorkingPoint
from .command import Parser, run


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = Parser(
        prog="export_cuts",
        description="Write the cuts of a working point of a trained network for another framework. Without a "
        "choice it is the one with the best significance, or else the one with the target closest to a "
        "signal efficiency of 0.9, of background efficiencies and rates the middle one.",
    )
    found.add_argument(
        "network", type=Path, metavar="results/RUN/STUDY/NETWORK", help="folder of the network"
    )
    which = found.add_mutually_exclusive_group()
    which.add_argument("--target", type=float, help="the working point of this target")
    which.add_argument("--best-significance", action="store_true", help="the one with the best significance")
    which.add_argument(
        "--signal-efficiency", type=float, metavar="X", help="the tightest that keeps X of the signal"
    )
    which.add_argument(
        "--background-efficiency",
        type=float,
        metavar="X",
        help="the loosest that keeps X of the background at most",
    )
    found.add_argument("--form", help=f"one of {', '.join(forms())}; yaml where absent")
    found.add_argument("--output", type=Path, help="file to write; the terminal where absent")
    found.add_argument(
        "--interpolate", action="store_true", help="cuts in bins of a property as smooth functions of it"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run("export_cuts", parser(), _export, arguments)


def _export(options: argparse.Namespace) -> None:
    form = check_form(options.form) if options.form else form_of_file(options.output)
    choice = Choice(
        options.target, options.best_significance, options.signal_efficiency, options.background_efficiency
    )
    record = read_record(options.network)
    chosen = choice.choose(record["points"], str(options.network))
    point = WorkingPoint.of(record, chosen, interpolated=options.interpolate)
    point.check(options.network)
    as_json = options.output is not None and options.output.suffix == ".json"
    text = point.to_json() if as_json else write_form(form, point)
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
