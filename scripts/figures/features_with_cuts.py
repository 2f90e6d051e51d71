"""Distributions of the features with the learned cuts (Figure 9), for one or many targets."""

from __future__ import annotations

import pandas as pd

from scripts.figures.features import make_figure, tabulate_histograms
from scripts.figures.inputs import FigureInputs

__all__ = ["make_figure", "tabulate"]


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return the histograms, then one row a cut with ``direction``, ``cut`` and ``target_efficiency``.

    Raises
    ------
    ValueError
        If the network has no cuts.
    """
    scaled = inputs.options["scaled"]
    cuts = inputs.read("cuts")
    if cuts.empty:
        raise ValueError(
            f"network {inputs.networks[0]} has no cuts to draw: name a one_to_one or scan network"
        )
    shown = pd.DataFrame(
        {
            "feature": cuts["feature"],
            "direction": cuts["direction"],
            "cut": cuts["cut_scaled" if scaled else "cut"],
            "target_efficiency": cuts["target_efficiency"],
        }
    )
    return pd.concat([tabulate_histograms(inputs, scaled=scaled), shown], ignore_index=True)
