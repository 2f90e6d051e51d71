"""Exchange steps from trained cuts: never less signal than asked, never more background than before."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cabin_core.box_ranks import Edge
from cabin_core.polish import BEYOND, Places, Polish, between_events
from cabin_core.roughness import bends, roughness

#: A feature cut from below, one from above, one on both sides.
EDGES: list[Edge] = [(0, ">"), (1, "<"), (2, ">"), (2, "<")]
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


def _events(
    seed: int, n: int = 120, *, weighted: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    is_signal = np.arange(n) % 2 == 0
    features = random.normal(np.where(is_signal, 0.5, 0.0)[:, None], 1.0, (n, 3)).round(1)
    weights = random.uniform(0.5, 2.0, n) if weighted else np.ones(n)
    return features, is_signal, weights


def _loosening_cuts(seed: int, n_rows: int) -> NDArray[np.float64]:
    """Return cuts of rows that never tighten, from tight ones to loose ones."""
    steps = np.random.default_rng(seed).uniform(0.0, 0.5, (n_rows, len(EDGES)))
    return np.asarray(SIGNS * (-0.3 - np.cumsum(steps, axis=0)))


def _passes(features: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.all(
        [
            features[:, column] > cut if side == ">" else features[:, column] < cut
            for (column, side), cut in zip(EDGES, cuts, strict=True)
        ],
        axis=0,
    )


def test_best_cuts_by_hand() -> None:
    # One feature, from above: of the signal at 1, 3, 5 two events must stay; background at 2, 4, 4.5.
    features = np.array([[1.0], [3.0], [5.0], [2.0], [4.0], [4.5]])
    is_signal = np.arange(6) < 3
    polish = Polish(features, is_signal, np.ones(6), [(0, "<")])
    trained = np.array([[6.0]])
    found = polish.improve(trained, [2.0], starts=0, seed=1, least_events=1.0)
    assert found[0, 0] == pytest.approx(-(-3.0 + -4.0) / 2)
    assert polish.count(found[0]) == (2.0, 1.0, 1.0)
    # Three events are asked for: nothing can be removed. The cut stays where the training left it.
    assert polish.improve(trained, [3.0], starts=2, seed=1, least_events=1.0) == trained
    # Fewer background events than asked for would be left.
    assert polish.improve(trained, [2.0], starts=2, seed=1, least_events=2.0) == trained


def test_rows_that_keep_no_signal_stay() -> None:
    features = np.array([[1.0], [3.0], [5.0], [2.0], [4.0], [4.5]])
    polish = Polish(features, np.arange(6) < 3, np.ones(6), [(0, "<")])
    trained = np.array([[0.5], [4.2]])
    found = polish.improve(trained, [None, None], starts=1, seed=1, least_events=0.0)
    assert found[0, 0] == 0.5
    assert found[1, 0] == pytest.approx(3.5)
    with pytest.raises(ValueError, match="cuts cannot keep a signal of 0"):
        polish.improve(trained, [0.0, None], starts=1, seed=1)


def test_more_signal_than_all_events_have_is_kept() -> None:
    # Cuts can keep more than all, where some weight is negative.
    features, weights = np.array([[1.0], [2.0], [3.0], [0.0], [1.5]]), np.array([-1.0, 1.0, 1.0, 1.0, 1.0])
    polish = Polish(features, np.arange(5) < 3, weights, [(0, ">")])
    (found,) = polish.improve(np.array([[1.2]]), [None], starts=2, seed=1, least_events=0.0)
    assert polish.count(found)[:2] == (2.0, 0.0)


def test_too_many_edges() -> None:
    features = np.zeros((4, 61))
    with pytest.raises(ValueError, match="61 edges: a search takes 60 at most"):
        Polish(features, np.arange(4) < 2, np.ones(4), [(column, ">") for column in range(61)])


def test_too_tight_cuts_are_made_looser() -> None:
    features = np.array([[1.0], [3.0], [5.0], [2.0], [4.0], [0.5]])
    polish = Polish(features, np.arange(6) < 3, np.ones(6), [(0, ">")])
    found = polish.improve(np.array([[3.5]]), [2.0], starts=0, seed=1, least_events=0.0)
    assert found[0, 0] == 2.5


def test_exchanges_stop_at_the_least_background() -> None:
    # Of five signal events three must stay: cuts before the first, the second and the third one do.
    features = np.array([[1.0], [2.0], [4.0], [5.0], [6.0], [0.5], [1.5], [3.0], [3.5], [4.5]])
    polish = Polish(features, np.arange(10) < 5, np.ones(10), [(0, ">")])
    for least, left in ((1.0, 1.0), (2.0, 3.0), (3.0, 3.0), (4.0, 4.0), (5.0, 5.0), (6.0, 5.0)):
        (found,) = polish.improve(np.array([[0.0]]), [3.0], starts=2, seed=1, least_events=least)
        assert polish.count(found)[1] == left


def test_places_are_halfway_and_one_is_below_all() -> None:
    assert list(between_events(np.array([3.0, 1.0, 3.0, 2.0]))) == [1.0 - BEYOND, 1.5, 2.5]
    # float32 has no cut between the last two.
    assert len(between_events(np.array([1.0, 2.0, 2.0 + 1e-7]))) == 2


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=8),
    st.lists(st.integers(-2, 22), min_size=1, max_size=6, unique=True),
    st.integers(-4, 24),
)
def test_a_cut_has_the_place_with_its_events(values: list[int], cuts: list[int], cut: int) -> None:
    events, given_cuts = np.array(values, dtype=float), np.sort(np.array(cuts, dtype=float))
    places = Places.at(given_cuts, events)
    # Between numbers, so that no event is on it, and on one, but for rounding.
    for other in (cut + 0.5, cut * (1 + 1e-8), cut * (1 - 1e-8)):
        place = places.of(other)
        passes = events > (cut if cut in cuts and other != cut + 0.5 else other)
        same = [number for number, one in enumerate(given_cuts, 1) if ((events > one) == passes).all()]
        assert 1 <= place <= len(cuts)
        assert not same or ((places.groups >= place) == passes).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.booleans())
def test_signal_is_kept_and_background_does_not_rise(
    seed: int, weighted: bool, monotone: bool, own: bool
) -> None:
    features, is_signal, weights = _events(seed, weighted=weighted)
    trained = _loosening_cuts(seed, 3)
    polish = Polish(features, is_signal, weights, EDGES)
    total = weights[is_signal].sum()
    asked = [None] * 3 if own else [share * total for share in (0.3, 0.5, 0.7)]
    before = [weights[_passes(features, cuts) & is_signal].sum() for cuts in trained]
    if min(before) == 0.0:
        return
    found = polish.improve(trained, asked, starts=2, seed=seed, least_events=2.0, monotone=monotone)
    for cuts, now, least, kept_before in zip(trained, found, asked, before, strict=True):
        passed = _passes(features, now)
        least = kept_before if least is None else least
        if (now != cuts).any():
            assert weights[passed & is_signal].sum() >= least * (1 - 1e-9)
        if kept_before >= least:
            left = weights[_passes(features, cuts) & ~is_signal].sum()
            assert weights[passed & ~is_signal].sum() <= left * (1 + 1e-9)
    if monotone:
        assert (np.diff(SIGNS * found, axis=0) <= 0.0).all()
    again = polish.improve(trained, asked, starts=2, seed=seed, least_events=2.0, monotone=monotone)
    assert (again == found).all()


def test_single_row_is_as_good_as_all_cuts() -> None:
    # Two edges are exchanged exactly: no pair of cuts anywhere is better.
    features, is_signal, weights = _events(3, 60)
    polish = Polish(features, is_signal, weights, EDGES[:2])
    (cuts,) = polish.improve(np.array([[-4.0, 4.0]]), [20.0], starts=0, seed=1, least_events=0.0)
    places = [between_events(features[:, 0]), -between_events(-features[:, 1])]
    counts = [polish.count(np.array(pair))[:2] for pair in itertools.product(*places)]
    assert polish.count(cuts)[1] == min(left for kept, left in counts if kept >= 20.0)


def test_allowed_cuts_are_kept() -> None:
    features, is_signal, weights = _events(5)
    allowed = [np.arange(-4.0, 4.5, 0.5), np.array([0.7]), None, None]
    polish = Polish(features, is_signal, weights, EDGES, allowed)
    trained = np.array([[-3.0, 0.7, -4.0, 4.0]])
    found = polish.improve(trained, [None], starts=3, seed=1, least_events=1.0)
    assert found[0, 0] in allowed[0]  # type: ignore[operator]
    assert found[0, 1] == 0.7
    assert (found != trained).any()
    with pytest.raises(ValueError, match="no cut at all"):
        Polish(features, is_signal, weights, EDGES, [np.array([]), None, None, None])


def test_smooth_cuts_pay_for_their_bends() -> None:
    features, is_signal, weights = _events(7, 400)
    trained = _loosening_cuts(7, 5)
    polish = Polish(features, is_signal, weights, EDGES)

    def cost(cuts: NDArray[np.float64], price: float) -> float:
        left = sum(np.log(polish.count(of_row)[1]) for of_row in cuts)
        return float(left + price * roughness(torch.from_numpy(cuts)))

    free, smooth = (
        polish.improve(trained, [None] * 5, starts=2, seed=1, least_events=1.0, bends_cost=price)
        for price in (0.0, 30.0)
    )
    assert cost(smooth, 30.0) < cost(trained, 30.0)
    assert roughness(torch.from_numpy(smooth)) < roughness(torch.from_numpy(free))
    assert cost(free, 0.0) < cost(smooth, 0.0) < cost(trained, 0.0)


def test_roughness_is_the_mean_of_the_bends() -> None:
    cuts = torch.from_numpy(_loosening_cuts(1, 6))
    assert bends(cuts).shape == (4, len(EDGES))
    assert roughness(cuts) == bends(cuts).mean()


def test_main_edges_are_polished_first() -> None:
    features, is_signal, weights = _events(9, 400)
    main = np.array([True, True, True, False])
    trained = np.array([[-1.0, 2.0, -1.0, 1.5]])
    needed = [0.6 * is_signal.sum()]
    of_main = Polish(
        features, is_signal, weights, [edge for edge, own in zip(EDGES, main, strict=True) if own]
    )
    alone = of_main.improve(trained[:, main], needed, starts=0, seed=1, least_events=1.0)
    polish = Polish(features, is_signal, weights, EDGES)
    found = polish.improve(trained, needed, starts=0, seed=1, least_events=1.0, main_edges=main)
    assert polish.count(found[0])[1] <= of_main.count(alone[0])[1]


def test_signed_weights_keep_their_signal() -> None:
    features, is_signal, weights = _events(11, 400)
    weights[::9] = -0.3
    polish = Polish(features, is_signal, weights, EDGES)
    trained = _loosening_cuts(11, 2)
    kept = [polish.count(cuts)[0] for cuts in trained]
    found = polish.improve(trained, [None, None], starts=2, seed=1, least_events=5.0)
    for cuts, least in zip(found, kept, strict=True):
        signal, _, events = polish.count(cuts)
        assert signal >= least * (1 - 1e-9)
        assert events >= 5.0


def test_more_signal_than_there_is() -> None:
    features, is_signal, weights = _events(1)
    polish = Polish(features, is_signal, weights, EDGES)
    with pytest.raises(ValueError, match="cannot keep a signal of 61: all events together have 60"):
        polish.improve(_loosening_cuts(1, 1), [61.0], starts=1, seed=1)
