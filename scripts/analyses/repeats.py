"""Cuts that follow a property, learned on many samples with different seeds."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Le, Len
from pydantic import Field

from ..kinds import AnalysisSettings
from ..settings import Count, Fault, Names

if TYPE_CHECKING:
    import pandas as pd

    from ..kinds import ModelSettings
    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.repeats")


class Settings(AnalysisSettings):
    """Networks that are trained on samples with other seeds and compared with the best cuts."""

    files: ClassVar[tuple[str, ...]] = ("bin_optimum",)

    seeds: Annotated[Count, Le(1000)] = Field(
        description="Number of samples; their seeds follow that of the source"
    )
    networks: Annotated[Names, Len(1)] = Field(description="Networks that are trained on every sample")

    @property
    def configured(self) -> list[str]:
        """The networks."""
        return self.networks

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the best cuts are not known, and for each network with other bins."""
        optimum: Any = study.analyses.get("bin_optimum")
        if "bin_optimum" not in study.source.has:
            kind = study.source.kind
            yield (
                "",
                f"the best cuts of bins cannot be computed for a source of the kind {kind}: remove the key",
            )
        elif optimum is not None:
            for name in optimum.other_bins(study, self.networks):
                text = "must have the bins of the optimum as its `event_property`, to be compared with it"
                yield "networks", f"{name} {text}"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the comparison of the cuts of every network with the best ones, for many samples.

        Returns
        -------
        DataFrame
            ``seed``, ``network`` and the columns of :func:`scripts.sources.property_optimum.compare_bins`.
        """
        import pandas as pd
        import torch

        from ..jobs.progress import LineProgress
        from ..sources.property_optimum import compare_bins

        torch.set_num_threads(1)
        study, optimum = job.study, job.read("bin_optimum")
        source: Any = study.source
        progress = LineProgress(log, "repeats", "sample", self.seeds)
        parts = []
        for number in range(1, self.seeds + 1):
            seed = source.seed + number
            events = source.model_copy(update={"seed": seed}).generate(study)
            for name in self.networks:
                cuts = learn_cuts(events, study.networks[name], study, f"{name}, seed {seed}")
                table = compare_bins(cuts, optimum, study, events)
                table.insert(0, "seed", seed)
                table.insert(1, "network", name)
                parts.append(table)
            latest = ", ".join(
                f"{table['network'].iloc[0]} {(table['distance'] ** 2).mean() ** 0.5:.3f}"
                for table in parts[-len(self.networks) :]
            )
            progress.update(number, f"distance to the optimum: {latest}")
        return pd.concat(parts, ignore_index=True)


def learn_cuts(events: pd.DataFrame, network: ModelSettings, study: Study, name: str) -> pd.DataFrame:
    """Return the cuts of a model, in the columns of ``cuts.csv``."""
    from ..models.base import TrainingTask, bins_of

    bins = bins_of(network)
    if bins is not None:
        bins.check(events, name)
    # Without a name there is no progress report: each training takes seconds, and the samples are reported.
    model, _ = network.fit(TrainingTask("", events, study.feature_names, study.directions))
    return model.cuts()
