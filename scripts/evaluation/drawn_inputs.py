"""The input of a figure or table: settings, study and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from ..data.table_file import read_table
from ..data.thinning import read_shown_events
from ..kinds import DrawnSettings

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study

S = TypeVar("S", bound=DrawnSettings)


@dataclass(frozen=True)
class DrawnInputs(Generic[S]):
    """Settings and files of one figure or table.

    Parameters
    ----------
    settings : Settings
        Settings of its kind.
    study : Study
    files : dict of list of Path
        Files by kind: one for each network, in the order of the config, or one of the study.
    """

    settings: S
    study: Study
    files: dict[str, list[Path]]

    @property
    def networks(self) -> list[str]:
        """Names of the networks, in the order in which they are shown."""
        return list(self.settings.networks)

    def read(self, kind: str, position: int = 0) -> pd.DataFrame:
        """Read the csv, tsv or parquet file of a kind for the network at ``position``.

        Of a long feature table these are the events that the files of scores have.
        """
        file = self.files[kind][position]
        return read_shown_events(file) if kind == "features" else read_table(file)

    def read_analysis(self, kind: str) -> pd.DataFrame:
        """Read an analysis: the rows of the networks, in their order; all rows where none is named."""
        import pandas as pd

        table = self.read(kind)
        rows = [table[table["network"] == name] for name in self.networks]
        return pd.concat(rows, ignore_index=True) if rows else table
