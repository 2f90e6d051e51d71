"""The background that the best rectangular cuts keep, computed from the known distributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from annotated_types import Len
from pydantic import Field

from ..kinds import AnalysisSettings
from ..settings import Fault, Fraction, Unrepeated

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob


class Settings(AnalysisSettings):
    """The least background of rectangular cuts, for a source with known distributions."""

    targets: Annotated[list[Fraction], Len(2), Unrepeated] = Field(
        description="Signal efficiencies for which the best one-sided cuts and the best windows are computed"
    )

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the best cuts of this source are not known."""
        if "optimum" not in study.source.has:
            kind = study.source.kind
            yield "", f"the best cuts cannot be computed for a source of the kind {kind}: remove the key"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the exact optimum.

        Returns
        -------
        DataFrame
            ``signal_efficiency``, and the background efficiency with ``one_sided`` cuts in the directions of
            the features and with ``two_sided`` windows.
        """
        import pandas as pd
        from tqdm import tqdm

        from ..sources.gaussian_optimum import GaussianClasses

        classes = GaussianClasses.from_study(job.study)
        rows = [
            {
                "signal_efficiency": efficiency,
                "one_sided": classes.best_cuts(efficiency, windows=False)[2],
                "two_sided": classes.best_cuts(efficiency, windows=True)[2],
            }
            for efficiency in tqdm(sorted(self.targets), desc="optimum", unit="point", mininterval=5)
        ]
        return pd.DataFrame(rows)
