"""The best cuts that exist on the training sample, one box for each target, and a bound on any others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Len, Lt
from pydantic import Field

from ..columns import too_many_edges
from ..kinds import ModelSettings
from ..settings import Count, Fault, Positive, Seed, Targets

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .base import TrainingTask
    from .boxes import BoxModel


class Settings(ModelSettings):
    """A search for the best cuts, with a proof by branch and bound of how much better any cuts can be."""

    model: Literal["certify"]
    targets: Annotated[Targets, Len(1)] = Field(description="Signal efficiencies that the cuts reach")
    windows: bool = Field(
        default=False, description="Whether each feature has two cuts, not one in its direction"
    )
    starts: Count = Field(default=20, description="Number of random starts of the search for each target")
    nodes: Annotated[int, Ge(0)] = Field(
        default=15000, description="Largest number of nodes of the proofs of all targets together"
    )
    gap: Annotated[float, Ge(0), Lt(1)] = Field(
        default=0.0,
        description="A proof ends where the background exceeds the bound by no more than this fraction of it",
    )
    seconds: Positive | None = Field(
        default=None,
        description="Time after which the proofs of all targets together end; the result then depends on the "
        "machine",
    )
    seed: Seed = Field(description="Seed of the search")
    has = frozenset({"cuts"})
    ending = "json"

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the cuts are too many for a search."""
        if text := too_many_edges(study.directions, windows=self.windows):
            yield "", text

    def fit(self, task: TrainingTask) -> tuple[BoxModel, pd.DataFrame]:
        """Search and prove; the history has one row for each target."""
        from .best_boxes import box_edges, certify_targets
        from .boxes import find_boxes

        edges = box_edges(task.directions, windows=self.windows)
        return find_boxes(
            self,
            task,
            lambda events, name: certify_targets(events, task.features, edges, self.targets, self, name),
        )


def load(path: Path, features: Sequence[str]) -> BoxModel:
    """Read the boxes, see :func:`scripts.models.load_model`."""
    from .boxes import BoxModel

    return BoxModel.load(path, features)
