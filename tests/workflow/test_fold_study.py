"""A study of ntuples in folds, from the config to its metrics; a fold that is lost is trained again."""

import numpy as np
import pandas as pd
import pytest

from scripts.data.cut_table import passes_cut_table
from scripts.models import load_model
from tests.ntuple_files import ntuple_study
from tests.studies import NETWORKS
from tests.workflow.test_ntuple_study import write_events

pytestmark = pytest.mark.workflow
N_FOLDS = 2
FEATURES = ["x", "log_y"]


@pytest.fixture
def config(tmp_path):
    """Signal in two ROOT files, background in a text table, and data, all with signed weights."""
    for number, name in enumerate(("s_0.root", "s_1.root", "b.csv", "data.csv")):
        write_events(tmp_path / name, 1.5 * name.startswith("s"), 400, number)
    processes = {
        "s": {"files": ["s_*.root"], "tree": "ntuple/events"},
        "b": {"files": ["b.csv"]},
        "data": {"files": ["data.csv"]},
    }
    study = ntuple_study(
        processes,
        tuple(FEATURES),
        {"folds": N_FOLDS},
        columns={"log_y": "log(y)"},
        preselection=["y > 1"],
        weight="w",
        event="n",
    )
    grid = NETWORKS["grid"] | {"supercuts": [{"selections": "x > {0}", "st3": [[-1.0, 1.0, 0.25]]}]}
    study["networks"] = {"scan": NETWORKS["scan"] | {"epochs": 20}, "grid": grid}
    study["figures"], study["tables"] = {}, {}
    return {"run": "small", "studies": {"toy": study}}


def test_each_event_by_the_model_of_its_fold(tmp_path, run_snakemake, config):
    wanted = [f"results/small/toy/scan/{name}.csv" for name in ("history", "metrics")]
    done = run_snakemake(tmp_path, "--cores", "2", *wanted, overlays=(config,))
    assert done.returncode == 0, done.stderr[-3000:]
    folder = tmp_path / "results" / "small" / "toy"
    events = pd.read_parquet(folder / "features.parquet")
    assert (events["fold"] == events["event"] % N_FOLDS).all()
    check_scan(folder / "scan", events)
    history = pd.read_csv(folder / "scan" / "history.csv")
    assert history.groupby("fold")["epoch"].agg(list).to_list() == [list(range(20))] * N_FOLDS
    times = [
        pd.read_csv(folder / "scan" / f"fold{fold}" / "training.tsv", sep="\t") for fold in range(N_FOLDS)
    ]
    total = pd.read_csv(folder / "scan" / "training.tsv", sep="\t")
    assert total["seconds"].iloc[0] == pytest.approx(sum(one["seconds"].iloc[0] for one in times))
    # As a killed job leaves it: only this fold is trained again, and what is made of it.
    (folder / "scan" / "fold1" / "model.pt").unlink()
    again = run_snakemake(tmp_path, "--cores", "2", "--dry-run", overlays=(config,))
    counts = dict(line.split() for line in again.stdout.splitlines() if len(line.split()) == 2)
    # Of the grid, which is a text file, there was none.
    expected = {"train_fold": "1", "train_text_fold": str(N_FOLDS), "join_folds": "2", "evaluate_model": "2"}
    assert {name: counts[name] for name in expected} == expected
    assert "merge_ntuples" not in counts


def check_scan(folder, events: pd.DataFrame) -> None:
    """Check what is written of the scan against the models of its folds."""
    models = [load_model(folder / f"fold{fold}" / "model.pt", "scan", FEATURES) for fold in range(N_FOLDS)]
    cuts, metrics = pd.read_csv(folder / "cuts.csv"), pd.read_csv(folder / "metrics.csv")
    passed = np.zeros((len(events), len(metrics)), dtype=bool)
    for fold, model in enumerate(models):
        own = events["fold"] == fold
        passed[own] = passes_cut_table(events[own], model.cuts(), model.targets)
        of_fold = cuts.loc[cuts["fold"] == fold, "cut"]
        assert of_fold.to_list() == pytest.approx(model.cuts()["cut"].to_list())
    assert (passes_cut_table(events, cuts, metrics["target_efficiency"]) == passed).all()
    # Of signed weights, data apart.
    for label, name in ((1, "signal"), (0, "background")):
        rows = (events["label"] == label).to_numpy()
        weights = events["weight"].to_numpy()[rows]
        efficiencies = weights @ passed[rows] / weights.sum()
        assert metrics[f"{name}_efficiency"].to_list() == pytest.approx(efficiencies.tolist())
    processes = pd.read_csv(folder / "processes.csv")
    of_data = processes.loc[processes["process"] == "data", "events"]
    assert of_data.to_list() == passed[(events["label"] < 0).to_numpy()].sum(axis=0).tolist()
