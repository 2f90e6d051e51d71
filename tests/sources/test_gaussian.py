"""Gaussian events, bit for bit those of the authors."""

import numpy as np
import pytest

from scripts.sources.gaussian import Settings, generate_events
from tests.studies import make_study

FEATURES = ["a", "b", "c"]


def settings(**changes) -> Settings:
    numbers = {"signal_events": 300, "background_events": 200, "seed": 5}
    scales = {"mean_scale": 1.0, "width_scale": 2.0}
    return Settings.model_validate({"kind": "gaussian"} | numbers | scales | changes)


def test_gaussian_events_follow_the_recipe():
    """The stream of cabin.md, drawn with numpy's global generator as the authors do."""
    signal, background = generate_events(settings(), FEATURES)
    np.random.seed(5)  # noqa: NPY002
    parameters = np.random.randn(3, 2, 2)  # noqa: NPY002
    for events, column, size in ((signal, 0, 300), (background, 1, 200)):
        for row, name in enumerate(FEATURES):
            mean, width = parameters[row, column]
            assert (events[name] == mean + 2 * abs(width) * np.random.randn(size)).all()  # noqa: NPY002


def test_gaussian_paper_sample_first_numbers():
    source = settings(seed=123, signal_events=20000, background_events=20000)
    signal, background = generate_events(source, [f"x{i}" for i in range(10)])
    assert len(signal) == len(background) == 20000
    np.random.seed(123)  # noqa: NPY002
    first = np.random.randn(10, 2, 2)[0, 0]  # noqa: NPY002
    assert signal["x0"].mean() == pytest.approx(first[0], abs=5 * 2 * abs(first[1]) / np.sqrt(20000))


def test_feature_table_of_a_study():
    study = make_study(source={"kind": "gaussian"} | settings().model_dump())
    table = study.source.generate(study)
    assert list(table.columns) == [*study.feature_names, "label", "split", "weight", "process", "event"]
    assert table["label"].to_list() == [1] * 300 + [0] * 200
    assert table["process"].to_list() == ["signal"] * 300 + ["background"] * 200
    assert table["event"].to_list() == [*range(300), *range(200)]
