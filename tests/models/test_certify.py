"""The model of the best cuts, and what is known of them where the distributions are."""

import numpy as np
import pandas as pd
import pytest

from scripts.data.cut_table import passes_cut_table
from scripts.parsing import parse_kind
from scripts.sources.gaussian_optimum import GaussianClasses
from tests.studies import FEATURES, make_study
from tests.trainings import fit, train

ENTRY = {"model": "certify", "targets": [0.5, 0.9, 0.8], "starts": 5, "seed": 1}
NAMES, DIRECTIONS = [feature["name"] for feature in FEATURES], [feature["direction"] for feature in FEATURES]


@pytest.fixture(scope="module")
def study():
    source = {"kind": "gaussian", "signal_events": 4000, "background_events": 4000, "seed": 3}
    return make_study(source={**source, "mean_scale": 1.5, "width_scale": 1.0})


@pytest.fixture(scope="module")
def table(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("certify") / "features.parquet"
    study.source.generate(study).to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("windows", [False, True])
def test_the_files_of_the_best_cuts(table, tmp_path, windows):
    files = train(table, tmp_path, ENTRY | {"windows": windows}, NAMES, DIRECTIONS)
    history, cuts = (pd.read_csv(files[name]) for name in ("history", "cuts"))
    assert history["target_efficiency"].tolist() == ENTRY["targets"]
    assert (history["ended"] == "proven").all()
    assert (history["gap"] == 0.0).all()
    events = pd.read_parquet(table)
    events = events[events["split"] == "train"]
    passes, is_signal = passes_cut_table(events, cuts, ENTRY["targets"]), events["label"] == 1
    assert passes[is_signal].mean(axis=0) == pytest.approx(history["signal_efficiency"])
    assert passes[~is_signal].mean(axis=0) == pytest.approx(history["background_efficiency"])
    assert (history["signal_efficiency"] >= history["target_efficiency"]).all()
    if not windows:
        assert (cuts["direction"] == cuts["feature"].map(dict(zip(NAMES, DIRECTIONS, strict=True)))).all()


@pytest.mark.parametrize("windows", [False, True])
def test_the_analytic_optimum_within_sampling_error(study, table, windows):
    events = pd.read_parquet(table)
    training = events[events["split"] == "train"]
    is_signal = training["label"].to_numpy() == 1
    exact = GaussianClasses.from_study(study)
    for target in (0.8, 0.9):
        lowest, highest, _ = exact.best_cuts(target, windows=windows)
        values = training[NAMES].to_numpy()
        inside = ((values > lowest) & (values < highest)).all(axis=1)
        # What the cuts of the true optimum keep of this sample, the best cuts keep with no more background.
        kept = inside[is_signal].mean()
        model = fit(events, ENTRY | {"targets": [kept], "windows": windows}, NAMES, directions=DIRECTIONS)
        best = model.scores(training)[:, 0] == 1
        n_best, n_exact = best[~is_signal].sum(), inside[~is_signal].sum()
        assert n_exact - 5 * np.sqrt(n_exact) < n_best <= n_exact
        # True efficiencies of the best cuts of the sample: errors of a sample of 2000 a class.
        truth = exact.efficiencies(model.cuts()).iloc[0]
        assert truth["signal_efficiency"] == pytest.approx(
            target, abs=5 * np.sqrt(target * (1 - target) / 2000)
        )
        least = exact.best_cuts(float(truth["signal_efficiency"]), windows=windows)[2]
        assert least * (1 - 1e-3) < truth["background_efficiency"] < 1.3 * least


def test_nodes_are_shared_and_end_a_proof(table):
    settings = parse_kind("model", ENTRY | {"nodes": 0})
    from scripts.models.base import TrainingTask

    task = TrainingTask("test", pd.read_parquet(table), NAMES, DIRECTIONS)
    _, history = settings.fit(task)
    assert history["ended"].tolist() == ["nodes"] * 3
    assert (history["background_bound"] == 0.0).all()
    assert (history["gap"] == 1.0).all()
