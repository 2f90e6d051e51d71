"""Groups of rows of cuts, and what a sample keeps for its next sum."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cabin_core import CutNetwork, EventSample, EventSums, OneToOneLinear
from cabin_core.arrangement import PIECE
from cabin_core.kernel_numbers import numbers_of
from cabin_core.kernel_rows import RowGroups
from tests.core.kernel_samples import draw_sample, rows_of, sums_and_derivatives


def test_rows_far_apart_are_in_groups_of_their_own():
    bias = np.array([[0.0, 0.0], [0.1, -1.0], [9.0, 0.0], [9.0, 2.4]], np.float32)
    rows = RowGroups.of(bias, 15.0)
    assert rows.first_rows.tolist() == [0, 2, 4]
    reach = float(numbers_of(np.dtype(np.float32), of_signal=True).reach)
    step = reach / 15 / 4
    # The middle of each group on a grid of this step.
    np.testing.assert_allclose(rows.shifts, [[0.0, -step], [25 * step, 3 * step]], rtol=1e-6)
    assert (abs(np.log(rows.factors)) <= reach * 1.001).all()


@settings(max_examples=200, deadline=None)
@given(
    bias=st.lists(st.floats(-50, 50, width=32) | st.sampled_from([1e9, -1e30]), min_size=1, max_size=12),
    sharpness=st.sampled_from([1.0, 15.0, 200.0]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_no_row_is_further_from_its_group_than_the_reach(bias, sharpness, dtype):
    rows = RowGroups.of(np.array(bias, dtype)[:, None], sharpness)
    reach = float(numbers_of(np.dtype(dtype), of_signal=True).reach)
    assert rows.first_rows[[0, -1]].tolist() == [0, len(bias)]
    assert (np.diff(rows.first_rows) > 0).all()
    shift_of_row = np.repeat(rows.shifts[:, 0].astype(float), np.diff(rows.first_rows))
    distance = abs(np.array(bias, dtype).astype(float) - shift_of_row)
    assert (distance * sharpness <= reach * (1 + 1e-5)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kept_exponentials_change_no_bit(dtype):
    """Over biases that move on, in and out of a group, with another sharpness and other weights."""
    sample = draw_sample(9, PIECE + 40, 50, 3, dtype=dtype)
    networks = [
        rows_of(seed, CutNetwork(3, 4, [1.0, -1.0, sign], sharpness).double(), spread).to(dtype)
        for seed, sign, sharpness, spread in (
            (1, 1.0, 15.0, 0.1),
            (2, 1.0, 15.0, 0.1),
            (3, 1.0, 15.0, 4.0),
            (3, 1.0, 20.0, 4.0),
            (3, -1.0, 20.0, 4.0),
            (1, 1.0, 15.0, 0.1),
        )
    ]
    kept = [sums_and_derivatives(network, sample) for network in networks for _ in range(2)]
    for network, *found in zip(networks, kept[::2], kept[1::2], strict=True):
        other = EventSample(sample.features, sample.is_signal, sample.weights)
        first = sums_and_derivatives(network, other)  # keeps nothing
        assert all(torch.equal(*pair) for one in found for pair in zip(one, first, strict=True))


def test_an_interrupted_sum_leaves_nothing_behind(monkeypatch):
    network, sample = OneToOneLinear(2, [1.0, 1.0]).double(), draw_sample(1, 30, 30, 2)
    first = sums_and_derivatives(network, sample)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cabin_core.kernel_rows.add_events", interrupted)
        with pytest.raises(KeyboardInterrupt):
            EventSums.from_sample(network, sample)
    assert all(torch.equal(*pair) for pair in zip(first, sums_and_derivatives(network, sample), strict=True))


def test_threads_that_sum_over_one_sample_do_not_meet():
    networks = [rows_of(seed, CutNetwork(3, 4, [1.0] * 3).double(), 0.5) for seed in range(4)]
    sample = draw_sample(2, 3 * PIECE, PIECE, 3)

    @torch.no_grad()
    def signal_of(number):
        return EventSums.from_sample(networks[number % 4], sample).signal_score

    expected = [signal_of(number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(signal_of, range(40)))
    assert all(torch.equal(one, expected[number % 4]) for number, one in enumerate(found))


def test_many_groups_of_rows_are_not_kept(monkeypatch):
    monkeypatch.setattr("cabin_core.kernel_rows.KEPT_MEMORY", 10_000)
    sample = draw_sample(2, 100, 100, 2)  # 200 events with 2 edges and 3 rows more take 8 kB
    for spread, kept in ((0.0, True), (40.0, False)):
        network = rows_of(1, CutNetwork(2, 5, [1.0] * 2).double(), spread)
        for _ in range(2):
            EventSums.from_sample(network, sample)
        (events,) = sample.arranged.values()
        assert bool(events.rooms._rooms) == kept
    assert not copy.deepcopy(events).rooms._rooms


def test_an_arranged_sample_is_kept_for_the_next_epoch():
    network, sample = OneToOneLinear(1, [1.0]).double(), draw_sample(1, 3, 3, 1)
    EventSums.from_sample(network, sample)
    (kept,) = sample.arranged.values()
    EventSums.from_sample(network, sample)
    assert list(sample.arranged.values()) == [kept]
