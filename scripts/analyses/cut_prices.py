"""The price of each cut: what the best cuts without a feature leave; and the fewest cuts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Len, Lt
from pydantic import Field

from ..columns import MOST_EDGES
from ..kinds import AnalysisSettings, not_known
from ..settings import Count, Fault, Names, NotNegative, Seed, Targets

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.cut_prices")

#: Two edges of each are as many as a search takes.
MOST_FEATURES = MOST_EDGES // 2


class Settings(AnalysisSettings):
    """The best cuts without each feature, the others found anew, and the best ones on few features."""

    files: ClassVar[tuple[str, ...]] = ("features",)

    targets: Annotated[Targets, Len(1)] = Field(
        default=[0.5, 0.7, 0.9], description="Signal efficiencies that all cuts keep"
    )
    features: Names = Field(default=[], description="Features that take part; all of the study where empty")
    windows: bool = Field(
        default=False, description="Whether each feature has two cuts, not one in its direction"
    )
    within: NotNegative = Field(
        default=0.05,
        description="Background that fewer cuts may leave above that of the best, as a fraction of it",
    )
    starts: Count = Field(
        default=3, description="Number of random starts of the search on each set of features"
    )
    nodes: Annotated[int, Ge(0)] = Field(
        default=5000, description="Largest number of nodes of the proofs of all targets together"
    )
    gap: Annotated[float, Ge(0), Lt(1)] = Field(
        default=0.0,
        description="A proof ends where the background exceeds the bound by no more than this fraction of it",
    )
    events: Count = Field(
        default=100_000,
        description="Largest number of training events that are searched; of more, so many are drawn",
    )
    seed: Seed = Field(default=123, description="Seed of the search, and of the events drawn")

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each unknown feature, and if they are too few or too many."""
        unknown = [name for name in self.features if name not in study.feature_names]
        yield from (("features", not_known("feature", name, study.feature_names)) for name in unknown)
        n_features = len(self.features or study.feature_names)
        if n_features < 2:
            yield "features", "a single feature, which nothing is left without: two at least"
        if n_features > MOST_FEATURES:
            yield "features", f"{n_features} features: name {MOST_FEATURES} of them at most"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return one row for each target and set of features.

        Returns
        -------
        DataFrame
            See :func:`scripts.analyses.priced_cuts.price_cuts`.
        """
        from .priced_cuts import price_cuts

        chosen = [one for one in job.study.features if not self.features or one.name in self.features]
        return price_cuts(job.read_events(), chosen, self, f"{job.study.name}, prices of cuts")
