"""The scripts behind the rules: feature tables, sources, evaluation, shifts, the bridge."""

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cabin_core import load_network
from scripts import evaluate_model as evaluate_network
from scripts.analyses import robustness as shift_inputs
from scripts.data.feature_table import (
    check_feature_table,
    fit_scaling,
    make_feature_table,
    read_feature_table,
)
from scripts.jobs.bridge import bridge
from scripts.models import network as train_network
from scripts.sources import gaussian as generate_gaussian
from tests.conftest import ROOT, environment

SOURCE = {"signal_events": 300, "background_events": 200, "seed": 5, "mean_scale": 1.0, "width_scale": 2.0}
SPLIT = {"test_fraction": 0.2, "seed": 42}
FEATURES = ["a", "b", "c"]
DIRECTIONS = [">", "<", ">"]
SCAN = {
    "model": "scan",
    "targets": [0.5, 0.3, 0.8],
    "loss": {"efficiency": 10.0, "background": 0.1},
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "epochs": 15,
    "seed": 1,
}


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "features.parquet"
    generate_gaussian.main(table=path, source=SOURCE, features=FEATURES, split=SPLIT)
    return path


def train(table: Path, folder: Path, network: dict) -> dict[str, Path]:
    files = {
        "model": folder / "model.pt",
        "history": folder / "history.csv",
        "timing": folder / "training.tsv",
        "cuts": folder / "cuts.csv",
        "metrics": folder / "metrics.csv",
        "scores": folder / "scores.parquet",
    }
    train_network.main(
        table=table,
        model=files["model"],
        history=files["history"],
        timing=files["timing"],
        name="test",
        network=network,
        features=FEATURES,
        directions=DIRECTIONS,
        threads=1,
    )
    outputs = {name: files[name] for name in ("cuts", "metrics", "scores")}
    evaluate_network.main(table=table, model=files["model"], features=FEATURES, threads=1, **outputs)
    return files


def test_gaussian_events_follow_the_recipe():
    """The stream of cabin.md, drawn with numpy's global generator as the authors do."""
    signal, background = generate_gaussian.generate_events(SOURCE, FEATURES)
    np.random.seed(5)  # noqa: NPY002
    parameters = np.random.randn(3, 2, 2)  # noqa: NPY002
    for events, column, size in ((signal, 0, 300), (background, 1, 200)):
        for row, name in enumerate(FEATURES):
            mean, width = parameters[row, column]
            assert (events[name] == mean + 2 * abs(width) * np.random.randn(size)).all()  # noqa: NPY002


def test_gaussian_paper_sample_first_numbers():
    source = SOURCE | {"seed": 123, "signal_events": 20000, "background_events": 20000}
    signal, background = generate_gaussian.generate_events(source, [f"x{i}" for i in range(10)])
    assert len(signal) == len(background) == 20000
    np.random.seed(123)  # noqa: NPY002
    first = np.random.randn(10, 2, 2)[0, 0]  # noqa: NPY002
    assert signal["x0"].mean() == pytest.approx(first[0], abs=5 * 2 * abs(first[1]) / np.sqrt(20000))


def test_feature_table_layout(table):
    events = pd.read_parquet(table)
    assert list(events.columns) == [*FEATURES, "label", "split", "weight"]
    assert events["label"].to_list() == [1] * 300 + [0] * 200
    assert (events["split"] == "test").sum() == 100
    assert (events["weight"] == 1).all()


def spoil(events: pd.DataFrame, what: str) -> pd.DataFrame:
    if what == "nan":
        events.loc[[3, 7], "b"] = np.nan
    elif what == "infinity":
        events.loc[[3], "c"] = -np.inf
    elif what == "constant":
        events["a"] = 1.0
    elif what == "column":
        events = events.drop(columns="b")
    elif what == "signal":
        events = events[events["label"] == 0]
    elif what == "test background":
        events = events[(events["label"] == 1) | (events["split"] == "train")]
    return events


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nan", "column b is NaN or infinite in 2 of 500 events"),
        ("infinity", "column c is NaN or infinite in 1 of 500 events"),
        ("constant", "column a has the same value in every training event"),
        ("column", "no column b: it has a, c, label"),
        ("signal", "no signal event in the train sample"),
        ("test background", "no background event in the test sample"),
    ],
)
def test_bad_feature_tables_are_refused(table, what, message):
    spoil(pd.read_parquet(table), what).to_parquet(table)
    with pytest.raises(ValueError, match=message) as caught:
        train(table, table.parent, SCAN)
    assert str(table) in str(caught.value)


def test_unreadable_feature_table(tmp_path):
    path = tmp_path / "features.parquet"
    with pytest.raises(FileNotFoundError, match="no such feature table"):
        read_feature_table(path, FEATURES)
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ValueError, match=r"features.parquet: not a readable parquet file"):
        read_feature_table(path, FEATURES)


def test_scaling_is_that_of_the_training_sample(table):
    events = pd.read_parquet(table)
    training = events[events["split"] == "train"][FEATURES]
    means, spreads = fit_scaling(events, FEATURES)
    assert_allclose(means, training.mean())
    assert_allclose(spreads, training.std(ddof=0))


def test_split_depends_on_its_seed_only():
    signal, background = generate_gaussian.generate_events(SOURCE, FEATURES)
    tables = [make_feature_table(signal, background, SPLIT | {"seed": seed}) for seed in (1, 1, 2)]
    assert tables[0].equals(tables[1])
    assert not tables[0]["split"].equals(tables[2]["split"])
    check_feature_table(tables[2], FEATURES, "here")


def test_shifts_move_signal_and_background_against_each_other(table, tmp_path):
    files = train(table, tmp_path, SCAN)
    trained = load_network(files["model"])
    events = pd.read_parquet(table)
    shifted = shift_inputs.shift_features(events, FEATURES, trained.directions, np.ones(3), 0.2, seed=1)
    moved = (shifted[FEATURES] - events[FEATURES]).to_numpy() * np.array([1, -1, 1])
    is_signal = events["label"].to_numpy() == 1
    assert (moved[is_signal] <= 0).all()
    assert (moved[~is_signal] >= 0).all()
    assert 0.19 < np.abs(moved).max() <= 0.2

    output = tmp_path / "robustness.csv"
    settings = {
        "shifts": [0.0, 0.1, 0.3],
        "seed": 1,
        "selections": [{"network": "scan", "target": 0.8, "score_above": 0.5}],
    }
    shift_inputs.main(
        table=table, models=files["model"], robustness=output, settings=settings, features=FEATURES
    )
    rows = pd.read_csv(output)
    assert rows["signal_efficiency"].is_monotonic_decreasing
    assert rows["background_efficiency"].is_monotonic_increasing
    scores = pd.read_parquet(files["scores"])
    signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]
    assert rows["signal_efficiency"][0] == pytest.approx((signal["score_0.8"] > 0.5).mean())


def fake_job(tmp_path: Path, output: str, log: str = "", **params: object) -> SimpleNamespace:
    class Named(dict):
        def __iter__(self):
            return iter(self.values())

    return SimpleNamespace(
        rule="some_rule",
        input=Named(),
        output=Named(table=output),
        params=Named(params),
        log=[log or str(tmp_path / "job.log")],
    )


def test_bridge_refuses_names_that_do_not_match(tmp_path):
    def main(*, table: Path, seed: int) -> None: ...

    with pytest.raises(TypeError, match="missing a required argument: 'seed'"):
        bridge(fake_job(tmp_path, "out.csv"), main)
    with pytest.raises(TypeError, match="unexpected keyword argument 'seeds'"):
        bridge(fake_job(tmp_path, "out.csv", seed=1, seeds=2), main)


def test_bridge_makes_one_line_of_an_error(tmp_path, capsys):
    def main(*, table: Path) -> None:
        raise ValueError("column x\nis bad")

    with pytest.raises(SystemExit) as stopped:
        bridge(fake_job(tmp_path, "out.csv"), main)
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "error in some_rule: column x is bad\n"
    assert "Traceback" in (tmp_path / "job.log").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_log_on_a_full_disk(tmp_path, capsys):
    def main(*, table: Path) -> None:
        logging.getLogger("cabin").info("progress")

    with pytest.raises(SystemExit):
        bridge(fake_job(tmp_path, "out.csv", log="/dev/full"), main)
    lines = capsys.readouterr().err.splitlines()
    assert "No space left on device" in lines[-1]
    assert lines[-1].startswith("error in some_rule")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "write",
    [
        "pd.DataFrame({'a': range(100000)}).to_csv(table)",
        "pd.DataFrame({'a': range(100000)}).to_parquet(table)",
        "save_network(table, TrainedNetwork(network, s, FeatureScaling(['a'], [0], [1]), '<', {}))",
    ],
)
def test_full_disk_is_named(tmp_path, write):
    """In a process of its own, as the job runs: the stream must not complain again when it is closed."""
    code = f"""
import pandas as pd
from cabin_core import *
from scripts.jobs.bridge import bridge
from tests.scripts.test_scripts import fake_job
from pathlib import Path
s = NetworkSettings("linear")
network = build_network(s, "<")
def main(*, table):
    {write}
bridge(fake_job(Path({str(tmp_path)!r}), "/dev/full"), main)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "/dev/full" in done.stderr
    assert "Traceback" not in done.stderr
