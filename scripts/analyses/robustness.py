"""Shift the inputs at random and see how working points change.

arXiv:2502.08615, Section 6.1: a working point whose threshold lies where the scores change slowly is
less sensitive to changes of the inputs.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from cabin_core import hard_cut_efficiencies, load_network
from cabin_core.numbers import SIGN_OF_DIRECTION
from scripts.data.feature_table import read_feature_table
from scripts.data.selection import row_targets
from scripts.jobs.paths import path_list
from scripts.models.base import score_events


def shift_features(
    events: pd.DataFrame,
    features: list[str],
    directions: tuple[str, ...],
    spreads: np.ndarray[Any, Any],
    max_shift: float,
    seed: int,
) -> pd.DataFrame:
    """Move every feature of every event by a random amount against the separation of the classes.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    features : list of str
    directions : tuple of str
        ``>`` or ``<`` for each feature.
    spreads : ndarray, shape (n_features,)
        Unit of the shift, in the features' units.
    max_shift : float
        Shifts are uniform in [0, max_shift] [spreads]; signal moves towards the cut from the side that
        passes, background from the side that fails.
    seed : int

    Returns
    -------
    DataFrame
        A shifted copy.
    """
    generator = np.random.default_rng(seed)
    signs = np.array([SIGN_OF_DIRECTION[direction] for direction in directions])
    towards_cut = np.where(events["label"].to_numpy() == 1, -1.0, 1.0)[:, None] * signs
    sizes = generator.uniform(0.0, 1.0, size=(len(events), len(features))) * max_shift
    shifted = events.copy()
    shifted[features] = events[features].to_numpy(dtype=float) + towards_cut * sizes * spreads
    return shifted


def main(
    *,
    table: Path,
    models: Path | list[Path],
    robustness: Path,
    settings: dict[str, Any],
    features: list[str],
) -> None:
    """Write the efficiencies of working points on the test sample for each shift.

    Parameters
    ----------
    table : Path
        Feature table.
    models : list of Path
        Trained network of each selection.
    robustness : Path
        Written (csv).
    settings : dict
        ``shifts`` [scaled units], ``seed`` and ``selections``: each with ``network``, ``score_above``
        and, for a scan, ``target``.
    features : list of str
        Of the study.
    """
    torch.set_num_threads(1)
    events = read_feature_table(table, features)
    test = events[events["split"] == "test"].reset_index(drop=True)
    is_signal = (test["label"] == 1).to_numpy()
    weights = test["weight"].to_numpy(dtype=float)
    rows = []
    paths = path_list(models)
    for selection, path in zip(settings["selections"], paths, strict=True):
        trained = load_network(path, features)
        row = row_targets(trained).index(selection["target"]) if "target" in selection else 0
        spreads = trained.scaling.spread.numpy()
        for max_shift in settings["shifts"]:
            shifted = shift_features(test, features, trained.directions, spreads, max_shift, settings["seed"])
            passed = score_events(trained, shifted)[:, [row]] > selection["score_above"]
            efficiencies = hard_cut_efficiencies(passed, is_signal, weights)
            rows.append(
                {
                    "network": selection["network"],
                    "target_efficiency": selection.get("target"),
                    "score_above": selection["score_above"],
                    "max_shift": max_shift,
                    "signal_efficiency": efficiencies.signal[0],
                    "signal_efficiency_uncertainty": efficiencies.signal_uncertainty[0],
                    "background_efficiency": efficiencies.background[0],
                    "background_efficiency_uncertainty": efficiencies.background_uncertainty[0],
                }
            )
    pd.DataFrame(rows).to_csv(robustness, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
