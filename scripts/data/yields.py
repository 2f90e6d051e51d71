"""Expected yields of each process in a counting experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .feature_table import CLASSES, weights_not_positive

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from ..study import CountingExperiment

#: Relative rounding difference of equal yields, since processors add them up in different orders.
ROUNDING = 1e-9


def process_names(table: pd.DataFrame) -> pd.Series:
    """Return the process of each event: the column ``process``, or the class if there is no such column."""
    if "process" in table:
        return table["process"].astype(str)
    return table["label"].map({label: name for name, label in CLASSES.items()})


def expected_weights(table: pd.DataFrame, experiment: CountingExperiment) -> NDArray[np.float64]:
    """Return the expected number of events that each event of a table represents.

    Parameters
    ----------
    table : DataFrame
        Training or test events of a feature table; either sample represents the full yield. Weights of events
        matter only relative to those of the same process.
    experiment : CountingExperiment
        Has the cross-sections of the events in the table.

    Returns
    -------
    ndarray, shape (n_events,)
        Cross-section times luminosity times the event's share in its process [events].

    Raises
    ------
    ValueError
        If a cross-section is missing, or the weights of a process have no positive sum.
    """
    cross_sections = experiment.cross_sections
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
        expected[of_process] = weights[of_process] / total * cross_section * experiment.luminosity
    return expected


def expected_yields(table: pd.DataFrame, experiment: CountingExperiment) -> ExpectedYields:
    """Return the expected yields of a counting experiment before the cuts, from a feature table.

    Raises
    ------
    ValueError
        As :func:`expected_weights` for the training events, and if the minimum signal exceeds the signal.
    """
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
        raise ValueError(f"cross_sections.{process}: {weights_not_positive('its events', total)}")
    if not total > 0:
        raise ValueError(
            f"cross_sections.{process}: no event of this process in the sample: it has {', '.join(found)}"
        )


def yields_of(signal: float, background: float, experiment: CountingExperiment) -> ExpectedYields:
    """Return the expected yields of a counting experiment from those of the classes [events]."""
    from cabin_core import ExpectedYields

    return ExpectedYields(
        signal=signal,
        background=background,
        relative_uncertainty=experiment.relative_uncertainty,
        minimum_signal=experiment.minimum_signal,
        irreducible_background=experiment.irreducible_background,
    )


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

    Returns
    -------
    DataFrame
        One row for each selection: ``signal``, ``background``, ``background_uncertainty`` from the number of
        events in the sample [events], ``assumed_background``, and ``significance`` computed from it. If no
        background event of the sample is left, one event is assumed; a signal below zero, a fluctuation of
        negative weights, counts as none there.
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
    assumed = assumed + irreducible
    significance = asimov_significance(
        torch.from_numpy(np.maximum(signal, 0.0)), torch.from_numpy(assumed), experiment.relative_uncertainty
    )
    return pd.DataFrame(
        {
            "signal": signal,
            "background": background + irreducible,
            "background_uncertainty": np.sqrt(of_background**2 @ passed[~is_signal]),
            "assumed_background": assumed,
            "significance": significance.numpy(),
        }
    )
