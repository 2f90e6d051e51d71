"""The efficiencies of each network on the test sample at each target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Efficiencies with one row for each network and working point."""

    files = ("metrics",)
    takes_folds = True
    n_networks = range(1, 100)
    standard = "networks"
    standard_caption = "Efficiencies on the test sample of every working point of {networks}."

    table: Literal["working_points"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return the metrics of all networks, one row for each network and target."""
    import pandas as pd

    parts = [
        inputs.read("metrics", position).assign(
            network=name, epochs=getattr(inputs.study.networks[name], "epochs", None)
        )
        for position, name in enumerate(inputs.networks)
    ]
    table = pd.concat(parts, ignore_index=True)
    # What a table of efficiencies on the test sample need not repeat.
    table = table.drop(columns=[name for name in table if name.startswith("training_background")])
    return table[
        ["network", "epochs", *(name for name in table.columns if name not in ("network", "epochs"))]
    ]
