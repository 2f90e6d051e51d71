"""Whether the polish of the SUSY cuts lasts on events that neither training nor test sample has.

Takes the cuts of a full run, and the feature table of another simulation, with another seed; all of its
events are fresh. It prints the background of polished cuts over that of the trained ones at equal signal,
with its error::

    F=results/fresh_susy/susy/features.parquet
    .venv/bin/snakemake --cores 2 $F --configfile fresh_susy.yaml
    PYTHONPATH=. .venv/bin/python benchmarks/polish_on_fresh_susy.py results/paper/susy $F

where ``fresh_susy.yaml`` says ``base: paper``, ``run: fresh_susy`` and under ``studies.susy.source`` half of
the events (``signal: {events: 16000}``, ``background: {events: 19500}``) and ``generator: {seed: 2}``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from scripts.scorecard.measures.certified import ratio_at_equal_signal

#: Polished networks, each with the one that it is compared with.
PAIRS = [
    ("susy_polished_scan", "susy_optimal_scan"),
    ("susy_polished_smooth", "susy_optimal_scan"),
    ("susy_polished_windows", "susy_optimal_windows"),
    ("susy_polished_windows", "susy_polished_scan"),
]


def main() -> None:
    """Compare and print a row for each pair and target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, help="folder of the study in a full run, results/paper/susy")
    parser.add_argument("table", type=Path, help="feature table of the other simulation")
    options = parser.parse_args()
    study, events = options.study, pd.read_parquet(options.table)
    print(len(events), "fresh events,", int(events["label"].sum()), "of the signal")
    cuts = {
        name: pd.read_csv(study / name / "cuts.csv") for name in {name for pair in PAIRS for name in pair}
    }
    for network, other in PAIRS:
        rows = [
            (target, *ratio_at_equal_signal(events, cuts[network], cuts[other], target))
            for target in cuts[other]["target_efficiency"].unique()
        ]
        print(f"{network} over {other}")
        print(pd.DataFrame(rows, columns=["target", "ratio", "error"]).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
