"""Access to the files of a run by study and network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cabin_core import TrainedNetwork, load_network


class NotRun(LookupError):
    """A claim is about a study or network that this run leaves out."""


class Measured(NamedTuple):
    """A value and its uncertainty."""

    value: float
    uncertainty: float | None = None


def row_at(table: pd.DataFrame, target: float | None) -> pd.Series:
    """Return the row of a target, the first where None; NotRun where there is none."""
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
    studies, networks : dict of dict
        Of the config; studies left out are absent.
    """

    def __init__(self, root: Path, studies: dict[str, Any], networks: dict[str, Any]) -> None:
        self.root, self.studies, self.networks = root, studies, networks
        self._read_csv = cache(pd.read_csv)
        self._read_parquet = cache(pd.read_parquet)

    def config_of(self, network: str) -> dict[str, Any]:
        """Return the config of a network."""
        if network not in self.networks:
            raise NotRun(f"network {network} is not in this config")
        entry: dict[str, Any] = self.networks[network]
        return entry

    def source_of(self, study: str) -> dict[str, Any]:
        """Return the config of where the events of a study come from."""
        self._folder(study)
        source: dict[str, Any] = self.studies[study]["source"]
        return source

    def search_of(self, study: str) -> dict[str, Any]:
        """Return what a search with the events of a study expects."""
        self._folder(study)
        if "search" not in self.studies[study]:
            raise NotRun(f"study {study} has no search in this config")
        search: dict[str, Any] = self.studies[study]["search"]
        return search

    def features(self, study: str) -> pd.DataFrame:
        """Return the feature table of a study."""
        return self._read_parquet(self._folder(study) / "features.parquet")

    def robustness(self, study: str) -> pd.DataFrame:
        """Return the table of the shifted inputs of a study."""
        return self._of_study(study, "robustness")

    def optimum(self, study: str) -> pd.DataFrame:
        """Return the exact optimum of a study."""
        return self._of_study(study, "optimum")

    def bin_optimum(self, study: str) -> pd.DataFrame:
        """Return the best cuts in the bins of a property."""
        return self._of_study(study, "bin_optimum")

    def repeats(self, study: str) -> pd.DataFrame:
        """Return what networks do on samples of other seeds."""
        return self._of_study(study, "repeats")

    def kept_fractions(self, study: str) -> pd.DataFrame:
        """Return what cuts and networks are worth against the fraction of the background kept."""
        return self._of_study(study, "kept_fractions")

    def _of_study(self, study: str, key: str) -> pd.DataFrame:
        folder = self._folder(study)
        if key not in self.studies[study]:
            raise NotRun(f"study {study} has no {key} in this config")
        return self._read_csv(folder / f"{key}.csv")

    def metrics(self, study: str, network: str) -> pd.DataFrame:
        """Return the metrics of a network."""
        return self._read_csv(self._folder(study, network) / "metrics.csv")

    def cuts(self, study: str, network: str) -> pd.DataFrame:
        """Return the cuts of a network."""
        return self._read_csv(self._folder(study, network) / "cuts.csv")

    def history(self, study: str, network: str) -> pd.DataFrame:
        """Return the loss history of a network."""
        return self._read_csv(self._folder(study, network) / "history.csv")

    def test_scores(self, study: str, network: str) -> pd.DataFrame:
        """Return the scores of the test sample."""
        scores = self.scores(study, network)
        return scores[scores["split"] == "test"]

    def scores(self, study: str, network: str) -> pd.DataFrame:
        """Return the scores of all events."""
        return self._read_parquet(self._folder(study, network) / "scores.parquet")

    def model(self, study: str, network: str) -> TrainedNetwork:
        """Return a trained network."""
        return load_network(self._folder(study, network) / "model.pt")

    def _folder(self, study: str, network: str | None = None) -> Path:
        if study not in self.studies:
            raise NotRun(f"study {study} is left out of this run")
        if network is None:
            return self.root / study
        if network not in self.studies[study]["networks"]:
            raise NotRun(f"study {study} does not train {network} in this run")
        return self.root / study / network
