"""The numbers that each figure draws, where they end up in it, and the look of it."""

import importlib
import inspect
import io
from functools import cache
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, StepPatch
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from cabin_core import FeatureScaling, TrainedNetwork, load_network, save_network
from scripts import draw_figure
from scripts.data.cut_table import PROPERTY_COLUMNS
from scripts.data.score_table import score_column
from scripts.data.selection import passes_cut_table
from scripts.data.yields import selected_yields
from scripts.evaluation.comparison import cut_roughness, scaled_ranges
from scripts.figures import PLOTS, competitors, descent, passing_against_cut
from scripts.figures.history import CURVES
from scripts.figures.inputs import FigureInputs
from scripts.figures.roc import MOST_POINTS, tabulate_roc
from scripts.figures.scores import panel_title, score_columns
from scripts.figures.style import (
    COLORS,
    LINE_COLORS,
    STYLE,
    densities,
    log_limits,
    panel_grid,
    paper_style,
    with_unit,
)
from scripts.models.base import CUT_COLUMNS, NetworkModel, score_events
from scripts.models.network import make_sample
from scripts.models.network_settings import NetworkSettings, build_network
from scripts.sources import generate_watts
from scripts.sources import processes as generate_processes
from scripts.sources import property_toy as generate_property_toy
from scripts.sources.gaussian_optimum import GaussianClasses
from scripts.sources.property_optimum import GaussianBin, tabulate_optimum

EVENTS_PER_CLASS = 400
NAN = float("nan")
SIGNS = {"<": -1.0, ">": 1.0}
FILE_NAMES = {
    "features": "features.parquet",
    "scores": "scores.parquet",
    "timing": "training.tsv",
    "model": "model.pt",
}

#: The files of two studies: ten features without a unit, as many targets; seven in GeV and radians.
TARGETS = {
    "ten": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.93, 0.95],
    "seven": [0.9, 0.6, 0.3],  # not in increasing order
}
STUDIES = {
    "ten": {
        "title": "Ten features",
        "features": [
            {"name": f"x{i}", "direction": direction, "label": f"$x_{{{i}}}$", "unit": ""}
            for i, direction in enumerate("<>>>>><><>")
        ],
        "source": {"kind": "gaussian", "seed": 123, "mean_scale": 0.0, "width_scale": 20.0},
        "search": {
            "luminosity": 140.0,
            "cross_sections": {"signal": 0.1, "background": 2.0},
            "relative_uncertainty": 0.2,
            "minimum_signal": 1.0,
        },
    },
    "seven": {
        "title": "Seven features",
        "features": [
            {"name": "mt1", "direction": "<", "label": r"$m_\mathrm{T}(\ell_1)$", "unit": "GeV"},
            {"name": "dphi1", "direction": "<", "label": r"$\Delta\phi(\ell_1)$", "unit": ""},
            {"name": "mt2", "direction": ">", "label": r"$m_\mathrm{T}(\ell_2)$", "unit": "GeV"},
            {"name": "dphi2", "direction": ">", "label": r"$\Delta\phi(\ell_2)$", "unit": ""},
            {"name": "jet_pt", "direction": ">", "label": r"Jet $p_\mathrm{T}$", "unit": "GeV"},
            {"name": "dr", "direction": ">", "label": r"$\Delta R(\ell\ell)$", "unit": ""},
            {"name": "met", "direction": ">", "label": "MET", "unit": "GeV", "range": [90.0, 220.0]},
        ],
        "source": {"kind": "simulation"},
        "search": {
            "luminosity": 10.0,
            "cross_sections": {"signal": 2.0, "background": 30.0},
            "relative_uncertainty": 0.0,
            "minimum_signal": 0.0,
        },
    },
}

#: A search with two backgrounds in two features.
TOY = {
    "title": "Two backgrounds",
    "features": [
        {"name": "x1", "direction": ">", "label": "$x_{1}$", "unit": "GeV", "range": [-2, 7]},
        {"name": "x2", "direction": ">", "label": "$x_{2}$", "unit": ""},
    ],
    "source": {
        "seed": 3,
        "processes": {
            "s": {"class": "signal", "events": 2000, "mean": [4.0, 7.0], "width": [1.0, 1.0]},
            "b1": {"class": "background", "events": 1500, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
            "b2": {"class": "background", "events": 1000, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
        },
    },
    "search": {"luminosity": 3000.0, "cross_sections": {"s": 0.1, "b1": 1.0, "b2": 100.0}},
}
#: Weights and constant of linear networks in scaled units, epsilon, and the share of the loss at the end.
TOY_NETWORKS = {
    "bce": ([2.7, -0.25], -0.9, None, None),
    "zloss": ([1e-3, 2e-3], 0.02, None, 1.004),
    "zloss_large": ([0.7, -0.75], -0.1, 3000.0, 0.97),
    "zloss_larger": ([1.2, -1.5], 0.1, 10000.0, 0.73),
}
DEMANDS = {"signal_efficiency": 0.05, "background_yield": 5}
STUDIES["toy"] = TOY
#: Watts' events, few of them.
STUDIES["line"] = {
    "title": "One dimension",
    "features": [{"name": "x", "direction": ">", "label": "$x$", "unit": ""}],
    "source": {"kind": "watts", "sample": "line", "test_events": 200, "seed": 1},
}
STUDIES["plane"] = {
    "title": "Two dimensions",
    "features": [
        {"name": "x1", "direction": ">", "label": "$x_{1}$", "unit": "GeV", "range": [-8, 8]},
        {"name": "x2", "direction": ">", "label": "$x_{2}$", "unit": "", "range": [-8, 8]},
    ],
    "source": {"kind": "watts", "sample": "plane_anew", "events": 500, "test_events": 500, "seed": 1},
}
#: Where the cuts of its networks start and how far they go, by name and whether the classifier has a sigmoid.
WATTS_NETWORKS = {"softmax": ([1.0, 1.0], -3.0, True), "raw": ([-4.0, -4.0], -3.5, False)}

#: Features that follow pT, with the best cuts of three bins.
FALLING = {
    "title": "Features that follow pT",
    "features": [
        {"name": "x", "direction": "<", "label": "$x$", "unit": ""},
        {"name": "y", "direction": ">", "label": "$y$", "unit": "GeV"},
    ],
    "properties": [
        {"name": "eta", "label": r"$\eta$", "unit": ""},
        {"name": "pt", "label": r"$p_\mathrm{T}$", "unit": "GeV"},
    ],
    "source": {
        "seed": 3,
        "property": {"name": "pt", "low": 20.0, "high": 100.0},
        "signal": {"events": 400, "scale": 30.0, "mean": [[0.0, 1.0], [1.5, 1.0]], "width": [[1.0], [1.0]]},
        "background": {"events": 400, "scale": 30.0, "mean": [[1.5, 1.0], [0.0]], "width": [[1.0], [1.0]]},
    },
    "bin_optimum": {"name": "pt", "edges": [20.0, 40.0, 60.0, 100.0], "targets": [0.7, 0.9]},
}
#: By how much the cuts of three networks miss the best ones in each bin; NaN for no cut at all.
MISSED = {"smooth": [0.1, 0.1, 0.2], "alone": [0.2, -0.4, 0.7], "boxes": [-0.1, 0.5, NAN]}
STUDIES["falling"] = FALLING

#: What is drawn: by the name of the baseline image, an entry of the config.
CASES = {
    "activation": {"plot": "activation", "scales": [1, 2, 15]},
    "diagram_one_to_one": {"plot": "diagram", "model": "one_to_one"},
    "diagram_linear": {"plot": "diagram", "model": "linear"},
    "feynman": {"plot": "feynman", "processes": ["sleptons", "ww"]},
    "features": {"plot": "features", "study": "seven", "bins": 30},
    "features_with_cuts": {
        "plot": "features_with_cuts",
        "study": "ten",
        "networks": ["bce"],
        "scaled": True,
        "bins": 30,
    },
    "features_with_cuts_scan": {
        "plot": "features_with_cuts",
        "study": "seven",
        "networks": ["scan"],
        "scaled": False,
        "bins": 30,
    },
    "scores": {"plot": "scores", "study": "ten", "networks": ["scan"]},
    "scores_near_one": {"plot": "scores_near_one", "study": "seven", "networks": ["bce", "scan"]},
    "roc": {"plot": "roc", "study": "ten", "networks": ["scan"]},
    "scores_and_roc": {"plot": "scores_and_roc", "study": "seven", "networks": ["linear"]},
    "history": {"plot": "history", "study": "seven", "networks": ["scan"]},
    "cuts": {"plot": "cuts", "study": "ten", "networks": ["scan", "bce"], "scaled": True},
    "cuts_physical": {"plot": "cuts", "study": "seven", "networks": ["scan", "bce"], "scaled": False},
    "efficiencies": {"plot": "efficiencies", "study": "seven", "networks": ["scan"]},
    "robustness": {"plot": "robustness", "study": "seven"},
    "competitors": {"plot": "competitors", "study": "seven", "networks": ["scan", "boxes", "linear"]},
    "optimum": {"plot": "optimum", "study": "ten", "networks": ["scan", "bce"]},
    "search": {"plot": "search", "study": "ten", "networks": ["scan", "bce"]},
    "boundaries": {
        "plot": "boundaries",
        "study": "toy",
        "networks": ["bce", "zloss_large"],
        "drawn_events": {"b2": 400, "b1": 200, "s": 30},
        "published": {"zloss_large": [[0.0, 1.5], [7.0, 11.3]]},
    },
    "significance": {
        "plot": "significance",
        "study": "toy",
        "networks": ["bce", "zloss_large"],
        "against": "signal_efficiency",
        "demands": DEMANDS,
        "published": {"bce": [[0.3, 3.9], [0.6, 2.7]], "zloss_large": [[0.5, 4.5]]},
    },
    "class_efficiencies": {
        "plot": "class_efficiencies",
        "study": "toy",
        "networks": ["zloss_large"],
        "published": {"s": [[0.5, 0.46]], "b2": [[0.1, 0.29], [0.2, 0.06]]},
    },
    "background_roc": {
        "plot": "background_roc",
        "study": "toy",
        "networks": ["bce", "zloss_large"],
        "background": "expected",
        "published": {"bce": [[0.1, 0.87]]},
    },
    "loss_landscapes": {
        "plot": "loss_landscapes",
        "cross_sections": [1.0, 10.0],
        "luminosity": 1.0,
        "epsilon": 1.0,
        "errors": ["hinge", "sigmoid", "cross_entropy", "focal"],
    },
    "collapse": {
        "plot": "collapse",
        "study": "toy",
        "networks": ["zloss_larger", "zloss", "zloss_large"],
        "demands": DEMANDS,
    },
    "property_cuts": {
        "plot": "property_cuts",
        "study": "falling",
        "networks": ["boxes", "alone", "smooth"],
        "target": 0.9,
        "curves": ["smooth"],
    },
    "property_efficiencies": {
        "plot": "property_efficiencies",
        "study": "falling",
        "networks": ["alone", "smooth"],
        "target": 0.7,
    },
    "property_distances": {"plot": "property_distances", "study": "falling"},
    "kept_fractions": {"plot": "kept_fractions", "study": "falling"},
    "emulations": {"plot": "emulations", "study": "line"},
    "emulated_losses": {"plot": "emulated_losses", "study": "line"},
    "gradient_reach": {"plot": "gradient_reach", "study": "line"},
    "cut_surfaces": {"plot": "cut_surfaces", "study": "plane"},
    "descent": {"plot": "descent", "study": "line", "networks": ["softmax"]},
    "cut_history": {
        "plot": "cut_history",
        "study": "plane",
        "networks": ["softmax", "raw"],
        "published_cuts": {"raw": [-7.5, -7.9]},
    },
    "cuts_on_plane": {"plot": "cuts_on_plane", "study": "plane", "networks": ["softmax", "raw"]},
    "joint_scores": {"plot": "joint_scores", "study": "plane", "networks": ["softmax", "raw"]},
    "classification_maps": {
        "plot": "classification_maps",
        "study": "plane",
        "networks": ["softmax"],
        "drawn": 300,
    },
    "passing_against_cut": {"plot": "passing_against_cut", "study": "plane", "networks": ["raw"]},
}
#: More of them, drawn without a baseline image.
OTHERS = {
    "scores_of_one_target": {"plot": "scores", "study": "seven", "networks": ["bce"]},
    "roc_of_one_target": {"plot": "roc", "study": "seven", "networks": ["bce"]},
    "cuts_with_gap": {"plot": "cuts", "study": "seven", "networks": ["scan"], "scaled": True},
    "feynman_of_one_process": {"plot": "feynman", "processes": ["ww"]},
    "search_of_events": {"plot": "search", "study": "seven", "networks": ["scan", "linear"]},
    "history_of_one_term": {"plot": "history", "study": "seven", "networks": ["bce"]},
    "history_of_the_z_loss": {"plot": "history", "study": "toy", "networks": ["zloss_large"]},
    "significance_against_threshold": {
        "plot": "significance",
        "study": "toy",
        "networks": ["zloss_large"],
        "against": "threshold",
        "demands": DEMANDS,
        "published": {},
    },
    "background_roc_of_events": {
        "plot": "background_roc",
        "study": "toy",
        "networks": ["zloss_large"],
        "background": "generated",
        "published": {},
    },
}
FIGURES = CASES | OTHERS


def cases():
    """Parametrize with all figures."""
    return pytest.mark.parametrize("case", list(FIGURES))


# The data: events around the cuts of three networks, in the files that the workflow writes.


def logistic(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(x / 2)) / 2


def write_study(folder: Path, name: str) -> None:
    """Write the feature table, the networks `linear`, `bce` and `scan`, and the robustness of a study."""
    rng = np.random.default_rng(7)
    features = STUDIES[name]["features"]
    names = [feature["name"] for feature in features]
    signs = np.array([SIGNS[feature["direction"]] for feature in features])
    in_gev = np.array([feature["unit"] == "GeV" for feature in features])
    is_signal = np.repeat([True, False], EVENTS_PER_CLASS)
    values = rng.normal(0.8 * signs * np.where(is_signal, 1, -1)[:, None], np.linspace(0.7, 1.3, len(signs)))
    events = pd.DataFrame(np.where(in_gev, 150 + 25 * values, 1.5 + 0.4 * values), columns=names)
    events["label"] = is_signal.astype(np.int8)
    events["split"] = np.where(rng.random(len(events)) < 0.4, "test", "train")
    events["weight"] = rng.uniform(0.5, 1.5, len(events))
    folder.mkdir()
    events.to_parquet(folder / "features.parquet", index=False)

    for network, targets in {"linear": [NAN], "bce": [NAN], "scan": TARGETS[name]}.items():
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
    efficiency = np.geomspace(1e-4, 1e-2, 20)
    optimum = {"signal_efficiency": efficiency, "one_sided": 0.5 * efficiency, "two_sided": 0.4 * efficiency}
    pd.DataFrame(optimum).to_csv(folder / "optimum.csv", index=False)


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


def write_toy(folder: Path) -> None:
    """Write the feature table of the toy and its linear networks."""
    features = ["x1", "x2"]
    folder.mkdir()
    generate_processes.main(
        table=folder / "features.parquet",
        source=TOY["source"],
        features=features,
        split={"test_fraction": 0.5, "seed": 1},
    )
    events = pd.read_parquet(folder / "features.parquet")
    scaling = FeatureScaling(features, *training_scaling(events, features))
    settings = NetworkSettings("linear", bias=True, precision="float64")
    for name, (weights, constant, epsilon, share) in TOY_NETWORKS.items():
        network = build_network(settings, (">", ">"))
        network.linear.weight.data = torch.tensor([weights], dtype=torch.float64)
        network.linear.bias.data = torch.tensor([constant], dtype=torch.float64)
        loss = {"lovasz_z": {"error": "hinge"} | ({"epsilon": epsilon} if epsilon else {})} if share else {}
        trained = TrainedNetwork(network, settings, scaling, (">", ">"), {"loss": loss})
        (folder / name).mkdir()
        save_network(folder / name / "model.pt", trained)
        scores = events[["label", "split", "weight"]].assign(score=score_events(trained, events)[:, 0])
        scores.to_parquet(folder / name / "scores.parquet", index=False)
        epoch = np.arange(61)
        history = {"epoch": epoch, "train_total": 17 * (1 + np.exp(-epoch / 9)), "test_total": 18.0}
        if share:
            history |= {"train_share": share + 0.3 * np.exp(-epoch / 9), "train_spread": np.exp(-epoch / 15)}
        pd.DataFrame(history).to_csv(folder / name / "history.csv", index=False)


def write_falling(folder: Path) -> None:
    """Write a study whose cuts follow pT: its events, the best cuts, and networks that miss them."""
    folder.mkdir()
    generate_property_toy.main(
        table=folder / "features.parquet",
        source=FALLING["source"],
        features=["x", "y"],
        split={"test_fraction": 0.5, "seed": 1},
    )
    optimum = tabulate_optimum(FALLING)
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


def write_watts(folder: Path, study: dict) -> None:
    """Write the feature table of a study of Watts' events, and networks whose cuts drift."""
    features = [feature["name"] for feature in study["features"]]
    folder.mkdir()
    generate_watts.main(table=folder / "features.parquet", source=study["source"], features=features)
    # All of them would take seconds a figure.
    events = pd.read_parquet(folder / "features.parquet").iloc[:: 1 if len(features) == 2 else 20]
    events.to_parquet(folder / "features.parquet", index=False)
    scaling = FeatureScaling.identity(features)
    directions = [">"] * len(features)
    for name, (start, drift, sigmoid) in WATTS_NETWORKS.items():
        settings = NetworkSettings(
            "joint",
            activation_scale=1.0,
            hidden_layers=(3,),
            classifier_output="sigmoid" if sigmoid else "raw",
        )
        network = build_network(settings, directions, seed=3)
        epoch = np.arange(801)
        cuts = [at + drift * (0.8 + 0.2 * i) * epoch / 800 for i, at in enumerate(start[: len(features)])]
        with torch.no_grad():
            network.preselection.bias.copy_(-torch.tensor([at[-1] for at in cuts])[None, None])
            # High around the signal: three lines that meet there.
            corner = torch.tensor([[2.0, 0.5], [-1.0, 1.0], [0.5, 2.0]])[:, : len(features)]
            network.classifier.layers[0].weight.copy_(corner)
            network.classifier.layers[2].weight.fill_(1.0)
            network.classifier.layers[2].bias.fill_(-6.0)
        trained = TrainedNetwork(network, settings, scaling, tuple(directions), {})
        (folder / name).mkdir()
        save_network(folder / name / "model.pt", trained)
        scores = events[["label", "split", "weight"]].assign(score=score_events(trained, events)[:, 0])
        scores.to_parquet(folder / name / "scores.parquet", index=False)
        NetworkModel(trained).cuts().to_csv(folder / name / "cuts.csv", index=False)
        total = 4000 + 600 * np.exp(-epoch / 100)
        history = {"epoch": epoch, "train_total": total, "test_total": total}
        history |= {f"cut_{feature}": at for feature, at in zip(features, cuts, strict=True)}
        pd.DataFrame(history).to_csv(folder / name / "history.csv", index=False)


def training_scaling(events: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    training = events.loc[events["split"] == "train", names].to_numpy()
    return training.mean(axis=0), training.std(axis=0)


class Results:
    """A folder of results, and the tables and figures made from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = cache(self.fresh_table)

    def read(self, study: str, name: str) -> pd.DataFrame:
        path = self.folder / study / name
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)

    def files(self, figure: dict) -> dict[str, list[Path]]:
        """Return the files that PLOTS declares, and no other."""
        study = self.folder / figure.get("study", "")
        networks = [study / name for name in figure.get("networks", [])]
        of_study = ("features", "robustness", "optimum", "bin_optimum", "repeats", "kept_fractions")
        folders = {kind: [study] for kind in of_study}
        return {
            kind: [folder / FILE_NAMES.get(kind, f"{kind}.csv") for folder in folders.get(kind, networks)]
            for kind in PLOTS[figure["plot"]].files
        }

    def inputs(self, figure: dict) -> FigureInputs:
        return FigureInputs(figure, STUDIES.get(figure.get("study"), {}), self.files(figure))

    def fresh_table(self, case: str) -> pd.DataFrame:
        """Return a table as `draw_figure` gives it to `make_figure`: read back from csv."""
        table = module_of(case).tabulate(self.inputs(FIGURES[case]))
        return pd.read_csv(io.StringIO(table.to_csv(index=False)))

    def figure(self, case: str, table: pd.DataFrame | None = None) -> matplotlib.figure.Figure:
        given = self.table(case).copy() if table is None else table
        with paper_style():
            return module_of(case).make_figure(given, FIGURES[case], study_of(case))


def module_of(case: str):
    return importlib.import_module(f"scripts.figures.{FIGURES[case]['plot']}")


def study_of(case: str) -> dict:
    return STUDIES.get(FIGURES[case].get("study"), {})


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> Results:
    folder = tmp_path_factory.mktemp("results")
    for name in STUDIES:
        if name == "toy":
            write_toy(folder / name)
        elif name == "falling":
            write_falling(folder / name)
        elif name in ("line", "plane"):
            write_watts(folder / name, STUDIES[name])
        else:
            write_study(folder / name, name)
    return Results(folder)


def steps(ax, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return heights and edges of the filled histogram of a class."""
    (patch,) = (
        p for p in ax.patches if isinstance(p, StepPatch) and to_hex(p.get_facecolor()) == COLORS[name]
    )
    return patch.get_data().values, patch.get_data().edges


def labelled(ax) -> dict:
    """Return the lines of an axes that the legend names."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def legend_texts(legend) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


# All kinds.


@pytest.mark.parametrize("case", CASES)
@pytest.mark.mpl_image_compare(style=STYLE, tolerance=2, savefig_kwargs={"dpi": 60})
def test_image(results, case):
    return results.figure(case)


@pytest.mark.parametrize("kind", PLOTS)
def test_every_kind_has_a_module_and_an_image(kind):
    module = importlib.import_module(f"scripts.figures.{kind}")
    assert list(inspect.signature(module.tabulate).parameters) == ["inputs"]
    assert list(inspect.signature(module.make_figure).parameters) == ["table", "options", "study"]
    options = [set(case) - {"plot", "study", "networks"} for case in CASES.values() if case["plot"] == kind]
    assert options
    assert all(given == set(PLOTS[kind].options) for given in options)


@cases()
def test_the_files_read_are_those_declared(results, monkeypatch, case):
    read = set()
    original, original_model = FigureInputs.read, FigureInputs.model

    def record(inputs: FigureInputs, kind: str, position: int = 0) -> pd.DataFrame:
        read.add((kind, position))
        return original(inputs, kind, position)

    def record_model(inputs: FigureInputs, position: int = 0) -> TrainedNetwork:
        read.add(("model", position))
        return original_model(inputs, position)

    monkeypatch.setattr(FigureInputs, "read", record)
    monkeypatch.setattr(FigureInputs, "model", record_model)
    results.fresh_table(case)
    declared = results.files(FIGURES[case])
    assert read == {(kind, i) for kind, paths in declared.items() for i in range(len(paths))}


@cases()
def test_make_figure_changes_nothing_else(results, case):
    table, settings = results.fresh_table(case), dict(matplotlib.rcParams)
    before = table.copy()
    module_of(case).make_figure(table, FIGURES[case], study_of(case))
    assert_frame_equal(table, before)
    assert dict(matplotlib.rcParams) == settings
    assert plt.get_fignums() == []


@cases()
def test_legend_and_title_are_inside_and_apart(results, case):
    figure = results.figure(case)
    with paper_style():
        figure.draw_without_rendering()
    legends = figure.legends + [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    boxes = [legend.get_window_extent() for legend in legends]
    assert all(figure.bbox.padded(1).containsx(x) for box in boxes for x in (box.x0, box.x1))
    assert all(figure.bbox.padded(1).containsy(y) for box in boxes for y in (box.y0, box.y1))
    if study_of(case):
        assert figure.get_suptitle() == study_of(case)["title"]
        assert not figure._suptitle.get_window_extent().count_overlaps(boxes)


@pytest.mark.parametrize(
    "case",
    [
        "features",
        "features_with_cuts",
        "scores",
        "roc",
        "cuts",
        "cuts_physical",
        "cuts_with_gap",
    ],
)
def test_the_lowest_panel_of_each_column_has_numbers_and_a_label(results, case):
    axes = results.figure(case).axes
    assert len(axes) == {"ten": 10, "seven": 7}[FIGURES[case]["study"]]
    lowest = {ax.get_subplotspec().colspan.start: ax for ax in axes}
    assert len(lowest) == -(-len(axes) // 2)
    for ax in lowest.values():
        assert ax.xaxis.get_tick_params()["labelbottom"]
        assert ax.get_xlabel()


# Kind by kind: the table against a computation of its own, the figure against the table.


def test_activation(results):
    table, (ax,) = results.table("activation"), results.figure("activation").axes
    x = table["x"].to_numpy()
    assert x[[0, -1]].tolist() == [-4, 4]
    np.testing.assert_array_equal(table["step"], np.where(x > 0, 1, np.where(x < 0, 0, 0.5)))
    for scale in (1, 2, 15):
        np.testing.assert_allclose(table[f"sigmoid_{scale}"], logistic(scale * x), atol=1e-12)
    assert legend_texts(ax.get_legend()) == ["Step function", *(rf"$\sigma({a}x)$" for a in ("", 2, 15))]
    for line, column in zip(ax.lines, table.columns[1:], strict=True):
        np.testing.assert_array_equal(line.get_xydata(), table[["x", column]])
    assert ax.lines[0].get_linestyle() == "--"
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 4


@pytest.mark.parametrize(
    ("model", "nodes", "edges"),
    [("one_to_one", ["$x_{1}$", "$x_{2}$", "$x_{m}$", *3 * [r"$\sigma$"], r"$\Pi$", "$y$"], 3 + 3 + 1),
     ("linear", ["$x_{1}$", "$x_{2}$", "$x_{m}$", r"$\sigma(\Sigma)$", "$y$"], 3 + 1)],
)  # fmt: skip
def test_diagram(results, model, nodes, edges):
    table, (ax,) = results.table(f"diagram_{model}"), results.figure(f"diagram_{model}").axes
    drawn = table[table["element"] == "node"]
    assert sorted(drawn["label"]) == sorted(nodes)
    places = set(zip(drawn["x"], drawn["y"], strict=True))
    wires = table[table["element"] == "edge"]
    assert len(wires) == edges
    # Wires join nodes, and each node but the score leads on to one.
    assert set(zip(wires["x2"], wires["y2"], strict=True)) < places
    assert set(zip(wires["x"], wires["y"], strict=True)) == places - {(drawn["x"].max(), 1.5)}
    assert {tuple(patch.center) for patch in ax.patches if isinstance(patch, Circle)} == places
    assert sum(getattr(text, "arrow_patch", None) is not None for text in ax.texts) == edges
    shown = [text.get_text() for text in ax.texts if text.get_text()]
    assert sorted(shown) == sorted(table["label"].dropna())
    assert ("Hidden layer" in shown) == (model == "one_to_one")


#: Charge and lepton number of what Figure 5 draws.
CHARGES = {
    r"$\tilde{\ell}^{+}$": (1, -1),
    r"$\tilde{\ell}^{-}$": (-1, 1),
    r"$\ell^{+}$": (1, -1),
    r"$\ell^{-}$": (-1, 1),
    r"$\tilde{\mathit{\chi}}^{0}_{1}$": (0, 0),
    r"$\mathit{W}^{+}$": (1, 0),
    r"$\mathit{W}^{-}$": (-1, 0),
    r"$\mathit{\nu}$": (0, 1),
    r"$\bar{\mathit{\nu}}$": (0, -1),
}


@pytest.mark.parametrize("case", ["feynman", "feynman_of_one_process"])
def test_feynman(results, case):
    table, axes = results.table(case), results.figure(case).axes
    assert list(table["diagram"].unique()) == FIGURES[case]["processes"]
    for ax, (process, lines) in zip(axes, table.groupby("diagram", sort=False), strict=True):
        # Lines that end in the same point end in the same place.
        places = pd.concat(
            [
                lines[["from", "x", "y"]].set_axis(["point", "x", "y"], axis=1),
                lines[["to", "x2", "y2"]].set_axis(["point", "x", "y"], axis=1),
            ]
        ).drop_duplicates()
        assert places["point"].is_unique
        # What decays keeps its charge and lepton number.
        for decay in ("decay 1", "decay 2"):
            (mother,) = lines.loc[lines["to"] == decay, "particle"]
            daughters = lines.loc[lines["from"] == decay, "particle"]
            assert len(daughters) == 2
            assert tuple(np.sum([CHARGES[name] for name in daughters], axis=0)) == CHARGES[mother]
        assert ("jet" in set(lines["to"])) == (process == "sleptons")
        assert set(lines.loc[lines["to"] == "outer 1", "style"]) == {"fermion"}
        # Every named line has its label, and every curve drawn begins and ends on its points.
        assert [text.get_text() for text in ax.texts] == lines["particle"].dropna().to_list()
        ends = {tuple(np.round(line.get_xydata()[i], 9)) for line in ax.lines for i in (0, -1)}
        assert ends == set(zip(places["x"], places["y"], strict=True))
        curved = lines["style"].isin(["gluon", "boson", "neutralino"]).sum()
        assert (
            sum(len(line.get_xdata()) > 2 for line in ax.lines) == curved == {"sleptons": 3, "ww": 2}[process]
        )
        dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
        assert len(dashed) == (lines["style"] == "slepton").sum()


@pytest.mark.parametrize("case", ["feynman", "feynman_of_one_process"])
def test_labels_of_feynman_diagrams_touch_nothing(results, case):
    figure = results.figure(case)
    with paper_style():
        figure.draw_without_rendering()
        for ax in figure.axes:
            boxes = [text.get_window_extent() for text in [*ax.texts, ax.title]]
            for i, box in enumerate(boxes):
                assert not box.count_overlaps(boxes[:i])
                assert not any(
                    box.padded(-1).contains(*point)
                    for line in ax.lines
                    for point in ax.transData.transform(line.get_xydata())
                )
                assert figure.bbox.containsx(box.x0)
                assert figure.bbox.containsx(box.x1)
            assert ax.title.get_window_extent().y1 <= figure.bbox.y1


def test_features(results):
    table, figure = results.table("features"), results.figure("features")
    events = results.read("seven", "features.parquet")
    for ax, feature in zip(figure.axes, STUDIES["seven"]["features"], strict=True):
        rows = table[table["feature"] == feature["name"]]
        for name, label in (("signal", 1), ("background", 0)):
            bins = rows[rows["class"] == name]
            of_class = events[events["label"] == label]
            values, weights = of_class[feature["name"]], of_class["weight"]
            low, high = feature.get("range", [events[feature["name"]].min(), events[feature["name"]].max()])
            assert (bins["low"].min(), bins["high"].max()) == pytest.approx((low, high))
            assert len(bins) == 30
            # Unit area; what lies outside of the range counts too.
            inside = weights[values.between(low, high)].sum() / weights.sum()
            assert (bins["density"] * (bins["high"] - bins["low"])).sum() == pytest.approx(inside)
            assert (inside < 1) == ("range" in feature)
            edges = np.append(bins["low"], high)
            expected, _ = np.histogram(values, edges, weights=weights, density=True)
            np.testing.assert_allclose(bins["density"], inside * expected, atol=1e-12)
            heights, drawn_edges = steps(ax, name)
            np.testing.assert_array_equal(heights, bins["density"])
            np.testing.assert_allclose(drawn_edges, edges)
        assert ax.get_yscale() == "log"
        lowest, highest = ax.get_ylim()
        assert lowest < rows.loc[rows["density"] > 0, "density"].min()
        assert highest > rows["density"].max()
        assert ax.get_xlabel() == feature["label"] + (" [GeV]" if feature["unit"] else "")
    assert legend_texts(figure.legends[0]) == ["Background", "Signal"]


def test_features_with_the_cuts_of_one_network(results):
    table, figure = results.table("features_with_cuts"), results.figure("features_with_cuts")
    events, cuts = results.read("ten", "features.parquet"), results.read("ten", "bce/cuts.csv")
    features = STUDIES["ten"]["features"]
    mean, spread = training_scaling(events, [feature["name"] for feature in features])
    for i, (ax, feature) in enumerate(zip(figure.axes, features, strict=True)):
        rows = table[(table["feature"] == feature["name"]) & table["density"].notna()]
        values = (events[feature["name"]] - mean[i]) / spread[i]
        assert (rows["low"].min(), rows["high"].max()) == pytest.approx((values.min(), values.max()))
        (line,) = ax.lines
        expected = (cuts.loc[i, "cut"] - mean[i]) / spread[i]
        np.testing.assert_allclose(line.get_xdata(), expected)
        assert line.get_linestyle() == {"<": ":", ">": "--"}[feature["direction"]]
        assert ax.get_title() == f"keeps {feature['direction']} {expected:.2f}"
        assert ax.get_xlabel() == f"{feature['label']} (scaled)"


def test_features_with_the_cuts_of_each_target(results):
    table, figure = results.table("features_with_cuts_scan"), results.figure("features_with_cuts_scan")
    cuts = results.read("seven", "scan/cuts.csv")
    assert_frame_equal(
        table.loc[table["cut"].notna(), "cut":].reset_index(drop=True), cuts[["cut", "target_efficiency"]]
    )
    assert_frame_equal(table.loc[table["cut"].isna(), :"density"], results.table("features"))
    for ax, feature in zip(figure.axes, STUDIES["seven"]["features"], strict=True):
        of_feature = cuts[cuts["feature"] == feature["name"]]
        drawn = [line for line in ax.lines if len(line.get_xdata())]  # the others are for the legend
        by_target = of_feature.sort_values("target_efficiency")
        assert [line.get_xdata()[0] for line in drawn] == by_target["cut"].tolist()
        assert {line.get_linestyle() for line in drawn} == {":" if feature["direction"] == "<" else "--"}
        assert len({to_hex(line.get_color()) for line in drawn}) == 3
        low, high = ax.get_xlim()
        assert low <= by_target["cut"].min() <= by_target["cut"].max() <= high
    assert legend_texts(figure.legends[0])[2:] == ["Target 30 %", "Target 60 %", "Target 90 %"]


def check_scores(ax, table: pd.DataFrame, events: pd.DataFrame, column: str) -> None:
    for (name, split), bins in table.groupby(["class", "split"]):
        rows = events[(events["label"] == (name == "signal")) & (events["split"] == split)]
        assert bins["density"].sum() / 20 == pytest.approx(1)
        upper = rows[rows[column] >= 0.95]
        assert bins["density"].iloc[-1] / 20 == pytest.approx(upper["weight"].sum() / rows["weight"].sum())
        error = np.sqrt((upper["weight"] ** 2).sum()) / rows["weight"].sum()
        assert bins["uncertainty"].iloc[-1] / 20 == pytest.approx(error)
        if split == "train":
            heights, edges = steps(ax, name)
            np.testing.assert_array_equal(heights, bins["density"])
            np.testing.assert_allclose(edges, np.arange(21) / 20)
        else:
            (points,) = (c for c in ax.containers if c.get_label() == f"{name.capitalize()} (test)")
            filled = bins[bins["density"] > 0]
            np.testing.assert_allclose(
                points[0].get_xydata(), np.c_[filled["low"] + 0.025, filled["density"]]
            )
            ends = np.array(points[2][0].get_segments())[:, :, 1]
            np.testing.assert_allclose((ends[:, 1] - ends[:, 0]) / 2, filled["uncertainty"])
            assert points[0].get_color() == COLORS[name]
    assert ax.get_yscale() == "log"
    assert ax.get_xlim() == (0, 1)


LEGEND_OF_SCORES = [
    f"{name} ({split})" for split in ("training", "test") for name in ("Background", "Signal")
]


def test_scores(results):
    table, figure = results.table("scores"), results.figure("scores")
    events = results.read("ten", "scan/scores.parquet")
    assert list(table["panel"].unique()) == [f"score_{target}" for target in TARGETS["ten"]]
    for ax, target in zip(figure.axes, TARGETS["ten"], strict=True):
        check_scores(ax, table[table["panel"] == f"score_{target}"], events, f"score_{target}")
        assert ax.get_title() == f"Target {100 * target:.0f} %"
    assert legend_texts(figure.legends[0]) == LEGEND_OF_SCORES


def test_the_range_shared_by_scores_holds_the_bins_of_all_panels(results):
    # Unlike in the other panels, all bins of the last one are far from empty.
    table = results.table("scores")
    last = table["panel"] == "score_0.95"
    figure = results.figure("scores", table.assign(density=table["density"].mask(last, 1.0)))
    lowest, highest = figure.axes[0].get_ylim()
    assert lowest < table.loc[table["density"] > 0, "density"].min()
    assert highest > table["density"].max()


def test_scores_near_one(results):
    table, figure = results.table("scores_near_one"), results.figure("scores_near_one")
    panels = [("bce", "score", "bce"), ("scan", "score_0.3", "scan, target 30 %")]  # closest to 40 %
    for ax, (network, column, title) in zip(figure.axes, panels, strict=True):
        rows = table[table["network"] == network]
        assert set(rows["panel"]) == {column}
        events = results.read("seven", f"{network}/scores.parquet").query("split == 'test'")
        for name, label in (("signal", 1), ("background", 0)):
            of_class = events[events["label"] == label]
            bins = rows[(rows["class"] == name) & rows["density"].notna()]
            width = bins["high"].to_numpy() - bins["low"].to_numpy()
            # A score of 1 is kept too: the area is all of it.
            assert (bins["density"] * width).sum() == pytest.approx(1)
            beyond = of_class["weight"][of_class[column] > 1 - 1e-3].sum() / of_class["weight"].sum()
            area = (bins["density"] * width)[bins["low"] >= 3 - 1e-9].sum()
            assert area == pytest.approx(beyond)
            np.testing.assert_array_equal(steps(ax, name)[0], bins["density"])
        signal = events[events["label"] == 1]
        points = rows.dropna(subset=["threshold"])
        for efficiency, threshold in zip([0.4, 0.5], points["threshold"], strict=True):
            above = signal[column] > 1 - 10**-threshold
            assert np.average(above, weights=signal["weight"]) == pytest.approx(efficiency, abs=0.03)
        lines = labelled(ax)
        drawn = [lines[f"{percent} % signal efficiency"].get_xdata()[0] for percent in (40, 50)]
        assert drawn == points["threshold"].tolist()
        assert lines["Score 0.5"].get_xdata()[0] == pytest.approx(-np.log10(1 - 0.5))
        assert ax.get_title() == title
        assert ax.get_yscale() == "log"


def test_thresholds_near_one_take_weights(tmp_path):
    scores = np.linspace(0.001, 0.999, 999)
    events = pd.DataFrame({"label": 1, "split": "test", "weight": np.where(scores > 0.8, 1.0, 0.01)})
    events = pd.concat([events.assign(score=scores), events.assign(score=scores, label=0)])
    events.to_parquet(tmp_path / "scores.parquet", index=False)
    module = module_of("scores_near_one")
    table = module.tabulate(
        FigureInputs({"networks": ["net"]}, {}, {"scores": [tmp_path / "scores.parquet"]})
    )
    above = scores > 1 - 10 ** -table["threshold"].dropna().iloc[0]
    assert np.average(above, weights=np.where(scores > 0.8, 1.0, 0.01)) == pytest.approx(0.4, abs=0.01)


def check_roc(ax, rows: pd.DataFrame, events: pd.DataFrame, column: str) -> None:
    test = events[events["split"] == "test"]
    area = roc_auc_score(test["label"], test[column], sample_weight=test["weight"])
    np.testing.assert_allclose(rows["auc"], area)
    curve = rows[["false_positive_rate", "true_positive_rate"]].to_numpy()
    np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [1, 1]], atol=1e-12)
    assert (np.diff(curve, axis=0) >= 0).all()
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(area, abs=2e-3)
    drawn, diagonal = ax.lines
    np.testing.assert_array_equal(drawn.get_xydata(), curve)
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert diagonal.get_linestyle() == "--"
    assert legend_texts(ax.get_legend()) == [f"AUC = {area:.3f}"]


def test_roc(results):
    table, figure = results.table("roc"), results.figure("roc")
    events = results.read("ten", "scan/scores.parquet")
    for ax, target in zip(figure.axes, TARGETS["ten"], strict=True):
        check_roc(ax, table[table["panel"] == f"score_{target}"], events, f"score_{target}")
        assert ax.get_title() == f"Target {100 * target:.0f} %"


def test_thinned_roc_keeps_the_area():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 5000)
    events = pd.DataFrame({"label": label, "split": "test", "weight": 1.0, "score": rng.normal(label)})
    table = tabulate_roc(events)
    assert len(table) == MOST_POINTS
    assert table.iloc[[0, -1], 1:3].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert table["auc"].iloc[0] == pytest.approx(roc_auc_score(label, events["score"]))


def test_scores_and_roc(results):
    table, (left, right) = results.table("scores_and_roc"), results.figure("scores_and_roc").axes
    events = results.read("seven", "linear/scores.parquet")
    check_scores(left, table[table["part"] == "scores"], events, "score")
    check_roc(right, table[table["part"] == "roc"], events, "score")
    assert legend_texts(left.get_legend()) == LEGEND_OF_SCORES
    assert (left.get_ylabel(), right.get_ylabel()) == ("Events (unit area)", "True positive rate")


def test_history(results):
    table, (figure) = results.table("history"), results.figure("history")
    (ax,) = figure.axes
    given = results.read("seven", "scan/history.csv")
    curves = {name: curve for name, curve in CURVES.items() if name in given}
    assert len(curves) == 7
    assert_frame_equal(table, given[["epoch", *curves]])
    for line, (column, (label, *_)) in zip(ax.lines, curves.items(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), given[["epoch", column]])
        assert line.get_label() == label
    assert legend_texts(figure.legends[0]) == [label for label, *_ in curves.values()]
    assert len({str(line.get_linestyle()) + line.get_color() for line in ax.lines}) == 7
    assert ax.get_yscale() == "log"
    lowest, highest = ax.get_ylim()
    late = given.loc[given["epoch"] >= 3, list(curves)]
    assert lowest < late.min().min()
    assert highest > given[list(curves)].max().max()


def test_history_of_one_term_is_the_total_only(results):
    table, (ax,) = results.table("history_of_one_term"), results.figure("history_of_one_term").axes
    assert list(table.columns) == ["epoch", "train_total", "test_total", "train_bce"]
    assert [line.get_label() for line in ax.lines] == ["Total, training", "Total, test"]


@pytest.mark.parametrize(("case", "column"), [("cuts", "cut_scaled"), ("cuts_physical", "cut")])
def test_cuts(results, case, column):
    study = FIGURES[case]["study"]
    figure, scan = results.figure(case), results.read(study, "scan/cuts.csv")
    bce, metrics = results.read(study, "bce/cuts.csv"), results.read(study, "bce/metrics.csv")
    assert len(results.table(case)) == len(scan) + len(bce)
    for ax, feature in zip(figure.axes, STUDIES[study]["features"], strict=True):
        line, star = ax.lines
        expected = scan[scan["feature"] == feature["name"]].sort_values("target_efficiency")
        np.testing.assert_array_equal(line.get_xydata(), expected[["target_efficiency", column]])
        # Without a target, at the signal efficiency that the network has.
        own = [metrics.loc[0, "signal_efficiency"], bce.set_index("feature").loc[feature["name"], column]]
        np.testing.assert_array_equal(star.get_xydata(), [own])
        assert (star.get_marker(), star.get_linestyle()) == ("*", "None")
        assert ax.get_title() == f"{feature['label']} {feature['direction']} cut"
        if column == "cut":
            assert ax.get_ylabel() == ("Cut [GeV]" if feature["unit"] else "Cut")
    assert (len({ax.get_ylim() for ax in figure.axes}) == 1) == (column == "cut_scaled")
    assert legend_texts(figure.legends[0]) == ["scan", "bce"]


@pytest.mark.parametrize(
    "count",
    [4, 5],
)
def test_cuts_of_as_many_single_networks_as_allowed(results, count):
    assert count in PLOTS["cuts"].networks
    one = results.table("cuts").query("network == 'bce'")
    figure = results.figure("cuts", pd.concat(one.assign(network=f"net{i}") for i in range(count)))
    assert len({line.get_marker() for line in figure.axes[0].lines}) == count


def test_efficiencies(results):
    table, (ax,) = results.table("efficiencies"), results.figure("efficiencies").axes
    metrics = results.read("seven", "scan/metrics.csv").sort_values("target_efficiency")
    assert table["target_efficiency"].tolist() == [0.3, 0.6, 0.9]
    points = {container.get_label(): container for container in ax.containers}
    for name in ("signal", "background"):
        drawn = points[f"{name.capitalize()}, hard cuts"]
        np.testing.assert_array_equal(
            drawn[0].get_xydata(), metrics[["target_efficiency", f"{name}_efficiency"]]
        )
        ends = np.array(drawn[2][0].get_segments())[:, :, 1]
        np.testing.assert_allclose(np.diff(ends)[:, 0] / 2, metrics[f"{name}_efficiency_uncertainty"])
        in_loss = labelled(ax)[f"{name.capitalize()}, in the loss"]
        np.testing.assert_array_equal(
            in_loss.get_xydata(), metrics[["target_efficiency", f"loss_{name}_efficiency"]]
        )
    np.testing.assert_array_equal(labelled(ax)["Target met"].get_xydata(), [[0, 0], [1, 1]])
    assert len(legend_texts(ax.get_legend())) == 5
    assert any(line.get_visible() for line in ax.get_xgridlines())


def test_optimum(results):
    table, (top, bottom) = results.table("optimum"), results.figure("optimum").axes
    assert list(table["series"].unique()) == ["one_sided", "two_sided", "scan", "bce"]
    # The exact efficiencies of the cuts, whatever the events of the sample.
    exact = GaussianClasses.of_study(STUDIES["ten"]).efficiencies(results.read("ten", "scan/cuts.csv"))
    exact = exact.sort_values("signal_efficiency")
    points = ["signal_efficiency", "background_efficiency"]
    np.testing.assert_allclose(table.loc[table["series"] == "scan", points], exact[points])
    of_windows = table[table["series"] == "two_sided"]
    np.testing.assert_allclose(of_windows["over_one_sided"], 0.8)
    for name, rows in table.groupby("series"):
        label = {"one_sided": "Optimum, one-sided", "two_sided": "Optimum, two-sided"}.get(name, name)
        np.testing.assert_array_equal(labelled(top)[label].get_xydata(), rows[points])
        ratio = rows[["signal_efficiency", "over_one_sided"]]
        np.testing.assert_array_equal(labelled(bottom)[label].get_xydata(), ratio)


def test_search(results):
    table, (top, bottom) = results.table("search"), results.figure("search").axes
    features = results.read("ten", "features.parquet")
    test = features[features["split"] == "test"]
    for name in ("scan", "bce"):
        cuts = results.read("ten", f"{name}/cuts.csv")
        expected = selected_yields(test, passes_cut_table(test, cuts), STUDIES["ten"]["search"])
        rows = table[table["network"] == name]
        assert sorted(rows["significance"]) == pytest.approx(sorted(expected["significance"]))
        assert rows["signal_efficiency"].is_monotonic_increasing
        drawn = labelled(top)[name].get_xydata()
        np.testing.assert_array_equal(drawn, rows[["signal_efficiency", "exact_significance"]])
        assert rows["exact_significance"].notna().all()
    assert bottom.get_yscale() == "log"
    assert len(top.lines) == len(legend_texts(top.get_legend())) == 2


def test_search_without_exact_efficiencies_shows_those_of_the_sample(results):
    table, (top, bottom) = results.table("search_of_events"), results.figure("search_of_events").axes
    assert table["exact_significance"].isna().all()
    for name, rows in table.groupby("network"):
        points = labelled(top)[name].get_xydata()
        np.testing.assert_array_equal(points, rows[["signal_efficiency", "significance"]])
    assert len(top.lines) == 2
    assert [len(container[0].get_xydata()) for container in bottom.containers] == [3, 1]


def passing(results: Results, network: str, threshold: float, process: str) -> float:
    """Share of the test events of a process above a threshold, counted one by one."""
    events = results.read("toy", "features.parquet")
    scores = results.read("toy", f"{network}/scores.parquet")["score"]
    return float((scores > threshold)[(events["process"] == process) & (events["split"] == "test")].mean())


def test_boundaries(results):
    table, (ax,) = results.table("boundaries"), results.figure("boundaries").axes
    assert table["kind"].value_counts()[["signal", "background"]].to_list() == [30, 600]
    events = results.read("toy", "features.parquet")
    scaling = FeatureScaling(["x1", "x2"], *training_scaling(events, ["x1", "x2"]))
    for name in ("bce", "zloss_large"):
        weights, constant, _, _ = TOY_NETWORKS[name]
        ends = table[(table["kind"] == "boundary") & (table["name"] == name)][["x", "y"]].to_numpy()
        scaled = scaling.scale(torch.tensor(ends)).numpy()
        np.testing.assert_allclose(scaled @ weights + constant, 0.0, atol=1e-9)
        assert np.ptp(ends, axis=0).min() > 0.2
        line = labelled(ax)[name]
        np.testing.assert_allclose(line.get_xydata(), ends)
        assert line.get_linestyle() == "-"
    published = labelled(ax)["zloss_large, published"]
    assert published.get_linestyle() == "--"
    assert published.get_color() == labelled(ax)["zloss_large"].get_color()
    assert ax.get_xlim() == (-2, 7)
    assert ax.get_xlabel() == "$x_{1}$ [GeV]"
    assert (
        len({labelled(ax)[f"{name} events drawn"].get_color() for name in ("s, 30", "b1, 200", "b2, 400")})
        == 3
    )


def test_boundaries_need_two_features_and_known_processes(results):
    module = importlib.import_module("scripts.figures.boundaries")
    inputs = results.inputs(CASES["boundaries"])
    with pytest.raises(ValueError, match="drawn in two features, the study has 1"):
        module.tabulate(FigureInputs(inputs.options, TOY | {"features": TOY["features"][:1]}, inputs.files))
    with pytest.raises(ValueError, match="no process b3 to draw: the study has s, b1, b2"):
        module.tabulate(FigureInputs(inputs.options | {"drawn_events": {"b3": 1}}, TOY, inputs.files))


@pytest.mark.parametrize("case", ["significance", "significance_against_threshold"])
def test_significance(results, case):
    table, (ax,) = results.table(case), results.figure(case).axes
    scan = table[(table["kind"] == "scan") & (table["name"] == "zloss_large")]
    scores = results.read("toy", "zloss_large/scores.parquet").query("split == 'test' and label == 1")
    ranked = np.sort(scores["score"])
    for x, value in scan.loc[scan["x"] < 0.9995, ["x", "y"]].to_numpy()[::97]:
        n_above = round(x * len(ranked))
        # An efficiency is that of every threshold from one event of signal to the next.
        between = ranked[-min(n_above + 1, len(ranked))], ranked[-n_above] - 1e-12
        bounds = []
        for threshold in (x, x) if case.endswith("threshold") else between:
            s, b1, b2 = (passing(results, "zloss_large", threshold, name) for name in ("s", "b1", "b2"))
            bounds.append(300 * s / np.sqrt(3000 * b1 + 300_000 * b2))
        assert bounds[0] * (1 - 1e-9) <= value <= bounds[1] * (1 + 1e-9)
    assert scan["y"].iloc[-1] == pytest.approx(0.545, abs=0.002)
    line = next(line for label, line in labelled(ax).items() if label.startswith("zloss_large"))
    best = scan[scan["background_events"] >= 100]["y"].max()
    assert f", {best:.2f} at " in line.get_label()
    assert np.nanmax(line.get_ydata()) == pytest.approx(best)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    for line in dotted:
        assert not line.get_label().startswith("zloss")
    assert ("Published" in labelled(ax)) == (case == "significance")


def test_class_efficiencies(results):
    table, (ax,) = results.table("class_efficiencies"), results.figure("class_efficiencies").axes
    for process in ("s", "b1", "b2"):
        rows = table[(table["kind"] != "published") & (table["name"] == process)]
        for row in rows.iloc[::101].itertuples():
            assert row.y == pytest.approx(passing(results, "zloss_large", row.x, process))
        np.testing.assert_array_equal(labelled(ax)[process].get_xydata(), rows[["x", "y"]])


@pytest.mark.parametrize(
    ("case", "shares"),
    [("background_roc", (3000 / 303_000, 300_000 / 303_000)), ("background_roc_of_events", (0.6, 0.4))],
)
def test_background_roc(results, case, shares):
    table, (ax,) = results.table(case), results.figure(case).axes
    rows = table[(table["kind"] == "scan") & (table["name"] == "zloss_large")]
    scores = results.read("toy", "zloss_large/scores.parquet").query("split == 'test' and label == 1")
    for row in rows[rows["y"].between(0.05, 0.999)].iloc[::83].itertuples():
        threshold = np.quantile(scores["score"], 1 - row.y, method="lower")
        background = sum(
            share * passing(results, "zloss_large", threshold, name)
            for share, name in zip(shares, ("b1", "b2"), strict=True)
        )
        assert row.x == pytest.approx(background, abs=0.02)
    assert ax.get_xscale() == "log"
    assert ("Published" in labelled(ax)) == (case == "background_roc")


def test_loss_landscapes(results):
    table, figure = results.table("loss_landscapes"), results.figure("loss_landscapes")
    at = table.set_index(["error", "x", "y"])["loss"]
    # Both wrong by one: all of the significance, N_s / sqrt(epsilon); one of them: Eq 5 by hand.
    assert at["hinge", 0.0, 0.0] == pytest.approx(1.0)
    assert at["hinge", 1.0, -1.0] == 0.0
    assert at["hinge", 1.0, 0.0] == pytest.approx(1 - 1 / np.sqrt(11))
    assert at["hinge", 0.0, -1.0] == pytest.approx(1.0)
    for error, rows in table.groupby("error"):
        least = rows.loc[rows["loss"].idxmin()]
        assert least["x"] > least["y"], error
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == ["Hinge", "Sigmoid", "Cross-entropy", "Focal"]
    assert panels[0].lines[-1].get_xydata().tolist() == [[1.5, -1.5]]


def test_collapse(results):
    table, figure = results.table("collapse"), results.figure("collapse")
    ends = table[table["epoch"].isna()]
    assert ends["network"].to_list() == ["zloss", "zloss_large", "zloss_larger"]
    assert ends["epsilon"].to_list() == pytest.approx([300.0, 3000.0, 10000.0])
    assert ends["share"].to_list() == pytest.approx([1.004, 0.97, 0.73], abs=1e-3)
    events = results.read("toy", "features.parquet")
    _, spread = training_scaling(events, ["x1", "x2"])
    norm = np.linalg.norm(TOY_NETWORKS["zloss_large"][0] / spread)
    assert ends["weight_norm"].iloc[1] == pytest.approx(norm)
    scan = results.table("significance").query("name == 'zloss_large' and kind == 'scan'")
    assert ends["significance"].iloc[1] == pytest.approx(scan["y"].max())
    assert set(table.loc[table["epoch"].notna(), "network"]) == {"zloss"}
    hollow = [line for line in figure.axes[0].lines if line.get_label() == "collapsed"]
    assert [line.get_xdata().tolist() for line in hollow] == [[pytest.approx(300.0)]]
    assert figure.axes[5].get_ylabel() == "Spread of the outputs $F$"


def test_collapse_needs_the_z_loss(results):
    figure = CASES["collapse"] | {"networks": ["bce", "zloss"]}
    with pytest.raises(ValueError, match="network bce was not trained on the loss lovasz_z"):
        module_of("collapse").tabulate(results.inputs(figure))


def test_history_of_the_z_loss(results):
    assert list(results.table("history_of_the_z_loss")) == ["epoch", "train_total", "test_total"]


def test_robustness(results):
    table, figure = results.table("robustness"), results.figure("robustness")
    left, right = figure.axes
    for i, start in enumerate([0.4, 0.5, 0.58]):
        rows = table.iloc[3 * i : 3 * i + 3]
        relative = rows["signal_efficiency"] / start
        assert rows["relative_signal_efficiency"].iloc[0] == 1
        np.testing.assert_allclose(rows["relative_signal_efficiency"], relative)
        np.testing.assert_array_equal(
            left.containers[i][0].get_xydata(), rows[["max_shift", "signal_efficiency"]]
        )
        np.testing.assert_allclose(right.lines[i].get_xydata(), np.c_[rows["max_shift"], relative])
        assert right.lines[i].get_color() == left.containers[i][0].get_color()
    assert legend_texts(figure.legends[0]) == [
        "bce, score > 0.9999994",
        "bce, score > 0.9999969",
        "scan, target 60 %, score > 0.5",
    ]


# What is not drawn, and the helpers.


@pytest.mark.parametrize(
    ("figure", "network"),
    [
        ({"plot": "features_with_cuts", "networks": ["linear"], "scaled": True, "bins": 5}, "linear"),
        ({"plot": "cuts", "networks": ["scan", "linear"], "scaled": True}, "linear"),
        ({"plot": "efficiencies", "networks": ["bce"]}, "bce"),
        ({"plot": "scores_and_roc", "networks": ["scan"]}, "scan"),
    ],
    ids=lambda value: value["plot"] if isinstance(value, dict) else "",
)
def test_networks_that_a_kind_cannot_draw(results, figure, network):
    module = importlib.import_module(f"scripts.figures.{figure['plot']}")
    with pytest.raises(ValueError, match=rf"\b{network}\b"):
        module.tabulate(results.inputs(figure | {"study": "ten"}))


@pytest.mark.parametrize("case", ["scores_and_roc", "diagram_linear"])
def test_draw_figure_writes_what_it_declares_twice_the_same(results, tmp_path, case):
    written = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        paths = {end: folder / f"of_{end}.{end}" for end in ("csv", "pdf", "png")}
        files = results.files(FIGURES[case])
        draw_figure.main(**paths, figure=FIGURES[case], study=study_of(case), caption="Not drawn.", **files)
        assert set(folder.iterdir()) == set(paths.values())
        written.append({end: path.read_bytes() for end, path in paths.items()})
    assert written[0] == written[1]
    assert_frame_equal(pd.read_csv(io.BytesIO(written[0]["csv"])), results.table(case))
    assert written[0]["pdf"].startswith(b"%PDF")
    assert b"CreationDate" not in written[0]["pdf"]
    inches = results.figure(case).get_size_inches()
    pixels = plt.imread(io.BytesIO(written[0]["png"])).shape[1::-1]
    assert pixels == tuple((inches * draw_figure.DPI).astype(int))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("n_panels", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (7, 2, 4), (10, 2, 5)]
)
def test_panel_grid(n_panels, rows, columns):
    figure, axes = panel_grid(n_panels)
    assert figure.axes == axes
    assert len(axes) == n_panels
    assert axes[0].get_gridspec().get_geometry() == (rows, columns)


def test_densities_and_limits_by_hand():
    density, uncertainty = densities(
        np.array([0.5, 0.5, 1.5, 9.0]), np.array([1.0, 2, 3, 4]), np.array([0.0, 1, 3])
    )
    np.testing.assert_allclose(density, [3 / 10, 3 / 20])
    np.testing.assert_allclose(uncertainty, [np.sqrt(5) / 10, 3 / 20])
    assert log_limits(np.array([0.0, 2.0, 8.0])) == (1.0, 24.0)
    assert log_limits(np.zeros(3)) == (0.1, 1.0)


def test_titles_and_units():
    assert score_columns(pd.DataFrame(columns=["label", "score_0.95", "score_0.2"])) == [
        "score_0.2",
        "score_0.95",
    ]
    assert [panel_title(name) for name in ("score", "score_0.07", "score_0.955")] == [
        "",
        "Target 7 %",
        "Target 95.5 %",
    ]
    assert [with_unit("MET", "GeV"), with_unit("$x$", "")] == ["MET [GeV]", "$x$"]


def test_windows_are_two_lines_of_one_colour(results):
    table = results.table("cuts")
    edges = table[table["network"] == "scan"]
    other = edges.assign(direction=edges["direction"].map({"<": ">", ">": "<"}), cut=edges["cut"] + 1.0)
    ax = results.figure("cuts", pd.concat([edges, other])).axes[0]
    below, above = ax.lines
    assert below.get_color() == above.get_color()
    np.testing.assert_allclose(above.get_ydata(), below.get_ydata() + 1.0)
    assert list(labelled(ax)) == ["scan"]


def test_competitors_are_compared_at_the_targets_of_the_first(results):
    table = results.table("competitors")
    at_targets = table[table["part"] == "targets"]
    assert at_targets["network"].tolist() == ["scan"] * 3 + ["boxes"] * 3 + ["linear"] * 3
    assert at_targets["target_efficiency"].tolist() == [0.3, 0.6, 0.9] * 3
    metrics = {name: results.read("seven", f"{name}/metrics.csv") for name in ("scan", "boxes", "linear")}
    of_scan = metrics["scan"].sort_values("target_efficiency")
    drawn = at_targets[at_targets["network"] == "scan"]
    assert drawn["background_efficiency"].tolist() == of_scan["background_efficiency"].tolist()
    assert at_targets[at_targets["network"] == "boxes"]["background_efficiency"].tolist() == [0.0, 0.01, 0.05]
    assert at_targets[at_targets["network"] == "linear"]["background_efficiency"].isna().all()
    of_network = at_targets.drop_duplicates("network").set_index("network")
    assert of_network["training_seconds"].tolist() == [7.5, 0.02, 2.5]
    assert of_network["has_cuts"].tolist() == [True, True, False]
    assert of_network.loc["linear", "roc_area"] == metrics["linear"]["auc"][0]
    assert of_network.loc["scan", "roughness"] < of_network.loc["boxes", "roughness"]
    assert np.isnan(of_network.loc["linear", "roughness"])
    # All working points of cuts, those between the targets too; of a score the whole curve.
    roc = table[table["part"] == "roc"].groupby("network")
    assert roc.size()["scan"] == 3
    assert roc.get_group("boxes")["signal_efficiency"].is_monotonic_increasing
    assert roc.size()["boxes"] == 4
    assert roc.size()["linear"] > 50


def test_competitors_without_background_stand_at_the_lower_end(results):
    figure = results.figure("competitors")
    roc, targets, roughness, training = figure.axes
    n_background = results.table("competitors")["background_events"].max()
    points = {line.get_color(): line for line in roc.lines}
    boxes = points[LINE_COLORS[1]]
    assert min(boxes.get_ydata()) == pytest.approx(0.5 / n_background)
    assert boxes.get_linestyle() == "None"
    assert points[LINE_COLORS[2]].get_marker() == ""
    assert any("no event left" in text.get_text() for text in (*roc.texts, *targets.texts))
    assert [text.get_text().strip() for text in roughness.texts][2] == "no cuts"
    assert [bar.get_width() for bar in training.patches] == [7.5, 0.02, 2.5]
    assert [tick.get_text() for tick in targets.get_xticklabels()] == ["0.3", "0.6", "0.9"]
    assert legend_texts(figure.legends[0]) == ["scan", "boxes", "linear"]


def test_competitors_need_targets_of_the_first(results):
    figure = CASES["competitors"] | {"networks": ["bce", "boxes"]}
    with pytest.raises(ValueError, match="network bce has no targets to compare at: name a scan first"):
        competitors.tabulate(results.inputs(figure))


RANGES = pd.DataFrame({">": [-3.0, -4.0], "<": [3.0, 4.0]}, index=["a", "b"])


def cut_table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction", "cut_scaled"])


def test_roughness_by_hand():
    """Eq 7: the inner target lies 1 off the middle of neighbours that are 2 apart, and on it in b."""
    cuts = cut_table(
        [
            *[
                (target, "a", ">", cut)
                for target, cut in zip([0.2, 0.5, 0.8], [0.0, -2.0, -2.0], strict=True)
            ],
            *[(target, "b", "<", cut) for target, cut in zip([0.8, 0.5, 0.2], [2.0, 1.0, 0.0], strict=True)],
            (0.35, "a", ">", 100.0),  # no target of the others
        ]
    )
    targets = [0.2, 0.5, 0.8]
    assert cut_roughness(cuts, targets, RANGES) == pytest.approx((1 / 4.1 + 0) / 2)
    # An edge that is absent stands at the end of the range: (-2, -3, -2) instead of (-2, ., -2).
    absent = cut_table([(0.2, "a", ">", -2.0), (0.8, "a", ">", -2.0), (0.5, "b", "<", 4.0)])
    assert cut_roughness(absent, targets, RANGES) == pytest.approx((1 / 0.1 + 0) / 2)
    assert np.isnan(cut_roughness(cuts.iloc[:0], targets, RANGES))
    assert np.isnan(cut_roughness(cuts, [0.1, 0.15, 0.17], RANGES))


def test_ranges_are_those_of_the_training_sample(results):
    table = results.read("seven", "features.parquet")
    names = [feature["name"] for feature in STUDIES["seven"]["features"]]
    mean, spread = training_scaling(table, names)
    training = table.loc[table["split"] == "train", names].to_numpy()
    ranges = scaled_ranges(table)
    np.testing.assert_allclose(ranges.loc[names, ">"], (training.min(axis=0) - mean) / spread)
    np.testing.assert_allclose(ranges.loc[names, "<"], (training.max(axis=0) - mean) / spread)


def test_history_of_a_loss_below_zero_stays_in_the_frame():
    epochs = np.arange(100)
    table = pd.DataFrame(
        {
            "epoch": epochs,
            "train_total": -0.1 * epochs,
            "test_total": -0.1 * epochs + 0.2,
            "train_log_background": -0.1 * epochs - 0.5,
            "train_constraint": np.full(100, 0.5),
        }
    )
    (ax,) = importlib.import_module("scripts.figures.history").make_figure(table, {}, {"title": ""}).axes
    assert ax.get_yscale() == "linear"
    low, high = ax.get_ylim()
    later = table.loc[epochs >= 5].drop(columns="epoch").to_numpy()
    assert low < later.min() < later.max() < high
    assert len(ax.lines) == 4


def test_property_cuts(results):
    table, axes = results.table("property_cuts"), results.figure("property_cuts").axes
    optimum = results.read("falling", "bin_optimum.csv").query("target_efficiency == 0.9")
    for ax, feature in zip(axes, FALLING["features"], strict=True):
        best = optimum.loc[optimum["feature"] == feature["name"], "cut"].to_numpy()
        for series, missed in (MISSED | {"optimum": [0.0] * 3}).items():
            rows = table[(table["series"] == series) & (table["feature"] == feature["name"])]
            bins = rows[rows["kind"] == "bin"]
            expected = best + (missed if feature["name"] == "x" else np.nan_to_num(missed))
            np.testing.assert_allclose(bins["cut"], expected)
            np.testing.assert_array_equal(bins[["low", "high"]], [[20, 40], [40, 60], [60, 100]])
            curve = rows[rows["kind"] == "curve"]
            assert curve.empty == (series != "smooth")
        drawn = {patch.get_label(): patch.get_data() for patch in ax.patches if isinstance(patch, StepPatch)}
        assert drawn.keys() == {"Best cuts, computed", "boxes", "alone"}
        np.testing.assert_allclose(drawn["Best cuts, computed"].values, best)
        np.testing.assert_allclose(drawn["alone"].values, best + MISSED["alone"])
        assert drawn["boxes"].edges.tolist() == [20, 40, 60, 100]
        lines = labelled(ax)
        np.testing.assert_allclose(lines["smooth"].get_xydata()[:, 0], [30, 50, 80])
        np.testing.assert_allclose(lines["smooth"].get_xydata()[:, 1], best + MISSED["smooth"])
        curve = lines["smooth, interpolated"].get_xydata()
        np.testing.assert_allclose(curve[[0, -1], 1], (best + MISSED["smooth"])[[0, -1]])
        assert ax.get_xlabel() == r"$p_\mathrm{T}$ [GeV]"
    assert [ax.get_ylabel() for ax in axes] == ["Cut, target 0.9", "Cut, target 0.9 [GeV]"]


@pytest.mark.parametrize("kind", ["property_cuts", "property_efficiencies"])
def test_a_target_that_is_missing_is_refused(results, kind):
    with pytest.raises(ValueError, match=r"has no cuts at the target 0\.8"):
        module_of(kind).tabulate(results.inputs(CASES[kind] | {"target": 0.8}))


def test_property_efficiencies(results):
    table, (top, bottom) = (
        results.table("property_efficiencies"),
        results.figure("property_efficiencies").axes,
    )
    events, optimum = (results.read("falling", name) for name in ("features.parquet", "bin_optimum.csv"))
    for name, marker in (("alone", 0), ("smooth", 1)):
        rows = table[table["network"] == name]
        cuts = results.read("falling", f"{name}/cuts.csv").query("target_efficiency == 0.7")
        for row, (_, of_bin) in zip(rows.itertuples(), cuts.groupby("property_low"), strict=True):
            classes = GaussianBin.of_study(FALLING, row.property_low, row.property_high)
            signal, background = classes.efficiencies(*classes.one_sided(of_bin["cut"].to_numpy()))
            best = optimum[
                (optimum["property_low"] == row.property_low) & (optimum["target_efficiency"] == 0.7)
            ]
            assert row.signal_efficiency == pytest.approx(signal)
            assert row.over_optimum == pytest.approx(background / best["background_efficiency"].iloc[0])
            training = events[(events["split"] == "train") & (events["label"] == 1)]
            inside = (training["pt"] >= row.property_low) & (training["pt"] < row.property_high)
            assert row.training_signal == inside.sum()
        np.testing.assert_allclose(labelled(top)[name].get_ydata(), rows["signal_efficiency"])
        np.testing.assert_allclose(labelled(bottom)[name].get_ydata(), rows["over_optimum"])
        assert labelled(top)[name].get_color() == LINE_COLORS[marker]
        at = labelled(top)[name].get_xdata()
        assert ((at > rows["property_low"]) & (at < rows["property_high"])).all()


def test_kept_fractions(results):
    table, axes = results.table("kept_fractions"), results.figure("kept_fractions").axes
    assert set(table["quantity"]) == {"kept_signal", "auc", "cross_entropy"}
    row = table[(table["strategy"] == "together") & (table["fraction"] == 0.1) & (table["quantity"] == "auc")]
    assert row[["mean", "spread"]].to_numpy().tolist() == [[pytest.approx(0.87), pytest.approx(0.01)]]
    drawn = axes[1].containers[0].lines[0]
    assert drawn.get_ydata() == pytest.approx([0.87] * 3)
    # Side by side: the middle strategy is at its place.
    assert axes[1].containers[1].lines[0].get_xdata() == pytest.approx([0.1, 0.03, 0.01])
    assert [axis.get_visible() for axis in axes] == [True, True, True, False]


def test_property_distances(results):
    table, (left, right) = results.table("property_distances"), results.figure("property_distances").axes
    factors, of_bins = np.array([1.4, 1.5, 1.6]), np.array([1.0, 2.0, 3.0])
    for name, size in (("alone", 0.2), ("smooth", 0.1)):
        rows = table[table["network"] == name]
        by_seed, by_bin = rows.dropna(subset="seed"), rows.dropna(subset="low")
        np.testing.assert_allclose(by_seed["distance"], size * factors * np.sqrt((of_bins**2).mean()))
        np.testing.assert_allclose(by_bin["distance"], size * of_bins * np.sqrt((factors**2).mean()))
        np.testing.assert_allclose(labelled(left)[name].get_xydata(), by_seed[["seed", "distance"]])
    for patch, name in zip(right.patches, ("alone", "smooth"), strict=True):
        np.testing.assert_allclose(
            patch.get_data().values, table[table["network"] == name].dropna(subset="low")["distance"]
        )


# Watts' toys.


def training_of(results: Results, study: str) -> pd.DataFrame:
    events = results.read(study, "features.parquet")
    return events[events["split"] == "train"]


def test_average_weights_are_those_of_the_events(results):
    table = results.table("emulations")
    events = training_of(results, "line")
    hard = table[(table["panel"] == "average") & (table["name"] == "hard") & (table["class"] == "signal")]
    for _, row in hard[hard["x"].between(3.0, 7.0)].iterrows():
        assert row["y"] == pytest.approx((events.loc[events["label"] == 1, "x"] >= row["x"]).mean())
    figure = results.figure("emulations")
    drawn = labelled(figure.axes[2])
    assert list(drawn) == ["Signal", "Background"]
    erf = table[(table["panel"] == "average") & (table["name"] == "erf") & (table["class"] == "signal")]
    np.testing.assert_allclose(drawn["Signal"].get_ydata(), erf["y"])


def test_dots_are_at_the_best_cuts(results):
    table = results.table("emulated_losses")
    figure = results.figure("emulated_losses")
    for ax, loss in zip(figure.axes[:3], ("significance", "cross_entropy", "squares"), strict=True):
        dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
        best = [
            rows.loc[(rows[loss] if loss == "significance" else -rows[loss]).idxmax(), "cut"]
            for _, rows in table.groupby("function", sort=False)
        ]
        assert dots == best


def test_share_of_the_gradient_ends_at_all_of_it(results):
    table = results.table("gradient_reach")
    window = table[(table["panel"] == "window") & (table["function"] == "erf")]
    assert window["gradient"].iloc[-1] == pytest.approx(1.0, abs=1e-6)
    assert table.loc[(table["panel"] == "cut") & (table["function"] == "balanced"), "gradient"].isna().any()


def test_stars_of_the_surfaces_are_their_best_points(results):
    table = results.table("cut_surfaces")
    figure = results.figure("cut_surfaces")
    rows = table[(table["function"] == "erf") & (table["loss"] == "squares")]
    best = rows.loc[rows["value"].idxmin()]
    (star,) = (line for line in figure.axes[2].lines if line.get_marker() == "*")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (best["x"], best["y"])


def test_cut_history_starts_at_the_first_epoch_and_shows_what_was_published(results):
    figure = results.figure("cut_history")
    for ax, feature, published in zip(figure.axes, ("x1", "x2"), (-7.5, -7.9), strict=True):
        history = results.read("plane", "raw/history.csv")
        line = labelled(ax)["raw"]
        assert line.get_ydata()[0] == history[f"cut_{feature}"].iloc[0]
        open_marker = labelled(ax)["Published"]
        assert (open_marker.get_xdata()[0], open_marker.get_ydata()[0]) == (len(history), published)
    with pytest.raises(ValueError, match="the history of bce has no cuts: its entry needs record_cuts"):
        descent.cut_columns(results.read("seven", "bce/history.csv"), "bce")


def test_lines_on_the_plane_are_the_cuts(results):
    ax = results.figure("cuts_on_plane").axes[0]
    cuts = results.read("plane", "softmax/cuts.csv")["cut"]
    vertical, horizontal = ax.lines[:2]
    assert vertical.get_xdata()[0] == pytest.approx(cuts[0])
    assert horizontal.get_ydata()[0] == pytest.approx(cuts[1])


def test_scores_without_bounds_are_shown_after_a_sigmoid(results):
    table = results.table("joint_scores")
    assert table.groupby("network")["squashed"].first().to_dict() == {"softmax": False, "raw": True}
    widths = table["high"] - table["low"]
    areas = (table["density"] * widths).groupby([table["network"], table["class"]]).sum()
    assert areas.to_numpy() == pytest.approx(1.0)


def test_shares_of_the_maps_are_of_all_test_events(results):
    table = results.table("classification_maps")
    scores = results.read("plane", "softmax/scores.parquet")
    signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]["score"]
    shares = table[table["kind"] == "share"].set_index(["rule", "class"])["correct"]
    assert shares["output", "signal"] == pytest.approx((signal > 0.5).mean())
    # A sigmoid of what is in [0, 1] already.
    assert shares["sigmoid", "signal"] == 1.0
    assert shares["sigmoid", "background"] < 0.05


def test_moved_cut_leaves_the_network_as_it_was(results):
    trained = load_network(results.folder / "plane" / "raw" / "model.pt")
    before = trained.network.state_dict()["preselection.bias"].clone()
    sample = make_sample(results.read("plane", "features.parquet"), trained.scaling, "train", torch.float32)
    table = passing_against_cut.move_first_cut(trained.network, sample, "sigmoid")
    assert torch.equal(trained.network.state_dict()["preselection.bias"], before)
    # Far down the cut does nothing: what passes is what the network itself lets through.
    with torch.no_grad():
        outputs = trained.network.classifier(sample.features)[sample.is_signal, 0]
    assert table["passing"].iloc[0] == (outputs > 1e-6).sum()
    assert table["passing"].iloc[-1] == 0
    with pytest.raises(ValueError, match="a joint one is needed"):
        passing_against_cut.move_first_cut(trained.network.preselection, sample, "sigmoid")


@pytest.mark.parametrize(
    ("case", "study", "message"),
    [
        ("emulations", "plane", "1 features with cuts > are scanned here, the study has x1 >, x2 >"),
        ("cuts_on_plane", "line", "contours are drawn in two features, the study has 1"),
        ("classification_maps", "line", "maps are drawn in two features, the study has 1"),
    ],
)
def test_plots_of_another_number_of_features(results, case, study, message):
    inputs = results.inputs(CASES[case] | {"study": study})
    with pytest.raises(ValueError, match=message):
        module_of(case).tabulate(inputs)
