"""Yields and significance of working points in a counting experiment, and the best of each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Yields of the counting experiment at every working point."""

    files = ("features", "cuts", "metrics", "scores")
    n_networks = range(1, 100)
    needs_yields = True
    standard = "networks"
    standard_caption = "Yields and expected significance of every working point of {networks}."

    table: Literal["expected_significance"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return yields and significance, one row a network and working point, and which is a network's best.

    The best has the largest significance of those that keep the minimum signal of the counting experiment:
    the exact one where it is known, that of the test sample otherwise.
    """
    import pandas as pd

    from ..evaluation.expected_yields import known, tabulate_yields

    experiment = inputs.study.counting_experiment
    assert experiment is not None
    features = inputs.read("features")
    parts = []
    for position, network in enumerate(inputs.networks):
        cuts, metrics, scores = (inputs.read(kind, position) for kind in ("cuts", "metrics", "scores"))
        points = tabulate_yields(inputs.study, features, cuts, metrics, scores)
        enough = points["signal"] >= experiment.minimum_signal
        significance = known(points, "significance")
        points["best"] = enough & (significance == significance[enough].max())
        points.insert(0, "network", network)
        parts.append(points)
    return pd.concat(parts, ignore_index=True)
