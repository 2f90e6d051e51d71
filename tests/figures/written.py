"""The files that the workflow writes of a study: events around the cuts of networks that no one trained."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from cabin_core import FeatureScaling, TrainedNetwork
from scripts.data.cut_table import CUT_COLUMNS, PROPERTY_COLUMNS
from scripts.data.score_table import score_column
from scripts.models.network import NetworkModel
from scripts.sources.property_optimum import tabulate_optimum
from scripts.study import Study
from tests.figures.cases import MISSED, STUDIES, TARGETS, TOY_NETWORKS, WATTS_NETWORKS

EVENTS_PER_CLASS = 400
NAN = float("nan")
SIGNS = {"<": -1.0, ">": 1.0}


def write_files(folder: Path, name: str) -> None:
    """Write all files of a study into a new folder."""
    folder.mkdir()
    study = STUDIES[name]
    if name == "toy":
        write_toy(folder, study)
    elif name == "falling":
        write_falling(folder, study)
    elif name in ("line", "plane"):
        write_watts(folder, study)
    else:
        write_study(folder, study)


def logistic(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(x / 2)) / 2


def write_study(folder: Path, study: Study) -> None:
    """Write the feature table, the networks `linear`, `bce` and `scan`, and the robustness of a study."""
    rng = np.random.default_rng(7)
    names = study.feature_names
    signs = np.array([SIGNS[direction] for direction in study.directions])
    in_gev = np.array([feature.unit == "GeV" for feature in study.features])
    is_signal = np.repeat([True, False], EVENTS_PER_CLASS)
    values = rng.normal(0.8 * signs * np.where(is_signal, 1, -1)[:, None], np.linspace(0.7, 1.3, len(signs)))
    events = pd.DataFrame(np.where(in_gev, 150 + 25 * values, 1.5 + 0.4 * values), columns=names)
    events["label"] = is_signal.astype(np.int8)
    events["split"] = np.where(rng.random(len(events)) < 0.4, "test", "train")
    events["weight"] = rng.uniform(0.5, 1.5, len(events))
    events.to_parquet(folder / "features.parquet", index=False)

    for network, targets in {"linear": [NAN], "bce": [NAN], "scan": TARGETS[study.name]}.items():
        write_network(folder / network, events, names, signs, targets, has_cuts=network != "linear")
    write_boxes(folder / "boxes", folder / "scan")
    shifts = [0.0, 0.1, 0.2]
    points = [("bce", NAN, 0.9999994, 0.4), ("bce", NAN, 0.9999969, 0.5), ("scan", 0.6, 0.5, 0.58)]
    pd.DataFrame(
        {
            "network": network,
            "target_efficiency": target,
            "score_above": threshold,
            "max_shift": shift,
            "signal_efficiency": start * (1 - shift / start**2 / 4),
            "signal_efficiency_uncertainty": 0.01,
            "background_efficiency": 0.001,
            "background_efficiency_uncertainty": 0.0005,
        }
        for network, target, threshold, start in points
        for shift in shifts
    ).to_csv(folder / "robustness.csv", index=False)
    write_certificates(folder)
    write_cut_prices(folder, names)
    write_overtraining(folder / "overtraining.csv")
    efficiency = np.geomspace(1e-4, 1e-2, 20)
    optimum = {"signal_efficiency": efficiency, "one_sided": 0.5 * efficiency, "two_sided": 0.4 * efficiency}
    pd.DataFrame(optimum).to_csv(folder / "optimum.csv", index=False)


def write_certificates(folder: Path) -> None:
    """Write the distance of two networks to the best cuts: not proven at the lowest target."""
    targets = [0.3, 0.5, 0.7, 0.9]
    pd.DataFrame(
        {
            "network": network,
            "target_efficiency": target,
            "cuts": cuts,
            "background": ratio * 1000 * target**2,
            "signal_efficiency": target,
            "best_background": 1000 * target**2,
            "events_left": round(ratio * 500 * target**2),
            "best_events_left": round(500 * target**2),
            "bound": 1000 * target**2 * closed,
            "ratio": ratio,
            "ratio_uncertainty": 0.01 / target,
            "ratio_to_bound": ratio / closed,
            "gap": 1 - closed,
            "ended": "proven" if closed == 1.0 else "nodes",
            "test_ratio": 1 + 0.9 * (ratio - 1),
            "test_ratio_uncertainty": 0.02 / target,
        }
        for network, cuts, worse in (("scan", "directions", 0.2), ("boxes", "windows", 0.1))
        for target in targets
        for ratio, closed in [(1 + worse * (1 - target), 0.9 if target < 0.5 else 1.0)]
    ).to_csv(folder / "certify.csv", index=False)


def write_cut_prices(folder: Path, names: list[str]) -> None:
    """Write prices of cuts at two targets: at the lower one large and not proven."""
    parts = []
    for target, scale, closed in ((0.5, 1.0, False), (0.9, 0.1, True)):
        prices = 1 + scale * np.linspace(0, 6, len(names)) ** 2 / 3
        left = 1 + scale * np.linspace(0, 6, len(names)) ** 2 / 4
        rows = [("all", None, len(names), 1.0)]
        rows += [("without", name, len(names) - 1, price) for name, price in zip(names, prices, strict=True)]
        rows += [("fewest", None, len(names) - gone, left[gone]) for gone in range(1, len(names))]
        table = pd.DataFrame(rows, columns=["part", "feature", "n_features", "ratio"])
        parts.append(
            table.assign(
                target_efficiency=target,
                ratio_low=table["ratio"] if closed else np.maximum(1, 0.7 * table["ratio"]),
                ratio_high=table["ratio"] * (1.0 if closed else 1.2),
                proven=closed,
                test_ratio=0.5 + 0.5 * table["ratio"],
                test_ratio_uncertainty=0.1 * scale * table["ratio"],
            )
        )
    pd.concat(parts).to_csv(folder / "cut_prices.csv", index=False)


def write_overtraining(path: Path) -> None:
    """Write simpler cuts, boxes with points beyond the ends of a figure, and a network without targets."""
    rows = [
        ("scan", target, ratio, 0.08, NAN, NAN) for target, ratio in [(0.3, 1.1), (0.6, 0.98), (0.9, 1.01)]
    ]
    rows += [
        ("boxes", 0.3, 3.2, 0.7, -0.8, 0.6),
        ("boxes", 0.6, 1.3, 0.2, 0.4, 0.3),
        ("boxes", 0.9, NAN, NAN, 1.2, 0.2),
        ("linear", NAN, 1.6, 0.1, 0.7, 0.05),
    ]
    columns = ["network", "target_efficiency", "background_ratio", "background_ratio_uncertainty"]
    table = pd.DataFrame(rows, columns=[*columns, "survived", "survived_uncertainty"])
    table.assign(simpler="scan").to_csv(path, index=False)


def write_network(
    folder: Path,
    events: pd.DataFrame,
    names: list[str],
    signs: np.ndarray,
    targets: list[float],
    has_cuts: bool,
) -> None:
    """Write cuts, scores, metrics and history; cuts let the target, or 80 %, of the signal pass."""
    mean, spread = training_scaling(events, names)
    scaled = (events[names].to_numpy() - mean) / spread
    is_signal, test = events["label"].to_numpy() == 1, (events["split"] == "test").to_numpy()
    scores = events[["label", "split", "weight"]].copy()
    cuts, metrics = [], []
    for target in targets:
        each = np.nan_to_num(target, nan=0.8) ** (1 / len(names))
        cut = np.array(
            [
                np.quantile(of_feature[is_signal], each if sign < 0 else 1 - each)
                for of_feature, sign in zip(scaled.T, signs, strict=True)
            ]
        )
        passed = ((scaled - cut) * signs > 0).all(axis=1)
        score = logistic(15 * signs * (scaled - cut)).prod(axis=1) if has_cuts else logistic(scaled @ signs)
        scores[score_column(target)] = score
        row = {"target_efficiency": target}
        for of_class, kind in ((is_signal, "signal"), (~is_signal, "background")):
            weights = events["weight"].to_numpy()[test & of_class]
            efficiency = np.average(passed[test & of_class], weights=weights)
            row[f"{kind}_efficiency"] = efficiency
            row[f"{kind}_efficiency_uncertainty"] = np.sqrt(efficiency * (1 - efficiency) / len(weights))
            row[f"loss_{kind}_efficiency"] = np.average(score[test & of_class], weights=weights)
        threshold = NAN if has_cuts else 0.5
        row |= {"auc": roc_auc_score(is_signal[test], score[test]), "score_above": threshold}
        metrics.append(row)
        if has_cuts:
            directions = np.where(signs < 0, "<", ">")
            cuts += zip([target] * len(names), names, directions, mean + spread * cut, cut, strict=True)
    epoch = np.arange(61)
    terms = {
        "efficiency": 40 * np.exp(-epoch / 4) + 0.02,
        "background": 0.2 * np.exp(-epoch / 30) * logistic(6.0 * (epoch - 5)),
        "cut_size": 2e-4 * np.sqrt(epoch / 60),
        "bce": 0.02 + 0.2 * np.exp(-epoch / 6),
        "smoothness": 0.003 * epoch / (epoch + 3),
    }
    terms = {term: of_term * (len(targets) > 1 or term == "bce") for term, of_term in terms.items()}
    history = {"epoch": epoch}
    for split, factor in (("train", 1.0), ("test", 1.3)):
        history[f"{split}_total"] = factor * sum(terms.values())
        history |= {f"{split}_{term}": factor * of_term for term, of_term in terms.items()}

    folder.mkdir()
    scores.to_parquet(folder / "scores.parquet", index=False)
    pd.DataFrame(cuts, columns=CUT_COLUMNS).to_csv(folder / "cuts.csv", index=False)
    pd.DataFrame(metrics).to_csv(folder / "metrics.csv", index=False)
    pd.DataFrame(history).to_csv(folder / "history.csv", index=False)
    write_timing(folder, 2.5 * len(targets))


def write_timing(folder: Path, seconds: float) -> None:
    row = {"seconds": [1.1 * seconds], "cpu_seconds": [seconds]}
    pd.DataFrame(row).to_csv(folder / "training.tsv", sep="\t", index=False)


def write_boxes(folder: Path, scan: Path) -> None:
    """Write what a search for boxes leaves: cuts of a scan that jump, and a target in between."""
    folder.mkdir()
    cuts, metrics = pd.read_csv(scan / "cuts.csv"), pd.read_csv(scan / "metrics.csv")
    jumps = np.where(np.arange(len(cuts)) % 3 == 0, 1.0, -0.5)
    cuts[["cut", "cut_scaled"]] += jumps[:, None] * np.array([5.0, 0.5])
    absent = (cuts["feature"] == cuts["feature"][0]) & (cuts["target_efficiency"] == 0.9)
    cuts[~absent].to_csv(folder / "cuts.csv", index=False)
    metrics["background_efficiency"] = [0.05, 0.01, 0.0, *[0.0] * (len(metrics) - 3)]
    between = metrics.iloc[[0]].assign(target_efficiency=0.35, signal_efficiency=0.36)
    pd.concat([metrics, between]).to_csv(folder / "metrics.csv", index=False)
    pd.read_parquet(scan / "scores.parquet").to_parquet(folder / "scores.parquet", index=False)
    write_timing(folder, 0.02)


def write_toy(folder: Path, study: Study) -> None:
    """Write the feature table of the toy and its linear networks."""
    study.source.generate(study).to_parquet(folder / "features.parquet", index=False)
    events = pd.read_parquet(folder / "features.parquet")
    scaling = FeatureScaling(study.feature_names, *training_scaling(events, study.feature_names))
    for name, (weights, constant, _, share) in TOY_NETWORKS.items():
        settings = study.networks[name]
        network = settings.build(study.directions)
        network.linear.weight.data = torch.tensor([weights], dtype=torch.float64)
        network.linear.bias.data = torch.tensor([constant], dtype=torch.float64)
        write_trained(folder / name, study, name, network, scaling, events)
        epoch = np.arange(61)
        history = {"epoch": epoch, "train_total": 17 * (1 + np.exp(-epoch / 9)), "test_total": 18.0}
        if share:
            history |= {"train_share": share + 0.3 * np.exp(-epoch / 9), "train_spread": np.exp(-epoch / 15)}
        pd.DataFrame(history).to_csv(folder / name / "history.csv", index=False)


def write_trained(
    folder: Path, study: Study, name: str, network: nn.Module, scaling: FeatureScaling, events: pd.DataFrame
) -> None:
    """Write a network as if it had been trained, its cuts and the scores of all events."""
    settings = study.networks[name]
    entry = settings.model_dump(exclude_unset=True)
    model = NetworkModel(TrainedNetwork(network, scaling, tuple(study.directions), entry), settings)
    folder.mkdir()
    model.save(folder / "model.pt")
    scores = events[["label", "split", "weight"]].assign(score=model.scores(events)[:, 0])
    scores.to_parquet(folder / "scores.parquet", index=False)
    model.cuts().to_csv(folder / "cuts.csv", index=False)


def write_falling(folder: Path, study: Study) -> None:
    """Write a study whose cuts follow pT: its events, the best cuts, and networks that miss them."""
    study.source.generate(study).to_parquet(folder / "features.parquet", index=False)
    optimum = tabulate_optimum(study)
    optimum.to_csv(folder / "bin_optimum.csv", index=False)
    for name, missed in MISSED.items():
        (folder / name).mkdir()
        by = dict(zip([20.0, 40.0, 60.0], missed, strict=True))
        offset = optimum["property_low"].map(by)
        # The bin that is not cut on x is cut on y.
        offset = offset.where(optimum["feature"] == "x", offset.fillna(0.0))
        cuts = optimum.assign(cut=optimum["cut"] + offset, cut_scaled=0.0)
        columns = [*CUT_COLUMNS, *PROPERTY_COLUMNS]
        cuts.dropna(subset="cut")[columns].to_csv(folder / name / "cuts.csv", index=False)
    of_bins = [(20.0, 40.0), (40.0, 60.0), (60.0, 100.0)]
    rows = [
        (seed, name, target, low, high, size * (1 + 0.1 * seed) * low / 20)
        for seed in (4, 5, 6)
        for name, size in (("alone", 0.2), ("smooth", 0.1))
        for target in (0.7, 0.9)
        for low, high in of_bins
    ]
    names = ["seed", "network", "target_efficiency", "property_low", "property_high", "distance"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "repeats.csv", index=False)
    kept = [
        (
            strategy,
            seed,
            fraction,
            fraction,
            0.9 * fraction**power,
            1 - power / 2 + 0.01 * seed,
            1.3 - fraction,
        )
        for seed in (1, 2, 3)
        for strategy, power in (("together", 0.3), ("cuts first", 0.32), ("network alone", 0.1))
        for fraction in (0.1, 0.03, 0.01)
    ]
    names = ["strategy", "seed", "fraction", "kept_background", "kept_signal", "auc", "cross_entropy"]
    # Without a search there is no significance.
    pd.DataFrame(kept, columns=names).assign(significance=np.nan).to_csv(
        folder / "kept_fractions.csv", index=False
    )


def write_watts(folder: Path, study: Study) -> None:
    """Write the feature table of a study of Watts' events, and networks whose cuts drift."""
    features = study.feature_names
    events = study.source.generate(study)
    # All of them would take seconds a figure.
    events = events.iloc[:: 1 if len(features) == 2 else 20]
    events.to_parquet(folder / "features.parquet", index=False)
    scaling = FeatureScaling.identity(features)
    for name, (start, drift, _) in WATTS_NETWORKS.items():
        network = study.networks[name].build(study.directions, 3)
        epoch = np.arange(801)
        cuts = [at + drift * (0.8 + 0.2 * i) * epoch / 800 for i, at in enumerate(start[: len(features)])]
        with torch.no_grad():
            network.preselection.bias.copy_(-torch.tensor([at[-1] for at in cuts])[None, None])
            # High around the signal: three lines that meet there.
            corner = torch.tensor([[2.0, 0.5], [-1.0, 1.0], [0.5, 2.0]])[:, : len(features)]
            network.classifier.layers[0].weight.copy_(corner)
            network.classifier.layers[2].weight.fill_(1.0)
            network.classifier.layers[2].bias.fill_(-6.0)
        write_trained(folder / name, study, name, network, scaling, events)
        total = 4000 + 600 * np.exp(-epoch / 100)
        history = {"epoch": epoch, "train_total": total, "test_total": total}
        history |= {f"cut_{feature}": at for feature, at in zip(features, cuts, strict=True)}
        pd.DataFrame(history).to_csv(folder / name / "history.csv", index=False)


def training_scaling(events: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    training = events.loc[events["split"] == "train", names].to_numpy()
    return training.mean(axis=0), training.std(axis=0)
