"""Overtraining: each working point on the training and on the test sample, and what is left of its gain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge, Le
from pydantic import Field

from ..kinds import AnalysisSettings
from ..settings import Fault, Name, Names, Positive, Seed

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.analyse_study")


class Settings(AnalysisSettings):
    """Efficiencies on training and test sample, their ratio, and the gain over simpler cuts in both.

    A gain is the share of the background of the simpler cuts that a network removes at the same signal
    efficiency. Its uncertainty is that of resampled events, the same for both.
    """

    files: ClassVar[tuple[str, ...]] = ("features", "cuts", "metrics", "scores")
    standard: ClassVar[dict[str, Any] | None] = {}

    networks: Names = Field(
        default=[], description="Networks that are looked at; all of the study where empty"
    )
    simpler: Name | None = Field(
        default=None,
        description="Network that the others are compared with, with cuts or a threshold at two targets at "
        "least; where absent that with the fewest edges, the first of several, of those with cuts at the "
        "targets of the first one with cuts",
    )
    samples: Annotated[int, Ge(20), Le(10_000)] = Field(
        default=300, description="Number of resampled samples for the uncertainty of a gain"
    )
    seed: Seed = Field(default=123, description="Seed of the resampling")
    deviations: Positive = Field(
        default=2.0, description="Standard deviations beyond which there is a remark on a working point"
    )

    def evaluated(self, study: Study) -> list[str]:
        """Return the networks, and the simpler one."""
        named = self.networks or list(study.networks)
        return list(dict.fromkeys([*named, *([self.simpler] if self.simpler else [])]))

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the simpler network has no two targets to interpolate between."""
        if self.simpler is not None and len(study.networks[self.simpler].working_points) < 2:
            yield "simpler", f"{self.simpler} has no two targets to compare at: name a network with targets"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return one row for each network and working point, see docs/reference/outputs.md."""
        import pandas as pd

        from ..data.thinning import is_long
        from ..evaluation.network_points import count_points, read_networks
        from ..evaluation.overtraining import simplest

        (table,) = job.files["features"]
        networks = read_networks(
            {name: job.study.networks[name] for name in self.evaluated(job.study)}, job.files
        )
        known = {name: job.study.networks[name].working_points for name in networks}
        of_all = list(networks.values())
        simpler = self.simpler or simplest({one.name: one.cuts for one in of_all}, known)
        groups = [of_all]
        if is_long(table):
            # There are scores of a share of a long table only: cuts are counted on all events all the same.
            with_scores = [one for one in of_all if one.scores is not None]
            groups = [[one for one in of_all if one.scores is None], with_scores]
        parts = []
        for group in filter(None, groups):
            names = [one.name for one in group]
            beside = [networks[simpler]] if simpler and simpler not in names else []
            points = count_points(table, [*group, *beside], job.study.feature_names, self.seed)
            found = points.compare(simpler, self.samples, self.deviations)
            parts.append(found[found["network"].isin(names)])
        rows = pd.concat(parts, ignore_index=True)
        for row in rows[rows["remark"] != ""].itertuples():
            at = "" if pd.isna(row.target_efficiency) else f", target {row.target_efficiency:g}"
            log.info("%s%s: %s", row.network, at, row.remark)
        return rows
