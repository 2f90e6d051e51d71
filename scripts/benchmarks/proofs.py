"""Proofs of the best cuts, for longer than a study takes: how far they come, and in what time."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.box import BoxSample, ProofLimits

from ..data.directions import read_directions
from ..data.feature_table import in_training, read_feature_table
from ..jobs.progress import LineProgress
from ..models.best_boxes import box_edges, box_sample
from .settings import MadeUp, ProofCase
from .turns import NoNumberError

if TYPE_CHECKING:
    from ..study import Study

log = logging.getLogger("cabin.proofs")

#: Time of a point of the progress over that of the one before.
SPACING = 1.05


def make_events(made_up: MadeUp) -> pd.DataFrame:
    """Return Gaussian events of unit width with features ``x0`` and so on, signal first."""
    random = np.random.default_rng(made_up.seed)
    n_events = 2 * made_up.events
    shared = np.sqrt(made_up.correlation) * random.normal(size=(n_events, 1))
    own = np.sqrt(1.0 - made_up.correlation) * random.normal(size=(n_events, made_up.features))
    label = np.repeat([1, 0], made_up.events)
    values = shared + own + made_up.distance * label[:, None]
    table = pd.DataFrame(values, columns=[f"x{column}" for column in range(made_up.features)])
    return table.assign(label=label, weight=1.0)


def read_events(study: Study, table: Path, *, generated: bool) -> tuple[pd.DataFrame, list[str]]:
    """Return the training events of a study, and the directions of its features.

    Parameters
    ----------
    study : Study
    table : Path
        Its feature table, with ``directions.csv`` beside it where the config leaves a direction open.
    generated : bool
        Whether the source generates the events, whatever the table.

    Raises
    ------
    NoNumberError
        If there is no table, or none of the directions.
    """
    needed = [] if generated else [table]
    if study.finds_directions:
        needed.append(table.with_name("directions.csv"))
    for path in needed:
        if not path.is_file():
            raise NoNumberError(f"no file {path}: a run of the study makes it")
    if study.finds_directions:
        study = study.with_directions(read_directions(needed[-1]))
    events = study.source.generate(study) if generated else read_feature_table(table, study.feature_names)
    return events[in_training(events)], study.directions


def measure(case: ProofCase, study: Study | None, table: Path, name: str) -> dict[str, Any]:
    """Search and prove the best cuts at each target, the largest first.

    Parameters
    ----------
    case : ProofCase
    study : Study, optional
        None if the events are made up, or the run has no such study.
    table : Path
        Feature table of the study, of no use where its source generates the events.
    name : str
        Name for the progress lines.

    Returns
    -------
    dict
        ``dataset`` and ``cuts`` in words; ``signal_events`` and ``background_events`` of the training,
        ``features``, ``edges``; ``targets``, see :func:`prove_target`; ``load`` of the machine before; or
        ``reason`` where there are no events.
    """
    measured: dict[str, Any] = {
        "dataset": case.study or "made up",
        "cuts": "windows" if case.windows else "one-sided",
        "load": os.getloadavg()[0],
    }
    if case.made_up is not None:
        events, directions = make_events(case.made_up), [">"] * case.made_up.features
        features = list(events.columns[: case.made_up.features])
    elif study is None:
        return measured | {"reason": f"the run has no study {case.study}"}
    else:
        generated = case.features is None and not study.source.from_files
        try:
            events, directions = read_events(study, table, generated=generated)
        except NoNumberError as error:
            return measured | {"reason": str(error)}
        features = study.feature_names
    edges = box_edges(directions, windows=case.windows)
    sample = box_sample(events, features, edges)
    # What is timed has been compiled.
    sample.certify(0.99 * sample.totals[0], n_starts=1, seed=case.seed, limits=ProofLimits(2))
    proven: list[dict[str, Any]] = []
    starts: list[NDArray[np.floating]] = []
    for target in sorted(case.targets, reverse=True):
        found, cuts = prove_target(sample, target, case, starts, name)
        proven.append(found)
        starts = [cuts]
    counts = events["label"].value_counts()
    return measured | {
        "signal_events": int(counts[1]),
        "background_events": int(counts[0]),
        "features": len(features),
        "edges": len(edges),
        "targets": proven[::-1],
    }


def prove_target(
    sample: BoxSample,
    target: float,
    case: ProofCase,
    starts: Sequence[NDArray[np.floating]],
    name: str,
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Search and prove the best cuts at one target.

    Parameters
    ----------
    sample : BoxSample
    target : float
        Signal efficiency.
    case : ProofCase
        Has the time that both may take together.
    starts : sequence of ndarray
        Cuts that the search starts from, beside those of the case.
    name : str
        Name for the progress lines.

    Returns
    -------
    tuple of dict and ndarray
        ``target``, ``signal_efficiency``, ``background`` (a sum of weights), ``background_efficiency``,
        ``background_bound`` on the latter, ``gap``, ``nodes``, ``ended``, ``search_seconds``,
        ``proof_seconds``, and ``progress``: points of seconds since the start of the search, nodes,
        background efficiency and bound. And the cuts.
    """
    started = time.perf_counter()
    signal, background = sample.totals
    lines = LineProgress(log, f"{name}, signal {target:.3f}", "s", math.ceil(case.seconds))
    points: list[tuple[float, int, float, float]] = []

    def taken() -> float:
        return time.perf_counter() - started

    def report(nodes: int, text: str) -> None:
        lines.update(max(1, min(int(taken()), lines.total - 1)), text)

    def keep_point(nodes: int, least: float, bound: float) -> None:
        if not points or taken() >= SPACING * points[-1][0]:
            points.append((taken(), nodes, least / background, bound / background))

    searched = sample.certify(
        target * signal, starts=starts, n_starts=case.starts, seed=case.seed, on_progress=report
    )
    search_seconds = taken()
    found = sample.certify(
        target * signal,
        starts=[searched.cuts],
        n_starts=0,
        seed=case.seed,
        limits=ProofLimits(case.nodes, seconds=case.seconds - search_seconds),
        on_progress=report,
        on_bound=keep_point,
    )
    seconds = taken()
    points.append((seconds, found.nodes, found.background / background, found.bound / background))
    result = {
        "target": target,
        "signal_efficiency": found.signal / signal,
        "background": found.background,
        "background_efficiency": found.background / background,
        "background_bound": found.bound / background,
        "gap": found.gap,
        "nodes": found.nodes,
        "ended": found.ended,
        "search_seconds": search_seconds,
        "proof_seconds": seconds - search_seconds,
        "progress": points,
    }
    return result, found.cuts
