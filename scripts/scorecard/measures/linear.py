"""Weights and boundary of a linear network."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from ..results import Has, Measured, NotRun, Results

Linear = Annotated[str, Has({"boundary"})]


def linear_weight(results: Results, study: str, network: Linear, feature: str) -> Measured:
    """Learned weight of a scaled feature."""
    trained = results.model(study, network)
    names = list(trained.scaling.features or ())
    if feature not in names:
        raise NotRun(f"study {study} has no feature {feature} in this config")
    weights = trained.network.linear.weight.detach().squeeze(0)  # type: ignore[union-attr, operator]
    return Measured(float(weights[names.index(feature)]))


def boundary_slope(results: Results, study: str, network: Linear) -> Measured:
    """Slope dx1/dx2 of the boundary in two features."""
    weights = _weights(results, study, network)
    return Measured(float(-weights[1] / weights[0]))


def weight_norm(results: Results, study: str, network: Linear) -> Measured:
    """Norm of the vector of weights, per physical unit of the features."""
    return Measured(float(np.linalg.norm(_weights(results, study, network))))


def _weights(results: Results, study: str, network: str) -> np.ndarray:
    from ...evaluation.threshold_scan import linear_boundary

    weights, _ = linear_boundary(results.model(study, network))
    return weights
