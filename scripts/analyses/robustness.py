"""Efficiencies of working points when the features are shifted at random.

arXiv:2502.08615, Section 6.1: a working point is less sensitive to changes of the features if the scores
change slowly around its threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from annotated_types import Len
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ..kinds import AnalysisSettings
from ..settings import Fault, Fraction, Name, NotNegative, Seed, Share
from ..settings import Settings as Part

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .job import AnalysisJob

#: Largest number of selections that can be distinguished in the figure.
MOST_SELECTIONS = 7


class WorkingPoint(Part):
    """A selection of events with a score above a threshold."""

    network: Name = Field(description="Name of a network of the study")
    target: Fraction | None = Field(default=None, description="Target that selects one row of a scan")
    score_above: Share = Field(description="Threshold that the score of a selected event exceeds")


class Settings(AnalysisSettings):
    """Shifts of the features by random amounts: of signal towards the cut, of background across it."""

    files: ClassVar[tuple[str, ...]] = ("features",)

    shifts: Annotated[list[NotNegative], Len(1)] = Field(
        description="Largest shifts of a feature [scaled units]; 0 must be among them, for comparison"
    )
    seed: Seed = Field(description="Seed of the random shifts")
    selections: Annotated[list[WorkingPoint], Len(1, MOST_SELECTIONS)] = Field(
        description="Working points that are compared"
    )

    @field_validator("shifts")
    @classmethod
    def _compared(cls, shifts: list[float]) -> list[float]:
        if 0 not in shifts:
            raise PydanticCustomError("shifts", "0 is not among them, to compare with: add it")
        return shifts

    @property
    def trained(self) -> list[str]:
        """The networks of the selections."""
        return list(dict.fromkeys(selection.network for selection in self.selections))

    #: Events are shifted towards the cut.
    one_sided = True

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each network that cannot be used, and for each unknown target."""
        for selection in self.selections:
            name, network = selection.network, study.networks[selection.network]
            targets = network.working_points
            if "loss" not in network.offers:
                text = f"{name} is of the model {network.model}, which is not shifted: name a network"
                yield "selections", text
            elif "one_bin" not in network.offers:
                text = f"the cuts of {name} follow a property, which is not shifted: name another network"
                yield "selections", text
            elif getattr(network, "target_of", "signal") != "signal":
                yield "selections", f"{name} has no target signal efficiencies: name another network"
            elif selection.target is None and len(targets) > 1:
                yield "selections", f"say which target of {name}: one of {targets}"
            elif selection.target is not None and selection.target not in targets:
                yield "selections", f"{name} has no target {selection.target}: one of {targets}"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the efficiencies of working points on the test sample for each shift."""
        import pandas as pd
        import torch

        from cabin_core import hard_cut_efficiencies

        from ..models import load_model

        torch.set_num_threads(1)
        features = job.study.feature_names
        events = job.read_events()
        test = events[events["split"] == "test"].reset_index(drop=True)
        is_signal = (test["label"] == 1).to_numpy()
        weights = test["weight"].to_numpy(dtype=float)
        # Only networks trained by gradient descent have a scaling, which is the unit of the shifts.
        models: dict[str, Any] = {
            name: load_model(path, job.study.networks[name].model, features)
            for name, path in zip(self.trained, job.files["models"], strict=True)
        }
        rows = []
        for selection in self.selections:
            model = models[selection.network]
            row = 0 if selection.target is None else model.targets.index(selection.target)
            spreads = model.trained.scaling.spread.numpy()
            for max_shift in self.shifts:
                shifted = shift_features(test, features, job.study.directions, spreads, max_shift, self.seed)
                passed = model.scores(shifted)[:, [row]] > selection.score_above
                efficiencies = hard_cut_efficiencies(passed, is_signal, weights)
                rows.append(
                    {
                        "network": selection.network,
                        "target_efficiency": selection.target,
                        "score_above": selection.score_above,
                        "max_shift": max_shift,
                        "signal_efficiency": efficiencies.signal[0],
                        "signal_efficiency_uncertainty": efficiencies.signal_uncertainty[0],
                        "background_efficiency": efficiencies.background[0],
                        "background_efficiency_uncertainty": efficiencies.background_uncertainty[0],
                    }
                )
        return pd.DataFrame(rows)


def shift_features(
    events: pd.DataFrame,
    features: list[str],
    directions: Sequence[str],
    spreads: np.ndarray[Any, Any],
    max_shift: float,
    seed: int,
) -> pd.DataFrame:
    """Shift every feature of every event by a random amount that reduces the separation of the classes.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    features : list of str
    directions : sequence of str
        ``>`` or ``<`` for each feature.
    spreads : ndarray, shape (n_features,)
        Unit of the shift for each feature [unit of the feature].
    max_shift : float
        Shifts are uniform in [0, max_shift] [spreads]. Signal is shifted from the side that passes a cut
        towards the cut, background from the side that fails.
    seed : int

    Returns
    -------
    DataFrame
        A shifted copy.
    """
    generator = np.random.default_rng(seed)
    signs = np.array([1.0 if direction == ">" else -1.0 for direction in directions])
    towards_cut = np.where(events["label"].to_numpy() == 1, -1.0, 1.0)[:, None] * signs
    sizes = generator.uniform(0.0, 1.0, size=(len(events), len(features))) * max_shift
    shifted = events.copy()
    shifted[features] = events[features].to_numpy(dtype=float) + towards_cut * sizes * spreads
    return shifted
