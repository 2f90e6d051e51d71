"""What each cut of a working point removes that the others leave (N-1), of each process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..kinds import TableSettings, not_known
from ..settings import Fault, Fraction

if TYPE_CHECKING:
    import pandas as pd

    from ..columns import Feature
    from ..study import Study
    from .inputs import TableInputs

#: First columns, and endings of those of a process.
_FIRST = ("network", "target_efficiency", "feature", "cut")
_ENDINGS = ("", "_weighted", "_weighted_uncertainty", "_efficiency")


class Settings(TableSettings):
    """Events of each process on the test sample, and data, with one row for each feature that is left out."""

    files = ("features", "cuts")
    takes_folds = True
    n_networks = range(1, 100)
    needs = frozenset({"cuts"})
    standard = "networks"
    standard_caption = (
        "Events of the test sample left by all cuts of {networks} but the one on a feature, and by all cuts."
    )

    table: Literal["n_minus_one"]
    target: Fraction | None = Field(
        default=None,
        description="Target of the cuts; where absent the middle one of the first network that has targets, "
        "and of others the nearest",
    )

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for a target that a network lacks, and for a process named as another column."""
        for name in self.networks:
            targets = study.networks[name].working_points
            known_before = getattr(study.networks[name], "target_of", "signal") == "signal"
            if self.target is not None and known_before and targets and self.target not in targets:
                yield "target", f"{name}: {not_known('target', self.target, map(str, targets))}"
        taken = list(_FIRST)
        for process in study.source.class_of_process:
            own = [f"{process}{ending}" for ending in _ENDINGS]
            clash = [name for name in own if name in taken]
            if clash:
                yield (
                    "",
                    f"the table has a column {clash[0]} already: give the process {process} another name",
                )
            taken += own


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return for each network and feature what is left without the cut on it, and with all cuts.

    For each process its events, ``PROCESS``; the sum of their weights and its uncertainty, but of data; and
    the share of it that the cut on the feature keeps. In the last row of a network this is the share that all
    cuts keep.
    """
    import pandas as pd

    from ..data.feature_table import DATA
    from ..evaluation.n_minus_one import count_without_each

    features = {feature.name: feature for feature in inputs.study.features}
    rows = []
    for (position, network), target in zip(enumerate(inputs.networks), _targets(inputs), strict=True):
        cuts = inputs.read("cuts", position)
        counted = count_without_each(inputs.files["features"][0], cuts, target, list(features))
        for name, of_feature in counted.groupby("feature", sort=False):
            row = {"network": network, "target_efficiency": target, "feature": name}
            row["cut"] = _shown(cuts, target, str(name), features)
            for one in of_feature.to_dict("records"):
                numbers = [one["events"], one["weighted"], one["weighted_uncertainty"], one["efficiency"]]
                pairs = zip(_ENDINGS, numbers, strict=True)
                row |= {
                    f"{one['process']}{ending}": number
                    for ending, number in pairs
                    if one["label"] != DATA or "weighted" not in ending
                }
            rows.append(row)
    return pd.DataFrame(rows)


def _targets(inputs: TableInputs[Settings]) -> list[float]:
    """Return the working point of each network; NaN for a network without targets."""
    known = [_working_points(inputs, position) for position in range(len(inputs.networks))]
    wanted = inputs.settings.target
    if wanted is None:
        first = sorted(next((targets for targets in known if targets), [float("nan")]))
        wanted = first[len(first) // 2]
    return [
        min(targets, key=lambda target: abs(target - wanted)) if targets else float("nan")
        for targets in known
    ]


def _working_points(inputs: TableInputs[Settings], position: int) -> list[float]:
    """Return the signal efficiencies of a network's working points, also where it has other targets."""
    network = inputs.study.networks[inputs.networks[position]]
    if getattr(network, "target_of", "signal") == "signal":
        return network.working_points
    return [float(target) for target in inputs.read("cuts", position)["target_efficiency"].unique()]


def _shown(cuts: pd.DataFrame, target: float, name: str, features: dict[str, Feature]) -> str:
    """Return the cut on a feature as text, of folds the mean; both edges of a window, or what it follows."""
    from ..data.cut_table import edges_by_target, edges_text, folds_of_cuts, over_folds

    n_folds = folds_of_cuts(cuts)
    ((_, edges),) = edges_by_target(over_folds(cuts), [target])
    edges = edges[edges["feature"] == name]
    if "property" in edges and not edges.empty:
        return f"by {edges['property'].iloc[0]}"
    return "" if edges.empty else edges_text(edges, features[name].unit, n_folds)
