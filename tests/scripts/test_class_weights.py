"""Where the ratio of the classes must not count, however many events each stands for."""

import numpy as np
import pandas as pd
import pytest

from scripts.scan_kept_fractions import main

NETWORK = {
    "model": "joint",
    "kept_fraction": 0.1,
    "start": 2.0,
    "activation_scale": 30.0,
    "hidden_layers": [4],
    "loss": {"joint": {}},
    "precision": "float64",
    "optimizer": "adam",
    "learning_rate": 0.05,
    "epochs": 20,
    "seed": 1,
}


def scan(folder, background_weight, equal):
    generator = np.random.default_rng(4)
    label = np.arange(600) % 2
    events = pd.DataFrame(
        {
            "a": generator.normal(label),
            "b": generator.normal(-label),
            "label": label.astype(np.int8),
            "split": "train",
            "weight": np.where(label == 1, 1.0, background_weight),
        }
    )
    events.loc[::7, "split"] = "test"
    events.to_parquet(folder / "features.parquet")
    main(
        table=folder / "features.parquet",
        kept_fractions=folder / "scan.csv",
        name="toy",
        settings={"fractions": [0.5], "seeds": [1]},
        network=NETWORK,
        features=["a", "b"],
        directions=[">", "<"],
        split={"test_fraction": 0.25, "seed": 0},
        search=None,
        equal_class_weights=equal,
    )
    return pd.read_csv(folder / "scan.csv").set_index("strategy")["cross_entropy"]


def test_a_scan_with_equal_class_weights_does_not_know_their_ratio(tmp_path):
    alike, heavy = (scan(tmp_path, weight, True) for weight in (1.0, 20.0))
    assert heavy.to_dict() == pytest.approx(alike.to_dict(), rel=1e-6)
    # A network alone that knew it would take hardly any event for signal.
    ratio_known = scan(tmp_path, 20.0, False)
    assert ratio_known["network alone"] > 1.2 * heavy["network alone"]
