"""Studies of which files are written, and the figures that are drawn of them."""

from typing import Any

from scripts.parsing import parse_kind
from tests.studies import NETWORKS, make_study

#: Targets of the scans: ten features without a unit have as many; seven in GeV and radians have three.
TARGETS = {
    "ten": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.93, 0.95],
    "seven": [0.9, 0.6, 0.3],  # not in increasing order
}


def learned(targets: list[float]) -> dict[str, Any]:
    """Networks with and without cuts, and a search, whose files are written rather than trained."""
    return {
        "linear": NETWORKS["linear"],
        "bce": NETWORKS["one_to_one"],
        "scan": NETWORKS["scan"] | {"targets": targets},
        "boxes": NETWORKS["kcuts"],
    }


TEN = {
    "title": "Ten features",
    "features": [
        {"name": f"x{i}", "direction": direction, "label": f"$x_{{{i}}}$", "unit": ""}
        for i, direction in enumerate("<>>>>><><>")
    ],
    "source": {
        "kind": "gaussian",
        "signal_events": 100,
        "background_events": 100,
        "seed": 123,
        "mean_scale": 0.0,
        "width_scale": 20.0,
    },
    "counting_experiment": {
        "luminosity": 140.0,
        "cross_sections": {"signal": 0.1, "background": 2.0},
        "relative_uncertainty": 0.2,
        "minimum_signal": 1.0,
    },
    "networks": learned(TARGETS["ten"]),
    "analyses": {"optimum": {"targets": [0.1, 0.9]}},
}
SEVEN = {
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
    # Its best cuts are not known, unlike those of a Gaussian source.
    "source": {
        "kind": "processes",
        "seed": 1,
        "processes": {
            name: {"class": name, "events": 100, "mean": [0.0] * 7, "width": [1.0] * 7}
            for name in ("signal", "background")
        },
    },
    "counting_experiment": {
        "luminosity": 10.0,
        "cross_sections": {"signal": 2.0, "background": 30.0},
        "relative_uncertainty": 0.0,
        "minimum_signal": 0.0,
    },
    "networks": learned(TARGETS["seven"]),
    "analyses": {
        "overtraining": {},
        "robustness": {
            "shifts": [0.0, 0.1, 0.2],
            "seed": 1,
            "selections": [
                {"network": "bce", "score_above": 0.9999994},
                {"network": "bce", "score_above": 0.9999969},
                {"network": "scan", "target": 0.6, "score_above": 0.5},
            ],
        },
        "certify": {"networks": ["scan", "boxes"], "seed": 1},
        "cut_prices": {},
    },
}

#: Weights and constant of linear networks in scaled units, epsilon, and the share of the loss at the end.
TOY_NETWORKS = {
    "bce": ([2.7, -0.25], -0.9, None, None),
    "zloss": ([1e-3, 2e-3], 0.02, None, 1.004),
    "zloss_large": ([0.7, -0.75], -0.1, 3000.0, 0.97),
    "zloss_larger": ([1.2, -1.5], 0.1, 10000.0, 0.73),
}
DEMANDS = {"signal_efficiency": 0.05, "background_yield": 5}


def toy_network(epsilon: float | None, share: float | None) -> dict[str, Any]:
    """A linear network, trained on the cross-entropy or on the Z loss."""
    entry = NETWORKS["linear"] | {"bias": True, "precision": "float64"}
    if share is None:
        return entry
    return entry | {"loss": {"lovasz_z": {"error": "hinge"} | ({"epsilon": epsilon} if epsilon else {})}}


#: A counting experiment with two backgrounds in two features.
TOY = {
    "title": "Two backgrounds",
    "features": [
        {"name": "x1", "direction": ">", "label": "$x_{1}$", "unit": "GeV", "range": [-2, 7]},
        {"name": "x2", "direction": ">", "label": "$x_{2}$", "unit": ""},
    ],
    "source": {
        "kind": "processes",
        "seed": 3,
        "processes": {
            "s": {"class": "signal", "events": 2000, "mean": [4.0, 7.0], "width": [1.0, 1.0]},
            "b1": {"class": "background", "events": 1500, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
            "b2": {"class": "background", "events": 1000, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
        },
    },
    "counting_experiment": {
        "luminosity": 3000.0,
        "cross_sections": {"s": 0.1, "b1": 1.0, "b2": 100.0},
        "relative_uncertainty": 0.0,
        "minimum_signal": 0.0,
    },
    "networks": {name: toy_network(*of_network[2:]) for name, of_network in TOY_NETWORKS.items()},
}

#: Where the cuts of Watts' networks start, how far they go, and whether the classifier has a sigmoid.
WATTS_NETWORKS = {"softmax": ([1.0, 1.0], -3.0, True), "raw": ([-4.0, -4.0], -3.5, False)}
WATTS = {
    "split": None,  # its source splits itself
    "networks": {
        name: NETWORKS["joint"] | {"record_cuts": True, "classifier_output": "sigmoid" if sigmoid else "raw"}
        for name, (_, _, sigmoid) in WATTS_NETWORKS.items()
    },
}
#: Watts' events, few of them.
LINE = WATTS | {
    "title": "One dimension",
    "features": [{"name": "x", "direction": ">", "label": "$x$", "unit": ""}],
    "source": {"kind": "watts", "sample": "line", "test_events": 200, "seed": 1},
}
PLANE = WATTS | {
    "title": "Two dimensions",
    "features": [
        {"name": "x1", "direction": ">", "label": "$x_{1}$", "unit": "GeV", "range": [-8, 8]},
        {"name": "x2", "direction": ">", "label": "$x_{2}$", "unit": "", "range": [-8, 8]},
    ],
    "source": {"kind": "watts", "sample": "plane_anew", "events": 500, "test_events": 500, "seed": 1},
}

PT_BINS = {"name": "pt", "edges": [20.0, 40.0, 60.0, 100.0]}
#: By how much the cuts of three networks miss the best ones in each bin; NaN for no cut at all.
MISSED = {"smooth": [0.1, 0.1, 0.2], "alone": [0.2, -0.4, 0.7], "boxes": [-0.1, 0.5, float("nan")]}
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
        "kind": "property_toy",
        "seed": 3,
        "event_property": {"name": "pt", "low": 20.0, "high": 100.0},
        "signal": {"events": 400, "scale": 30.0, "mean": [[0.0, 1.0], [1.5, 1.0]], "width": [[1.0], [1.0]]},
        "background": {"events": 400, "scale": 30.0, "mean": [[1.5, 1.0], [0.0]], "width": [[1.0], [1.0]]},
    },
    "networks": {
        **{
            name: NETWORKS["kcuts" if name == "boxes" else "scan"] | {"event_property": PT_BINS}
            for name in MISSED
        },
        "joint": NETWORKS["joint"] | {"kept_fraction": 0.1, "loss": {"joint": {}}},
    },
    "analyses": {
        "bin_optimum": PT_BINS | {"targets": [0.7, 0.9]},
        "repeats": {"seeds": 3, "networks": ["alone", "smooth"]},
        "kept_fractions": {"network": "joint", "fractions": [0.1, 0.03, 0.01], "seeds": [1, 2, 3]},
    },
}
ENTRIES: dict[str, dict[str, Any]] = {
    "ten": TEN,
    "seven": SEVEN,
    "toy": TOY,
    "line": LINE,
    "plane": PLANE,
    "falling": FALLING,
}
STUDIES = {name: make_study(name, **entry) for name, entry in ENTRIES.items()}

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
    "certify": {"plot": "certify", "study": "seven"},
    "cut_prices": {"plot": "cut_prices", "study": "seven"},
    "overtraining": {"plot": "overtraining", "study": "seven"},
    "competitors": {"plot": "competitors", "study": "seven", "networks": ["scan", "boxes", "linear"]},
    "optimum": {"plot": "optimum", "study": "ten", "networks": ["scan", "bce"]},
    "expected_significance": {
        "plot": "expected_significance",
        "study": "ten",
        "networks": ["scan", "bce"],
    },
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
    "expected_significance_of_events": {
        "plot": "expected_significance",
        "study": "seven",
        "networks": ["scan", "linear"],
    },
    "history_of_one_term": {"plot": "history", "study": "seven", "networks": ["bce"]},
    "history_of_the_z_loss": {"plot": "history", "study": "toy", "networks": ["zloss_large"]},
    "overtraining_of_one": {"plot": "overtraining", "study": "seven", "networks": ["scan"]},
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


def entry_of(figure: dict[str, Any]) -> dict[str, Any]:
    """Return a figure as the config has it, in the study that it is of."""
    return {key: value for key, value in figure.items() if key != "study"} | {"caption": "A figure."}


def settings_of(figure: dict[str, Any]) -> Any:
    return parse_kind("plot", entry_of(figure))


def study_of(figure: dict[str, Any]) -> str:
    """Return the name of its study; any one of a figure that reads no files."""
    return figure.get("study", "ten")
