"""Measures for G. Watts' notebooks: scans of a cut, their rule for maps, and the least sum of squares."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from ....data.score_table import score_columns
from ...results import Has, Measured, Results

if TYPE_CHECKING:
    import pandas as pd

Scored = Annotated[str, Has({"one_score"})]

#: The grid of the notebooks, and one that is fine enough for three digits of the cut.
GRIDS = {"notebook": np.linspace(-10.0, 10.0, 100), "fine": np.arange(2.9, 4.0, 0.01)}


def best_scanned(
    results: Results, function: str, sample: str, loss: str, quantity: str, grid: str = "fine"
) -> Measured:
    """A quantity at the minimum of a loss of one cut: ``cut``, ``value``, or mean weight of a class."""
    scan = _scan(function, sample, grid)
    best = scan[loss].idxmax() if loss == "significance" else scan[loss].idxmin()
    return Measured(float(scan[loss if quantity == "value" else quantity][best]))


def scanned_gradient(results: Results, function: str, sample: str, loss: str, cut: float) -> Measured:
    """Gradient of a loss of one cut."""
    from ....evaluation.cut_function_scan import sample_of, scan_losses

    scan = scan_losses(function, np.array([[cut]]), sample_of(sample), (loss,))
    return Measured(float(scan[f"{loss}_gradient"].iloc[0]))


def largest_scanned_gradient(results: Results, function: str, sample: str) -> Measured:
    """Largest size of the gradient of any loss of one cut."""
    from ....evaluation.cut_function_scan import SCANNED

    scan = _scan(function, sample, "notebook")
    return Measured(float(scan[[f"{loss}_gradient" for loss in SCANNED]].abs().max(axis=None)))


def gradient_within(results: Results, sample: str, window: float) -> Measured:
    """Gradient of the sum of squares by an erf cut at 0, from the events within a window around it."""
    from ....evaluation.cut_function_scan import event_gradients, sample_of

    events = sample_of(sample)
    near = events.features[:, 0].abs().numpy() <= window
    return Measured(float(event_gradients("erf", 0.0, events)[near].sum()))


def sigmoid_above_half(results: Results, study: str, network: Scored, label: int) -> Measured:
    """Share of a class with sigmoid(P) > 0.5 on the training sample; the notebooks call it P > 0.5."""
    from ....data.score_table import selected

    scores = results.scores(study, network, "train")
    outputs = scores.loc[scores["label"] == label, score_columns(scores.columns)[0]]
    return Measured(float(selected("sigmoid", outputs.to_numpy()).mean()))


def best_sum_of_squares(results: Results, study: str) -> Measured:
    """Sum of squares for the exact probabilities, on the training sample."""
    from ....sources.watts import signal_probability

    events = results.features(study)
    events = events[events["split"] == "train"]
    names = results.study(study).feature_names
    probability = signal_probability(events[names].to_numpy(dtype=float))
    squares = (events["label"].to_numpy() - probability) ** 2
    return Measured(float(squares.sum()), float(squares.std() * np.sqrt(len(squares))))


@cache
def _scan(function: str, sample: str, grid: str) -> pd.DataFrame:
    from ....evaluation.cut_function_scan import sample_of, scan_line

    return scan_line(function, GRIDS[grid], sample_of(sample))
