"""Table 1 of arXiv:2502.08615: the coefficients of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ...kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from ..inputs import TableInputs

USES = {
    "efficiency": ("alpha", "Importance of reaching target signal efficiency"),
    "background": ("beta", "Importance of minimizing background"),
    "cut_size": ("gamma", "Overall magnitude of cuts"),
    "bce": ("delta", "BCE term"),
    "smoothness": ("epsilon", "Smoothness of cuts across signal efficiencies"),
}


class Settings(TableSettings):
    """The loss of one network; only its settings are needed."""

    n_networks = range(1, 2)
    needs = frozenset({"loss"})

    table: Literal["hyperparameters"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return parameter, use and value of each coefficient in the loss of the network."""
    import pandas as pd

    network: Any = inputs.study.networks[inputs.networks[0]]
    coefficients = network.loss.coefficients
    rows = [(symbol, use, float(coefficients.get(term, 0.0))) for term, (symbol, use) in USES.items()]
    return pd.DataFrame(rows, columns=["Parameter", "Use", "Value"])
