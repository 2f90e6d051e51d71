"""Expected yields and significance of working points, and the best working point of each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Yields of the counting experiment at every working point."""

    files = ("features", "cuts", "metrics", "scores")
    takes_folds = True
    n_networks = range(1, 100)
    needs_yields = True
    standard = "networks"
    standard_caption = "Yields and expected significance of every working point of {networks}."

    table: Literal["expected_significance"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return yields and significance of each network and working point, with the best one marked.

    The best working point has the largest significance among those that keep the minimum signal of the
    counting experiment. The significance is exact if known, else that of the test sample.
    """
    import pandas as pd

    from ..data.yields import ROUNDING
    from ..evaluation.expected_yields import keeps_minimum, known, tabulate_yields

    experiment = inputs.study.counting_experiment
    assert experiment is not None
    features = inputs.read("features")
    parts = []
    for position, network in enumerate(inputs.networks):
        cuts, metrics, scores = (inputs.read(kind, position) for kind in ("cuts", "metrics", "scores"))
        points = tabulate_yields(inputs.study, features, cuts, metrics, scores)
        enough = keeps_minimum(points, experiment)
        significance = known(points, "significance")
        points["best"] = enough & (significance >= significance[enough].max() * (1 - ROUNDING))
        points.insert(0, "network", network)
        parts.append(points)
    return pd.concat(parts, ignore_index=True)
