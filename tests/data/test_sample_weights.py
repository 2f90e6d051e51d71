"""Weights of the events in Delphes files, through the reader and the merging to table and cutflow."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import uproot

from scripts import merge_features, read_delphes
from scripts.data.merging import merge_samples, read_sample
from scripts.study import Split
from tests import trainings
from tests.delphes_files import EVENTS, SELECTION, write_delphes
from tests.studies import NETWORKS

CASES = Path(__file__).parents[3] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")
FEATURES = ["jet1_pt", "met", "dr_l1_l2"]
OPEN = SELECTION | {"leading_jet_pt": 20.0, "met": 0.0}


def read(folder: Path, name: str, path: Path, selection: dict = OPEN) -> tuple[Path, Path]:
    table, cutflow = folder / f"{name}.parquet", folder / f"{name}.csv"
    read_delphes.main(root_file=path, table=table, cutflow=cutflow, selection=selection, features=FEATURES)
    return table, cutflow


def merge(folder: Path, signal: list[Path], background: list[Path], selection: dict = OPEN, **weighting):
    """Return table and cutflow of some files."""
    given = {"signal": signal, "background": background}
    inputs = {}
    for name, files in given.items():
        parts = [read(folder, f"{name}_{n}", file, selection) for n, file in enumerate(files)]
        inputs[name], inputs[f"{name}_cutflows"] = map(list, zip(*parts, strict=True))
    table, cutflow = folder / "features.parquet", folder / "cutflow.csv"
    merge_features.main(
        **inputs,
        table=table,
        cutflow=cutflow,
        features=FEATURES,
        split={"test_fraction": 0.3, "seed": 42},
        files={name: [str(file) for file in files] for name, files in given.items()},
        weighting=weighting,
    )
    return pd.read_parquet(table), pd.read_csv(cutflow).set_index("step")


def vary(n_events: int) -> list[dict]:
    """Return events that pass, each with its own jet, MET and leptons."""
    generator = np.random.default_rng(n_events)
    events = []
    for _ in range(n_events):
        jet, met, eta = generator.uniform([30, 10, -1], [300, 200, 1])
        pair = [(50, eta, 0.2, 1, 0.05), (30, -0.4, 2.0, -1, 0.2)]
        events.append({"Electron": pair, "Muon": [], "Jet": [(jet, 0.5, -1.0, 0)], "MissingET": [(met, 3.0)]})
    return events


def test_weights_by_hand(tmp_path, caplog):
    # Of the seven events the first and the last pass everything; the weights are in units of 2.
    weights = [2.0, 2.0, -2.0, 2.0, -2.0, 2.0, -2.0]
    weighted = write_delphes(tmp_path / "w.root", EVENTS, weights=weights)
    unweighted = [write_delphes(tmp_path / f"{n}.root", EVENTS) for n in range(9)]
    more = write_delphes(tmp_path / "more.root", EVENTS, weights=[6.0] * 7)
    caplog.set_level(logging.INFO)
    samples = {}
    for name, files in (("signal", unweighted), ("background", [weighted, more, more, more, more, more])):
        parts = [read(tmp_path, f"{name}_{n}", file, SELECTION) for n, file in enumerate(files)]
        samples[name] = read_sample(name, *zip(*parts, strict=True), list(map(str, files)))
    table, flow = merge_samples(samples, Split(test_fraction=0.3, seed=42))
    of_background = table.loc[table["label"] == 0, "weight"].to_numpy()
    unit = (7 * 2 + 35 * 6) / 42
    assert of_background == pytest.approx(np.array([2, -2, *[6] * 10]) / unit)
    assert (table.loc[table["label"] == 1, "weight"] == 1).all()
    assert list(flow.columns) == [
        *("signal", "background", "signal_weighted", "signal_weighted_uncertainty"),
        *("background_weighted", "background_weighted_uncertainty"),
    ]
    assert flow["background"].iloc[[0, 1]].tolist() == [42, 36]
    assert flow["signal_weighted"].tolist() == flow["signal"].tolist()
    assert flow["signal_weighted_uncertainty"].tolist() == pytest.approx(np.sqrt(flow["signal"]).tolist())
    assert flow["background_weighted"].iloc[0] == pytest.approx((2 + 35 * 6) / unit)
    assert flow["background_weighted"].iloc[-1] == pytest.approx(60 / unit)
    squares = 2 * 4 + 10 * 36
    assert flow["background_weighted_uncertainty"].iloc[-1] == pytest.approx(np.sqrt(squares) / unit)
    assert "background: weights of Event.Weight from -2 to 6" in caplog.text
    assert "of 12 selected ones 1 have a negative weight" in caplog.text


@pytest.mark.parametrize("weight", [None, 1.0, 2.5e5])
def test_equal_weights_count_as_one_byte_for_byte(tmp_path, weight):
    events, found = vary(30), []
    for number, given in enumerate((None, weight)):
        folder = tmp_path / str(number)
        folder.mkdir()
        weights = None if given is None else [given] * len(events)
        file = write_delphes(folder / "a.root", events, weights=weights)
        merge(folder, [file], [file], luminosity=10.0, cross_sections={"signal": 1.0, "background": 2.0})
        found.append([(folder / name).read_bytes() for name in ("features.parquet", "cutflow.csv")])
    assert found[0] == found[1]


def test_expected_events_are_shares_of_the_signed_sum(tmp_path):
    events = vary(40)
    weights = np.where(np.arange(40) % 5 == 0, -3.0, 3.0)
    file = write_delphes(tmp_path / "a.root", events, weights=weights.tolist())
    unweighted = write_delphes(tmp_path / "b.root", events)
    given = {"luminosity": 10.0, "cross_sections": {"signal": 1.0, "background": 6.0}}
    table, flow = merge(tmp_path, [unweighted], [file], **given, balance=True)
    assert table.loc[table["label"] == 0, "weight"].to_numpy() == pytest.approx(weights / weights.sum() * 60)
    assert flow["background_expected"].to_numpy() == pytest.approx([60.0] * 6)
    uncertainty = np.sqrt(40 * 9) / weights.sum() * 60
    assert flow["background_expected_uncertainty"].to_numpy() == pytest.approx([uncertainty] * 6)
    assert flow["signal_expected"].iloc[0] == pytest.approx(10)


@pytest.mark.parametrize(
    ("of_files", "message"),
    [
        (([1.0] * 29 + [-1.0], None), r"1.root: no branch Event.Weight, which other background files have"),
        (
            ([0.0] * 30,),
            r"weights of the background events in the files add up to 0, which has to be positive",
        ),
        (([-2.0] * 30,), r"weights of the background events in the files add up to -60, which has"),
        (([1.0] + [-2.0] * 29,), r"weights of the background events in the (train|test) sample add up to -"),
        (([1.0] * 29 + [np.nan],), r"branch Event.Weight is NaN or infinite 1 times in events 0 to 29"),
    ],
)
def test_weights_that_cannot_be_used_get_one_line(tmp_path, of_files, message):
    events = vary(30)
    files = [
        write_delphes(tmp_path / f"{n}.root", events, weights=weights) for n, weights in enumerate(of_files)
    ]
    signal = write_delphes(tmp_path / "signal.root", events)
    with pytest.raises(ValueError, match=message) as caught:
        merge(tmp_path, [signal], files)
    assert "\n" not in str(caught.value)


def test_a_negative_sum_has_no_cross_section(tmp_path):
    file = write_delphes(tmp_path / "a.root", vary(30), weights=[1.0] + [-2.0] * 29)
    signal = write_delphes(tmp_path / "signal.root", vary(30))
    with pytest.raises(ValueError, match="the weights of the background events in the files add up to -"):
        merge(tmp_path, [signal], [file], luminosity=1.0, cross_sections={"signal": 1.0, "background": 1.0})


def test_files_without_events_and_small_chunks(tmp_path):
    from scripts.physics.preselection import read_file

    events = vary(30)
    weights = [1.5 if n % 3 else -0.5 for n in range(30)]
    file = write_delphes(tmp_path / "a.root", events, weights=weights)
    empty = write_delphes(tmp_path / "none.root", [], weights=[])
    whole, chunked = (read_file(file, OPEN, FEATURES, size) for size in (100, 7))
    assert whole.numbers.tolist() == chunked.numbers.tolist() == list(range(30))
    assert whole.weights.tolist() == chunked.weights.tolist() == weights
    for step, sums in whole.sums.items():
        assert vars(chunked.sums[step]) == pytest.approx(vars(sums))
    table, flow = merge(tmp_path, [write_delphes(tmp_path / "b.root", events)], [empty, file, empty])
    assert flow["background_weighted"].iloc[0] == pytest.approx(sum(weights) * 30 / np.abs(weights).sum())
    assert (table["label"] == 0).sum() == 30


@needs_cases
def test_the_case_of_signed_weights(tmp_path):
    scan = NETWORKS["scan"] | {"epochs": 100, "learning_rate": 0.1, "targets": [0.6, 0.9]}
    table, flow = merge(tmp_path, [CASES / "signal.root"], [CASES / "background_signed_weights.root"])
    assert flow.loc["all events", ["signal", "background"]].tolist() == [300, 300]
    assert flow.loc["all events", "background_weighted"] == pytest.approx(180, abs=1e-9)
    assert flow.loc["all events", "background_weighted_uncertainty"] == pytest.approx(np.sqrt(300))
    with uproot.open(CASES / "background_signed_weights.root") as root_file:
        weights = root_file["Delphes"]["Event.Weight"].array()[:, 0].to_numpy().astype(float)
    left = pd.read_csv(tmp_path / "background_0.csv").set_index("step")
    assert left["weighted"].iloc[0] == pytest.approx(weights.sum())
    of_background = table["label"] == 0
    assert table.loc[of_background, "weight"].sum() == pytest.approx(flow["background_weighted"].iloc[-1])
    assert set(table.loc[of_background, "weight"].round(9)) == {1.0, -1.0}
    found = []
    for number, scale in enumerate((1.0, 1e-9, 1e9)):
        folder = tmp_path / str(number)
        folder.mkdir()
        table.assign(weight=scale * table["weight"]).to_parquet(folder / "features.parquet")
        files = trainings.train(folder / "features.parquet", folder, scan, FEATURES, ["<", ">", ">"])
        found.append(pd.read_csv(files["cuts"])["cut"].to_numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-4)
