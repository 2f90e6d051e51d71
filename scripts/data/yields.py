"""What a search expects: the yields of each process at its luminosity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from cabin_core import ExpectedYields, asimov_significance
from scripts.data.feature_table import CLASSES


def process_names(table: pd.DataFrame) -> pd.Series:
    """Return the process of each event: the column ``process`` or, without it, the class."""
    if "process" in table:
        return table["process"].astype(str)
    return table["label"].map({label: name for name, label in CLASSES.items()})


def expected_weights(table: pd.DataFrame, search: dict[str, Any]) -> NDArray[np.float64]:
    """Return how many events of the search each event of a table stands for.

    Parameters
    ----------
    table : DataFrame
        Of the training or of the test events of a feature table, so that either gives the full yield. Weights
        of events count relative to those of the same process.
    search : dict
        The key ``search`` of a study: ``luminosity`` [fb^-1] and ``cross_sections`` of each process, of the
        events of the table [fb].

    Returns
    -------
    ndarray, shape (n_events,)
        Cross-section times luminosity times the event's share in its process [events].

    Raises
    ------
    ValueError
        If a luminosity or cross-section is missing or not positive, or a process has no events.
    """
    luminosity, cross_sections = search.get("luminosity"), search.get("cross_sections", {})
    if luminosity is None or not luminosity > 0:
        raise ValueError(f"search.luminosity must be a positive number of fb^-1, not {luminosity}")
    processes = process_names(table)
    found = list(processes.unique())
    for name in found:
        if name not in cross_sections:
            raise ValueError(f"search.cross_sections: none of the process {name}: give it in fb")
    weights = table["weight"].to_numpy(dtype=float)
    expected = np.zeros(len(table))
    for name, cross_section in cross_sections.items():
        if not cross_section > 0:
            raise ValueError(f"search.cross_sections.{name} must be a positive number of fb: {cross_section}")
        of_process = (processes == name).to_numpy()
        total = weights[of_process].sum()
        if not total > 0:
            raise ValueError(
                f"search.cross_sections.{name}: no event of this process in the sample: it has "
                f"{', '.join(found)}"
            )
        expected[of_process] = weights[of_process] / total * cross_section * luminosity
    return expected


def expected_yields(table: pd.DataFrame, search: dict[str, Any]) -> ExpectedYields:
    """Return what a search expects before the cuts, from a feature table and the key ``search`` of its study.

    Raises
    ------
    ValueError
        As :func:`expected_weights` does for the training events, and if the minimum signal exceeds the
        signal.
    """
    events = table[table["split"] == "train"]
    weights = pd.Series(expected_weights(events, search)).groupby(events["label"].to_numpy()).sum()
    return ExpectedYields(
        signal=float(weights[CLASSES["signal"]]),
        background=float(weights[CLASSES["background"]]),
        relative_uncertainty=search["relative_uncertainty"],
        minimum_signal=search["minimum_signal"],
        irreducible_background=search.get("irreducible_background", 0.0),
    )


def selected_yields(table: pd.DataFrame, passed: NDArray[np.bool_], search: dict[str, Any]) -> pd.DataFrame:
    """Return what selections leave of a search, and its significance.

    Parameters
    ----------
    table : DataFrame
        Of the test events of a feature table.
    passed : ndarray of bool, shape (n_events, n_rows)
    search : dict
        The key ``search`` of the study.

    Returns
    -------
    DataFrame
        One row a selection: ``signal``, ``background`` with ``background_uncertainty`` from the number of
        events of the sample [events], ``assumed_background`` and the ``significance`` with it. Of a
        background that is gone from the sample one event is assumed: less the sample cannot tell.
    """
    weights = expected_weights(table, search)
    is_signal = (table["label"] == CLASSES["signal"]).to_numpy()
    of_background = weights[~is_signal]
    signal = weights[is_signal] @ passed[is_signal]
    background = of_background @ passed[~is_signal]
    irreducible = search.get("irreducible_background", 0.0)
    assumed = np.maximum(background, of_background.max())
    assumed = assumed + irreducible
    significance = asimov_significance(
        torch.from_numpy(signal), torch.from_numpy(assumed), search["relative_uncertainty"]
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
