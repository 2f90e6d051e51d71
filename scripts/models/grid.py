"""A brute-force scan of a grid: for each target the point that reaches it with the least background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Len
from pydantic import Discriminator, Field, Tag

from ..kinds import ModelSettings
from ..settings import Count, Fault, Targets, Text, word_or_list

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .base import TrainingTask
    from .boxes import BoxModel
    from .supercuts import Grid

Supercuts = Annotated[
    Annotated[Text, Tag("(word)")] | Annotated[list[dict[str, Any]], Len(1), Tag("(list)")],
    Discriminator(word_or_list),
]


class Settings(ModelSettings):
    """A scan of all points of a grid of cuts."""

    model: Literal["grid"]
    targets: Annotated[Targets, Len(1)] = Field(
        description="Signal efficiencies; for each the best point that reaches it is taken"
    )
    supercuts: Supercuts = Field(
        description="Features to cut on and the steps of the cuts, in the format of the package "
        "root-optimize: the path of a JSON file, or its list of cuts. Each cut is a selection "
        "with placeholders {0}, {1}, ..., which have a [start, stop, step] in `st3` or a "
        "fixed value in `pivot`"
    )
    most_points: Count = Field(description="Largest number of points of the grid")
    has = frozenset({"cuts"})
    ending = "json"
    threads = 4

    @property
    def input_files(self) -> list[str]:
        """The file of supercuts, if there is one."""
        return [self.supercuts] if isinstance(self.supercuts, str) else []

    def grid(self, features: Sequence[str]) -> Grid:
        """Return the grid for a study with these features; raise ValueError if it cannot be used."""
        from .supercuts import parse_supercuts

        return parse_supercuts(self.supercuts, features, self.most_points)

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield the fault of supercuts that cannot be used with the features of the study."""
        try:
            self.grid(study.feature_names)
        except ValueError as fault:
            yield "supercuts", str(fault)

    def fit(self, task: TrainingTask) -> tuple[BoxModel, pd.DataFrame]:
        """Scan the grid; the history has one row for each target."""
        from .boxes import find_boxes
        from .grid_scan import find_points

        return find_boxes(
            self, task, lambda events, name: find_points(events, task.features, self, name, task.threads)
        )


def load(path: Path, features: Sequence[str]) -> BoxModel:
    """Read the boxes of a scan, see :func:`scripts.models.load_model`."""
    from .boxes import BoxModel

    return BoxModel.load(path, features)
