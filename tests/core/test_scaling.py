import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cabin_core import FeatureScaling, passes_cuts

value = st.floats(-1e6, 1e6, allow_subnormal=False)
spread = st.floats(1e-3, 1e6)


def test_scale_and_unscale_by_hand():
    scaling = FeatureScaling(["met", "dphi"], [200.0, 1.5], [50.0, 0.5])
    scaled = scaling.scale(torch.tensor([[300.0, 1.0], [150.0, 3.0]]))
    assert scaled.tolist() == [[2.0, -1.0], [-1.0, 3.0]]
    assert scaled.dtype == torch.float64
    assert scaling.unscale(torch.tensor([[1.0, 2.0]])).tolist() == [[250.0, 2.5]]
    assert scaling.features == ("met", "dphi")


def test_scaled_sample_has_zero_mean_and_unit_spread():
    values = np.random.default_rng(0).normal([100.0, -3.0], [20.0, 0.1], size=(500, 2))
    scaled = FeatureScaling("ab", values.mean(axis=0), values.std(axis=0)).scale(torch.from_numpy(values))
    assert scaled.mean(dim=0).tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert scaled.std(dim=0, correction=0).tolist() == pytest.approx([1.0, 1.0])


@given(st.lists(st.tuples(value, value, spread), min_size=1, max_size=4))
def test_unscale_is_the_inverse_of_scale(columns):
    values, mean, spreads = zip(*columns, strict=True)
    scaling = FeatureScaling([f"x{i}" for i in range(len(columns))], mean, spreads)
    x = torch.tensor([values, values[::-1]], dtype=torch.float64)
    size = max(map(abs, (1.0, *values, *mean)))
    assert (scaling.unscale(scaling.scale(x)) - x).abs().max() <= 1e-14 * size
    scaled_size = size / min(spreads)
    assert (scaling.scale(scaling.unscale(x / size)) - x / size).abs().max() <= 1e-14 * (1 + scaled_size)


@given(value, spread, st.floats(-3, 3), st.floats(-3, 3), st.sampled_from("<>"))
def test_a_cut_selects_the_same_events_in_both_units(mean, width, scaled_cut, scaled_value, direction):
    assume(abs(scaled_cut - scaled_value) > 1e-14 * (1 + abs(mean) / width))  # beyond rounding
    scaling = FeatureScaling(["x"], [mean], [width])
    physical = [
        scaling.unscale(torch.tensor([[x]], dtype=torch.float64)).numpy() for x in (scaled_value, scaled_cut)
    ]
    expected = scaled_value > scaled_cut if direction == ">" else scaled_value < scaled_cut
    assert passes_cuts(*physical, [direction]).item() == expected


@pytest.mark.parametrize(
    ("mean", "spreads", "message"),
    [
        ([0.0, 0.0], [1.0, 0.0], "feature 'm_ll' has no spread: remove it"),
        ([0.0, 0.0], [-1.0, 1.0], "feature 'met' has no spread"),
        ([0.0, 0.0], [1.0, math.nan], "feature 'm_ll' has no spread"),
        ([0.0], [1.0, 1.0], r"mean needs 2 values, not shape \(1,\)"),
        ([0.0, 0.0], [1.0, 1.0, 1.0], r"spread needs 2 values, not shape \(3,\)"),
        ([[0.0, 0.0]], [1.0, 1.0], r"mean needs 2 values, not shape \(1, 2\)"),
    ],
)
def test_scaling_refuses(mean, spreads, message):
    with pytest.raises(ValueError, match=message):
        FeatureScaling(["met", "m_ll"], mean, spreads)


def test_values_beyond_the_limit_count_as_there():
    scaling = FeatureScaling(["a", "b"], [0.0, 10.0], [1.0, 2.0], [1e6, 10.0])
    values = torch.tensor([[1e30, 1e300], [-1e300, -1e300], [999.0, 29.0]], dtype=torch.float64)
    assert scaling.scale(values).tolist() == [[1e6, 10.0], [-1e6, -10.0], [999.0, 9.5]]
    assert torch.isfinite(FeatureScaling.identity("ab").scale(values).float()).all()
    assert FeatureScaling(["a"], [0.0], [1.0], 5.0).limit.tolist() == [5.0]
