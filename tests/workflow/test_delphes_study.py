"""A study of Delphes files, from the config to its figures."""

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.delphes_files import EVENTS, truncate, write_delphes

DELPHES = ROOT / "config" / "delphes.yaml"

GENUINE = ROOT.parent / "shared" / "delphes"


@pytest.mark.workflow
@pytest.mark.skipif(not GENUINE.is_dir(), reason="the genuine Delphes files are not beside this checkout")
def test_from_delphes_files_to_figures(tmp_path, run_snakemake):
    """The stock card's files, from the config to a trained scan and its figures by one line."""
    files = {
        "signal": [str(GENUINE / "slepton_200_180_stock.root")],
        "background": [str(GENUINE / "ww_stock.root")],
    }
    followed = [{"name": "ptll", "label": "$p_T(ll)$", "unit": "GeV"}]
    overlay = {"studies": {"dilepton": {"source": files, "properties": followed}}}
    done = run_snakemake(tmp_path, "--cores", "2", overlays=(DELPHES, overlay))
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results" / "delphes"
    cutflow = pd.read_csv(results / "dilepton" / "cutflow.csv")
    assert cutflow[["signal", "background"]].iloc[0].to_list() == [4000, 4000]
    assert cutflow[["signal", "background"]].iloc[-1].to_list() == [875, 135]
    events = pd.read_parquet(results / "dilepton" / "features.parquet")
    assert events["label"].value_counts().to_dict() == {1: 875, 0: 135}
    # A property is read like a feature; no cut is on it.
    assert (events["ptll"] > 0).all()
    assert "ptll" not in set(pd.read_csv(results / "dilepton" / "scan" / "cuts.csv")["feature"])
    assert pd.read_csv(results / "dilepton" / "linear" / "metrics.csv")["auc"][0] > 0.6
    scan = pd.read_csv(results / "dilepton" / "scan" / "metrics.csv")
    # Few events: four standard deviations on the test sample. In robust units, which are narrower than the
    # standard deviation of a momentum, the loosest cuts have farther to go.
    distance = (scan["loss_signal_efficiency"] - scan["target_efficiency"]).abs()
    assert (distance < 4 * scan["signal_efficiency_uncertainty"].clip(lower=0.02)).all()
    for plot in ("features", "scan_scores", "scan_roc", "scan_history", "cuts", "scan_efficiencies"):
        assert (results / "figures" / f"dilepton_{plot}.pdf").stat().st_size > 0
    # Nothing of the paper lies under a study of the user's own.
    assert {path.name for path in results.iterdir()} == {
        "dilepton",
        "figures",
        "tables",
        "logs",
        "benchmarks",
    }
    assert {path.name.split("_")[0] for path in (results / "figures").iterdir()} == {"dilepton"}


@pytest.mark.workflow
def test_one_bad_file_of_many_names_itself_and_is_read_again_alone(tmp_path, run_snakemake):
    (tmp_path / "delphes").mkdir()
    names = ("signal_a", "signal_b", "signal_c", "background_a")
    for number, name in enumerate(names):
        write_delphes(tmp_path / "delphes" / f"{name}.root", EVENTS * (10 + number))
    bad = tmp_path / "delphes" / "signal_b.root"
    whole = bad.read_bytes()
    truncate(bad)
    table = "results/delphes/dilepton/features.parquet"
    # The made events are few of a kind: features that differ among them.
    features = {
        "studies": {"dilepton": {"features": [{"name": "met", "direction": ">", "label": "", "unit": ""}]}}
    }
    command = ("--cores", "2", "--keep-going", table)
    done = run_snakemake(tmp_path, *command, overlays=(DELPHES, features))
    assert done.returncode != 0
    message = "error in read_delphes: delphes/signal_b.root: not a ROOT file, or cut short: "
    assert sum(message in line for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    read = tmp_path / "results" / "delphes" / "dilepton" / "read"
    finished = {path.name: path.stat().st_mtime_ns for path in read.glob("*.parquet")}
    assert set(finished) == {"signal_0.parquet", "signal_2.parquet", "background_0.parquet"}

    bad.write_bytes(whole)
    again = run_snakemake(tmp_path, *command, overlays=(DELPHES, features))
    assert again.returncode == 0, again.stderr[-3000:]
    assert again.stderr.count("rule read_delphes:") == 1
    assert {name: (read / name).stat().st_mtime_ns for name in finished} == finished
    assert pd.read_csv(read.parent / "cutflow.csv")["signal"].iloc[0] == 7 * (10 + 11 + 12)
    assert len(pd.read_parquet(tmp_path / table)) == 2 * (10 + 11 + 12 + 13)


@pytest.mark.workflow
def test_odd_names_addresses_and_a_tree_in_a_folder(tmp_path, run_snakemake):
    names = ("s{1}.root", "s[1].root", "s 1.root", "elsewhere.root", "b{sample}.root")
    for number, name in enumerate(names):
        write_delphes(tmp_path / name, EVENTS * (10 + number), tree="ntuple/Delphes")
    source = {
        "signal": [*names[:3], f"file://{tmp_path}/elsewhere.root"],
        "background": [names[4]],
        "tree": "ntuple/Delphes",
    }
    study = {"source": source, "features": [{"name": "met", "direction": ">"}]}
    table = "results/delphes/dilepton/features.parquet"
    done = run_snakemake(
        tmp_path, "--cores", "1", table, overlays=(DELPHES, {"studies": {"dilepton": study}})
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cutflow = pd.read_csv(tmp_path / "results" / "delphes" / "dilepton" / "cutflow.csv")
    assert cutflow[["signal", "background"]].iloc[0].to_list() == [7 * (10 + 11 + 12 + 13), 7 * 14]


@pytest.mark.workflow
def test_sample_of_which_nothing_passes(tmp_path, run_snakemake):
    (tmp_path / "delphes").mkdir()
    write_delphes(tmp_path / "delphes" / "signal.root", EVENTS * 10)
    write_delphes(tmp_path / "delphes" / "background_0.root", EVENTS[1:2] * 10)
    write_delphes(tmp_path / "delphes" / "background_1.root", [])
    table = "results/delphes/dilepton/features.parquet"
    done = run_snakemake(tmp_path, "--cores", "1", table, overlays=(DELPHES,))
    assert done.returncode != 0
    assert (
        "error in merge_features: none of 10 background events passes the preselection: loosen it; "
        "they are in delphes/background_0.root, delphes/background_1.root"
    ) in done.stderr
    assert "Traceback" not in done.stderr
