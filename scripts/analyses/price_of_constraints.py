"""What rounded, bounded and fixed cuts cost: the background with and without each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from ..kinds import AnalysisSettings
from ..settings import Fault, Names

if TYPE_CHECKING:
    import pandas as pd

    from ..models.base import Model
    from ..study import Study
    from .job import AnalysisJob

log = logging.getLogger("cabin.price_of_constraints")


class Settings(AnalysisSettings):
    """Networks that are trained again without the limits of one feature, for each that has some."""

    files: ClassVar[tuple[str, ...]] = ("features",)

    networks: Names = Field(min_length=1, description="Networks with targets: `scan` or `one_to_one`")

    @property
    def trained(self) -> list[str]:
        """The networks."""
        return self.networks

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if no feature has limits, and for each network that does not keep them."""
        if study.limits is None:
            yield "", "no feature has round, at_least, at_most or fixed: remove the analysis"
        for name in self.networks:
            network = study.networks[name]
            if not (network.keeps_limits and network.working_points):
                text = f"{name}, of the model {network.model}, has no targets to meet within limits"
                yield "networks", f"{text}: name another network"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the background of each working point with all limits, and without those of each feature.

        Returns
        -------
        DataFrame
            ``network``, ``target``, ``target_of``, ``feature`` and its ``constraint``, then of the hard cuts
            with all constraints, and (``..._without``) of a training without this one: the efficiencies of
            the training sample, and ``background_efficiency`` of the test sample. The ``price`` is how much
            more of the training background is left, relative to that without.
        """
        import pandas as pd
        import torch

        from ..data.event_bins import columns_of
        from ..data.feature_table import read_feature_table
        from ..models import load_model
        from ..models.base import bins_of

        torch.set_num_threads(1)
        study, (path,) = job.study, job.files["features"]
        rows = []
        for name, file in zip(self.networks, job.files["models"], strict=True):
            network = study.networks[name]
            events = read_feature_table(path, columns_of(study.feature_names, bins_of(network)))
            model: Any = load_model(file, network.model, study.feature_names)
            limited = _efficiencies(model, events)
            for feature in study.features:
                if not feature.limits:
                    continue
                log.info("%s without the limits of %s", name, feature.name)
                others = [{} if one is feature else one.limits for one in study.features]
                freed = _efficiencies(
                    _fit(network, events, study, list(model.trained.directions), others), events
                )
                constraint = ", ".join(f"{key} {value:g}" for key, value in feature.limits.items())
                part = pd.DataFrame(limited).assign(network=name, feature=feature.name, constraint=constraint)
                for key, values in freed.items():
                    if key not in ("target", "target_of"):
                        part[f"{key}_without"] = values
                without = part["training_background_efficiency_without"]
                part["price"] = (part["training_background_efficiency"] - without) / without
                rows.append(part)
        table = pd.concat(rows, ignore_index=True)
        first_columns = ["network", "feature", "constraint", "target", "target_of"]
        return table[[*first_columns, *(key for key in table if key not in first_columns)]]


def _fit(
    network: Any,
    events: pd.DataFrame,
    study: Study,
    directions: list[str],
    limits: list[dict[str, float]],
) -> Model:
    from ..models.base import TrainingTask

    task = TrainingTask(
        "",
        events,
        study.feature_names,
        directions,
        study.source.weighs_classes_equally,
        study.counting_experiment if network.needs_yields else None,
        scaling=study.scaling,
        limits=limits if any(limits) else None,
    )
    model: Model = network.fit(task)[0]
    return model


def _efficiencies(model: Model, events: pd.DataFrame) -> dict[str, Any]:
    """Return what the working points of a model do on both samples."""
    import numpy as np

    from cabin_core import hard_cut_efficiencies

    selected = model.select(events, np.empty(0), np.empty(0))
    is_signal, weights = (events["label"] == 1).to_numpy(), events["weight"].to_numpy(dtype=float)
    train, test = (
        hard_cut_efficiencies(selected[chosen], is_signal[chosen], weights[chosen])
        for chosen in ((events["split"] == split).to_numpy() for split in ("train", "test"))
    )
    return {
        "target": model.asked,
        "target_of": model.target_of,
        "training_signal_efficiency": train.signal,
        "training_background_efficiency": train.background,
        "training_background_efficiency_uncertainty": train.background_uncertainty,
        "background_efficiency": test.background,
        "background_efficiency_uncertainty": test.background_uncertainty,
    }
