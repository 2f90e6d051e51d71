"""An analysis and the files that it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..data.feature_table import read_feature_table
from ..study import Study


@dataclass(frozen=True)
class AnalysisJob:
    """The input of an analysis.

    Parameters
    ----------
    study : Study
        The study, with the settings of the analysis itself and of the networks that it names.
    files : dict of list of Path
        Input files by kind, as in ``files`` of the settings; ``models`` are those of ``trained`` networks.
    """

    study: Study
    files: dict[str, list[Path]] = field(default_factory=dict)

    def read(self, kind: str) -> pd.DataFrame:
        """Read the only table of a kind of files."""
        (path,) = self.files[kind]
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)

    def read_events(self) -> pd.DataFrame:
        """Read and check the feature table, as :func:`scripts.data.feature_table.read_feature_table` does."""
        (path,) = self.files["features"]
        return read_feature_table(path, self.study.feature_names)
