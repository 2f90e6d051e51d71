"""The starter: from a user's files to a study file that runs as it is."""

import re
import shlex

import awkward as ak
import numpy as np
import pandas as pd
import pytest
import uproot
import yaml

from scripts.commands import start_study
from scripts.config import read_config
from scripts.data.ntuple_paths import find_files
from scripts.starter.proposals import identifier, plain, propose, quoted
from scripts.starter.survey import look_into
from scripts.study_parsing import with_defaults
from tests.conftest import ROOT
from tests.ntuple_files import read_study


def events(mean: float, n_events: int, seed: int) -> dict:
    """Odd names, a sentinel, negative weights, an integer, a list, a condition, a constant and a truth."""
    random = np.random.default_rng(seed)
    n_jets = random.poisson(2.0 + mean, n_events)
    pt = ak.unflatten(random.exponential(40.0, n_jets.sum()), n_jets)
    return {
        "lep1.pt": (30.0 + 20.0 * mean + random.exponential(20.0, n_events)).astype(np.float32),
        "n-jets": n_jets.astype(np.int32),
        "lep2_pt": np.where(np.arange(n_events) % 10 == 0, -999.0, random.exponential(30.0, n_events)),
        "dphi": -mean + random.normal(0.0, 1.0, n_events),
        "noise": random.normal(0.0, 1.0, n_events),
        "eventNumber": np.arange(n_events, dtype=np.int64),
        "EventWeight": np.where(random.uniform(size=n_events) < 0.1, -1.0, 1.0),
        "runNumber": np.full(n_events, 7),
        "trigger": random.uniform(size=n_events) < 0.5,
        "Jet_pt": pt,
        "gen_mass": random.normal(0.0, 1.0, n_events) + 5.0 * mean,
    }


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A signal in two files and two backgrounds."""
    monkeypatch.chdir(tmp_path)
    for number, (name, mean) in enumerate([("s_0", 1.0), ("s_1", 1.0), ("tt", 0.0), ("zj", 0.0)]):
        with uproot.recreate(f"{name}.root") as file:
            file["Events"] = events(mean, 400, number)
    return tmp_path


COMMAND = ["--signal", "sig=s_*.root", "--background", "tt=tt.root", "zj=zj.root"]


def test_the_file_runs_as_it_is(files, capsys):
    assert start_study.main([*COMMAND, "--output", "mine.yaml"]) == 0
    out = capsys.readouterr().out
    assert "sig: 800 events, 2 files, 11 branches" in out
    # From another folder than that of the repository.
    makefile = shlex.quote(str(ROOT / "Makefile"))
    assert out.splitlines()[-1].endswith(f", then: make -f {makefile} study CONFIG=mine.yaml")
    config = yaml.safe_load((files / "mine.yaml").read_text())
    study = read_config(config).studies["mine"]
    source = study.source
    assert [(name, one.role) for name, one in source.processes.items()] == [
        ("sig", "signal"),
        ("tt", "background"),
        ("zj", "background"),
    ]
    assert source.weight == "EventWeight"
    assert source.event == "eventNumber"
    assert "# lep2_pt: -999.0" in (files / "mine.yaml").read_text()
    assert source.columns["lep1_pt"] == "`lep1.pt`"
    assert source.columns["n_jets"] == "`n-jets`"
    # The label, the truth, the trigger, the run and what does not separate are no features.
    assert {one.name: one.direction for one in study.features} == {
        "lep1_pt": ">",
        "n_jets": ">",
        "dphi": "<",
    }
    table, flow = read_study(files, with_defaults("mine", config["studies"]["mine"]))
    assert len(table) == 1600
    assert flow["sig"].iloc[0] == 800


def test_comments_say_what_else_there_is(files):
    start_study.main([*COMMAND, "--output", "mine.yaml"])
    text = (files / "mine.yaml").read_text()
    assert '# - {name: noise, direction: "' in text
    assert "missing in 10 %: such an event fails" in text
    assert "Jet_pt_0: Jet_pt[0]" in text
    # The number of jets is there twice, once as the length of the list: the first is kept.
    assert "len(Jet_pt)" not in text
    (others,) = re.findall("# Other branches of sig: (.*)", text)
    assert set(others.split(", ")) == {"runNumber", "trigger", "gen_mass"}


def test_a_table_of_text_and_two_processes_without_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    for name, mean in (("a.csv", 1.0), ("b.csv", 0.0)):
        pd.DataFrame({"x": random.normal(mean, 1.0, 200), "w": 1.0}).to_csv(name, index=False)
    assert start_study.main(["--signal", "a.csv", "--background", "b.csv"]) == 0
    study = read_config(yaml.safe_load((tmp_path / "my_study.yaml").read_text())).studies["my_study"]
    assert list(study.source.processes) == ["signal", "background"]
    assert study.source.weight == "w"
    assert [(one.name, one.direction) for one in study.features] == [("x", ">")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--signal", "no.root", "--background", "tt.root"], "no file matches no.root"),
        (["--signal", "s_0.root", "--background", "s_0.root"], "s_0.root is read twice"),
        (["--signal", "a=s_0.root", "--background", "a=tt.root"], "the process a has two roles"),
        ([*COMMAND, "--tree", "Event"], "no tree Event: the file has Events"),
        ([*COMMAND, "--output", "there.yaml"], "there.yaml is there: give another"),
        ([*COMMAND, "--events", "0"], "--events: 0 is less than 1"),
        (["--signal", "s_0.root", "--background", "other.csv"], "no branch with numbers that all processes"),
        (["--signal", "s_0.root", "--background", "empty.csv"], "process background: no event in empty.csv"),
    ],
)
def test_a_fault_is_one_line(files, capsys, arguments, message):
    (files / "there.yaml").write_text("mine")
    (files / "other.csv").write_text("z\n1\n2\n")
    (files / "empty.csv").write_text("x\n")
    assert start_study.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("start_study: ")
    assert message in error
    assert error.count("\n") == 1
    assert (files / "there.yaml").read_text() == "mine"


def test_separation_of_branches_by_hand(tmp_path, monkeypatch):
    """Of the pairs of signal and background three of four are in order, weighted seven of eight."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_text("x,w\n1,1\n4,3\n")
    (tmp_path / "b.csv").write_text("x,w\n2,1\n0,1\n")
    processes = [
        look_into(role, role, [file], find_files([file]), None, 100)
        for role, file in (("signal", "s.csv"), ("background", "b.csv"))
    ]
    proposal = propose(processes)
    assert proposal.weights == {"signal": "w", "background": "w"}
    (feature,) = proposal.features
    assert feature.separation == pytest.approx(7 / 8)
    assert not feature.separates
    assert (feature.low, feature.high, feature.missing) == (0.0, 4.0, 0.0)


def test_a_signal_in_the_middle_and_names_that_clash(tmp_path, monkeypatch):
    """A window is proposed; a keyword, a reserved name and one that another branch has are no obstacle."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(3)
    for name, width, mean in (("s", 1.0, 1.0), ("b", 4.0, 0.0)):
        columns = {"mass": random.normal(91.0, width, 800)}
        for branch in ("class", "fold", "a.b", "a_b"):
            columns[branch] = random.normal(mean, 1.0, 800)
        pd.DataFrame(columns).to_parquet(f"{name}.parquet")
    assert start_study.main(["--signal", "s.parquet", "--background", "b.parquet"]) == 0
    study = read_config(yaml.safe_load((tmp_path / "my_study.yaml").read_text())).studies["my_study"]
    assert {one.name: one.direction for one in study.features} == {
        **dict.fromkeys(("class_2", "fold_2", "a_b_2", "a_b"), ">"),
        "mass": "window",
    }
    assert study.source.columns["fold_2"] == "fold"
    assert study.source.columns["a_b_2"] == "`a.b`"


@pytest.mark.parametrize(
    ("branch", "name", "small", "text"),
    [
        ("lep1.pt", "lep1_pt", "pt", "`lep1.pt`"),
        ("MET/et", "MET_et", "et", "`MET/et`"),
        ("n-jets", "n_jets", "njets", "`n-jets`"),
        ("1st", "x_1st", "1st", "`1st`"),
        ("Event.Weight", "Event_Weight", "weight", "`Event.Weight`"),
        ("mass", "mass", "mass", "mass"),
        ("class", "class", "class", "`class`"),
    ],
)
def test_names(branch, name, small, text):
    assert (identifier(branch), plain(branch), quoted(branch)) == (name, small, text)
