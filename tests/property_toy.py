"""A small study of the toy whose features follow a property, with a network and a search in bins of it."""

import copy
from pathlib import Path
from typing import Any

import pandas as pd

from scripts import generate_features
from scripts.sources.property_toy import Settings
from scripts.study import Study
from scripts.study_parsing import parse_study

EDGES = [20.0, 50.0, 80.0, 120.0]
FEATURES, DIRECTIONS = ["x", "y"], ["<", ">"]
SOURCE: dict[str, Any] = {
    "kind": "property_toy",
    "seed": 1,
    "event_property": {"name": "pt", "low": 20.0, "high": 120.0},
    "signal": {
        "events": 600,
        "scale": 40.0,
        "mean": [[0.0, 0.8], [1.5, 0.5, -0.4]],
        "width": [[1.0], [0.8, 0.2]],
    },
    "background": {"events": 600, "scale": 30.0, "mean": [[1.6, 0.6], [0.3]], "width": [[1.2], [1.0]]},
}
SMOOTH = {
    "model": "scan",
    "event_property": {"name": "pt", "edges": EDGES},
    "targets": [0.7, 0.9],
    "start": 1.0,
    "loss": {"log_background": 1.0, "efficiency": 300.0, "bin_smoothness": 10.0},
    "optimizer": "adam",
    "learning_rate": 0.1,
    "epochs": 150,
    "seed": 1,
}
KCUTS = {
    "model": "kcuts",
    "event_property": {"name": "pt", "edges": EDGES},
    "bins": 10,
    "edges": 60,
    "population": 50,
    "generations": 5,
    "cycles": 4,
    "seed": 1,
}
ENTRY: dict[str, Any] = {
    "title": "Toy",
    "source": SOURCE,
    "split": {"test_fraction": 0.2, "seed": 42},
    "features": [
        {"name": "x", "direction": "<", "label": "$x$", "unit": ""},
        {"name": "y", "direction": ">", "label": "$y$", "unit": "GeV"},
    ],
    "properties": [{"name": "pt", "label": "$p_T$", "unit": "GeV"}],
    "networks": {"smooth": SMOOTH, "boxes": KCUTS},
    "analyses": {
        "bin_optimum": {"name": "pt", "edges": EDGES, "targets": [0.7, 0.9]},
        "repeats": {"seeds": 2, "networks": ["smooth", "boxes"]},
    },
    "figures": {},
    "tables": {},
}
TOY: Study = parse_study("toy", ENTRY)


def toy_source(**of_signal: Any) -> Settings:
    """The settings of the source, with changes of its signal."""
    source = copy.deepcopy(SOURCE)
    source["signal"] |= of_signal
    return Settings.model_validate(source)


def write_table(path: Path, **change: Any) -> Path:
    """Write the feature table, with columns that a function of the table gives."""
    generate_features.main(table=path, study=ENTRY, study_name="toy")
    if change:
        table = pd.read_parquet(path)
        table.assign(**{name: value(table) for name, value in change.items()}).to_parquet(path)
    return path


def make_events() -> pd.DataFrame:
    """The feature table."""
    return TOY.source.generate(TOY)
