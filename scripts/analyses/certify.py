"""How much background cuts leave, compared with the best cuts that exist on the training sample."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge, Len, Lt
from pydantic import Field

from ..columns import too_many_edges
from ..kinds import LACKS, AnalysisSettings
from ..settings import Count, Fault, Names, Positive, Seed, Targets

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.certify")


class Settings(AnalysisSettings):
    """The best cuts that keep as much signal as those of each network, with a bound on any others."""

    files: ClassVar[tuple[str, ...]] = ("features", "cuts", "metrics")
    # A short search; proofs that take longer are for studies that name the analysis.
    standard: ClassVar[dict[str, Any] | None] = {"starts": 3, "nodes": 300, "events": 20_000}

    networks: Names = Field(
        default=[],
        description="Networks with cuts, which are compared; where empty all that have cuts which follow no "
        "property",
    )
    targets: Annotated[Targets, Len(1)] | None = Field(
        default=None,
        description="Targets (signal efficiencies) at which networks that have them are compared; all of "
        "each network where absent. One with many working points is compared at the nearest to these, or "
        "to the targets of the others. One without targets, or with those of the background, always takes "
        "part",
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
    events: Count = Field(
        default=100_000,
        description="Largest number of training events that are searched; of more, so many are drawn",
    )
    seed: Seed = Field(default=123, description="Seed of the search, and of the events drawn")

    def evaluated(self, study: Study) -> list[str]:
        """Return the networks."""
        return self.networks or [
            name for name, network in study.networks.items() if {"cuts", "one_bin"} <= network.offers
        ]

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each network that has no cuts, or cuts that follow a property."""
        for name in self.evaluated(study):
            network = study.networks[name]
            if "cuts" not in network.has:
                yield "networks", f"{name} is of the model {network.model}, which has no cuts to compare"
            elif "one_bin" not in network.offers:
                yield "networks", f"{name} {LACKS['one_bin']}, for which no best cuts are known"
        if not self.evaluated(study):
            yield "networks", "no network of the study has cuts that follow no property: add one"
        if self.targets is not None and not self._compared(study):
            yield "targets", "no network that is compared has any of these: name some of theirs"
        if text := too_many_edges(study.directions, windows=True):
            yield "", text

    def _compared(self, study: Study) -> list[str]:
        """Return the networks that take part at these targets."""
        networks, wanted = study.networks, set(self.targets or [])
        points = {
            name: networks[name].working_points if networks[name].asks_for_signal else []
            for name in self.evaluated(study)
        }
        return [name for name, targets in points.items() if not targets or wanted & set(targets)]

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return one row for each network and target.

        Returns
        -------
        DataFrame
            See :func:`scripts.analyses.certified_points.certify_points`.
        """
        from ..data.thinning import is_long, read_shown_events
        from ..evaluation.network_points import read_networks
        from .certified_points import certify_points

        study, (table,) = job.study, job.files["features"]
        events = read_shown_events(table) if is_long(table) else job.read_events()
        compared = {name: study.networks[name] for name in self.evaluated(study)}
        networks = read_networks(compared, job.files, self.targets or ())
        return certify_points(events, study.feature_names, study.directions, list(networks.values()), self)
