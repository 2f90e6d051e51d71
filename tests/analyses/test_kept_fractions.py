"""Cuts and a network against the fraction of the background that the cuts keep."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import EventSample, FullyConnectedNetwork
from scripts import analyse_study
from scripts.analyses import chains
from scripts.analyses.chains import measure_chain, rank_by_network
from scripts.analyses.kept_fractions import STRATEGIES
from scripts.counting_experiment import CountingExperiment
from scripts.parsing import parse
from tests.delphes_files import SELECTION
from tests.studies import study_entry

FEATURES, DIRECTIONS = ["a", "b"], [">", "<"]
JOINT = {
    "model": "joint",
    "kept_fraction": 0.1,
    "start": 2.0,
    "activation_scale": 30.0,
    "hidden_layers": [6],
    "loss": {"joint": {}},
    "optimizer": "adam",
    "learning_rate": 0.05,
    "classifier_learning_rate": 0.02,
    "epochs": 120,
    "seed": 1,
    "schedule": {"first_activation_scale": 3.0, "last_learning_rate": 0.005},
}
EXPERIMENT = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 1.0, "background": 20.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 0.0,
}


@pytest.fixture(scope="module")
def events():
    generator = np.random.default_rng(2)
    label = np.arange(4000) % 2
    return pd.DataFrame(
        {
            "a": generator.normal(1.5 * label),
            "b": generator.normal(-1.5 * label),
            "label": label.astype(np.int8),
            "split": np.where(np.arange(4000) % 5 == 0, "test", "train"),
            "weight": 1.0,
        }
    )


@pytest.fixture(scope="module")
def table(events, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    events.to_parquet(path)
    return path


def scan(
    table: Path,
    *,
    fractions: tuple[float, ...] = (0.3, 0.05),
    seeds: tuple[int, ...] = (1, 2),
    network: dict = JOINT,
    experiment: dict | None = EXPERIMENT,
    source: dict | None = None,
    split_seed: int = 0,
) -> pd.DataFrame:
    """Run the job beside the feature table."""
    settings = {"network": "joint", "fractions": list(fractions), "seeds": list(seeds)}
    study = study_entry(
        features=[
            {"name": name, "direction": direction}
            for name, direction in zip(FEATURES, DIRECTIONS, strict=True)
        ],
        split={"test_fraction": 0.2, "seed": split_seed},
        counting_experiment=experiment,
        networks={"joint": network},
        analyses={"kept_fractions": settings},
        **({} if source is None else {"source": source}),
    )
    path = table.with_name("scan.csv")
    analyse_study.main(
        table=path, analysis="kept_fractions", study=study, study_name="toy", features=table, models=[]
    )
    return pd.read_csv(path)


def test_scan_of_three_strategies(table):
    rows = scan(table)
    assert list(rows["strategy"].unique()) == list(STRATEGIES)
    assert len(rows) == 3 * 2 * 2
    # Fitted on the training sample: on the test sample within its statistics, 400 background events.
    spread = np.sqrt(rows["fraction"] * (1 - rows["fraction"]) / 400)
    assert ((rows["kept_background"] - rows["fraction"]).abs() < 4 * spread).all()
    means = rows.groupby(["strategy", "fraction"])[["auc", "kept_signal", "cross_entropy"]].mean()
    for fraction, best in ((0.3, 0.9), (0.05, 0.593)):  # of the best cuts, alike on both features
        for strategy in ("together", "cuts first"):
            assert means.loc[(strategy, fraction), "kept_signal"] == pytest.approx(best, abs=0.06)
        # Independent features of the same distance: the network needs both at once and finds their sum.
        assert means.loc[("network alone", fraction), "auc"] > means.loc[("together", fraction), "auc"]
    # The less is kept, the more is lost.
    assert (means["auc"].unstack().diff(axis=1).iloc[:, 1:] > 0).all().all()
    assert (means["cross_entropy"].unstack().diff(axis=1).iloc[:, 1:] < 0).all().all()
    pd.testing.assert_frame_equal(scan(table), rows, check_exact=True)


def test_without_an_experiment_there_is_no_significance(table):
    rows = scan(table, experiment=None, fractions=(0.3,), seeds=(1,), network=JOINT | {"epochs": 5})
    assert rows["significance"].isna().all()


def test_measures_by_hand():
    events = pd.DataFrame(
        {
            "label": [1, 1, 0, 0, 0, 0, 1, 0],
            "split": ["test"] * 6 + ["train"] * 2,
            "weight": 1.0,
        }
    )
    scores = np.array([[0.8], [0.0], [0.5], [0.0], [0.0], [0.0], [0.9], [0.1]])
    row = measure_chain(events, scores, (0.25,), None).iloc[0]
    assert row["kept_background"] == 0.25
    assert row["kept_signal"] == 0.5
    # The kept signal is above all four background events, the dropped one ties with three of them.
    assert row["auc"] == pytest.approx((4 + 0 + 3 / 2) / 8)
    kept = -0.5 * math.log(0.8) - 0.25 * math.log(0.5)
    dropped = -0.5 * math.log(0.5 / 1.25) - 0.75 * math.log(0.75 / 1.25)
    assert row["cross_entropy"] == pytest.approx(kept + dropped)


def test_thresholds_that_keep_the_same_events_are_alike(monkeypatch):
    """Which of them has the largest sum is a matter of rounding; the choice is not."""
    events = pd.DataFrame({"label": [1] * 3 + [0] * 3, "weight": 1.0})
    events = pd.concat([events.assign(split="train"), events.assign(split="test")], ignore_index=True)
    scores = np.array([0.2, 0.4, 0.8, 0.1, 0.15, 0.9, 0.3, 0.6, 0.9, 0.25, 0.5, 0.0])[:, None]
    experiment = parse(CountingExperiment, EXPERIMENT)
    genuine = chains.selected_yields
    found = set()
    for sign in (-1, 1):

        def rounded(table, passed, experiment, sign=sign):
            yields = genuine(table, passed, experiment)
            yields["significance"] *= 1 + sign * 1e-15 * np.arange(len(yields))
            return yields

        monkeypatch.setattr(chains, "selected_yields", rounded)
        monkeypatch.setattr(chains, "LEAST_BACKGROUND", 1)
        found.add(measure_chain(events, scores, (0.5,), experiment)["significance"].iloc[0])
    assert len(found) == 1


def test_network_alone_keeps_by_its_score():
    torch.manual_seed(1)
    network = FullyConnectedNetwork(2, (4,))
    sample = EventSample(torch.randn(500, 2), torch.arange(500) % 2 == 0, torch.ones(500))
    scores = rank_by_network(network, sample, sample.features, (0.1, 1.0))
    of_background = scores[~sample.is_signal.numpy()]
    assert (of_background[:, 0] > 0).mean() == pytest.approx(0.1, abs=0.005)
    assert (of_background[:, 1] > 0).all()
    kept = scores[:, 0] > 0
    assert scores[kept, 0].min() > scores[~kept, 1].max()


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "float64"},
        {"weights": "learned"},
        {"weights": [2.0, -1.0]},
        {"cut_function": "erf"},
        {"initial_weights": "truncated_normal"},
        {"loss": {"joint": {"order_share": 0.9}}},
        {"loss": {"joint": {"handover": [0.5, 0.5], "coupling": 1.0}}},
    ],
    ids=str,
)
def test_a_scan_ignores_no_setting(table, change):
    few = {"fractions": [0.3], "seeds": [1]}
    plain = scan(table, network=JOINT | {"epochs": 40}, **few)
    changed = scan(table, network=JOINT | {"epochs": 40} | change, **few)
    together = plain["strategy"] == "together"
    assert not plain[together].equals(changed[together])


def test_a_scan_of_few_events(events, tmp_path):
    few = events[(events["label"] == 1) | (events.index < 30)]
    few.to_parquet(tmp_path / "features.parquet")
    rows = scan(tmp_path / "features.parquet", network=JOINT | {"epochs": 3})
    assert rows["significance"].notna().all()


UNEQUAL = {
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
FILES = {"kind": "delphes", "signal": ["s.root"], "background": ["b.root"], "selection": SELECTION}


def cross_entropies(folder: Path, background_weight: float, equal: bool, split_seed: int = 0) -> pd.Series:
    """Of each strategy, where each background event stands for many."""
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
    rows = scan(
        folder / "features.parquet",
        network=UNEQUAL,
        fractions=(0.5,),
        seeds=(1,),
        experiment=None,
        source=FILES | {"equal_class_weights": equal},
        split_seed=split_seed,
    )
    return rows.set_index("strategy")["cross_entropy"]


def test_a_scan_with_equal_class_weights_does_not_know_their_ratio(tmp_path):
    alike, heavy = (cross_entropies(tmp_path, weight, True) for weight in (1.0, 20.0))
    assert heavy.to_dict() == pytest.approx(alike.to_dict(), rel=1e-6)
    # A network alone that knew it would take hardly any event for signal.
    ratio_known = cross_entropies(tmp_path, 20.0, False)
    assert ratio_known["network alone"] > 1.2 * heavy["network alone"]


def test_the_seeds_of_a_scan_stand_in_for_that_of_the_split(tmp_path):
    first, second = (cross_entropies(tmp_path, 1.0, True, split_seed=seed) for seed in (0, 5))
    assert first.to_dict() == second.to_dict()
