"""The input of a table: settings, study and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from ..data.table_file import read_table
from ..data.thinning import read_shown_events
from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study


S = TypeVar("S", bound=TableSettings)


@dataclass(frozen=True)
class TableInputs(Generic[S]):
    """Settings and files of one table.

    Parameters
    ----------
    table : Settings
        Settings of the kind of table.
    study : Study
    files : dict of list of Path
        Files by kind: one for each network, in the order of the config, or one of the study.
    """

    table: S
    study: Study
    files: dict[str, list[Path]]

    @property
    def networks(self) -> list[str]:
        """Names of the networks, in the order of the rows."""
        return list(self.table.networks)

    def read(self, kind: str, position: int = 0) -> pd.DataFrame:
        """Read the csv, tsv or parquet file of a kind for the network at ``position``.

        Of a long feature table these are the events that the files of scores have.
        """
        file = self.files[kind][position]
        return read_shown_events(file) if kind == "features" else read_table(file)
