"""Expected yields of each process in a counting experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .feature_table import CLASSES, weights_not_positive

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from ..counting_experiment import CountingExperiment

#: Relative rounding difference of equal yields, since processors add them up in different orders.
ROUNDING = 1e-9


def process_names(table: pd.DataFrame) -> pd.Series:
    """Return the process of each event: the column ``process``, or the class if there is no such column."""
    if "process" in table:
        return table["process"].astype(str)
    return table["label"].map({label: name for name, label in CLASSES.items()})


def with_yields(experiment: CountingExperiment, sums: Mapping[str, float]) -> CountingExperiment:
    """Return a counting experiment that has cross-sections and luminosity.

    Parameters
    ----------
    experiment : CountingExperiment
        Without cross-sections where the weights of the events are expected numbers.
    sums : mapping of float
        Sum of the weights of each process over training and test sample.
    """
    if experiment.cross_sections is not None:
        return experiment
    return experiment.model_copy(update={"cross_sections": dict(sums), "luminosity": 1.0})


def with_yields_of(table: pd.DataFrame, experiment: CountingExperiment) -> CountingExperiment:
    """Return a counting experiment as :func:`with_yields`, from a whole feature table without data."""
    if experiment.cross_sections is not None:
        return experiment
    sums = table["weight"].astype(float).groupby(process_names(table).to_numpy(), sort=False).sum()
    return with_yields(experiment, {str(name): float(total) for name, total in sums.items()})


def yields_before_cuts(experiment: CountingExperiment) -> tuple[dict[str, float], float]:
    """Return cross-sections and luminosity of an experiment of :func:`with_yields`."""
    assert experiment.cross_sections is not None
    assert experiment.luminosity is not None
    return experiment.cross_sections, experiment.luminosity


def expected_weights(table: pd.DataFrame, experiment: CountingExperiment) -> NDArray[np.float64]:
    """Return the expected number of events that each event of a table represents.

    Parameters
    ----------
    table : DataFrame
        Training or test events of a feature table; either sample represents the full yield. Weights of events
        matter only relative to those of the same process.
    experiment : CountingExperiment
        Has the cross-sections of the events in the table, see :func:`with_yields`.

    Returns
    -------
    ndarray, shape (n_events,)
        Cross-section times luminosity times the event's share in its process [events].

    Raises
    ------
    ValueError
        If a cross-section is missing, or the weights of a process have no positive sum.
    """
    cross_sections, luminosity = yields_before_cuts(experiment)
    processes = process_names(table)
    found = list(processes.unique())
    for name in found:
        if name not in cross_sections:
            raise ValueError(missing_cross_section(name))
    weights = table["weight"].to_numpy(dtype=float)
    expected = np.zeros(len(table))
    for name, cross_section in cross_sections.items():
        of_process = (processes == name).to_numpy()
        total = weights[of_process].sum()
        require_process(name, float(total), found)
        expected[of_process] = weights[of_process] / total * cross_section * luminosity
    return expected


def expected_yields(table: pd.DataFrame, experiment: CountingExperiment) -> ExpectedYields:
    """Return the expected yields of a counting experiment before the cuts, from a whole feature table.

    Raises
    ------
    ValueError
        As :func:`expected_weights` for the training events, and if the minimum signal exceeds the signal.
    """
    experiment = with_yields_of(table, experiment)
    events = table[table["split"] == "train"]
    weights = pd.Series(expected_weights(events, experiment)).groupby(events["label"].to_numpy()).sum()
    signal, background = (float(weights[label]) for label in CLASSES.values())
    return yields_of(signal, background, experiment)


def missing_cross_section(process: str) -> str:
    """Return the message for a process without cross-section."""
    return f"cross_sections: none of the process {process}: give it in fb"


def require_process(process: str, total: float, found: list[str]) -> None:
    """Raise if the weights of a process add up to nothing or less; ``found`` are the processes there."""
    if total < 0:
        raise ValueError(f"process {process}: {weights_not_positive('its events', total)}")
    if not total > 0:
        raise ValueError(f"process {process}: no event of it in the sample, which has {', '.join(found)}")


def yields_of(signal: float, background: float, experiment: CountingExperiment) -> ExpectedYields:
    """Return the expected yields of a counting experiment from those of the classes [events].

    The uncertainty of the background is that before the cuts, as a training sees no single process.
    """
    from cabin_core import ExpectedYields

    return ExpectedYields(
        signal=signal,
        background=background,
        relative_uncertainty=_uncertainty_before_cuts(experiment, background),
        minimum_signal=experiment.minimum_signal,
        irreducible_background=experiment.irreducible_background,
    )


def _uncertainty_before_cuts(experiment: CountingExperiment, background: float) -> float:
    if not experiment.uncertainties:
        return experiment.relative_uncertainty or 0.0
    cross_sections, luminosity = yields_before_cuts(experiment)
    each = [
        uncertainty * cross_sections[name] * luminosity
        for name, uncertainty in experiment.uncertainties.items()
    ]
    return math.hypot(*each) / background


def selected_yields(
    table: pd.DataFrame, passed: NDArray[np.bool_], experiment: CountingExperiment
) -> pd.DataFrame:
    """Return the yields after selections in a counting experiment, and the significance.

    Parameters
    ----------
    table : DataFrame
        Test events of a feature table.
    passed : ndarray of bool, shape (n_events, n_rows)
    experiment : CountingExperiment
        See :func:`with_yields`.

    Returns
    -------
    DataFrame
        One row for each selection: ``signal``, ``background``, ``background_uncertainty`` from the number of
        events in the sample [events], ``assumed_background``, and ``significance`` computed from it. If no
        background event of the sample is left, one event is assumed; a signal below zero, a fluctuation of
        negative weights, counts as none there. Where processes have uncertainties of their own also
        ``relative_uncertainty``, their sum in squares over the background.
    """
    import torch  # here, since most figures name the processes only

    from cabin_core import asimov_significance

    weights = expected_weights(table, experiment)
    is_signal = (table["label"] == CLASSES["signal"]).to_numpy()
    of_background = weights[~is_signal]
    signal = weights[is_signal] @ passed[is_signal]
    background = of_background @ passed[~is_signal]
    irreducible = experiment.irreducible_background
    assumed = np.maximum(background, of_background.max())
    uncertainty: Any = experiment.relative_uncertainty or 0.0
    columns = {}
    if experiment.uncertainties:
        names = process_names(table)[~is_signal].to_numpy()
        uncertainty = _uncertainties(of_background, names, passed[~is_signal], experiment.uncertainties)
        columns["relative_uncertainty"] = uncertainty
        uncertainty = torch.from_numpy(uncertainty)
    assumed = assumed + irreducible
    significance = asimov_significance(
        torch.from_numpy(np.maximum(signal, 0.0)), torch.from_numpy(assumed), uncertainty
    )
    return pd.DataFrame(
        {
            "signal": signal,
            "background": background + irreducible,
            "background_uncertainty": np.sqrt(of_background**2 @ passed[~is_signal]),
            "assumed_background": assumed,
            "significance": significance.numpy(),
            **columns,
        }
    )


def _uncertainties(
    weights: NDArray[np.float64],
    processes: NDArray[Any],
    passed: NDArray[np.bool_],
    uncertainties: Mapping[str, float],
) -> NDArray[np.float64]:
    """Return the relative uncertainty of the background that selections leave, shape (n_rows,).

    Where less than one event is left, it is that of the heaviest event, which is assumed there.
    """
    squares = np.zeros(passed.shape[1])
    for name, uncertainty in uncertainties.items():
        of_process = processes == name
        squares += np.square(uncertainty * (weights[of_process] @ passed[of_process]))
    heaviest = int(np.argmax(weights))
    background = weights @ passed
    of_heaviest = uncertainties.get(str(processes[heaviest]), 0.0)
    known = background >= weights[heaviest]
    return np.where(known, np.sqrt(squares) / np.where(known, background, 1.0), of_heaviest)
