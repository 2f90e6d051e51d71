"""Access to the files of a run by study and network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..counting_experiment import CountingExperiment
from ..kinds import ModelSettings
from ..study import Study

if TYPE_CHECKING:
    import pandas as pd

    from cabin_core import TrainedNetwork


class NotRun(LookupError):
    """The run does not have the results that a claim needs."""


class Measured(NamedTuple):
    """A value and its statistical uncertainty (one standard deviation); None if it is not defined."""

    value: float
    uncertainty: float | None = None


class Has(frozenset[str]):
    """Requirements on a network that an argument of a measure names, see ``ModelSettings.has``."""


def row_at(table: pd.DataFrame, target: float | None) -> pd.Series:
    """Return the row of a target, or the first row if it is None; raise NotRun if there is no such row."""
    if target is None:
        return table.iloc[0]
    matches = table[np.isclose(table["target_efficiency"], target)]
    if matches.empty:
        raise NotRun(f"no target {target} in this config")
    return matches.iloc[0]


class Results:
    """The files of one run.

    Parameters
    ----------
    root : Path
        ``results/RUN``.
    studies : dict of Study
        Studies by name, without removed studies and networks.
    """

    def __init__(self, root: Path, studies: dict[str, Study]) -> None:
        self.root, self.studies = root, studies
        self._tables: dict[Path, pd.DataFrame] = {}

    def study(self, name: str) -> Study:
        """Return a study, with the directions that were found where its config leaves some open."""
        if name not in self.studies:
            raise NotRun(f"study {name} is left out of this run")
        study = self.studies[name]
        if study.finds_directions:
            from ..data.directions import read_directions

            study = study.with_directions(read_directions(self.root / name / "directions.csv"))
        return study

    def network(self, study: str, network: str) -> ModelSettings:
        """Return the settings of a network."""
        networks = self.study(study).networks
        if network not in networks:
            raise NotRun(f"study {study} does not train {network} in this run")
        return networks[network]

    def experiment(self, study: str) -> CountingExperiment:
        """Return the counting experiment of a study."""
        experiment = self.study(study).counting_experiment
        if experiment is None:
            raise NotRun(f"study {study} has no counting_experiment in this config")
        return experiment

    def features(self, study: str) -> pd.DataFrame:
        """Return the feature table of a study."""
        self.study(study)
        from ..data.feature_table import without_data

        return without_data(self._read(self.root / study / "features.parquet"))

    def analysis(self, study: str, kind: str) -> pd.DataFrame:
        """Return the table of an analysis of a study."""
        if kind not in self.study(study).analyses:
            raise NotRun(f"study {study} has no {kind} in this config")
        return self._read(self.root / study / f"{kind}.csv")

    def metrics(self, study: str, network: str) -> pd.DataFrame:
        """Return the metrics of a network."""
        return self._read(self._folder(study, network) / "metrics.csv")

    def cuts(self, study: str, network: str) -> pd.DataFrame:
        """Return the cuts of a network."""
        return self._read(self._folder(study, network) / "cuts.csv")

    def history(self, study: str, network: str) -> pd.DataFrame:
        """Return the loss history of a network."""
        return self._read(self._folder(study, network) / "history.csv")

    def scores(self, study: str, network: str, split: str | None = None) -> pd.DataFrame:
        """Return the scores of the events of a sample, ``train`` or ``test``, or of all events if None."""
        scores = self._read(self._folder(study, network) / "scores.parquet")
        return scores if split is None else scores[scores["split"] == split]

    def model(self, study: str, network: str) -> TrainedNetwork:
        """Return a trained network."""
        # Imported here, as in measures, because the config is checked without torch and pandas.
        from cabin_core import load_network

        return load_network(self._folder(study, network) / "model.pt")

    def _folder(self, study: str, network: str) -> Path:
        self.network(study, network)
        return self.root / study / network

    def _read(self, path: Path) -> pd.DataFrame:
        import pandas as pd

        if path not in self._tables:
            read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
            self._tables[path] = read(path)
        return self._tables[path]
