"""Methods at the same working points: ROC area, background, roughness of the cuts, time of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Comparison of several networks at the targets of the first one."""

    files = ("features", "metrics", "cuts", "timing")
    takes_folds = True
    n_networks = range(1, 100)
    needs = frozenset({"one_bin"})
    first_sets_targets = True
    standard = "networks"
    standard_caption = (
        "{networks} on the test sample: area under the ROC curve (of the working points, for cuts), "
        "background efficiency at each target, roughness of the cuts from target to target, seconds of a "
        "processor in training."
    )

    table: Literal["competitors"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each network; the background efficiencies are at the targets of the first one."""
    import pandas as pd

    from ..evaluation.comparison import compare_networks

    networks = inputs.networks
    positions = range(len(networks))
    rows = compare_networks(
        networks,
        inputs.read("features"),
        *([inputs.read(kind, position) for position in positions] for kind in ("metrics", "cuts", "timing")),
        scaling=inputs.study.scaling,
    )
    of_network = rows.drop_duplicates("network").set_index("network")
    background = rows.pivot(index="network", columns="target_efficiency", values="background_efficiency")
    return pd.DataFrame(
        {
            "network": networks,
            "model": [inputs.study.networks[name].model for name in networks],
            "roc_area": of_network["roc_area"].to_numpy(),
            **{
                f"background_at_{target:g}": background.loc[networks, target].to_numpy()
                for target in background.columns
            },
            "roughness": of_network["roughness"].to_numpy(),
            "training_seconds": of_network["training_seconds"].to_numpy(),
        }
    )
