"""The input of a figure: settings, study and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from ..data.table_file import read_table
from ..data.thinning import read_shown_data, read_shown_events
from ..kinds import FigureSettings

if TYPE_CHECKING:
    import pandas as pd

    from cabin_core import TrainedNetwork

    from ..study import Study

S = TypeVar("S", bound=FigureSettings)


@dataclass(frozen=True)
class FigureInputs(Generic[S]):
    """Settings and files of one figure.

    Parameters
    ----------
    figure : Settings
        Settings of the kind of plot.
    study : Study
    files : dict of list of Path
        Files by kind: one for each network, in the order of the config, or one of the study.
    """

    figure: S
    study: Study
    files: dict[str, list[Path]]

    @property
    def networks(self) -> list[str]:
        """Names of the networks, in the order of drawing."""
        return list(self.figure.networks)

    def read(self, kind: str, position: int = 0) -> pd.DataFrame:
        """Read the csv, tsv or parquet file of a kind for the network at ``position``.

        Of a long feature table these are the events that the files of scores have.
        """
        file = self.files[kind][position]
        return read_shown_events(file) if kind == "features" else read_table(file)

    def read_data(self) -> pd.DataFrame:
        """Read the events of data of the feature table; there may be none."""
        return read_shown_data(self.files["features"][0])

    def model(self, position: int = 0) -> TrainedNetwork:
        """Load the trained network at ``position``."""
        from cabin_core import load_network

        return load_network(self.files["model"][position])
