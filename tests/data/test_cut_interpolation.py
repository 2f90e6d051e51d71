"""Cuts as smooth curves of a property."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts.data.cut_interpolation import interpolate_cuts
from scripts.data.event_bins import EventBins


def cuts_of_bins(values, *, edges=(0.0, 2.0, 4.0, 8.0), feature="x", direction=">"):
    bins = EventBins("pt", edges)
    frames = [
        bins.label(
            pd.DataFrame(
                {"target_efficiency": [0.5], "feature": feature, "direction": direction, "cut": [value]}
            ),
            position,
        )
        for position, value in enumerate(values)
    ]
    return pd.concat(frames, ignore_index=True)


@example(values=[0.0, 0.0, 2.2250738585072014e-308], at=[0.0])
@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.lists(st.floats(-3, 12), min_size=1, max_size=9)
)
def test_curves_go_through_the_centres_and_overshoot_nowhere(values, at):
    cuts = cuts_of_bins(values)
    assert_allclose(interpolate_cuts(cuts, 0.5, "x", [1.0, 3.0, 6.0]), values, atol=1e-12)
    curve = interpolate_cuts(cuts, 0.5, "x", at)
    assert ((curve >= min(values) - 1e-9) & (curve <= max(values) + 1e-9)).all()
    assert_allclose(
        interpolate_cuts(cuts, 0.5, "x", [-9.0, 0.5, 7.0, 99.0]), np.repeat(values, [2, 0, 2]), atol=1e-12
    )


def test_curves_of_a_straight_line_are_straight():
    cuts = cuts_of_bins([1.0, 3.0, 5.0], edges=(0.0, 2.0, 4.0, 6.0))
    assert_allclose(interpolate_cuts(cuts, 0.5, "x", [1.0, 1.5, 2.0, 4.5]), [1.0, 1.5, 2.0, 4.5])


def test_one_bin_is_a_constant():
    assert interpolate_cuts(cuts_of_bins([2.0], edges=(0.0, 1.0)), 0.5, "x", [-1, 5]).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        (cuts_of_bins([1.0, 2.0, 3.0]).drop(columns="property"), "do not follow a property"),
        (cuts_of_bins([1.0, 2.0, 3.0], feature="y"), "0 cuts on x at the target 0.5 for 3 bins of pt"),
        (cuts_of_bins([1.0, 2.0, 3.0]).assign(target_efficiency=0.6), "0 cuts on x"),
        (pd.concat([cuts_of_bins([1.0, 2.0, 3.0])] * 2), "6 cuts on x"),
        (cuts_of_bins([1.0, 2.0, np.inf]), "the cut on x at the target 0.5 is not finite in every bin"),
    ],
)
def test_curves_refuse(cuts, message):
    with pytest.raises(ValueError, match=message):
        interpolate_cuts(cuts, 0.5, "x", [1.0])
