"""Centre and spread of features, by hand and for outliers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import feature_spread
from cabin_core.feature_spread import (
    centre_and_spread,
    far_values,
    robust_scale,
    sampled_rows,
    standard_scale,
)


def test_scales_by_hand():
    values = np.array([[0.0], [1.0], [2.0], [3.0], [14.0]])
    mean, spread = standard_scale(values)
    assert (mean[0], spread[0]) == pytest.approx((4.0, np.sqrt((16 + 9 + 4 + 1 + 100) / 5)))
    median, width = robust_scale(values)
    # Quantiles interpolate: 0.1587 of four steps lies at 0.6346, 0.8413 at 3.3654, so at 3 + 11 * 0.3654.
    assert (median[0], width[0]) == pytest.approx((2.0, (3 + 11 * 0.365379 - 0.634621) / 2), rel=1e-6)
    assert centre_and_spread(values, "robust")[1] == width
    assert centre_and_spread(values, "standard")[1] == spread


def test_the_width_of_a_gaussian_is_its_standard_deviation():
    values = np.random.default_rng(1).normal([5.0, -300.0], [2.0, 40.0], (200_000, 2))
    median, width = robust_scale(values)
    assert median == pytest.approx([5.0, -300.0], abs=0.2)
    assert width == pytest.approx([2.0, 40.0], rel=0.01)


def test_a_feature_that_is_mostly_one_value_has_the_distance_of_the_others():
    few = np.zeros((1000, 1))
    few[:30, 0] = [*[1.0] * 20, *[2.0] * 10]
    assert robust_scale(few)[1] == pytest.approx([1.0])
    assert robust_scale(np.full((10, 1), 7.0))[1] == pytest.approx([1.0])


@given(
    st.integers(0, 2**20),
    st.sampled_from([1e30, -1e30, 1e300, -1.7e308]),
    st.integers(1, 3),
)
def test_outliers_move_the_scale_by_no_more_than_as_many_neighbours(seed, far, n_far):
    values = np.sort(np.random.default_rng(seed).exponential(30.0, 300))
    spoilt = values.copy()
    spoilt[np.random.default_rng(seed + 1).choice(300, n_far, replace=False)] = far
    median, width = robust_scale(spoilt[:, None])
    at = np.searchsorted(values, median[0])
    assert abs(at - 150) <= n_far + 1
    low, high = (values[int(share * 300) - 5 : int(share * 300) + 6] for share in (0.158655, 0.841345))
    assert (high[0] - low[-1]) / 2 <= width[0] <= (high[-1] - low[0]) / 2
    rows, columns, *_ = far_values(spoilt[:, None])
    assert rows.tolist() == np.flatnonzero(spoilt == far).tolist()
    assert (columns == 0).all()


def test_heavy_tails_are_not_far_out():
    generator = np.random.default_rng(2)
    values = np.column_stack([generator.exponential(size=100_000), generator.lognormal(0, 2, 100_000)])
    assert not len(far_values(values)[0])


def test_rows_of_a_long_table_are_spread_evenly(monkeypatch):
    assert sampled_rows(7, 5, 100).all()
    monkeypatch.setattr(feature_spread, "MOST_ROWS", 1000)
    chosen = sampled_rows(0, 100_000, 100_000)
    assert chosen.sum() == pytest.approx(1000, rel=0.05)
    in_blocks = [sampled_rows(first, 777, 100_000) for first in range(0, 100_000, 777)]
    assert np.array_equal(np.concatenate(in_blocks)[:100_000], chosen)
    rows = np.flatnonzero(chosen)
    for period in (2, 3, 5, 7, 10, 100):  # event numbers modulo k often decide on the split
        assert np.bincount(rows % period, minlength=period).min() > 0
