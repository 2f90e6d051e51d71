"""Every model on events of which some have a negative weight, from the feature table to metrics and cuts."""

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling
from scripts.data.feature_table import check_feature_table
from scripts.models.box_counter import BoxCounter
from scripts.models.grid_scan import scan_grid
from scripts.models.samples import make_sample
from scripts.models.supercuts import parse_supercuts
from tests import trainings
from tests.studies import NETWORKS

FEATURES = ["x0", "x1"]
_SCAN = NETWORKS["scan"] | {"epochs": 60, "learning_rate": 0.1}
MODELS = {
    **{
        kind: NETWORKS[kind] | {"epochs": 20} for kind in ("linear", "fully_connected", "one_to_one", "joint")
    },
    "scan": _SCAN,
    "squares": NETWORKS["linear"] | {"loss": {"watts": "squares"}, "learning_rate": 1e-3, "epochs": 20},
    "blocks": _SCAN | {"out_of_core": True},
    "kcuts": NETWORKS["kcuts"] | {"population": 10, "cycles": 4},
    "grid": NETWORKS["grid"],
    "bdt": NETWORKS["bdt"] | {"negative_weights": "absolute"},
}


def draw(seed: int, n_events: int, *, negative: float = 0.0) -> pd.DataFrame:
    """Return events of unit weight; with negative ones, as many of a narrower shape with +1 and with -1."""
    generator = np.random.default_rng(seed)
    parts = []
    for label, mean in ((1, 1.0), (0, 0.0)):
        n_pairs = int(negative * n_events / (1 - 2 * negative))
        main = generator.normal([mean, -mean], 1.0, (n_events, 2))
        others = generator.normal([mean, -mean], 0.7, (2 * n_pairs, 2))
        part = pd.DataFrame(np.concatenate([main, others]), columns=FEATURES)
        part["weight"] = np.concatenate([np.ones(n_events), np.tile([1.0, -1.0], n_pairs)])
        parts.append(part.assign(label=label))
    table = pd.concat(parts, ignore_index=True)
    table["split"] = np.where(generator.random(len(table)) < 0.25, "test", "train")
    return table


@pytest.mark.parametrize("name", MODELS)
def test_the_scale_of_weights_changes_nothing(tmp_path, name):
    found = []
    # About 1e-9 and 1e9, but powers of two: rounding alone ends a search for boxes elsewhere.
    for number, scale in enumerate((1.0, 2.0**-30, 2.0**30)):
        table = draw(1, 400, negative=0.2)
        assert (table["weight"] < 0).mean() == pytest.approx(0.2, abs=0.001)
        table["weight"] *= scale
        folder = tmp_path / str(number)
        folder.mkdir()
        table.to_parquet(folder / "features.parquet")
        files = trainings.train(folder / "features.parquet", folder, MODELS[name], FEATURES, [">", "<"])
        cuts = pd.read_csv(files["cuts"])["cut"].astype(float)
        metrics = pd.read_csv(files["metrics"]).drop(columns=["target_efficiency", "score_above"])
        metrics = metrics.drop(columns=["target", "target_of", "target_met", "target_note"])
        assert np.isfinite(metrics).all(axis=None)
        found.append((cuts.to_numpy(), metrics.to_numpy()))
    for cuts, metrics in found[1:]:
        # An event beside a cut may change sides by rounding.
        np.testing.assert_allclose(cuts, found[0][0], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(metrics, found[0][1], atol=0.01)


def test_cuts_are_those_of_unit_weights_within_their_spread():
    """The same distribution, once from unit weights alone, once with a fifth of the events negative."""

    def cuts_of(table: pd.DataFrame) -> np.ndarray:
        return trainings.fit(table, _SCAN, FEATURES, directions=[">", "<"]).cuts()["cut"].to_numpy()

    unit, signed = draw(2, 4000), draw(3, 4000, negative=0.2)
    generator = np.random.default_rng(4)
    again = [signed.iloc[generator.integers(0, len(signed), len(signed))] for _ in range(10)]
    spread = np.std([cuts_of(table) for table in again], axis=0, ddof=1)
    pulls = (cuts_of(signed) - cuts_of(unit)) / spread
    assert np.abs(pulls).max() < 3
    # Without their signs the events are of another, narrower shape.
    of_absolute = cuts_of(signed.assign(weight=signed["weight"].abs()))
    assert np.abs((of_absolute - cuts_of(unit)) / spread).max() > np.abs(pulls).max()


def test_trees_need_to_be_told_what_to_do(caplog):
    table = draw(1, 400, negative=0.2)
    n_training, bdt = int((table["split"] == "train").sum()), NETWORKS["bdt"]
    with pytest.raises(ValueError, match=rf"negative_weights: \d+ of {n_training} events have a negative"):
        trainings.fit(table, bdt, FEATURES)
    positive = table[table["weight"] > 0]
    dropped = trainings.fit(table, bdt | {"negative_weights": "drop"}, FEATURES)
    np.testing.assert_array_equal(dropped.scores(table), trainings.fit(positive, bdt, FEATURES).scores(table))
    unsigned = table.assign(weight=1.0)
    absolute = trainings.fit(table, bdt | {"negative_weights": "absolute"}, FEATURES)
    np.testing.assert_array_equal(
        absolute.scores(table), trainings.fit(unsigned, bdt, FEATURES).scores(table)
    )


def test_a_background_below_zero_counts_as_none_in_searches():
    features = np.array([[1.0], [2.0], [3.0], [1.0], [2.0], [3.0]])
    is_signal, weights = np.arange(6) < 3, np.array([1.0, 1.0, 1.0, 3.0, -1.0, -0.5])
    counter = BoxCounter(features, is_signal, weights, 10)
    low, high = np.array([[0], [1], [2]]), np.array([[3], [3], [3]])
    signal, background = counter.efficiencies(low, high)
    assert signal.tolist() == pytest.approx([1, 2 / 3, 1 / 3])
    assert background.tolist() == pytest.approx([1, 0, 0])
    events = pd.DataFrame({"x": features[:, 0], "label": is_signal.astype(int), "weight": weights})
    grid = parse_supercuts([{"selections": "x > {0}", "st3": [[0.5, 3.0, 1.0]]}], ["x"], 100)
    (point,) = scan_grid(grid, events, [0.3], 1)
    # Both tight points have less than no background; the one with more signal is taken.
    assert (point.position, point.signal) == (1, pytest.approx(2 / 3))


def test_unit_weights_and_powers_of_two_keep_every_bit():
    table = draw(1, 50)
    scaling, dtype = FeatureScaling.identity(FEATURES), torch.float32
    for scale, expected in ((1.0, 1.0), (1.25, 1.25), (2.5e5, 2.5e5 / 2**18)):
        sample = make_sample(table.assign(weight=scale), scaling, "train", dtype)
        assert (sample.weights == expected).all()
        exact = make_sample(table.assign(weight=scale), scaling, "train", dtype, exact_unit=True)
        assert (exact.weights == 1).all()


def test_a_class_without_a_positive_sum_is_told():
    table = draw(1, 50)
    table.loc[table["label"] == 0, "weight"] = -2.0
    with pytest.raises(
        ValueError, match=r"here: the weights of the background events in the train sample add"
    ):
        check_feature_table(table, FEATURES, "here")
