"""Small studies for tests: entries as a config has them, and the objects that the workflow makes of them."""

from typing import Any

from scripts.study import Study
from scripts.study_parsing import parse_study

TARGETS = [0.3, 0.6, 0.9]
FEATURES = [
    {"name": "x0", "direction": ">", "label": "$x_{0}$", "unit": ""},
    {"name": "x1", "direction": "<", "label": "$x_{1}$", "unit": "GeV"},
]
SOURCE = {
    "kind": "gaussian",
    "signal_events": 200,
    "background_events": 200,
    "seed": 123,
    "mean_scale": 0.5,
    "width_scale": 2.0,
}
COUNTING_EXPERIMENT = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 2.0, "background": 30.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 1.0,
}
_TRAINING = {"optimizer": "sgd", "learning_rate": 0.5, "epochs": 3, "seed": 123}
_CUTS = {"weights": "directions", "activation_scale": 15.0}
#: One entry of each model, by the model's name.
NETWORKS: dict[str, dict[str, Any]] = {
    "linear": {"model": "linear", "loss": {"bce": 1.0}, **_TRAINING},
    "fully_connected": {
        "model": "fully_connected",
        "hidden_layers": [4],
        "targets": TARGETS,
        "loss": {"bce": 1.0},
        **_TRAINING,
    },
    "one_to_one": {"model": "one_to_one", "loss": {"bce": 1.0}, **_CUTS, **_TRAINING},
    "scan": {
        "model": "scan",
        "targets": TARGETS,
        "loss": {"efficiency": 10.0, "background": 0.1, "cut_size": 1e-5, "smoothness": 1.0},
        **_CUTS,
        **_TRAINING,
    },
    "joint": {
        "model": "joint",
        "weights": "directions",
        "activation_scale": 1.0,
        "hidden_layers": [3],
        "loss": {"watts": "softmax"},
        **_TRAINING,
    },
    "kcuts": {
        "model": "kcuts",
        "bins": 10,
        "edges": 20,
        "population": 5,
        "generations": 2,
        "cycles": 2,
        "seed": 123,
    },
    "grid": {
        "model": "grid",
        "targets": TARGETS,
        "most_points": 1000,
        "supercuts": [{"selections": "x0 > {0}", "st3": [[-1.0, 1.0, 0.5]]}],
    },
    "bdt": {
        "model": "bdt",
        "targets": TARGETS,
        "trees": 5,
        "learning_rate": 0.1,
        "max_depth": 2,
        "validation_fraction": 0.2,
        "stop_after": 2,
        "seed": 123,
    },
}


def study_entry(**changes: Any) -> dict[str, Any]:
    """Return a study as a config has it: Gaussian events in two features, one scan, nothing drawn.

    Parameters
    ----------
    **changes
        Keys of the study and their values; None leaves a key out.
    """
    entry = {
        "title": "A small study",
        "source": SOURCE,
        "split": {"test_fraction": 0.5, "seed": 1},
        "features": FEATURES,
        "scaling": "standard",
        "networks": {"scan": NETWORKS["scan"]},
        "analyses": {},
        "figures": {},
        "tables": {},
        **changes,
    }
    return {key: value for key, value in entry.items() if value is not None}


def make_study(name: str = "small", *, check: bool = False, **changes: Any) -> Study:
    """Return the study of :func:`study_entry` as the workflow parses it."""
    return parse_study(name, study_entry(**changes), check=check)
