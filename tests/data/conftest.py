import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=40), "y": rng.normal(size=40)})
    frame["label"] = np.repeat([1, 0], 20).astype(np.int8)
    frame["split"] = np.tile(["train", "test"], 20)
    frame["weight"] = np.where(frame["label"] == 1, 1.0, np.arange(40) % 3 + 1.0)
    return frame


@pytest.fixture
def events_by_hand():
    """Three training and one test event of each class."""
    return pd.DataFrame(
        {
            "x": [0.0, 2.0, 4.0, 50.0, 1.0, 2.0, 3.0, -50.0],
            "label": [1] * 4 + [0] * 4,
            "split": ["train", "train", "train", "test"] * 2,
            "weight": [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0],
        }
    )
