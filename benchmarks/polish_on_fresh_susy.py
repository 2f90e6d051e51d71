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

import sys
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
    study, table = (Path(path) for path in sys.argv[1:])
    events = pd.read_parquet(table)
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
