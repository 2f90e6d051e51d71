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
        :func:`~scripts.yields.selected_yields` and, for cuts on a Gaussian source, ``exact_significance``, of
        efficiencies that are computed rather than counted.
    """
    test = features[features["split"] == "test"]
    exact = np.full(len(metrics), np.nan)
    if cuts.empty:
        of_test = scores.loc[scores["split"] == "test", "score"].to_numpy()
        passed = of_test[:, None] > metrics["score_above"].to_numpy()
    else:
        passed = passes_cut_table(test, cuts)
        if study["source"]["kind"] == "gaussian":
            points = GaussianClasses.of_study(study).efficiencies(cuts)
            efficiencies = (
                torch.tensor(points[f"{name}_efficiency"].to_numpy()) for name in ("signal", "background")
            )
            exact = expected_yields(features, study["search"]).significance(*efficiencies).numpy()
    table = metrics[["target_efficiency", "signal_efficiency", "background_efficiency"]].reset_index(
        drop=True
    )
    table = pd.concat([table, selected_yields(test, passed, study["search"])], axis=1)
    return table.assign(exact_significance=exact)
