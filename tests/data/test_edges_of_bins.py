"""Events exactly on the edges of bins, and the curves of either edge of a window."""

import pandas as pd
import pytest

from scripts.data.cut_interpolation import interpolate_cuts
from scripts.data.event_bins import EventBins

BINS = EventBins("pt", (20.0, 50.0, 80.0))


def events(values):
    """Each value once in each class of each sample."""
    samples = [(split, label) for split in ("train", "test") for label in (1, 0)]
    return pd.DataFrame(
        [(value, split, label, 1.0) for value in values for split, label in samples],
        columns=["pt", "split", "label", "weight"],
    )


def test_an_event_on_an_edge_is_in_the_bin_above_and_within_the_outermost():
    values = [20.0, 49.75, 50.0, 80.0]
    assert BINS.positions(values).tolist() == [0, 0, 1, 1]
    assert BINS.positions([-5.0, 300.0]).tolist() == [0, 1]
    BINS.check(events(values), "here")
    for outside in (19.75, 80.25):
        with pytest.raises(ValueError, match="here: pt of 4 of 20 events is outside of the bins, 20 to 80"):
            BINS.check(events([*values, outside]), "here")


def test_a_bin_with_weightless_events_only_is_empty():
    table = events([30.0, 60.0])
    table.loc[(table["pt"] > 50) & (table["label"] == 0) & (table["split"] == "test"), "weight"] = 0.0
    with pytest.raises(ValueError, match="no background event of the test sample has pt from 50 to 80"):
        BINS.check(table, "here")


def test_counts_end_with_bins_that_are_empty():
    assert BINS.counts(pd.DataFrame({"pt": [30.0, 40.0]})).tolist() == [2, 0]


def test_curves_of_either_edge_whatever_the_order_of_the_rows():
    rows = [(1, "<", 9.0), (0, ">", 1.0), (0, "<", 5.0), (1, ">", 3.0)]
    cuts = pd.concat(
        [
            BINS.label(
                pd.DataFrame({"target_efficiency": [0.9], "feature": "x", "direction": side, "cut": cut}), at
            )
            for at, side, cut in rows
        ]
    )
    # A straight line between the centres, 35 and 65.
    for direction, expected in ((">", [1.0, 2.0, 3.0]), ("<", [5.0, 7.0, 9.0])):
        found = interpolate_cuts(cuts, 0.9, "x", [25.0, 50.0, 65.0], direction)
        assert found == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"4 cuts on x at the target 0\.9 for 2 bins of pt"):
        interpolate_cuts(cuts, 0.9, "x", [25.0])
