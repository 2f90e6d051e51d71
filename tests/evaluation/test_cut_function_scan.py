"""Cut functions scanned over all cuts."""

import numpy as np
import pytest
import torch

from cabin_core import EventSample
from scripts.evaluation.cut_function_scan import (
    event_gradients,
    network_of,
    sample_of,
    scan_line,
    scan_losses,
    scan_surface,
)


@pytest.mark.parametrize("function", ["sigmoid", "erf", "balanced"])
def test_scans_against_numpy(function):
    events = sample_of("line_first")
    cuts = np.array([-3.0, 0.5, 2.0])
    scan = scan_line(function, cuts, events)
    margins = events.features[:, 0].numpy()[:, None] - cuts
    weights = {
        "sigmoid": 1 / (1 + np.exp(-margins)),
        "erf": np.array([[(1 + torch.erf(torch.tensor(m))).item() / 2 for m in row] for row in margins[:50]]),
        "balanced": 2 / (1 + np.exp(-margins)) - 1,
    }[function]
    if function == "erf":
        with torch.no_grad():
            found = network_of("erf", cuts[:, None])(events.features[:50])
        np.testing.assert_allclose(found, weights, rtol=1e-12)
        return
    signal = events.is_signal.numpy()
    np.testing.assert_allclose(scan["signal"], weights[signal].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scan["squares"], ((weights - signal[:, None]) ** 2).sum(axis=0), rtol=1e-12)
    with np.errstate(invalid="ignore"):
        expected = weights[signal].sum(axis=0) / np.sqrt(weights[~signal].sum(axis=0))
    np.testing.assert_allclose(scan["significance"], expected, rtol=1e-12)


def test_gradients_of_scans():
    """Against differences; and from event to event, they add up to the whole."""
    events = sample_of("line_first")
    step = 1e-5
    scan = scan_losses("erf", np.array([[1.0 - step], [1.0], [1.0 + step]]), events)
    for loss in ("significance", "cross_entropy", "squares"):
        below, _, above = scan[loss]
        assert scan[f"{loss}_gradient"][1] == pytest.approx((above - below) / (2 * step), rel=1e-6)
    each = event_gradients("erf", 1.0, events)
    assert each.sum() == pytest.approx(scan["squares_gradient"][1], rel=1e-10)
    # Nothing comes from events far from the cut.
    assert np.abs(each[np.abs(events.features[:, 0].numpy() - 1.0) > 6]).max() < 1e-12


def test_surface_is_of_the_product_and_not_the_sum_of_both():
    events = sample_of("plane")
    axis = np.array([-1.0, 0.5, 2.0])
    table = scan_surface("sigmoid", axis, events).set_index(["loss", "x", "y"])
    together = scan_losses("sigmoid", np.array([[0.5, 2.0]]), events)
    for loss in ("significance", "cross_entropy", "squares"):
        assert table.loc[(loss, 0.5, 2.0), "value"] == pytest.approx(together[loss][0], rel=1e-10)
    alone = [
        scan_losses(
            "sigmoid",
            np.array([[at]]),
            EventSample(events.features[:, [i]], events.is_signal, events.weights),
        )
        for i, at in enumerate((0.5, 2.0))
    ]
    assert table.loc[("squares", 0.5, 2.0), "sum"] == pytest.approx(
        sum(a["squares"][0] for a in alone), rel=1e-10
    )
