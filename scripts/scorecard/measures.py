"""How the claims of the papers are measured: one function a kind of claim.

Each takes the results of a run and the claim's arguments, and returns a number with its statistical
uncertainty (one standard deviation), or None where that is not defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from cabin_core import passes_cuts
from scripts.comparison import cut_roughness, scaled_ranges
from scripts.score_table import score_column, score_columns
from scripts.scorecard import (
    joint_measures,
    optimum_measures,
    property_measures,
    watts_measures,
    zloss_measures,
)
from scripts.scorecard.results import Measured, NotRun, Results, row_at
from scripts.selection import passes_cut_table


def signal_efficiency(results: Results, study: str, network: str, target: float | None = None) -> Measured:
    """Signal efficiency of the hard cuts on the test sample."""
    row = row_at(results.metrics(study, network), target)
    return Measured(row["signal_efficiency"], row["signal_efficiency_uncertainty"])


def background_efficiency(
    results: Results, study: str, network: str, target: float | None = None
) -> Measured:
    """Background efficiency of the hard cuts on the test sample."""
    row = row_at(results.metrics(study, network), target)
    return Measured(row["background_efficiency"], row["background_efficiency_uncertainty"])


def auc(results: Results, study: str, network: str, target: float | None = None) -> Measured:
    """Area under the ROC curve of the test sample; uncertainty after Hanley and McNeil (1982)."""
    value = row_at(results.metrics(study, network), target)["auc"]
    events = results.test_scores(study, network)
    n_signal, n_background = (int((events["label"] == label).sum()) for label in (1, 0))
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = (
        value * (1 - value) + (n_signal - 1) * (q1 - value**2) + (n_background - 1) * (q2 - value**2)
    ) / (n_signal * n_background)
    return Measured(value, float(np.sqrt(max(variance, 0.0))))


def auc_gain(results: Results, study: str, network: str, target: float, over_target: float) -> Measured:
    """AUC at one target minus that at another."""
    metrics = results.metrics(study, network)
    return Measured(row_at(metrics, target)["auc"] - row_at(metrics, over_target)["auc"])


def auc_above(results: Results, study: str, network: str, other: str) -> Measured:
    """AUC of a network minus that of another."""
    first, second = auc(results, study, network), auc(results, study, other)
    return Measured(
        first.value - second.value, float(np.hypot(first.uncertainty or 0, second.uncertainty or 0))
    )


def smallest_auc_above(results: Results, study: str, network: str, other: str) -> Measured:
    """Smallest AUC of the targets of a scan minus the AUC of another network."""
    metrics = results.metrics(study, network)
    least = float(metrics.loc[metrics["auc"].idxmin(), "target_efficiency"])
    first, second = auc(results, study, network, least), auc(results, study, other)
    return Measured(
        first.value - second.value, float(np.hypot(first.uncertainty or 0, second.uncertainty or 0))
    )


def auc_above_scan(results: Results, study: str, network: str, scan: str) -> Measured:
    """AUC of a network, at its first target, minus the largest AUC of the targets of a scan."""
    metrics = results.metrics(study, scan)
    largest = float(metrics.loc[metrics["auc"].idxmax(), "target_efficiency"])
    first, second = auc(results, study, network), auc(results, study, scan, largest)
    return Measured(
        first.value - second.value, float(np.hypot(first.uncertainty or 0, second.uncertainty or 0))
    )


def target_shortfall(results: Results, study: str, network: str, target: float) -> Measured:
    """Target minus the signal efficiency reached by the hard cuts."""
    reached = signal_efficiency(results, study, network, target)
    return Measured(target - reached.value, reached.uncertainty)


def largest_background(results: Results, study: str, network: str, up_to: float) -> Measured:
    """Largest background efficiency of the hard cuts at all targets up to one."""
    metrics = results.metrics(study, network)
    rows = metrics[metrics["target_efficiency"] <= up_to + 1e-9]
    row = rows.loc[rows["background_efficiency"].idxmax()]
    return Measured(row["background_efficiency"], row["background_efficiency_uncertainty"])


def efficiency_estimate_error(results: Results, study: str, network: str) -> Measured:
    """Largest difference between the mean score of the signal and the efficiency of its hard cuts."""
    metrics = results.metrics(study, network)
    return Measured((metrics["loss_signal_efficiency"] - metrics["signal_efficiency"]).abs().max())


def linear_weight(results: Results, study: str, network: str, feature: str) -> Measured:
    """Learned weight of a feature in a linear network."""
    trained = results.model(study, network)
    if feature not in trained.scaling.features:
        raise NotRun(f"study {study} has no feature {feature} in this config")
    weights = trained.network.linear.weight.detach().squeeze(0)  # type: ignore[union-attr, operator]
    return Measured(float(weights[trained.scaling.features.index(feature)]))  # type: ignore[index]


def parameter_count(results: Results, study: str, network: str) -> Measured:
    """Number of free parameters."""
    parameters = results.model(study, network).network.parameters()
    return Measured(sum(parameter.numel() for parameter in parameters))


def training_loss(results: Results, study: str, network: str, epoch: int) -> Measured:
    """Total training loss of an epoch, before its update."""
    history = results.history(study, network)
    if epoch not in set(history["epoch"]):
        raise NotRun(f"{network} is trained for {len(history)} epochs in this config")
    return Measured(history.set_index("epoch").loc[epoch, "train_total"])  # type: ignore[arg-type]


def loss_share(results: Results, study: str, network: str, terms: list[str]) -> Measured:
    """Share of some terms in the training loss, averaged over all epochs."""
    history = results.history(study, network)
    parts = sum(history[f"train_{term}"] for term in terms)
    return Measured(float((parts / history["train_total"]).mean()))


def loss_coefficient(results: Results, network: str, term: str) -> Measured:
    """Coefficient of a loss term in the config."""
    return Measured(float(results.config_of(network)["loss"].get(term, 0.0)))


def events(results: Results, study: str, label: int | None = None) -> Measured:
    """Number of events of a study, of one class where a label is given."""
    table = results.features(study)
    return Measured(len(table) if label is None else int((table["label"] == label).sum()))


def training_fraction(results: Results, study: str) -> Measured:
    """Fraction of the events used for training."""
    return Measured(float((results.features(study)["split"] == "train").mean()))


def feature_count(results: Results, study: str) -> Measured:
    """Number of features of a study."""
    table = results.features(study)
    return Measured(len(table.columns.difference(["label", "split", "weight"])))


def largest_correlation(results: Results, study: str) -> Measured:
    """Largest absolute correlation between two features within a class."""
    table = results.features(study)
    names = list(table.columns.difference(["label", "split", "weight"]))
    largest = 0.0
    for _, of_class in table.groupby("label"):
        correlations = of_class[names].corr().abs().to_numpy()
        largest = max(largest, float(correlations[~np.eye(len(names), dtype=bool)].max()))
    return Measured(largest)


def score_threshold(results: Results, study: str, network: str, efficiency: float) -> Measured:
    """Score above which a fraction of the signal lies; the uncertainty is from that fraction's."""
    scores = results.test_scores(study, network)
    signal = scores.loc[scores["label"] == 1, score_columns(scores.columns)[0]].to_numpy()
    spread = np.sqrt(efficiency * (1 - efficiency) / len(signal))
    low, middle, high = np.quantile(
        signal, [1 - efficiency - spread, 1 - efficiency, 1 - efficiency + spread]
    )
    return Measured(float(middle), float(high - low) / 2)


def efficiency_above(results: Results, study: str, network: str, label: int, score_above: float) -> Measured:
    """Fraction of a class whose score lies above a threshold."""
    scores = results.test_scores(study, network)
    of_class = scores.loc[scores["label"] == label, score_columns(scores.columns)[0]]
    value = float((of_class > score_above).mean())
    return Measured(value, float(np.sqrt(value * (1 - value) / len(of_class))))


def passing_events_above(results: Results, study: str, network: str, score_above: float) -> Measured:
    """Smallest share, over targets, of the events passing the cuts whose score is above a threshold."""
    return Measured(min(share for share, _ in _scores_of_sides(results, study, network, score_above)))


def failing_events_below(results: Results, study: str, network: str, score_above: float) -> Measured:
    """Smallest share, over targets, of the events failing a cut whose score is below a threshold."""
    return Measured(min(share for _, share in _scores_of_sides(results, study, network, score_above)))


def _scores_of_sides(
    results: Results, study: str, network: str, threshold: float
) -> list[tuple[float, float]]:
    events_ = results.features(study)
    test = events_[events_["split"] == "test"]
    scores = results.test_scores(study, network)
    cuts = results.cuts(study, network)
    # The order of the targets in cuts.csv is that of the network's rows.
    columns = [score_column(target) for target in cuts["target_efficiency"].drop_duplicates()]
    values = scores[columns].to_numpy()
    passed = passes_cut_table(test, cuts)
    return [
        (float((value[ok] > threshold).mean()), float((value[~ok] < threshold).mean()))
        for value, ok in zip(values.T, passed.T, strict=True)
    ]


def _pair_cuts(results: Results, study: str, network: str, other: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cuts of two networks, row by row of the same feature and, for scans, target."""
    first, second = results.cuts(study, network), results.cuts(study, other)
    keys = ["feature"] if first["feature"].is_unique else ["feature", "target_efficiency"]
    first, second = first.set_index(keys, drop=False), second.set_index(keys, drop=False)
    if not first.index.equals(second.index):
        raise NotRun(f"{network} and {other} have different targets or features in this config")
    return first, second


def background_above_scan(results: Results, study: str, network: str, scan: str) -> Measured:
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


def background_linearity(results: Results, study: str, network: str) -> Measured:
    """Correlation coefficient of signal and background efficiency over the targets of a scan."""
    table = results.metrics(study, network)
    return Measured(float(np.corrcoef(table["signal_efficiency"], table["background_efficiency"])[0, 1]))


def smallest_background_step(results: Results, study: str, network: str) -> Measured:
    """Smallest change of the background efficiency from one target of a scan to the next higher one."""
    table = results.metrics(study, network).sort_values("target_efficiency")
    return Measured(float(table["background_efficiency"].diff().min()))


def _tightening_steps(results: Results, study: str, network: str) -> Any:
    """Return by how much each edge tightens to the next higher target, shape (n_targets - 1, n_edges)."""
    edges = _edges(results, study, network)
    steps = np.diff(edges.to_numpy(), axis=0)
    return np.where(edges.columns.get_level_values("direction") == ">", steps, -steps)


def monotone_cuts(results: Results, study: str, network: str) -> Measured:
    """Share of the features whose cut loosens, or stays, at each step to a higher target."""
    slack = 1e-6
    return Measured(float((_tightening_steps(results, study, network) <= slack).all(axis=0).mean()))


def largest_tightening(results: Results, study: str, network: str) -> Measured:
    """Largest step of a scaled cut that tightens from one target to the next higher one; 0 for none."""
    return Measured(float(max(_tightening_steps(results, study, network).max(), 0.0)))


def largest_scaled_cut(results: Results, study: str, network: str) -> Measured:
    """Largest absolute value of a cut in scaled units, over targets and features."""
    return Measured(float(np.abs(_cut_matrix(results, study, network)).max()))


def largest_bend(results: Results, study: str, network: str) -> Measured:
    """Largest distance of a cut from the straight line between its ends, over the range of that cut."""
    values = _cut_matrix(results, study, network)
    targets = np.unique(results.cuts(study, network)["target_efficiency"])
    share = ((targets - targets[0]) / (targets[-1] - targets[0]))[:, None]
    line = values[0] + share * (values[-1] - values[0])
    return Measured(float((np.abs(values - line).max(axis=0) / np.ptp(values, axis=0)).max()))


def scores_at_ends(results: Results, study: str, network: str, within: float) -> Measured:
    """Share of the test sample with scores that close to 0 or 1, smallest over the targets."""
    events = results.test_scores(study, network)
    values = events[score_columns(events.columns)].to_numpy(dtype=float)
    at_ends = (values < within) | (values > 1 - within)
    return Measured(float(at_ends.mean(axis=0).min()))


def largest_cut_difference(results: Results, study: str, network: str, other: str) -> Measured:
    """Largest difference of the scaled cuts of two networks, over features and targets."""
    first, second = _pair_cuts(results, study, network, other)
    return Measured(float((first["cut_scaled"] - second["cut_scaled"]).abs().max()))


def cut_distance_to_scan(results: Results, study: str, network: str, scan: str) -> Measured:
    """Largest difference of scaled cuts to those of a scan, interpolated to the network's efficiency."""
    at = _interpolate(
        results.cuts(study, scan), signal_efficiency(results, study, network).value, "cut_scaled"
    )
    return Measured(float((results.cuts(study, network)["cut_scaled"] - at).abs().max()))


def _single_cut_efficiencies(results: Results, study: str, cuts: pd.DataFrame) -> np.ndarray:
    """Return the signal efficiency of each cut alone, on the test sample."""
    table = results.features(study)
    signal = table[(table["split"] == "test") & (table["label"] == 1)]
    return np.array(
        [
            passes_cuts(
                signal[[cut.feature]].to_numpy(dtype=float), np.array([[cut.cut]]), [cut.direction]
            ).mean()  # type: ignore[list-item]
            for cut in cuts.itertuples()
        ]
    )


def single_cut_difference(results: Results, study: str, network: str, other: str) -> Measured:
    """Largest difference of the signal efficiencies of corresponding single cuts of two networks."""
    first, second = (
        _single_cut_efficiencies(results, study, cuts) for cuts in _pair_cuts(results, study, network, other)
    )
    return Measured(float(np.abs(first - second).max()))


def single_cut_distance_to_scan(results: Results, study: str, network: str, scan: str) -> Measured:
    """As :func:`single_cut_difference`, to a scan interpolated to the network's signal efficiency."""
    cuts, scan_cuts = results.cuts(study, network), results.cuts(study, scan)
    at = _interpolate(scan_cuts, signal_efficiency(results, study, network).value, "cut")
    own = _single_cut_efficiencies(results, study, cuts)
    return Measured(float(np.abs(own - _single_cut_efficiencies(results, study, cuts.assign(cut=at))).max()))


def _interpolate(scan_cuts: pd.DataFrame, efficiency: float, column: str) -> list[float]:
    """Return the cuts of a scan at a signal efficiency, in the order of the features."""
    by_target = scan_cuts.pivot(index="target_efficiency", columns="feature", values=column).sort_index()
    return [
        float(np.interp(efficiency, by_target.index, by_target[feature]))
        for feature in scan_cuts["feature"].drop_duplicates()
    ]


def between_neighbours(results: Results, study: str, network: str) -> Measured:
    """Share of the cuts of inner targets that lie between the cuts of the neighbouring targets."""
    ordered = _cut_matrix(results, study, network)
    below, at, above = ordered[:-2], ordered[1:-1], ordered[2:]
    slack = 1e-6
    inside = (at >= np.minimum(below, above) - slack) & (at <= np.maximum(below, above) + slack)
    return Measured(float(inside.mean()))


def roughness_ratio(results: Results, study: str, network: str, scan: str) -> Measured:
    """Roughness (Eq 7) of the cuts of a network over that of a scan's, both at the targets of the scan."""
    ranges = scaled_ranges(results.features(study))
    targets = np.sort(results.metrics(study, scan)["target_efficiency"])
    first, second = (cut_roughness(results.cuts(study, name), targets, ranges) for name in (network, scan))
    if np.isnan(first):
        raise NotRun(f"{network} has other targets than {scan} in this config")
    return Measured(first / second)


def _cut_matrix(results: Results, study: str, network: str) -> Any:
    """Return the scaled cuts by increasing target, shape (n_targets, n_edges)."""
    return _edges(results, study, network).to_numpy()


def _edges(results: Results, study: str, network: str) -> pd.DataFrame:
    edges = results.cuts(study, network).pivot(
        index="target_efficiency", columns=["feature", "direction"], values="cut_scaled"
    )
    if edges.isna().any(axis=None):
        raise NotRun(f"{network} has edges that are absent at some targets")
    return edges.sort_index(axis="columns")


def efficiency_after_shift(
    results: Results,
    study: str,
    network: str,
    score_above: float,
    shift: float,
    target: float | None = None,
    relative: bool = False,
) -> Measured:
    """Signal efficiency of a working point with inputs shifted by up to ``shift``; or over unshifted."""
    table = results.robustness(study)
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


def robustness_gain(
    results: Results,
    study: str,
    shift: float,
    network: str,
    target: float,
    score_above: float,
    other: str,
    other_score_above: float,
) -> Measured:
    """Signal efficiency kept by a working point under shifted inputs, minus that of another one."""
    first = efficiency_after_shift(results, study, network, score_above, shift, target, relative=True)
    second = efficiency_after_shift(results, study, other, other_score_above, shift, relative=True)
    return Measured(
        first.value - second.value, float(np.hypot(first.uncertainty or 0, second.uncertainty or 0))
    )


def source_setting(results: Results, study: str, keys: list[str]) -> Measured:
    """A number in the config of where a study's events come from, by the keys that lead to it."""
    value: Any = results.source_of(study)
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise NotRun(f"study {study} has no {'.'.join(keys)} in this config")
        value = value[key]
    return Measured(float(value))


def network_setting(results: Results, network: str, key: str) -> Measured:
    """A number in the config of a network."""
    entry = results.config_of(network)
    if key not in entry:
        raise NotRun(f"network {network} leaves out {key} in this config")
    return Measured(float(entry[key]))


#: Measures that look into a network or its losses, which a search or a decision tree does not have.
OF_NETWORKS = (
    "boundary_slope",
    "failing_events_below",
    "least_history",
    "linear_weight",
    "loss_coefficient",
    "loss_share",
    "parameter_count",
    "passing_events_above",
    "slope_above",
    "training_loss",
    "weight_norm",
)

#: Measures of cuts that are the same for all events: they do not know bins of a property.
OF_ONE_BIN = (
    "between_neighbours",
    "cut_distance_to_scan",
    "largest_bend",
    "largest_cut_difference",
    "largest_scaled_cut",
    "largest_tightening",
    "monotone_cuts",
    "roughness_ratio",
    "single_cut_difference",
    "single_cut_distance_to_scan",
    *(
        function.__name__
        for function in optimum_measures.MEASURES
        if function is not optimum_measures.significance_over_best_point
    ),
)


MEASURES: dict[str, Callable[..., Measured]] = {
    function.__name__: function
    for function in (
        signal_efficiency,
        background_efficiency,
        auc,
        auc_gain,
        auc_above,
        smallest_auc_above,
        auc_above_scan,
        target_shortfall,
        largest_background,
        efficiency_estimate_error,
        linear_weight,
        parameter_count,
        training_loss,
        loss_share,
        loss_coefficient,
        events,
        training_fraction,
        feature_count,
        largest_correlation,
        score_threshold,
        efficiency_above,
        passing_events_above,
        failing_events_below,
        background_above_scan,
        background_linearity,
        smallest_background_step,
        monotone_cuts,
        largest_tightening,
        largest_scaled_cut,
        largest_bend,
        scores_at_ends,
        largest_cut_difference,
        cut_distance_to_scan,
        between_neighbours,
        roughness_ratio,
        single_cut_difference,
        single_cut_distance_to_scan,
        efficiency_after_shift,
        robustness_gain,
        source_setting,
        network_setting,
        *zloss_measures.MEASURES,
        *optimum_measures.MEASURES,
        *property_measures.MEASURES,
        *watts_measures.MEASURES,
        *joint_measures.MEASURES,
    )
}
