"""A study of ntuples, from the config to its figures; and what stops it, one line each."""

import numpy as np
import pandas as pd
import pytest
import uproot

from cabin_core import asimov_significance
from scripts.data.cut_table import passes_cut_table
from scripts.exports.skimming import apply_to_files
from scripts.exports.working_point import WorkingPoint
from tests.ntuple_files import ntuple_study
from tests.studies import NETWORKS

pytestmark = pytest.mark.workflow
TABLE = "results/small/toy/features.parquet"


def write_events(path, mean: float, n_events: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    columns = {
        "x": random.normal(mean, 1.0, n_events),
        "y": random.exponential(50.0, n_events).astype(np.float32),
        "w": np.where(random.uniform(size=n_events) < 0.2, -1.0, 1.0),
        "n": np.arange(n_events),
    }
    if path.suffix == ".root":
        with uproot.recreate(path) as file:
            file["ntuple/events"] = columns
    else:
        pd.DataFrame(columns).to_csv(path, index=False)


@pytest.fixture
def config(tmp_path):
    """Signal in two ROOT files, background in a text table, and data."""
    for number, name in enumerate(("s_0.root", "s_1.root", "b.csv", "data.csv")):
        write_events(tmp_path / name, 1.5 * name.startswith("s"), 400, number)
    processes = {
        "s": {"files": ["s_*.root"], "tree": "ntuple/events", "cross_section": 0.5},
        "b": {"files": ["b.csv"], "cross_section": 20.0, "uncertainty": 0.1},
        "data": {"files": ["data.csv"]},
    }
    study = ntuple_study(
        processes,
        ("x", "log_y"),
        {"by": "n % 4 == 0"},
        columns={"log_y": "log(y)"},
        preselection=[{"enough y": "y > 1"}],
        weight="abs(w)",
        luminosity=10.0,
        event="n",
    )
    # Of the yields that the weights say: 5 signal and 200 background events.
    study["counting_experiment"] = {"minimum_signal": 1.0}
    significance = NETWORKS["one_to_one"] | {"loss": {"significance": 1.0, "constraint": 10.0}, "epochs": 20}
    study["networks"] = {"scan": NETWORKS["scan"] | {"epochs": 20}, "significance": significance}
    study["figures"] = {"one": {"plot": "features", "caption": "Features."}}
    del study["tables"]
    return {"run": "small", "studies": {"toy": study}}


def test_from_ntuples_to_figures(tmp_path, run_snakemake, config):
    done = run_snakemake(tmp_path, "--cores", "2", overlays=(config,))
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results" / "small"
    flow = pd.read_csv(results / "toy" / "cutflow.csv", index_col="step")
    assert flow.loc["all events", ["signal", "background", "s", "b", "data"]].to_list() == [
        800,
        400,
        800,
        400,
        400,
    ]
    assert flow.loc["all events", ["s_expected", "b_expected"]].to_list() == pytest.approx([5.0, 200.0])
    events = pd.read_parquet(tmp_path / TABLE)
    assert events["process"].value_counts().to_dict() == flow.iloc[-1][["s", "b", "data"]].to_dict()
    scores = pd.read_parquet(results / "toy" / "scan" / "scores.parquet")
    assert len(scores) == (events["label"] >= 0).sum()
    assert pd.read_csv(results / "toy" / "scan" / "metrics.csv")["auc"].iloc[0] > 0.7
    drawn = pd.read_csv(results / "figures" / "one.csv")
    assert set(drawn["class"]) == {"signal", "background", "data"}
    assert "data" in (results / "tables" / "toy_cutflow.md").read_text()
    check_cuts(events, results)
    check_exports(tmp_path, events, results)
    check_significance(events, results)
    # A replaced file is read again, and nothing else is.
    write_events(tmp_path / "b.csv", 0.0, 300, 9)
    again = run_snakemake(tmp_path, "--cores", "2", TABLE, overlays=(config,))
    assert again.returncode == 0, again.stderr[-3000:]
    assert again.stderr.count("rule read_ntuples:") == 1
    assert pd.read_csv(results / "toy" / "cutflow.csv")["b"].iloc[0] == 300


def check_exports(folder, events, results) -> None:
    """Check that the exported working point selects of the files what the cuts select of the events."""
    exports = results / "toy" / "scan" / "exports"
    names = {path.name for path in exports.iterdir()}
    assert names == {
        "cuts.h",
        "cuts_awkward.py",
        "cuts_pandas.py",
        "cuts_root.py",
        "working_point.yaml",
        "working_points.json",
    }
    point = WorkingPoint.read(exports / "working_point.yaml")
    target = point.content["working_point"]["target"]
    flow = apply_to_files(point, [str(folder / "s_*.root")], process="s")
    cuts = pd.read_csv(results / "toy" / "scan" / "cuts.csv", converters={"cut": float})
    passed = passes_cut_table(events, cuts[cuts["target_efficiency"] == target])[:, 0]
    assert flow["events"].iloc[-1] == (passed & (events["process"] == "s")).sum()
    assert flow["weighted"].iloc[0] == 800


def check_significance(events, results) -> None:
    """Check the counting experiment against the weights of the events: its background is known to 10 %."""
    table = pd.read_csv(results / "tables" / "toy_expected_significance.csv")
    point = table[(table["network"] == "scan") & (table["target_efficiency"] == 0.6)].iloc[0]
    wholes = events.groupby("label")["weight"].sum()
    for name, label in (("signal", 1), ("background", 0)):
        assert point[name] == pytest.approx(wholes[label] * point[f"{name}_efficiency"])
    assert point["relative_uncertainty"] == pytest.approx(0.1)
    significance = asimov_significance(point["signal"], point["assumed_background"], 0.1).item()
    assert point["significance"] == pytest.approx(significance)
    processes = pd.read_csv(results / "toy" / "significance" / "processes.csv", index_col="process")
    row = processes.loc["b"]
    assert row["yield_systematic_uncertainty"] == pytest.approx(0.1 * row["yield"])


def check_cuts(events, results) -> None:
    """Check what the final cuts leave of each process against the cuts and the events."""
    cuts = pd.read_csv(results / "toy" / "scan" / "cuts.csv")
    middle = cuts[cuts["target_efficiency"] == 0.6].set_index("feature")["cut"]
    passed = {name: events[name] > middle[name] for name in ("x", "log_y")}
    left = pd.read_csv(results / "tables" / "toy_n_minus_one.csv", index_col="feature")
    left = left[left["network"] == "scan"]
    expected = {"x": passed["log_y"], "log_y": passed["x"], "all cuts": passed["x"] & passed["log_y"]}
    for name in ("s", "b", "data"):
        of_process = (events["process"] == name) & (events["split"] != "train")
        for row, selected in expected.items():
            weights = events["weight"][of_process & selected]
            assert left.loc[row, name] == len(weights)
            if name != "data":
                assert left.loc[row, f"{name}_weighted"] == pytest.approx(weights.sum())
    processes = pd.read_csv(results / "toy" / "scan" / "processes.csv")
    at_middle = processes[processes["target_efficiency"] == 0.6].set_index("process")
    assert at_middle.index.to_list() == ["s", "b", "data"]
    for column, end in (("events", ""), ("efficiency", "_efficiency")):
        all_cuts = left.loc["all cuts", [f"{name}{end}" for name in at_middle.index]]
        assert at_middle[column].to_list() == pytest.approx(all_cuts.to_list())
    # Expected events at the luminosity, of both samples.
    wholes = events.groupby("process")["weight"].sum()
    expected = at_middle["efficiency"] * wholes[at_middle.index]
    assert at_middle["yield"].to_list() == pytest.approx(expected.to_list())


@pytest.mark.parametrize(
    ("process", "change", "message"),
    [
        (
            "s",
            {"tree": "events"},
            "error in read_ntuples: s_0.root: no tree events: the file has ntuple/events (pr",
        ),
        (
            "b",
            {"columns": {"log_y": "log(z)"}},
            "error in read_ntuples: b.csv: no column z (the closest is y), which columns.log_y needs",
        ),
        (
            "b",
            {"preselection": {"enough y": "y > 1e6"}},
            "error in merge_ntuples: process b: no event passes: 'enough y' leaves none of 400: loosen it",
        ),
        (
            "s",
            {"files": ["r_*.root"]},
            "config: studies.toy.source.processes.s.files: no file matches r_*.root",
        ),
        (
            "s",
            {"columns": {"x": "__import__('os').system('ls')"}},
            "config: studies.toy.source.processes.s.columns.x: ",
        ),
    ],
)
def test_one_line_for_each_fault(tmp_path, run_snakemake, config, process, change, message):
    config["studies"]["toy"]["source"]["processes"][process] |= change
    done = run_snakemake(tmp_path, "--cores", "2", "--keep-going", TABLE, overlays=(config,))
    assert done.returncode != 0
    assert sum(message in line for line in done.stderr.splitlines()) >= 1, done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / TABLE).exists()
