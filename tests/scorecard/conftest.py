"""Runs of a few rows, made by hand, and what measures find in them."""

import math
from pathlib import Path

import pandas as pd
import pytest

from scripts.scorecard.measures import measure_of
from scripts.scorecard.results import Results
from scripts.study import Study
from tests.studies import NETWORKS, make_study


class Run:
    """Results of one study ``toy``; called with the name of a measure and its arguments."""

    def __init__(self, root: Path, study: Study) -> None:
        self.root = root / study.name
        self.study = study
        self.results = Results(root, {study.name: study})

    def write(self, network: str = "net", **tables) -> "Run":
        """Write tables of a network, or of the study where they are of events or of an analysis."""
        for name, table in tables.items():
            of_study = name in ("features", *self.study.analyses)
            folder = self.root if of_study else self.root / network
            folder.mkdir(parents=True, exist_ok=True)
            table = pd.DataFrame(table)
            if name in ("features", "scores"):
                table.to_parquet(folder / f"{name}.parquet")
            else:
                table.to_csv(folder / f"{name}.csv", index=False)
        self.results = Results(self.root.parent, {self.study.name: self.study})
        return self

    def __call__(self, measure: str, **arguments):
        """The value, with its uncertainty where there is one."""
        found = measure_of(measure)(self.results, study=self.study.name, **arguments)
        return found.value if found.uncertainty is None else tuple(found)


@pytest.fixture
def make_run(tmp_path):
    """Make a run of a study with the networks ``net`` and ``other``."""

    def make(**changes) -> Run:
        networks = {"net": NETWORKS["scan"], "other": NETWORKS["linear"]}
        return Run(tmp_path, make_study("toy", **{"networks": networks, **changes}))

    return make


@pytest.fixture
def run(make_run) -> Run:
    return make_run()


def scores_of(signal, background, **more):
    """Scores of test events, and one training event of each class that must not count."""
    label = [1] * len(signal) + [0] * len(background) + [1, 0]
    split = ["test"] * (len(label) - 2) + ["train"] * 2
    return {"label": label, "split": split, "score": [*signal, *background, 0.99, 0.99], **more}


@pytest.fixture(name="scores_of")
def _scores_of():
    return scores_of


@pytest.fixture
def hanley_mcneil():
    """The variance of an area after Hanley and McNeil (1982), written out."""

    def variance(auc, n_signal, n_background):
        q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        pairs = n_signal * n_background
        return (auc * (1 - auc) + (n_signal - 1) * (q1 - auc**2) + (n_background - 1) * (q2 - auc**2)) / pairs

    return variance


@pytest.fixture
def cut_table():
    """Rows of target, cut on x0 from below and cut on x1 from above."""

    def table(rows, column="cut_scaled"):
        return pd.DataFrame(
            [
                (target, feature, direction, cut)
                for target, *cuts in rows
                for feature, direction, cut in zip(("x0", "x1"), "><", cuts, strict=True)
            ],
            columns=["target_efficiency", "feature", "direction", column],
        )

    return table


@pytest.fixture
def nan():
    return math.nan
