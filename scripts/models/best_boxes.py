"""The best boxes of a sample at several signals, with a bound on the background of any others."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.box import BoxCertificate, BoxSample, Edge, ProofLimits
from cabin_core.directions import WINDOW

from ..jobs.progress import LineProgress
from .boxes import Edges

log = logging.getLogger("cabin.best_boxes")


class BoxOptions(Protocol):
    """Settings of a search for the best boxes and of their proofs."""

    starts: int
    nodes: int
    gap: float
    seconds: float | None
    seed: int


def box_edges(directions: Sequence[str], *, windows: bool) -> list[Edge]:
    """Return the edges of a box: one in the direction of each feature, or two in each."""
    return [
        (column, side)  # type: ignore[misc]
        for column, direction in enumerate(directions)
        for side in (">", "<")
        if windows or direction in (side, WINDOW)
    ]


def box_sample(events: pd.DataFrame, features: Sequence[str], edges: Sequence[Edge]) -> BoxSample:
    """Return a sample of a feature table on which boxes are searched."""
    return BoxSample(
        events[list(features)].to_numpy(dtype=float),
        (events["label"] == 1).to_numpy(),
        events["weight"].to_numpy(dtype=float),
        edges,
    )


def certify_signals(
    sample: BoxSample,
    signals: Sequence[float],
    options: BoxOptions,
    name: str,
    starts: Callable[[int], Sequence[NDArray[np.floating]]] = lambda position: (),
    share: float = 1.0,
) -> list[BoxCertificate]:
    """Return the best box for each signal that must be kept.

    The largest signal comes first; its box is a start of the next search. Nodes and seconds that a proof
    leaves are for the following ones.

    Parameters
    ----------
    sample : BoxSample
    signals : sequence of float
        Sums of weights.
    options : BoxOptions
    name : str
        Name for the progress lines; none without a name.
    starts : callable
        Returns the cuts that a search starts from, for a position in ``signals``.
    share : float
        Of the nodes and seconds of the options.
    """
    most = nodes = int(share * options.nodes)
    seconds = share * (options.seconds or math.inf)
    progress = LineProgress(log, name, "node", most)
    found: dict[int, BoxCertificate] = {}
    largest_first = sorted(range(len(signals)), key=lambda position: -signals[position])
    for done, position in enumerate(largest_first):
        before = [found[largest_first[done - 1]].cuts] if done else []
        kept = f"signal {signals[position] / sample.totals[0]:.3f}"

        def report(n_nodes: int, text: str, kept: str = kept, nodes: int = nodes) -> None:
            progress.update(max(1, most - nodes + n_nodes), f"{kept}, {text}")

        left = len(signals) - done
        found[position] = sample.certify(
            signals[position],
            starts=[*starts(position), *before],
            n_starts=options.starts,
            seed=options.seed,
            limits=ProofLimits(nodes // left, options.gap, seconds / left),
            on_progress=report,
        )
        nodes -= found[position].nodes
        seconds -= found[position].seconds
    return [found[position] for position in range(len(signals))]


def certify_targets(
    events: pd.DataFrame,
    features: Sequence[str],
    edges: Sequence[Edge],
    targets: Sequence[float],
    options: BoxOptions,
    name: str,
) -> tuple[Edges, pd.DataFrame]:
    """Search and prove the best box for each target on a sample.

    Returns
    -------
    tuple of list and DataFrame
        Feature, direction and cut of all edges for each target; and one row for each target:
        ``target_efficiency``, ``signal_efficiency``, ``background_efficiency`` and ``background_bound`` on
        this sample, ``gap``, ``nodes`` and ``ended``.
    """
    sample = box_sample(events, features, edges)
    signal, background = sample.totals
    certificates = certify_signals(sample, [target * signal for target in targets], options, name)
    cuts = [
        [
            (features[column], side, float(cut))
            for (column, side), cut in zip(edges, certificate.cuts, strict=True)
        ]
        for certificate in certificates
    ]
    history = pd.DataFrame(
        [
            (
                target,
                of_one.signal / signal,
                of_one.background / background,
                of_one.bound / background,
                of_one.gap,
                of_one.nodes,
                of_one.ended,
            )
            for target, of_one in zip(targets, certificates, strict=True)
        ],
        columns=[
            "target_efficiency",
            "signal_efficiency",
            "background_efficiency",
            "background_bound",
            "gap",
            "nodes",
            "ended",
        ],
    )
    return cuts, history
