"""Quality of cuts and a network against the kept fraction of the background, for three strategies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Len
from pydantic import Field

from ..kinds import AnalysisSettings
from ..settings import Fault, Name, PositiveShare, Seed, Unrepeated

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from ..study import Study
    from .chains import Chain, Scores
    from .job import AnalysisJob

log = logging.getLogger("cabin.kept_fractions")

STRATEGIES = ("together", "cuts first", "network alone")
#: Settings of a joint network that this analysis does not support.
NOT_SCANNED = ("event_property", "scale_features", "record_cuts")


class Settings(AnalysisSettings):
    """Cuts and a network trained together, cuts first, and the network alone."""

    files: ClassVar[tuple[str, ...]] = ("features",)
    uses_yields: ClassVar[bool] = True

    network: Name = Field(description="Name of a joint network of the study; its settings are used")
    fractions: Annotated[list[PositiveShare], Len(1), Unrepeated] = Field(
        description="Fractions of the background that the cuts keep, in place of the fraction of the network"
    )
    seeds: Annotated[list[Seed], Len(1), Unrepeated] = Field(
        description="Seeds of the split into training and test events, and of the networks"
    )

    @property
    def configured(self) -> list[str]:
        """The network."""
        return [self.network]

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the events cannot be split anew, or the network is not a joint one."""
        network = study.networks[self.network]
        if study.split is None or study.split.by is not None:
            yield "", f"a {study.source.kind} source splits itself: remove the key"
        if getattr(network, "kept_fraction", None) is None:
            yield "network", f"{self.network} is not a joint network with the loss joint"
        for key in NOT_SCANNED:
            if key in network.model_fields_set:
                yield "network", f"the scan has no {key}, which {self.network} sets: remove it"

    def run(self, job: AnalysisJob) -> pd.DataFrame:
        """Return the quality of chains for three strategies and several seeds.

        A seed determines the split into training and test events and the networks. So the spread over seeds
        includes that of different samples.

        Returns
        -------
        DataFrame
            ``strategy``, ``seed`` and the columns of :func:`scripts.analyses.chains.measure_chain`.
        """
        import pandas as pd
        import torch

        from cabin_core import FeatureScaling
        from cabin_core.feature_spread import LARGEST

        from ..data.feature_table import draw_split, fit_scaling
        from ..jobs.progress import LineProgress
        from ..models.samples import DTYPES, make_sample
        from .chains import Chain, measure_chain

        torch.set_num_threads(1)
        study, events = job.study, job.read_events()
        assert study.split is not None
        features, fractions = study.feature_names, tuple(self.fractions)
        network: Any = study.networks[self.network]
        dtype = DTYPES[network.precision]
        progress = LineProgress(log, study.name, "training", len(self.seeds) * len(STRATEGIES))
        parts = []
        for seed in self.seeds:
            events["split"] = draw_split(len(events), study.split.model_copy(update={"seed": seed}))
            found = fit_scaling(events, features, study.scaling)
            limit = network.farthest if study.scaling == "robust" else LARGEST
            scaling = FeatureScaling(features, *found, limit)
            # For the network alone; the loss of cuts and network weighs both classes equally anyway.
            sample = make_sample(
                events, scaling, "train", dtype, equal_class_weights=study.source.weighs_classes_equally
            )
            values = torch.from_numpy(events[features].to_numpy(dtype="float64", copy=True))
            scaled = scaling.scale(values).to(dtype)
            chain = Chain(network, fractions, tuple(study.directions), sample)
            for strategy in STRATEGIES:
                scores = _scores(chain, strategy, seed, scaled)
                measured = measure_chain(events, scores, fractions, study.counting_experiment)
                measured.insert(0, "strategy", strategy)
                measured.insert(1, "seed", seed)
                parts.append(measured)
                progress.update(len(parts), f"{strategy}, mean AUC {measured['auc'].mean():.4f}")
        return pd.concat(parts, ignore_index=True)


def _scores(chain: Chain, strategy: str, seed: int, features: Tensor) -> Scores:
    import torch

    from .chains import rank_by_network

    if strategy == "network alone":
        return rank_by_network(chain.network_alone(seed), chain.sample, features, chain.fractions)
    trained = chain.together(seed) if strategy == "together" else chain.cuts_first(seed)
    with torch.no_grad():
        scores: Scores = trained.hard_scores(features).double().numpy()
    return scores
