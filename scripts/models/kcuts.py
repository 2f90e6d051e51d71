"""The search of TMVA's kCuts: the best box, with two edges in each feature, for bins of signal efficiency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field

from ..columns import BinnedProperty
from ..kinds import ModelSettings
from ..settings import Count, Fault, Seed

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .base import TrainingTask
    from .boxes import BoxModel


class Settings(ModelSettings):
    """A kCuts search; its targets are the lower edges of all bins except the first, whose edge is zero."""

    model: Literal["kcuts"]
    bins: Annotated[int, Ge(2), Le(1000)] = Field(
        description="Number of bins of the signal efficiency; each bin remembers its best box"
    )
    edges: Annotated[int, Ge(1), Le(10000)] = Field(
        description="Number of values that an edge can take in each feature; each needs 4 kB of memory "
        "for 32,000 events"
    )
    # scipy's differential evolution takes five members at least.
    population: Annotated[int, Ge(5)] = Field(description="Number of trial boxes in a generation")
    generations: Count = Field(description="Number of generations in a cycle of the differential evolution")
    cycles: Count = Field(description="Number of cycles; each starts from the best boxes found before")
    seed: Seed = Field(description="Seed of the search")
    event_property: BinnedProperty | None = Field(default=None, description="Property that the cuts follow")
    renamed: ClassVar[dict[str, str]] = {"property": "event_property"}
    has = frozenset({"cuts"})
    ending = "json"
    standard_networks: ClassVar[dict[str, dict[str, Any]]] = {
        "kcuts": {"bins": 20, "edges": 200, "population": 300, "generations": 30, "cycles": 60, "seed": 123}
    }

    @property
    def working_points(self) -> list[float]:
        """The lower edge of each bin except the first."""
        return [position / self.bins for position in range(1, self.bins)]

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the study lacks the property."""
        if self.event_property is not None:
            yield from self.event_property.check(study)

    def fit(self, task: TrainingTask) -> tuple[BoxModel, pd.DataFrame]:
        """Search for the boxes; the history has one row for each cycle, and for each bin of a property."""
        from .box_search import search_kcuts
        from .boxes import find_boxes

        return find_boxes(self, task, lambda events, name: search_kcuts(events, task.features, self, name))


def load(path: Path, features: Sequence[str]) -> BoxModel:
    """Read the boxes of a search, see :func:`scripts.models.load_model`."""
    from .boxes import BoxModel

    return BoxModel.load(path, features)
