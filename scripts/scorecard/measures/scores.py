"""Measures of scores: areas, thresholds and efficiencies of thresholds."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from cabin_core.roc import expected_error

from ...data.score_table import score_column, score_columns
from ..results import Has, Measured, Results, row_at

Network = Annotated[str, Has()]
Scored = Annotated[str, Has({"scores"})]
ScoredOnce = Annotated[str, Has({"one_score"})]
CutAndScored = Annotated[str, Has({"cuts", "loss", "scores"})]


def auc(results: Results, study: str, network: Network, target: float | None = None) -> Measured:
    """Area under the ROC curve of the test sample; uncertainty after Hanley and McNeil (1982)."""
    value = row_at(results.metrics(study, network), target)["auc"]
    labels = results.scores(study, network, "test")["label"]
    n_signal, n_background = (int((labels == label).sum()) for label in (1, 0))
    return Measured(value, expected_error(value, n_signal, n_background))


def score_threshold(results: Results, study: str, network: Scored, efficiency: float) -> Measured:
    """Score above which a fraction of the signal lies; its uncertainty follows from that of the fraction."""
    scores = results.scores(study, network, "test")
    signal = scores.loc[scores["label"] == 1, score_columns(scores.columns)[0]].to_numpy()
    spread = np.sqrt(efficiency * (1 - efficiency) / len(signal))
    low, middle, high = np.quantile(
        signal, [1 - efficiency - spread, 1 - efficiency, 1 - efficiency + spread]
    )
    return Measured(float(middle), float(high - low) / 2)


def efficiency_above(
    results: Results,
    study: str,
    network: Scored,
    score_above: float,
    label: int | None = None,
    process: str | None = None,
    split: str = "test",
) -> Measured:
    """Fraction of the events of a class (``label``) or process whose score lies above a threshold."""
    from ...data.yields import process_names

    scores = results.scores(study, network)
    chosen = scores["split"] == split
    if label is not None:
        chosen &= scores["label"] == label
    if process is not None:
        chosen &= (process_names(results.features(study)) == process).to_numpy()
    values = scores.loc[chosen, score_columns(scores.columns)[0]]
    value = float((values > score_above).mean())
    return Measured(value, float(np.sqrt(value * (1 - value) / len(values))))


def passing_events_above(results: Results, study: str, network: CutAndScored, score_above: float) -> Measured:
    """Share of the events passing the cuts with a score above a threshold, smallest over targets."""
    return Measured(min(share for share, _ in _scores_of_sides(results, study, network, score_above)))


def failing_events_below(results: Results, study: str, network: CutAndScored, score_above: float) -> Measured:
    """Share of the events failing a cut with a score below a threshold, smallest over targets."""
    return Measured(min(share for _, share in _scores_of_sides(results, study, network, score_above)))


def scores_at_ends(results: Results, study: str, network: Scored, within: float) -> Measured:
    """Share of the test sample with scores closer to 0 or 1 than a distance, smallest over targets."""
    events = results.scores(study, network, "test")
    values = events[score_columns(events.columns)].to_numpy(dtype=float)
    at_ends = (values < within) | (values > 1 - within)
    return Measured(float(at_ends.mean(axis=0).min()))


def least_output(results: Results, study: str, network: ScoredOnce) -> Measured:
    """Smallest output of a network on the training sample."""
    scores = results.scores(study, network, "train")
    return Measured(float(scores[score_columns(scores.columns)[0]].min()))


def output_outside(results: Results, study: str, network: ScoredOnce) -> Measured:
    """Largest distance of an output from [0, 1], over all events."""
    scores = results.scores(study, network)
    values = scores[score_columns(scores.columns)[0]]
    return Measured(float(max(0.0, -values.min(), values.max() - 1)))


def _scores_of_sides(
    results: Results, study: str, network: str, threshold: float
) -> list[tuple[float, float]]:
    from ...data.cut_table import passes_cut_table

    events = results.features(study)
    test = events[events["split"] == "test"]
    scores = results.scores(study, network, "test")
    cuts = results.cuts(study, network)
    # The targets in cuts.csv have the order of the network's rows.
    columns = [score_column(target) for target in cuts["target_efficiency"].drop_duplicates()]
    values = scores[columns].to_numpy()
    passed = passes_cut_table(test, cuts)
    return [
        (float((value[ok] > threshold).mean()), float((value[~ok] < threshold).mean()))
        for value, ok in zip(values.T, passed.T, strict=True)
    ]
