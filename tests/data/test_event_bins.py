"""Bins of a property."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.columns import BinnedProperty
from scripts.data.event_bins import EventBins
from tests.property_toy import EDGES


@given(st.lists(st.floats(-100, 300), min_size=1, max_size=30))
def test_every_event_is_in_one_bin_the_nearest_beyond_the_edges(values):
    bins = EventBins("pt", (0.0, 10.0, 100.0, 200.0))
    events = pd.DataFrame({"pt": values})
    parts = bins.split(events)
    assert sum(map(len, parts)) == len(values)
    assert bins.counts(events).tolist() == [len(part) for part in parts]
    for (low, high), part in zip([(-np.inf, 10), (10, 100), (100, np.inf)], parts, strict=True):
        assert ((part["pt"] >= low) & (part["pt"] < high)).all()


def test_bins_are_found_in_a_table_of_cuts():
    bins = EventBins("pt", EDGES)
    cuts = pd.DataFrame({"cut": [1.0]})
    table = pd.concat([bins.label(cuts, position) for position in range(3)])
    assert EventBins.from_cuts(table) == bins
    assert EventBins.from_cuts(cuts) is None
    assert EventBins.from_cuts(table[:0]) is None
    assert bins.bounds == [(20.0, 50.0), (50.0, 80.0), (80.0, 120.0)]


@pytest.mark.parametrize("edges", [[1.0], [1.0, 1.0], [2.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_edges_that_do_not_increase_are_refused(edges):
    with pytest.raises(ValueError, match=r"property pt: .*(at least two|increasing)"):
        EventBins("pt", tuple(edges))


def test_bins_of_settings():
    settings = BinnedProperty(name="pt", edges=EDGES)
    assert EventBins.from_settings(settings) == EventBins("pt", tuple(EDGES))
    assert EventBins.from_settings(None) is None
