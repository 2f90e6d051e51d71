"""What each working point of a network is worth to a search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from scripts.gaussian_optimum import GaussianClasses
from scripts.selection import passes_cut_table
from scripts.yields import expected_yields, selected_yields

#: Yields of the same events differ by less, relatively: processors add them up in different orders.
ROUNDING = 1e-9


def tabulate_search(
    study: dict[str, Any],
    features: pd.DataFrame,
    cuts: pd.DataFrame,
    metrics: pd.DataFrame,
    scores: pd.DataFrame,
) -> pd.DataFrame:
    """Return the yields and the significance of every working point of a network, on the test sample.

    Parameters
    ----------
    study : dict
        The study's entry in the config, with the key ``search``.
    features : DataFrame
        Feature table of the study.
    cuts, metrics, scores : DataFrame
        As ``cuts.csv``, ``metrics.csv`` and ``scores.parquet`` of the network hold them.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``signal_efficiency``, ``background_efficiency``, the columns of
        :func:`~scripts.yields.selected_yields` and, for cuts on a Gaussian source, ``exact_background`` and
        ``exact_significance``, of efficiencies that are computed rather than counted; NaN for others.
    """
    test = features[features["split"] == "test"]
    table = metrics[["target_efficiency", "signal_efficiency", "background_efficiency"]]
    table = table.reset_index(drop=True)
    exact = pd.DataFrame({"exact_background": np.nan, "exact_significance": np.nan}, index=table.index)
    if cuts.empty:
        of_test = scores.loc[scores["split"] == "test", "score"].to_numpy()
        passed = of_test[:, None] > metrics["score_above"].to_numpy()
    else:
        targets = table["target_efficiency"].to_list()
        passed = passes_cut_table(test, cuts, targets)
        if study["source"]["kind"] == "gaussian" and "property" not in cuts:
            exact = _exact(study, GaussianClasses.of_study(study).efficiencies(cuts, targets), features)
    return pd.concat([table, selected_yields(test, passed, study["search"]), exact], axis=1)


def known(points: pd.DataFrame, quantity: str) -> pd.Series:
    """Return the ``significance`` or ``background`` of working points, the exact one where it is known."""
    return points[f"exact_{quantity}"].fillna(points[quantity])


def keeps_minimum(points: pd.DataFrame, search: dict[str, Any]) -> pd.Series:
    """Return which working points keep the minimum signal of a search, but for rounding."""
    enough: pd.Series = points["signal"] >= search["minimum_signal"] * (1 - ROUNDING)
    return enough


def _exact(study: dict[str, Any], efficiencies: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Return background yield and significance of efficiencies that are computed, a row a working point."""
    yields = expected_yields(features, study["search"])
    signal, background = (
        torch.tensor(efficiencies[f"{name}_efficiency"].to_numpy()) for name in ("signal", "background")
    )
    return pd.DataFrame(
        {
            "exact_background": (yields.background * background + yields.irreducible_background).numpy(),
            "exact_significance": yields.significance(signal, background).numpy(),
        }
    )
