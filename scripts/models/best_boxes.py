"""The best boxes of a sample at several signals, with a bound on the background of any others."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.box import BoxCertificate, BoxSample, Edge, ProofLimits, reaches
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
    """Return the best box for each signal that must be kept, and a bound on the background of any others.

    The largest signal is searched first; its box is a start of the next search. A bound for some signal holds
    for any larger one, so a signal has a proof of its own only if no bound for less is within the gap of its
    box. Nodes and seconds that a proof leaves are for the following ones.

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
    found: dict[int, BoxCertificate] = {}
    largest_first = sorted(range(len(signals)), key=lambda position: -signals[position])
    progress = LineProgress(log, f"{name}, search" if name else "", "signal", len(signals))
    for done, position in enumerate(largest_first):
        before = [found[largest_first[done - 1]].cuts] if done else []
        found[position] = box = sample.certify(
            signals[position],
            starts=[*starts(position), *before],
            n_starts=options.starts,
            seed=options.seed,
        )
        kept = signals[position] / sample.totals[0]
        progress.update(done + 1, f"signal {kept:.3f}, background {box.background:.6g}")
    if not sample.signed:
        _prove(sample, signals, found, options, name, share)
    return [found[position] for position in range(len(signals))]


def _prove(
    sample: BoxSample,
    signals: Sequence[float],
    found: dict[int, BoxCertificate],
    options: BoxOptions,
    name: str,
    share: float,
) -> None:
    """Replace boxes of a search by boxes with a bound."""
    most = nodes = int(share * options.nodes)
    seconds = share * (options.seconds or math.inf)
    progress = LineProgress(log, name if most else "", "node", most)
    first, rest = _order_of_proofs(signals, {at: box.background for at, box in found.items()}, options.gap)
    proven: dict[int, BoxCertificate] = {}
    for done, position in enumerate([*first, *rest]):
        signal, box = signals[position], found[position]
        bound = max((one.bound for at, one in proven.items() if signals[at] <= signal), default=-math.inf)
        if reaches(bound, box.background, options.gap):
            ended: Literal["proven", "gap"] = "proven" if reaches(bound, box.background) else "gap"
            found[position] = replace(box, bound=bound, ended=ended)
            continue

        def report(n_nodes: int, text: str, signal: float = signal, nodes: int = nodes) -> None:
            kept = signal / sample.totals[0]
            progress.update(max(1, most - nodes + n_nodes), f"signal {kept:.3f}, {text}")

        left = len(first) - done if done < len(first) else len(first) + len(rest) - done
        of_more = [one.cuts for at, one in proven.items() if signals[at] >= signal]
        found[position] = proven[position] = sample.certify(
            signal,
            starts=[box.cuts, *of_more[-1:]],
            n_starts=0,
            seed=options.seed,
            limits=ProofLimits(nodes // left, options.gap, seconds / left),
            on_progress=report,
        )
        nodes -= found[position].nodes
        seconds -= found[position].seconds


def _order_of_proofs(
    signals: Sequence[float], backgrounds: Mapping[int, float], gap: float
) -> tuple[list[int], list[int]]:
    """Return the positions of signals in the order of their proofs: those that come first, and the rest.

    The first are signals whose bound will do for the larger ones near them. Each list begins with the
    largest, whose proofs are short.
    """
    smallest_first = sorted(backgrounds, key=lambda position: signals[position])
    first: list[int] = []
    for position in smallest_first:
        if not first or not reaches(backgrounds[first[-1]], backgrounds[position], gap):
            first.append(position)
    rest = [position for position in smallest_first if position not in set(first)]
    return first[::-1], rest[::-1]


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
