"""Expected yields and significance of each working point of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ..data.cut_table import passes_cut_table
from ..data.folds import FOLD
from ..data.score_table import above_thresholds
from ..data.yields import ROUNDING, expected_yields, selected_yields, with_yields_of
from ..sources.gaussian_optimum import GaussianClasses

if TYPE_CHECKING:
    from ..counting_experiment import CountingExperiment
    from ..study import Study


def tabulate_yields(
    study: Study,
    features: pd.DataFrame,
    cuts: pd.DataFrame,
    metrics: pd.DataFrame,
    scores: pd.DataFrame,
) -> pd.DataFrame:
    """Return the yields and the significance of every working point of a network, on the test sample.

    Parameters
    ----------
    study : Study
        With a counting experiment.
    features : DataFrame
        Feature table of the study.
    cuts, metrics, scores : DataFrame
        Content of ``cuts.csv``, ``metrics.csv`` and ``scores.parquet`` of the network.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``signal_efficiency``, ``background_efficiency``, the columns of
        :func:`~scripts.data.yields.selected_yields`. For cuts with known exact efficiencies also
        ``exact_background`` and ``exact_significance``, computed from these; NaN for others.
    """
    assert study.counting_experiment is not None
    experiment = with_yields_of(features, study.counting_experiment)
    test = features[features["split"] == "test"]
    table = metrics[["target_efficiency", "signal_efficiency", "background_efficiency"]]
    table = table.reset_index(drop=True)
    exact = pd.DataFrame({"exact_background": np.nan, "exact_significance": np.nan}, index=table.index)
    if cuts.empty:
        passed = above_thresholds(scores[scores["split"] == "test"], metrics)
    else:
        targets = table["target_efficiency"].to_list()
        passed = passes_cut_table(test, cuts, targets)
        if "optimum" in study.source.has and "property" not in cuts and FOLD not in cuts:
            efficiencies = GaussianClasses.from_study(study).efficiencies(cuts, targets)
            exact = _exact(experiment, efficiencies, features)
    return pd.concat([table, selected_yields(test, passed, experiment), exact], axis=1)


def known(points: pd.DataFrame, quantity: str) -> pd.Series:
    """Return the ``significance`` or ``background`` of working points, exact values where known."""
    return points[f"exact_{quantity}"].fillna(points[quantity])


def keeps_minimum(points: pd.DataFrame, experiment: CountingExperiment) -> pd.Series:
    """Return which working points keep the minimum signal of an experiment, up to rounding."""
    enough: pd.Series = points["signal"] >= experiment.minimum_signal * (1 - ROUNDING)
    return enough


def _exact(
    experiment: CountingExperiment, efficiencies: pd.DataFrame, features: pd.DataFrame
) -> pd.DataFrame:
    """Return background yield and significance for exact efficiencies, one row for each working point."""
    yields = expected_yields(features, experiment)
    signal, background = (
        torch.tensor(efficiencies[f"{name}_efficiency"].to_numpy()) for name in ("signal", "background")
    )
    return pd.DataFrame(
        {
            "exact_background": (yields.background * background + yields.irreducible_background).numpy(),
            "exact_significance": yields.significance(signal, background).numpy(),
        }
    )
