"""Events of several processes, each with its own independent Gaussian features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Len
from pydantic import Field, field_validator

from ..kinds import SourceSettings, require_both_classes
from ..settings import Count, Fault, Name, Number, Positive, Seed
from ..settings import Settings as Part

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study


class Process(Part):
    """A process with independent Gaussian features."""

    of_class: Literal["signal", "background"] = Field(alias="class", description="Class of the events")
    events: Count = Field(description="Number of events")
    mean: list[Number] = Field(
        description="Mean of each feature, in the order of the features [unit of the feature]"
    )
    width: list[Positive] = Field(
        description="Standard deviation of each feature, in the order of the features [unit of the feature]"
    )


class Settings(SourceSettings):
    """Several processes, each with its own independent Gaussian features."""

    features_only: ClassVar[bool] = True

    kind: Literal["processes"]
    seed: Seed = Field(description="Seed of the random events")
    processes: Annotated[dict[Name, Process], Len(2)] = Field(description="Processes by name")

    @field_validator("processes")
    @classmethod
    def _both_classes(cls, processes: dict[str, Process]) -> dict[str, Process]:
        require_both_classes((process.of_class for process in processes.values()), "class")
        return processes

    @property
    def class_of_process(self) -> dict[str, str]:
        """``signal`` or ``background`` for each process."""
        return {name: process.of_class for name, process in self.processes.items()}

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each process with a wrong number of means or widths."""
        n_features = len(study.features)
        for name, process in self.processes.items():
            for key in ("mean", "width"):
                given = len(getattr(process, key))
                if given != n_features:
                    yield f"processes.{name}.{key}", f"{given} numbers for {n_features} features"

    def generate(self, study: Study) -> pd.DataFrame:
        """Return the feature table, with the column ``process``."""
        from ..data.feature_table import make_feature_table

        assert study.split is not None
        samples = generate_events(self, study.feature_names)
        return make_feature_table(samples["signal"], samples["background"], study.split)


def generate_events(settings: Settings, features: list[str]) -> dict[str, pd.DataFrame]:
    """Draw the events of all processes.

    Parameters
    ----------
    settings : Settings
    features : list of str
        Names of the features.

    Returns
    -------
    dict of DataFrame
        ``signal`` and ``background``: the features and the column ``process``, one row for each event.

    Notes
    -----
    Each process has its own random stream, by its position in the list, so that the number of events of one
    process does not change the events of another.
    """
    import pandas as pd

    parts: dict[str, list[pd.DataFrame]] = {"signal": [], "background": []}
    for position, (name, process) in enumerate(settings.processes.items()):
        generator = np.random.default_rng([settings.seed, position])
        drawn = generator.normal(process.mean, process.width, size=(process.events, len(features)))
        parts[process.of_class].append(pd.DataFrame(drawn, columns=features).assign(process=name))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
