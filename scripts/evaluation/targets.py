"""Whether the working points of a model meet their targets on the training sample, and why not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import CutEfficiencies, hard_cut_efficiencies
from cabin_core.metrics import ROUNDING, effective_events, efficiency_error

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
        effective = [effective_events(weights[train & of_class]) for of_class in (is_signal, ~is_signal)]
        of_background = (events["label"] == 0).to_numpy()
        return cls(
            hard_cut_efficiencies(selected[train], is_signal[train], weights[train]),
            np.array(effective),
            float(weights[of_background].sum()),
        )

    def columns(self, model: Model, estimates: NDArray[np.float64]) -> dict[str, Any]:
        """Return the columns of ``metrics.csv`` about the training sample and the targets.

        Parameters
        ----------
        model : Model
        estimates : ndarray, shape (2, n_targets)
            What the loss takes for the efficiencies of signal and background.
        """
        found, of_background = self.efficiencies, model.target_of != "signal"
        values, errors = (
            (found.background, found.background_uncertainty)
            if of_background
            else (found.signal, found.signal_uncertainty)
        )
        unit = self.background if model.target_of == "rate" else 1.0
        met, notes = [], []
        for asked, value, error, estimate in zip(
            model.asked, values, errors, estimates[int(of_background)], strict=True
        ):
            wanted = asked / unit
            # Of an efficiency of 0 or 1 the measured error is 0.
            allowed = max(error, efficiency_error(wanted, self.effective[int(of_background)])) + ROUNDING
            missed = bool(value < wanted - allowed or (value > wanted + allowed and not model.at_least))
            met.append("" if np.isnan(wanted) else "no" if missed else "yes")
            notes.append(model.why_missed(estimate) if missed else model.caveat)
        return {
            "training_signal_efficiency": found.signal,
            "training_signal_efficiency_uncertainty": found.signal_uncertainty,
            "training_background_efficiency": found.background,
            "training_background_efficiency_uncertainty": found.background_uncertainty,
            "target": model.asked,
            "target_of": ["" if np.isnan(asked) else model.target_of for asked in model.asked],
            MET: met,
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
