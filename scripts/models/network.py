"""Networks that are trained: saving, cuts, scores and selections."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from cabin_core import (
    EventSample,
    EventStream,
    EventSums,
    JointNetwork,
    TrainedNetwork,
    load_network,
    save_network,
)
from cabin_core.classifiers import cuts_of
from cabin_core.cut_sums import can_fuse, compile_kernels
from cabin_core.feature_limits import FeatureLimits

from ..data.cut_table import CUT_COLUMNS, passes_cut_table
from ..parsing import parse_kind
from .base import Model, bins_of
from .samples import make_sample

if TYPE_CHECKING:
    from ..data.stored_table import StoredTable
    from ..data.survey import Survey


class NetworkModel(Model):
    """A network trained by gradient descent.

    Parameters
    ----------
    trained : TrainedNetwork
    settings : NetworkSettings
    """

    def __init__(self, trained: TrainedNetwork, settings: Any) -> None:
        self.trained, self.settings = trained, settings
        cuts = cuts_of(trained.network)
        if cuts is not None:
            cuts.fused = settings.kernel
        found: list[float] = trained.outcome.get("working_points", settings.working_points)
        self.targets = found or [float("nan")]
        self.target_of = getattr(settings, "target_of", "signal")

    @property
    def asked(self) -> list[float]:
        """Targets as in the config."""
        return self.targets if self.target_of == "signal" else list(self.settings.targets)

    @property
    def caveat(self) -> str:
        """Whether the training has reached its last epoch before it has converged."""
        outcome = self.trained.outcome
        if outcome.get("converged", True):
            return ""
        return f"not converged in {outcome['epochs']} epochs: raise `most_epochs`"

    def why_missed(self, estimate: float) -> str:
        """Return why the hard cuts of a working point miss its target."""
        if not self.has_cuts:
            return super().why_missed(estimate)
        if self.settings.most_epochs is None:
            ended = f"the training ended after {self.settings.epochs} epochs"
            return f"{ended}, with {estimate:.4g} for it in the loss: give `most_epochs`"
        if "limits" in self.trained.outcome:
            return self.caveat or "the limits of the cuts leave none that are closer"
        return self.caveat or (
            "no cuts near the learned ones are closer: many events have the same value, or there are few"
        )

    @classmethod
    def load(cls, path: Path, features: Sequence[str]) -> NetworkModel:
        """Read a network from its file; errors are those of :func:`cabin_core.load_network`."""
        trained = load_network(path, features)
        return cls(trained, parse_kind("model", trained.training))

    def save(self, path: Path) -> None:
        """Write the network with its scaling and settings."""
        save_network(path, self.trained)

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts."""
        return cuts_of(self.trained.network) is not None

    def cuts(self) -> pd.DataFrame:
        """Return the cuts, one row for each bin, target and edge; empty for a network without cuts."""
        net = cuts_of(self.trained.network)
        if net is None:
            return super().cuts()
        scaled = net.cuts().detach()
        physical = self.trained.scaling.unscale(scaled, net.edge_features())
        for edge, column in enumerate(net.edge_features() if "limits" in self.trained.outcome else ()):
            limits = FeatureLimits(**self.trained.outcome["limits"][column])
            physical[:, edge] = torch.from_numpy(limits.exact(physical[:, edge].numpy()))
        features = [self.trained.scaling.features[position] for position in net.edge_features()]
        # All targets of the first bin come first, then those of the next.
        rows = [
            (target, feature, direction, physical[i, edge].item(), scaled[i, edge].item())
            for i, target in enumerate(self.targets * net.n_bins)
            for edge, (feature, direction) in enumerate(zip(features, net.directions(), strict=True))
        ]
        table = pd.DataFrame(rows, columns=CUT_COLUMNS)
        bins = bins_of(self.settings)
        if bins is None:
            return table
        parts = np.array_split(np.arange(len(table)), net.n_bins)
        return pd.concat([bins.label(table.iloc[part], at) for at, part in enumerate(parts)])

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the scores of events in float64, shape (n_events, n_rows), without changing the network.

        Signal scores can be so close to 1 that float32 cannot distinguish them. The scores of a joint network
        are the products of both parts. If its cuts have a kept fraction, they are instead the outputs for
        events that pass the hard cuts, and 0 for others.
        """
        scaling = self.trained.scaling
        values = torch.from_numpy(table[list(scaling.features)].to_numpy(dtype="float64", copy=True))
        with torch.no_grad():
            network = copy.deepcopy(self.trained.network).double()
            score: Callable[[Tensor], Tensor] = network
            if (
                isinstance(network, JointNetwork)
                and getattr(self.settings, "kept_fraction", None) is not None
            ):
                # Events that the cuts drop do not get a score from the classifier.
                score = network.hard_scores
            scores: NDArray[np.float64] = score(scaling.scale(values)).numpy()
        return scores

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Apply the hard cuts or, without cuts, the thresholds."""
        if self.has_cuts:
            return passes_cut_table(table, self.cuts())
        return super().select(table, scores, thresholds)

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores as in the loss, in the precision of the training.

        For a joint network these are the mean scores of the preselection.
        """
        return self._means(make_sample(events, self.trained.scaling, "test", self.trained.dtype))

    def mean_scores_of_table(
        self, table: StoredTable, survey: Survey
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores as in the loss, block by block."""
        from .streams import StoredEvents

        trained = self.trained
        return self._means(
            StoredEvents(table, survey).sample(trained.scaling, "test", trained.dtype, again=False)
        )

    def _means(self, sample: EventSample | EventStream) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with torch.no_grad():
            net = cuts_of(self.trained.network) or self.trained.network
            if can_fuse(net, sample.features):
                compile_kernels(self.trained.dtype)
            of_rows = EventSums.from_sample(net, sample)
            sums = of_rows.all_bins(self.settings.n_bins)
        return sums.signal_efficiency().numpy(), sums.background_efficiency().numpy()
