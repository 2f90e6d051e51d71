"""Random samples for the tests of the core."""

import pytest
import torch

from cabin_core import EventSample


@pytest.fixture(scope="session")
def make_sample():
    def make(n_signal=6, n_background=5, n_features=2, *, seed=0, dtype=torch.float64):
        """Signal around +0.5 and background around -0.5, in random order, weights in (0.5, 2.5)."""
        generator = torch.Generator().manual_seed(seed)
        n_events = n_signal + n_background
        is_signal = torch.randperm(n_events, generator=generator) < n_signal
        features = torch.randn(n_events, n_features, generator=generator, dtype=dtype)
        features += is_signal[:, None].to(dtype) - 0.5
        weights = 0.5 + 2 * torch.rand(n_events, generator=generator, dtype=dtype)
        return EventSample(features, is_signal, weights)

    return make
