"""The best rectangular cuts in every bin of a property, computed from the known distributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Len
from pydantic import Field

from ..columns import BinnedProperty
from ..kinds import AnalysisSettings
from ..settings import Fault, Fraction, Unrepeated

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob


class Settings(AnalysisSettings, BinnedProperty):
    """The best one-sided cuts in each bin, for a source with known distributions at every value."""

    targets: Annotated[list[Fraction], Len(1), Unrepeated] = Field(
        description="Signal efficiencies for which the best cuts are computed"
    )
    one_sided = True

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the best cuts are not known for this source or these bins."""
        source: Any = study.source
        if "bin_optimum" not in source.has:
            text = f"the best cuts of bins cannot be computed for a source of the kind {source.kind}"
            yield "", f"{text}: remove the key"
            return
        followed = source.event_property
        if self.name != followed.name or not followed.low <= self.edges[0] < self.edges[-1] <= followed.high:
            text = (
                f"the bins must be of {followed.name} and lie within {followed.low:g} to {followed.high:g}, "
                "where the source has events"
            )
            yield "", text

    def other_bins(self, study: Study, networks: list[str]) -> Iterator[str]:
        """Yield the networks whose cuts do not follow the property in the bins of the optimum."""
        wanted = BinnedProperty(name=self.name, edges=self.edges)
        for name in networks:
            if getattr(study.networks[name], "event_property", None) != wanted:
                yield name

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the exact optimum, as :func:`scripts.sources.property_optimum.tabulate_optimum` does."""
        from ..sources.property_optimum import tabulate_optimum

        return tabulate_optimum(job.study)
