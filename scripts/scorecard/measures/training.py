"""Measures of a training: losses, cuts in the history, and number of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..results import Has, Measured, NotRun, Results

if TYPE_CHECKING:
    import pandas as pd

Trained = Annotated[str, Has({"history", "loss"})]


def training_loss(results: Results, study: str, network: Trained, epoch: int) -> Measured:
    """Total training loss of an epoch before its update; -1 is the last epoch."""
    losses = results.history(study, network).set_index("epoch")["train_total"]
    at = losses.index[-1] if epoch == -1 else epoch
    if at not in losses.index:
        raise NotRun(f"{network} is trained for {len(losses)} epochs in this config")
    return Measured(float(losses[at]))


def loss_share(results: Results, study: str, network: Trained, terms: list[str]) -> Measured:
    """Share of some terms in the training loss, averaged over all epochs."""
    history = results.history(study, network)
    parts = sum(history[f"train_{term}"] for term in terms)
    return Measured(float((parts / history["train_total"]).mean()))


def least_in_history(results: Results, study: str, network: Trained, column: str) -> Measured:
    """Smallest value of a column of the history."""
    history = results.history(study, network)
    if column not in history:
        raise NotRun(f"{network} has no {column} in its history in this config")
    return Measured(float(history[column].min()))


def parameter_count(results: Results, study: str, network: Trained) -> Measured:
    """Number of free parameters."""
    parameters = results.model(study, network).network.parameters()
    return Measured(sum(parameter.numel() for parameter in parameters))


def cut_movement(results: Results, study: str, network: Trained) -> Measured:
    """Largest distance of a cut from its start, over all epochs."""
    cuts = _cut_history(results, study, network)
    return Measured(float((cuts - cuts.iloc[0]).abs().max(axis=None)))


def cut_velocity(
    results: Results, study: str, network: Trained, feature: str, between: list[int]
) -> Measured:
    """Distance that a cut moves between two epochs, per 1000 epochs."""
    cuts = _cut_history(results, study, network)[f"cut_{feature}"]
    first, last = between
    if last > len(cuts):
        raise NotRun(f"{network} is trained for {len(cuts)} epochs in this config")
    # The history has the cuts before each epoch; the cuts after the last epoch are those of the model.
    saved = results.cuts(study, network).set_index("feature")["cut"]
    end = saved[feature] if last == len(cuts) else cuts[last]
    return Measured(float((end - cuts[first]) / (last - first) * 1000))


def largest_cut_step(results: Results, study: str, network: Trained, after: int) -> Measured:
    """Largest increase of any cut from one epoch to the next; negative if all cuts always decrease."""
    steps = _cut_history(results, study, network).iloc[after:].diff().dropna()
    if steps.empty:
        raise NotRun(f"{network} is trained for fewer than {after} epochs in this config")
    return Measured(float(steps.max(axis=None)))


def _cut_history(results: Results, study: str, network: str) -> pd.DataFrame:
    cuts = results.history(study, network).filter(regex="^cut_")
    if cuts.empty:
        raise NotRun(f"{network} does not record its cuts in this config")
    return cuts
