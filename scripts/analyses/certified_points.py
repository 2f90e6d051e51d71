"""Working points of cuts beside the best cuts that keep as much signal of the training sample."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.box import BoxCertificate, Edge, reaches

from ..data.cut_table import edges_by_target, passes_cut_table
from ..evaluation.network_points import NetworkPoints
from ..models.best_boxes import BoxOptions, box_edges, box_sample, certify_signals

#: One row for each network and target, see :func:`certify_points`.
COLUMNS = [
    *("network", "target_efficiency", "cuts", "signal", "signal_efficiency", "background", "best_signal"),
    *("best_background", "bound", "events_left", "best_events_left", "ratio", "ratio_uncertainty"),
    *("ratio_to_bound", "gap", "nodes", "ended", "bound_signal", "test_signal", "test_background"),
    *("test_best_signal", "test_best_background", "test_ratio", "test_ratio_uncertainty", "difference"),
    *("test_difference", "test_difference_uncertainty"),
]


class PointOptions(BoxOptions, Protocol):
    """Settings of the analysis that the comparison uses."""

    events: int


def certify_points(
    events: pd.DataFrame,
    features: Sequence[str],
    directions: Sequence[str],
    networks: Sequence[NetworkPoints],
    options: PointOptions,
) -> pd.DataFrame:
    """Compare working points with the best cuts that keep at least their signal of the training sample.

    Networks with cuts in the directions of the features alone are compared with such cuts, others with
    windows. A bound for less signal holds for more, so a row has the largest of the bounds up to its own
    signal.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    features, directions : sequence of str
    networks : sequence of NetworkPoints
        Of networks with cuts.
    options : PointOptions

    Returns
    -------
    DataFrame
        ``network``, ``target_efficiency`` and ``cuts`` (``directions`` or ``windows``). Sums of the weights
        of training events: ``signal``, also as ``signal_efficiency``, and ``background``; ``best_signal``,
        ``best_background`` of the best cuts found and ``bound`` on the background of any. ``events_left`` and
        ``best_events_left`` count the background events. ``ratio`` is the background over that of the best
        cuts, with ``ratio_uncertainty``, ``ratio_to_bound`` that over the bound. ``gap``, ``nodes`` and
        ``ended`` say how far the best cuts are proven, and ``bound_signal`` for what signal. Of the test
        sample: ``test_signal``, ``test_background``, ``test_best_signal``, ``test_best_background``,
        ``test_ratio`` and ``test_ratio_uncertainty``. ``difference``, ``test_difference`` and
        ``test_difference_uncertainty`` are of the backgrounds, for points where few events are left.
    """
    training, test = (events[events["split"] == split] for split in ("train", "test"))
    training, test = CountedEvents(draw_events(training, options.events, options.seed)), CountedEvents(test)
    allowed: Set[tuple[str, str]] = {
        (features[column], side) for column, side in box_edges(directions, windows=False)
    }
    points = [
        _Point.of(network.name, target, edges, allowed, training)
        for network in networks
        for target, edges in edges_by_target(network.cuts, list(network.targets))
    ]
    rows: dict[int, dict[str, object]] = {}
    families = {
        windows: [at for at, point in enumerate(points) if point.windows == windows]
        for windows in (False, True)
    }
    edges_of = {windows: box_edges(directions, windows=windows) for windows in families}
    # A node takes time in proportion to the edges; each working point has the same share of the time.
    shares = {windows: len(family) / len(edges_of[windows]) for windows, family in families.items()}
    for windows, family in families.items():
        if not family:
            continue
        signals = sorted({points[at].signal for at in family if points[at].signal > 0.0})
        edges = edges_of[windows]
        sample = box_sample(training.events, features, edges)
        starts = [
            [
                _cuts_of_edges(points[at].edges, edges, features)
                for at in family
                if points[at].signal == signal
            ]
            for signal in signals
        ]
        certificates = certify_signals(
            sample,
            signals,
            options,
            f"certify, {_family(windows)}",
            starts=lambda position, starts=starts: starts[position],  # type: ignore[misc]
            share=shares[windows] / sum(shares.values()),
        )
        proofs = list(zip(signals, certificates, strict=True))
        for at in family:
            rows[at] = _row(points[at], proofs, edges, features, training, test)
    return pd.DataFrame([rows[at] for at in range(len(points))], columns=COLUMNS)


def draw_events(events: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return the events in their order, of more than ``most`` so many that are drawn."""
    if len(events) <= most:
        return events
    drawn = np.random.default_rng(seed).choice(len(events), most, replace=False)
    return events.iloc[np.sort(drawn)]


def _family(windows: bool) -> str:
    return "windows" if windows else "directions"


class CountedEvents:
    """Events and sums of their weights."""

    def __init__(self, events: pd.DataFrame) -> None:
        self.events = events
        self._weights = events["weight"].to_numpy(dtype=float)
        self._is_signal = (events["label"] == 1).to_numpy()

    def passes(self, edges: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which events pass the edges of one target."""
        return passes_cut_table(self.events, edges.assign(target_efficiency=0.0), [0.0])[:, 0]

    @property
    def signal(self) -> float:
        """Sum of the weights of all signal events."""
        return math.fsum(self._weights[self._is_signal])

    def events_left(self, passes: NDArray[np.bool_]) -> int:
        """Return the number of background events that pass, without those of no weight."""
        return int((passes & ~self._is_signal & (self._weights != 0.0)).sum())

    def sums(self, passes: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the sums of the weights of signal and background that pass."""
        signal, background = (
            math.fsum(self._weights[passes & of_class]) for of_class in (self._is_signal, ~self._is_signal)
        )
        return signal, background

    def difference(self, passes: NDArray[np.bool_], best: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the difference of two backgrounds, and its uncertainty, that of events of one alone."""
        weights = np.where(self._is_signal, 0.0, self._weights)
        differing = weights * (passes.astype(float) - best)
        return math.fsum(differing), math.sqrt(float((differing**2).sum()))

    def ratio(self, passes: NDArray[np.bool_], best: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the ratio of two backgrounds, and its uncertainty, to which events of both add little."""
        weights = np.where(self._is_signal, 0.0, self._weights)
        ours, theirs = (math.fsum(weights[selected]) for selected in (passes, best))
        if not theirs > 0.0:
            return math.nan, math.nan
        ratio = ours / theirs
        variance = float(((weights * (passes - ratio * best)) ** 2).sum())
        return ratio, math.sqrt(variance) / theirs


@dataclass(frozen=True)
class _Point:
    """A working point, which training events pass it, and the sums of their weights."""

    network: str
    target: float
    edges: pd.DataFrame
    windows: bool
    passes: NDArray[np.bool_]
    signal: float
    background: float

    @classmethod
    def of(
        cls,
        network: str,
        target: float,
        edges: pd.DataFrame,
        allowed: Set[tuple[str, str]],
        training: CountedEvents,
    ) -> _Point:
        """Count what passes the edges of a target."""
        windows = not set(zip(edges["feature"], edges["direction"], strict=True)) <= allowed
        passes = training.passes(edges)
        return cls(network, target, edges, windows, passes, *training.sums(passes))


def _cuts_of_edges(cuts: pd.DataFrame, edges: Sequence[Edge], features: Sequence[str]) -> NDArray[np.float64]:
    """Return the cuts of one target in the order of the edges, infinite where nothing is cut."""
    given = {(row.feature, row.direction): row.cut for row in cuts.itertuples()}
    return np.array(
        [given.get((features[column], side), -np.inf if side == ">" else np.inf) for column, side in edges]
    )


def _row(
    point: _Point,
    proofs: Sequence[tuple[float, BoxCertificate]],
    edges: Sequence[Edge],
    features: Sequence[str],
    training: CountedEvents,
    test: CountedEvents,
) -> dict[str, object]:
    """Return the row of a working point; without best cuts if it keeps no signal."""
    row: dict[str, object] = {
        "network": point.network,
        "target_efficiency": point.target,
        "cuts": _family(point.windows),
        "signal": point.signal,
        "signal_efficiency": point.signal / training.signal,
        "background": point.background,
    }
    own = [proof for signal, proof in proofs if signal == point.signal]
    if not own:
        return row | {"ended": "no signal"}
    # Cuts for more signal and bounds for less hold as well.
    best = min(
        (proof for signal, proof in proofs if signal >= point.signal),
        key=lambda proof: (proof.background, -proof.signal),
    )
    bound_signal, proof = max(
        ((signal, proof) for signal, proof in proofs if signal <= point.signal),
        key=lambda bound: (np.nan_to_num(bound[1].bound), -bound[0]),
    )
    best_edges = pd.DataFrame(
        [
            (features[column], side, cut)
            for (column, side), cut in zip(edges, best.cuts, strict=True)
            if np.isfinite(cut)
        ],
        columns=["feature", "direction", "cut"],
    )
    ours, theirs = test.passes(point.edges), test.passes(best_edges)
    of_test = dict(zip(("test_signal", "test_background"), test.sums(ours), strict=True))
    of_best = dict(zip(("test_best_signal", "test_best_background"), test.sums(theirs), strict=True))
    difference, ratio = test.difference(ours, theirs), test.ratio(ours, theirs)
    best_passes = training.passes(best_edges)
    closed = reaches(proof.bound, best.background)
    return row | {
        "best_signal": best.signal,
        "best_background": best.background,
        "bound": proof.bound,
        "events_left": training.events_left(point.passes),
        "best_events_left": training.events_left(best_passes),
        "ratio": divided(point.background, best.background),
        "ratio_uncertainty": training.ratio(point.passes, best_passes)[1],
        "ratio_to_bound": divided(point.background, proof.bound),
        "gap": 0.0 if closed else 1.0 - divided(proof.bound, best.background),
        "nodes": own[0].nodes,
        "ended": "proven" if closed else own[0].ended,
        "bound_signal": math.nan if math.isnan(proof.bound) else bound_signal,
        **of_test,
        **of_best,
        "test_ratio": ratio[0],
        "test_ratio_uncertainty": ratio[1],
        "difference": point.background - best.background,
        "test_difference": difference[0],
        "test_difference_uncertainty": difference[1],
    }


def divided(background: float, by: float) -> float:
    """Return a ratio of backgrounds: one if neither has events, NaN if only the second has none."""
    if by > 0.0:
        return background / by
    return 1.0 if background == by else math.nan
