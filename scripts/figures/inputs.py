"""What a plot module is given to make its table from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from cabin_core import TrainedNetwork


@dataclass(frozen=True)
class FigureInputs:
    """Config and files of one figure.

    Parameters
    ----------
    options : dict
        The figure's entry in the config.
    study : dict
        The config of its study; empty for a figure of none.
    files : dict of list of Path
        By kind; one file a network, in the order of the config, or one of the study.
    """

    options: dict[str, Any]
    study: dict[str, Any]
    files: dict[str, list[Path]]

    @property
    def networks(self) -> list[str]:
        """Names of the networks, in the order drawn."""
        return list(self.options.get("networks", []))

    @property
    def features(self) -> list[dict[str, Any]]:
        """The features of the study: name, direction, label and unit."""
        return list(self.study["features"])

    def read(self, kind: str, position: int = 0) -> pd.DataFrame:
        """Read the csv, tsv or parquet file of a kind, of the network at ``position``."""
        path = self.files[kind][position]
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")

    def model(self, position: int = 0) -> TrainedNetwork:
        """Load the trained network at ``position``."""
        # Imported here: it brings torch, which takes seconds and most figures do without.
        from cabin_core import load_network

        return load_network(self.files["model"][position])
