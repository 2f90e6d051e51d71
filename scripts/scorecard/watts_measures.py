"""How the numbers of G. Watts' notebooks are measured: scans of a cut, trained cuts, drift."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from scripts.data.score_table import score_columns
from scripts.evaluation.cut_function_scan import SCANNED, event_gradients, sample_of, scan_line, scan_losses
from scripts.figures.classification_maps import selected
from scripts.scorecard.results import Measured, NotRun, Results
from scripts.sources.watts import signal_probability

#: The grid of the notebooks, and one fine enough for three digits of the cut.
GRIDS = {"notebook": np.linspace(-10.0, 10.0, 100), "fine": np.arange(2.9, 4.0, 0.01)}


@cache
def _scan(function: str, sample: str, grid: str) -> pd.DataFrame:
    return scan_line(function, GRIDS[grid], sample_of(sample))


def best_scanned(
    results: Results, function: str, sample: str, loss: str, quantity: str, grid: str = "fine"
) -> Measured:
    """A quantity where a loss of one cut is best: ``cut``, ``value``, or the mean weight of a class."""
    scan = _scan(function, sample, grid)
    best = scan[loss].idxmax() if loss == "significance" else scan[loss].idxmin()
    return Measured(float(scan[loss if quantity == "value" else quantity][best]))


def scanned_gradient(results: Results, function: str, sample: str, loss: str, cut: float) -> Measured:
    """Gradient of a loss of one cut."""
    scan = scan_losses(function, np.array([[cut]]), sample_of(sample), (loss,))
    return Measured(float(scan[f"{loss}_gradient"].iloc[0]))


def largest_scanned_gradient(results: Results, function: str, sample: str) -> Measured:
    """Largest size of the gradient of any loss of one cut."""
    scan = _scan(function, sample, "notebook")
    return Measured(float(scan[[f"{loss}_gradient" for loss in SCANNED]].abs().max(axis=None)))


def gradient_within(results: Results, sample: str, window: float) -> Measured:
    """Gradient of the sum of squares by an erf cut at 0, from the events within a window around it."""
    events = sample_of(sample)
    near = events.features[:, 0].abs().numpy() <= window
    return Measured(float(event_gradients("erf", 0.0, events)[near].sum()))


def trained_cut(results: Results, study: str, networks: list[str], feature: str) -> Measured:
    """Median over trainings of the cut on a feature; uncertainty: half of the range."""
    return _median([_cut(results, study, network, feature) for network in networks])


def final_loss(results: Results, study: str, networks: list[str]) -> Measured:
    """Median over trainings of the training loss of the last epoch, before its update; half of the range."""
    return _median([results.history(study, network)["train_total"].iloc[-1] for network in networks])


def smallest_final_loss(results: Results, study: str, networks: list[str]) -> Measured:
    """Smallest training loss of the last epoch, of several trainings."""
    return Measured(min(results.history(study, network)["train_total"].iloc[-1] for network in networks))


def starting_loss(results: Results, study: str, network: str) -> Measured:
    """Training loss of the first epoch, before its update."""
    return Measured(float(results.history(study, network)["train_total"].iloc[0]))


def cut_movement(results: Results, study: str, network: str) -> Measured:
    """Largest distance of a cut from where it started, at any epoch."""
    cuts = _cut_history(results, study, network)
    return Measured(float((cuts - cuts.iloc[0]).abs().max(axis=None)))


def cut_velocity(
    results: Results, study: str, networks: list[str], feature: str, between: list[int]
) -> Measured:
    """Median over trainings of how far a cut moves between two epochs, per 1000 epochs."""
    return _median([_velocity(results, study, network, feature, between) for network in networks])


def largest_cut_step(results: Results, study: str, network: str, after: int) -> Measured:
    """Largest step upwards of any cut from one epoch to the next; negative where all fall without end."""
    steps = _cut_history(results, study, network).iloc[after:].diff().dropna()
    if steps.empty:
        raise NotRun(f"{network} is trained for fewer than {after} epochs in this config")
    return Measured(float(steps.max(axis=None)))


def output_above_half(results: Results, study: str, networks: list[str], label: int) -> Measured:
    """Median over trainings of the share of a class with P > 0.5, training sample as in the notebooks."""
    return _median([_share(results, study, network, label, "output") for network in networks])


def sigmoid_above_half(results: Results, study: str, network: str, label: int) -> Measured:
    """Share of a class with sigmoid(P) > 0.5, which the notebooks take for P > 0.5; training sample."""
    return Measured(_share(results, study, network, label, "sigmoid"))


def least_output(results: Results, study: str, network: str) -> Measured:
    """Smallest output of a network, training sample."""
    scores = _training_scores(results, study, network)
    return Measured(float(scores[score_columns(scores.columns)[0]].min()))


def output_outside(results: Results, study: str, networks: list[str]) -> Measured:
    """Largest distance of an output from [0, 1], all events of all trainings."""
    outputs = [results.scores(study, network) for network in networks]
    values = np.concatenate([table[score_columns(table.columns)[0]].to_numpy() for table in outputs])
    return Measured(float(max(0.0, -values.min(), values.max() - 1)))


def best_sum_of_squares(results: Results, study: str) -> Measured:
    """Sum of squares of the exact probabilities, on the training sample."""
    events = results.features(study)
    events = events[events["split"] == "train"]
    names = [feature["name"] for feature in results.studies[study]["features"]]
    probability = signal_probability(events[names].to_numpy(dtype=float))
    squares = (events["label"].to_numpy() - probability) ** 2
    return Measured(float(squares.sum()), float(squares.std() * np.sqrt(len(squares))))


def _median(values: list[float]) -> Measured:
    return Measured(float(np.median(values)), float(np.ptp(values)) / 2 if len(values) > 1 else None)


def _cut(results: Results, study: str, network: str, feature: str) -> float:
    cuts = results.cuts(study, network).set_index("feature")["cut"]
    return float(cuts[feature])


def _cut_history(results: Results, study: str, network: str) -> pd.DataFrame:
    cuts = results.history(study, network).filter(regex="^cut_")
    if cuts.empty:
        raise NotRun(f"{network} does not record its cuts in this config")
    return cuts


def _velocity(results: Results, study: str, network: str, feature: str, between: list[int]) -> float:
    cuts = _cut_history(results, study, network)[f"cut_{feature}"]
    first, last = between
    if last > len(cuts):
        raise NotRun(f"{network} is trained for {len(cuts)} epochs in this config")
    # The history holds the cuts before each epoch; those after the last are what is saved.
    end = _cut(results, study, network, feature) if last == len(cuts) else cuts[last]
    return float((end - cuts[first]) / (last - first) * 1000)


def _training_scores(results: Results, study: str, network: str) -> pd.DataFrame:
    scores = results.scores(study, network)
    return scores[scores["split"] == "train"]


def _share(results: Results, study: str, network: str, label: int, rule: str) -> float:
    scores = _training_scores(results, study, network)
    outputs = scores.loc[scores["label"] == label, score_columns(scores.columns)[0]]
    return float(selected(rule, outputs.to_numpy()).mean())


MEASURES = (
    best_scanned,
    scanned_gradient,
    largest_scanned_gradient,
    gradient_within,
    trained_cut,
    final_loss,
    smallest_final_loss,
    starting_loss,
    cut_movement,
    cut_velocity,
    largest_cut_step,
    output_above_half,
    sigmoid_above_half,
    least_output,
    output_outside,
    best_sum_of_squares,
)
