"""Events of several processes."""

import math

import numpy as np
import pandas as pd
import pytest

from scripts.data.feature_table import check_feature_table
from scripts.sources.processes import Settings, generate_events
from scripts.study_parsing import parse_study

FEATURES = ["x1", "x2"]
SOURCE = {
    "kind": "processes",
    "seed": 5,
    "processes": {
        "s": {"class": "signal", "events": 600, "mean": [4.0, 7.0], "width": [1.0, 2.0]},
        "b1": {"class": "background", "events": 500, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
        "b2": {"class": "background", "events": 400, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
    },
}
STUDY = parse_study(
    "toy",
    {
        "title": "",
        "source": SOURCE,
        "split": {"test_fraction": 0.5, "seed": 1},
        "features": [{"name": name, "direction": ">"} for name in FEATURES],
        "networks": {},
        "figures": {},
        "tables": {},
    },
    check=False,
)


def test_processes_have_their_means_widths_and_classes():
    events = STUDY.source.generate(STUDY)
    check_feature_table(events, FEATURES, "here")
    assert STUDY.source.class_of_process == {"s": "signal", "b1": "background", "b2": "background"}
    assert list(events.columns) == [*FEATURES, "process", "label", "split", "weight", "event"]
    assert (events["weight"] == 1).all()
    for name, process in SOURCE["processes"].items():
        rows = events[events["process"] == name]
        assert len(rows) == process["events"]
        assert set(rows["label"]) == {int(process["class"] == "signal")}
        for feature, mean, width in zip(FEATURES, process["mean"], process["width"], strict=True):
            assert rows[feature].mean() == pytest.approx(mean, abs=5 * width / math.sqrt(len(rows)))
            assert rows[feature].std() == pytest.approx(width, rel=0.15)


def test_the_number_of_events_of_a_process_moves_no_other():
    more = SOURCE | {"processes": SOURCE["processes"] | {"s": SOURCE["processes"]["s"] | {"events": 9}}}
    first, second = (generate_events(Settings.model_validate(source), FEATURES) for source in (SOURCE, more))
    pd.testing.assert_frame_equal(first["background"], second["background"])
    pd.testing.assert_frame_equal(first["signal"].head(9), second["signal"])
    assert not np.array_equal(first["background"][FEATURES].head(9), first["signal"][FEATURES].head(9))
