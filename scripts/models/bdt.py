"""Boosted decision trees, by xgboost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, Len
from pydantic import Field

from ..kinds import ModelSettings
from ..settings import Count, Fraction, PositiveShare, Seed, Targets

if TYPE_CHECKING:
    import pandas as pd

    from .base import TrainingTask
    from .trees import TreeModel


class Settings(ModelSettings):
    """Boosted decision trees of xgboost."""

    model: Literal["bdt"]
    targets: Annotated[Targets, Len(1)] = Field(
        description="Signal efficiencies of the working points on the score"
    )
    trees: Count = Field(description="Largest number of trees")
    learning_rate: PositiveShare = Field(description="Weight of each new tree")
    max_depth: Annotated[int, Ge(1), Le(20)] = Field(description="Largest depth of a tree")
    validation_fraction: Fraction = Field(
        description="Fraction of the training events that is kept apart and decides when the training stops"
    )
    stop_after: Count = Field(
        description="Number of trees in a row without a smaller loss on the events kept apart that ends "
        "the training"
    )
    seed: Seed = Field(description="Seed of the choice of the events kept apart, and of the trees")
    negative_weights: Literal["absolute", "drop"] | None = Field(
        default=None,
        description="What the training does with events of negative weight, which xgboost does not take: "
        "`absolute` takes the absolute weight, `drop` leaves them out; there must be none where absent. "
        "Metrics and figures count them with their sign all the same",
    )
    has = frozenset({"scores", "one_score", "history"})
    ending = "json"
    standard_networks: ClassVar[dict[str, dict[str, Any]]] = {
        "bdt": {
            "trees": 1000,
            "learning_rate": 0.1,
            "max_depth": 3,
            "validation_fraction": 0.2,
            "stop_after": 20,
            "seed": 123,
            "negative_weights": "absolute",
        }
    }

    def fit(self, task: TrainingTask) -> tuple[TreeModel, pd.DataFrame]:
        """Train the trees; the history has one row for each tree."""
        from .trees import fit_trees

        return fit_trees(self, task)


def load(path: Path, features: Sequence[str]) -> TreeModel:
    """Read trained trees, see :func:`scripts.models.load_model`."""
    from .trees import TreeModel

    return TreeModel.load(path, features)
