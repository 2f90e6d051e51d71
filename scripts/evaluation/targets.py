"""Whether the working points of a model meet their targets on the training sample, and why not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import CutEfficiencies, hard_cut_efficiencies
from cabin_core.metrics import ROUNDING, effective_events, efficiency_error

from ..data.cut_table import edges_at_work
from ..data.folds import FOLD, view_of_fold
from ..models.folds import FoldedModel

if TYPE_CHECKING:
    from ..models.base import Model

log = logging.getLogger("cabin.evaluate_model")

#: Columns that say whether a working point meets its target; empty for one without.
MET, NOTE = "target_met", "target_note"


@dataclass(frozen=True)
class Reached:
    """What the working points of a model reach on the training sample.

    Parameters
    ----------
    efficiencies : CutEfficiencies
    effective : ndarray, shape (2,)
        Events of signal and background: of equal weights, as many have the same statistical error.
    background : float
        Sum of the weights of all background events, of both samples.
    """

    efficiencies: CutEfficiencies
    effective: NDArray[np.float64]
    background: float

    @classmethod
    def of_events(cls, events: pd.DataFrame, selected: NDArray[np.bool_]) -> Reached:
        """Return what selections reach, of events in memory.

        Parameters
        ----------
        events : DataFrame
            A feature table.
        selected : ndarray of bool, shape (n_events, n_targets)
        """
        train = (events["split"] == "train").to_numpy()
        is_signal = (events["label"] == 1).to_numpy()
        weights = events["weight"].to_numpy(dtype=float)
        of_classes = [weights[train & of_class] for of_class in (is_signal, ~is_signal)]
        of_background = (events["label"] == 0).to_numpy()
        return cls(
            hard_cut_efficiencies(selected[train], is_signal[train], weights[train]),
            np.array([effective_events(one.sum(), np.square(one).sum()) for one in of_classes]),
            float(weights[of_background].sum()),
        )

    def of(self, target_of: str) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float]:
        """Return what targets are about: efficiencies, errors, effective events, and the unit of targets."""
        found = self.efficiencies
        if target_of == "signal":
            return found.signal, found.signal_uncertainty, float(self.effective[0]), 1.0
        unit = self.background if target_of == "rate" else 1.0
        return found.background, found.background_uncertainty, float(self.effective[1]), unit


def trainings_of(model: Model) -> list[tuple[int | None, Model]]:
    """Return the model, or the model of each fold with the number of the fold."""
    return list(enumerate(model.models)) if isinstance(model, FoldedModel) else [(None, model)]


def reached_in_training(
    model: Model, events: pd.DataFrame, selected: NDArray[np.bool_], thresholds: NDArray[np.float64]
) -> list[Reached]:
    """Return what a model reaches on its training sample, or the model of each fold on its own.

    Parameters
    ----------
    model : Model
    events : DataFrame
        A feature table.
    selected : ndarray of bool, shape (n_events, n_targets)
        What the model selects of it.
    thresholds : ndarray
        Those on its scores.
    """
    found = []
    for fold, one in trainings_of(model):
        if fold is None:
            found.append(Reached.of_events(events, selected))
            continue
        view = view_of_fold(events, fold)
        of_fold = np.broadcast_to(thresholds, (len(trainings_of(model)), len(model.targets)))[fold]
        found.append(Reached.of_events(view, one.select(view, one.scores(view), of_fold)))
    return found


def edges_of_training(model: Model, events: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which edges of a model, in the order of its cuts, are at work on its training sample."""
    cuts, parts = model.cuts(), []
    for fold, _ in trainings_of(model):
        view = events if fold is None else view_of_fold(events, fold)
        of_fold = cuts if fold is None else cuts[cuts[FOLD] == fold]
        parts.append(edges_at_work(view[view["split"] == "train"], of_fold))
    return np.concatenate(parts)


def target_columns(
    model: Model, reached: Sequence[Reached], estimates: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the columns of ``metrics.csv`` about the training sample and the targets.

    Parameters
    ----------
    model : Model
    reached : sequence of Reached
        On the training sample, or on that of each fold: then the columns are means, and a target is met if
        every fold meets it.
    estimates : ndarray, shape (2, n_targets)
        What the loss takes for the efficiencies of signal and background.
    """
    missed = np.zeros(len(model.asked), dtype=bool)
    for one in reached:
        values, errors, effective, unit = one.of(model.target_of)
        wanted = np.array(model.asked, dtype=float) / unit
        # Of an efficiency of 0 or 1 the measured error is 0.
        expected = [efficiency_error(target, effective) for target in wanted]
        allowed = np.maximum(errors, expected) + ROUNDING
        missed |= (values < wanted - allowed) | ((values > wanted + allowed) & (not model.at_least))
    nothing = np.isnan(np.array(model.asked, dtype=float))
    notes = [
        model.why_missed(estimate) if no else model.caveat
        for no, estimate in zip(missed, estimates[int(model.target_of != "signal")], strict=True)
    ]
    columns = {}
    for name in ("signal", "background"):
        for ending in ("", "_uncertainty"):
            of_folds = [getattr(one.efficiencies, f"{name}{ending}") for one in reached]
            columns[f"training_{name}_efficiency{ending}"] = np.mean(of_folds, axis=0)
    return columns | {
        "target": model.asked,
        "target_of": np.where(nothing, "", model.target_of),
        MET: np.where(nothing, "", np.where(missed, "no", "yes")),
        NOTE: notes,
    }


def warn_of_missed(metrics: pd.DataFrame, name: str) -> None:
    """Log one line for each working point that misses its target.

    Parameters
    ----------
    metrics : DataFrame
        Content of ``metrics.csv``.
    name : str
        Name of the network.
    """
    for row in metrics[metrics[MET] == "no"].itertuples():
        what = "signal" if row.target_of == "signal" else "background"
        log.warning(
            "%s: the target %g (%s) is missed: the cuts keep %.4g +- %.2g of the training %s; %s",
            *(name, row.target, row.target_of),
            getattr(row, f"training_{what}_efficiency"),
            getattr(row, f"training_{what}_efficiency_uncertainty"),
            *(what, row.target_note),
        )
