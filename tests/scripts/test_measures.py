"""Measures of the scorecard from tables of a few rows, with their uncertainties by hand."""

import math

import pandas as pd
import pytest

from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import Results


@pytest.fixture
def write(tmp_path):
    """Write tables of the network ``net`` of the study ``toy`` and return what reads them."""

    def results(network="net", **tables):
        folder = tmp_path / "toy" / network
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            if name == "scores":
                pd.DataFrame(table).to_parquet(folder / "scores.parquet")
            else:
                pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)
        return Results(tmp_path, {"toy": {"networks": ["net", "other"]}}, {})

    return results


def measure(results, name, **arguments):
    return MEASURES[name](results, study="toy", network="net", **arguments)


def test_kept_background_is_in_percent(write):
    metrics = {"background_efficiency": [0.025], "background_efficiency_uncertainty": [0.004]}
    assert measure(write(metrics=metrics), "kept_background_percent") == pytest.approx((2.5, 0.4))


def test_uncertainty_of_an_auc_by_hand(write):
    """After Hanley and McNeil, of 5 signal and 3 background events of the test sample."""
    scores = {
        "label": [1] * 5 + [0] * 3 + [1, 0],
        "split": ["test"] * 8 + ["train"] * 2,
        "score": 0.5,
    }
    results = write(metrics={"target_efficiency": [math.nan], "auc": [0.8]}, scores=scores)
    # Q1 = 0.8 / 1.2 = 2 / 3, Q2 = 2 * 0.64 / 1.8 = 32 / 45
    variance = (0.16 + 4 * (2 / 3 - 0.64) + 2 * (32 / 45 - 0.64)) / 15
    assert measure(results, "auc") == pytest.approx((0.8, math.sqrt(variance)))
