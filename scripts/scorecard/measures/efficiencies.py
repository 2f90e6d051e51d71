"""Efficiencies of hard cuts on the test sample."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from ..results import Has, Measured, NotRun, Results, row_at

Network = Annotated[str, Has()]


def signal_efficiency(
    results: Results, study: str, network: Network, target: float | None = None
) -> Measured:
    """Signal efficiency of the hard cuts on the test sample."""
    row = row_at(results.metrics(study, network), target)
    return Measured(row["signal_efficiency"], row["signal_efficiency_uncertainty"])


def background_efficiency(
    results: Results, study: str, network: Network, target: float | None = None
) -> Measured:
    """Background efficiency of the hard cuts on the test sample."""
    row = row_at(results.metrics(study, network), target)
    return Measured(row["background_efficiency"], row["background_efficiency_uncertainty"])


def target_shortfall(results: Results, study: str, network: Network, target: float) -> Measured:
    """Target minus the signal efficiency reached by the hard cuts."""
    reached = signal_efficiency(results, study, network, target)
    return Measured(target - reached.value, reached.uncertainty)


def efficiency_estimate_error(results: Results, study: str, network: Network) -> Measured:
    """Largest difference between the mean score of the signal and the efficiency of its hard cuts."""
    metrics = results.metrics(study, network)
    return Measured((metrics["loss_signal_efficiency"] - metrics["signal_efficiency"]).abs().max())


def background_above_scan(results: Results, study: str, network: Network, scan: Network) -> Measured:
    """Background efficiency minus that of a scan, interpolated to the network's signal efficiency."""
    own = results.metrics(study, network).iloc[0]
    table = results.metrics(study, scan).sort_values("signal_efficiency", kind="stable")
    at, of_scan, uncertainty = (
        np.interp(own["signal_efficiency"], table["signal_efficiency"], table[column])
        for column in ("signal_efficiency", "background_efficiency", "background_efficiency_uncertainty")
    )
    if not np.isclose(at, own["signal_efficiency"]):
        raise NotRun(f"{network} has a signal efficiency of {own['signal_efficiency']:.2f}, outside {scan}")
    return Measured(
        own["background_efficiency"] - of_scan,
        float(np.hypot(own["background_efficiency_uncertainty"], uncertainty)),
    )


def background_linearity(results: Results, study: str, network: Network) -> Measured:
    """Correlation coefficient of signal and background efficiency over the targets of a scan."""
    table = results.metrics(study, network)
    return Measured(float(np.corrcoef(table["signal_efficiency"], table["background_efficiency"])[0, 1]))


def smallest_background_step(results: Results, study: str, network: Network) -> Measured:
    """Smallest change of the background efficiency from one target of a scan to the next higher one."""
    table = results.metrics(study, network).sort_values("target_efficiency")
    return Measured(float(table["background_efficiency"].diff().min()))


def efficiency_after_shift(
    results: Results,
    study: str,
    network: Network,
    score_above: float,
    shift: float,
    target: float | None = None,
    relative: bool = False,
) -> Measured:
    """Signal efficiency of a working point with features shifted by up to ``shift``, or relative to none."""
    table = results.analysis(study, "robustness")
    rows = table[
        (table["network"] == network) & np.isclose(table["score_above"], score_above, rtol=0, atol=1e-12)
    ]
    if target is not None:
        rows = rows[np.isclose(rows["target_efficiency"], target)]
    at = rows[np.isclose(rows["max_shift"], shift)]
    if at.empty:
        raise NotRun(f"no shift {shift} of {network} above {score_above} in this config")
    value, uncertainty = at.iloc[0][["signal_efficiency", "signal_efficiency_uncertainty"]]
    if not relative:
        return Measured(float(value), float(uncertainty))
    unshifted = rows[np.isclose(rows["max_shift"], 0.0)].iloc[0]["signal_efficiency"]
    return Measured(float(value / unshifted), float(uncertainty / unshifted))
