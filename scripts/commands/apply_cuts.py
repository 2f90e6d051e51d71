"""``apply_cuts``: a working point applied to files of events."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .command import Parser, run

if TYPE_CHECKING:
    import pandas as pd


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = Parser(
        prog="apply_cuts",
        description="Apply the cuts of a working point, as export_cuts --form yaml writes it, to files of "
        "events; print the cutflow and write which events pass, or these events.",
    )
    found.add_argument("working_point", type=Path, help="YAML or JSON file of export_cuts")
    found.add_argument("files", nargs="+", metavar="FILE", help="ROOT, parquet, csv or tsv, also as pattern")
    found.add_argument(
        "--process", metavar="NAME", help="process of the study whose selection and weight it is"
    )
    found.add_argument("--tree", metavar="T", help="tree of ROOT files; that of the study where absent")
    found.add_argument("--output", type=Path, metavar="FILE", help="file to write, .root or .parquet")
    found.add_argument(
        "--flag", metavar="NAME", help="write this flag for each event, rather than the events that pass"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run("apply_cuts", parser(), _apply, arguments)


def _apply(options: argparse.Namespace) -> None:
    from ..exports.skimming import apply_to_files
    from ..exports.working_point import WorkingPoint

    if options.flag and not options.output:
        raise ValueError("--flag needs a file to write it to: give --output")
    point = WorkingPoint.read(options.working_point)
    cutflow = apply_to_files(
        point,
        options.files,
        process=options.process,
        tree=options.tree,
        output=options.output,
        flag=options.flag,
    )
    print(cutflow_text(cutflow))


def cutflow_text(cutflow: pd.DataFrame) -> str:
    """Return a cutflow as aligned text."""
    weighted = "weighted" in cutflow
    rows = [("step", "events", "share", *(["weighted"] if weighted else []))]
    for row in cutflow.itertuples():
        cells = [row.step, str(row.events), f"{row.share:.4f} +- {row.uncertainty:.4f}"]
        if weighted:
            cells.append(f"{row.weighted:.6g} +- {row.weighted_uncertainty:.2g}")
        rows.append(tuple(cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *rest in rows:
        cells = [
            first.ljust(widths[0]),
            *(text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
