"""How much background cuts leave, compared with the best cuts that exist on the training sample."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Len, Lt
from pydantic import Field

from ..kinds import LACKS, AnalysisSettings
from ..settings import Count, Fault, Names, Positive, Seed, Targets

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.certify")


class Settings(AnalysisSettings):
    """The best cuts that keep as much signal as those of each network, with a bound on any others."""

    files: ClassVar[tuple[str, ...]] = ("features",)

    networks: Annotated[Names, Len(1)] = Field(description="Networks with cuts, which are compared")
    targets: Annotated[Targets, Len(1)] | None = Field(
        default=None, description="Targets at which they are compared; all of each network where absent"
    )
    starts: Count = Field(
        default=10,
        description="Number of random starts of the search for each working point, besides its own cuts",
    )
    nodes: Annotated[int, Ge(0)] = Field(
        default=15000, description="Largest number of nodes of the proofs of all working points together"
    )
    gap: Annotated[float, Ge(0), Lt(1)] = Field(
        default=0.0,
        description="A proof ends where the background exceeds the bound by no more than this fraction of it",
    )
    seconds: Positive | None = Field(
        default=None,
        description="Time after which all proofs end; the result then depends on the machine",
    )
    seed: Seed = Field(description="Seed of the search")

    @property
    def trained(self) -> list[str]:
        """The networks."""
        return self.networks

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each network that has no cuts, or cuts that follow a property."""
        for name in self.networks:
            network = study.networks[name]
            if "cuts" not in network.has:
                yield "networks", f"{name} is of the model {network.model}, which has no cuts to compare"
            elif "one_bin" not in network.offers:
                yield "networks", f"{name} {LACKS['one_bin']}, for which no best cuts are known"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return one row for each network and target.

        Returns
        -------
        DataFrame
            See :func:`scripts.analyses.certified_points.certify_points`.
        """
        from ..models import load_model
        from .certified_points import certify_points

        features, networks = job.study.feature_names, job.study.networks
        models = {
            name: load_model(path, networks[name].model, features)
            for name, path in zip(self.networks, job.files["models"], strict=True)
        }
        return certify_points(job.read_events(), features, job.study.directions, models, self)
