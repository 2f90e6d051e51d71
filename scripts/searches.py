"""What each working point of a network is worth to a search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from scripts.gaussian_optimum import GaussianClasses
from scripts.selection import passes_cut_table
from scripts.yields import expected_yields, selected_yields


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
        edges = [_edges_of(cuts, target) for target in table["target_efficiency"]]
        passed = np.hstack(
            [
                passes_cut_table(test, rows) if len(rows) else np.ones((len(test), 1), dtype=bool)
                for rows in edges
            ]
        )
        if study["source"]["kind"] == "gaussian":
            exact = _exact(study, features, edges)
    return pd.concat([table, selected_yields(test, passed, study["search"]), exact], axis=1)


def _edges_of(cuts: pd.DataFrame, target: float) -> pd.DataFrame:
    """Return the rows of a table of cuts that belong to a target; none where nothing is cut."""
    of_target = cuts["target_efficiency"]
    return cuts[of_target.isna() if np.isnan(target) else np.isclose(of_target, target)]


def _exact(study: dict[str, Any], features: pd.DataFrame, edges: list[pd.DataFrame]) -> pd.DataFrame:
    """Return background yield and significance with efficiencies that are computed, a row a working point."""
    classes, yields = GaussianClasses.of_study(study), expected_yields(features, study["search"])
    names = ["signal_efficiency", "background_efficiency"]
    efficiencies = [
        classes.efficiencies(rows)[names].iloc[0].to_list() if len(rows) else [1.0, 1.0] for rows in edges
    ]
    signal, background = torch.tensor(efficiencies, dtype=torch.float64).T
    return pd.DataFrame(
        {
            "exact_background": (yields.background * background + yields.irreducible_background).numpy(),
            "exact_significance": yields.significance(signal, background).numpy(),
        }
    )
