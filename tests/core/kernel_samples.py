"""Samples and rows of cuts for the kernel, and its sums."""

import numpy as np
import torch

from cabin_core import EventSample, EventSums

SCORES = ("signal_score", "background_score", "cross_entropy")


def draw_sample(
    seed, n_signal, n_background, n_features, *, scale=1.0, dtype=torch.float64, edges=None, negative=0.0
):
    """Draw events with weights; with edges of bins the property is the last column."""
    generator = np.random.default_rng(seed)
    n = n_signal + n_background
    is_signal = generator.permutation(n) < n_signal
    x = scale * (generator.normal(size=(n, n_features)) + 0.8 * is_signal[:, None])
    if edges is not None:
        x = np.column_stack([x, generator.uniform(edges[0] - 1, edges[-1] + 1, n)])
    weights = generator.uniform(0.1, 3, n)
    if negative:
        weights[generator.random(n) < negative] *= -1
        for of_class in (is_signal, ~is_signal):
            weights[of_class] *= np.sign(weights[of_class].sum())
    return EventSample.from_arrays(x, is_signal, weights, dtype)


def derivatives(sums, network):
    return [
        torch.autograd.grad(getattr(sums, name).sum(), network.bias, retain_graph=True)[0] for name in SCORES
    ]


def sums_and_derivatives(network, sample):
    """Return six arrays: three sums of shape (n_bins, n_rows) and their derivatives."""
    sums = EventSums.from_sample(network, sample)
    values = [getattr(sums, name).detach().double().unflatten(0, network.bias.shape[:2]) for name in SCORES]
    return [*values, *(value.double() for value in derivatives(sums, network))]


def rows_of(seed, network, spread):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        network.bias += spread * torch.randn(network.bias.shape, generator=generator, dtype=torch.float64)
    return network
