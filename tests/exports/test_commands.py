"""The commands `export_cuts` and `apply_cuts`: what they write, and one line for each fault."""

import json
import math

import awkward as ak
import numpy as np
import pandas as pd
import pytest
import uproot
import yaml

from scripts.commands import apply_cuts, export_cuts
from scripts.data.ntuple_file import open_ntuple
from scripts.exports.choice import Choice
from scripts.exports.working_point import WorkingPoint
from tests.exports.agreement import module_of_text, working_point

#: Doubles that need all of their digits.
CUTS = [0.1 + 0.2, 1 / 3, 123.45678901234567, -1e-300, 2**0.5 * 1e20]


@pytest.fixture
def network(tmp_path):
    """The folder of a network with cuts at two targets, and beside it one of a network without."""
    folder = tmp_path / "results" / "run" / "study" / "scan"
    folder.mkdir(parents=True)
    cuts = pd.DataFrame(
        {
            "target_efficiency": [0.5] * 5 + [0.9] * 2,
            "feature": ["a", "b", "c", "d", "e", "a", "b"],
            "direction": [">", "<", ">", ">", "<", ">", "<"],
            "cut": [*CUTS, 0.25, 7.0],
            "cut_scaled": 0.0,
        }
    )
    cuts.to_csv(folder / "cuts.csv", index=False)
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.5, 0.9],
            "signal_efficiency": [0.51, 0.88],
            "signal_efficiency_uncertainty": [0.02, 0.01],
            "background_efficiency": [0.1, 0.4],
            "background_efficiency_uncertainty": [0.01, 0.02],
            "auc": [0.8, 0.8],
        }
    )
    metrics.to_csv(folder / "metrics.csv", index=False)
    bdt = folder.parent / "bdt"
    bdt.mkdir()
    cuts.iloc[:0].to_csv(bdt / "cuts.csv", index=False)
    metrics.to_csv(bdt / "metrics.csv", index=False)
    return folder


def run(command, capsys, *arguments):
    """The exit status of a command, what it prints, and its fault."""
    status = command.main([str(argument) for argument in arguments])
    found = capsys.readouterr()
    notes = ("so events count without weights", "the working point with the target")
    faults = [line for line in found.err.splitlines() if not any(note in line for note in notes)]
    assert len(faults) == (1 if status else 0)
    return status, found.out, found.err.strip()


def test_cuts_read_back_to_the_same_double(network, capsys, tmp_path):
    for name in ("point.yaml", "point.json"):
        assert run(export_cuts, capsys, network, "--target", 0.5, "--output", tmp_path / name)[0] == 0
        assert [cut["cut"] for cut in WorkingPoint.read(tmp_path / name).cuts] == CUTS
    _, text, _ = run(export_cuts, capsys, network, "--target", 0.5, "--form", "cpp")
    for cut in CUTS:
        assert repr(cut) in text
    assert "inline bool passes(" in text
    assert "cabin::" not in text


def test_choices(network, capsys):
    def target(*choice):
        return yaml.safe_load(run(export_cuts, capsys, network, *choice)[1])["working_point"]["target"]

    assert target() == 0.9
    assert target("--target", 0.5) == 0.5
    assert target("--signal-efficiency", 0.5) == 0.5
    assert target("--signal-efficiency", 0.6) == 0.9
    assert target("--background-efficiency", 0.3) == 0.5
    assert target("--background-efficiency", 0.4) == 0.9


@pytest.mark.parametrize(
    ("targets", "of", "significances", "chosen", "reason"),
    [
        ([0.5, 0.85, 0.97], "signal", None, 0.85, "the closest to 0.9"),
        ([0.01, 0.9, 0.05], "background", None, 0.05, "the middle of 3, since none was chosen"),
        ([40.0, 10.0, 20.0, 80.0], "rate", None, 20.0, "the middle of 4, since none was chosen"),
        ([10.0, 20.0, 40.0], "rate", [1.0, 2.0, 3.0], 40.0, "which has the best significance"),
    ],
)
def test_the_usual_choice_is_told(targets, of, significances, chosen, reason, caplog):
    points = [{"working_point": {"target": target, "target_of": of}} for target in targets]
    for point, value in zip(points, significances or [], strict=False):
        point["working_point"]["significance"] = value
    with caplog.at_level("INFO", logger="cabin.export_cuts"):
        assert Choice().choose(points, "study/scan")["working_point"]["target"] == chosen
        assert caplog.messages == [
            f"study/scan: the working point with the target {chosen:g} ({of}), {reason}"
        ]
        Choice().choose(points[:1], "study/scan")
        Choice(target=targets[1]).choose(points, "study/scan")
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["scan", "--target", 0.7], "has no working point of the target 0.7: the closest is 0.5"),
        (["scan", "--target", 0.85], "has no working point of the target 0.85: the closest is 0.9"),
        (["scan", "--best-significance"], "has no significances: give the study a `counting_experiment`"),
        (["scan", "--signal-efficiency", 0.95], "as large as 0.95: the closest is 0.88, of the target 0.9"),
        (
            ["scan", "--background-efficiency", 0.01],
            "as small as 0.01: the closest is 0.1, of the target 0.5",
        ),
        (["scan", "--interpolate"], "these cuts follow no property: there is nothing to interpolate"),
        (["scan", "--form", "fortran"], "unknown form 'fortran': one of awkward, cpp, pandas, root, yaml"),
        (["bdt"], "a network without cuts, its events are selected by a score: name one with cuts"),
        (["scam"], "no such folder: the closest is scan"),
        ([""], "no such file: name the folder of a network, results/RUN/STUDY/NETWORK"),
    ],
)
def test_faults_of_export_cuts(network, capsys, arguments, fault):
    status, out, error = run(export_cuts, capsys, network.parent / arguments[0], *arguments[1:])
    assert (status, out) == (1, "")
    assert error.startswith("export_cuts: ")
    assert fault in error


def test_a_record_of_other_cuts(network, capsys):
    exports = network / "exports"
    exports.mkdir()
    (exports / "working_points.json").write_text(json.dumps({"cuts_sha256": "0", "points": []}))
    assert "of other cuts than cuts.csv has: run the study again" in run(export_cuts, capsys, network)[2]


def test_idle_cuts_are_none_in_all_forms(network, capsys):
    cuts = pd.read_csv(network / "cuts.csv")
    cuts.assign(idle=cuts["feature"] == "b").to_csv(network / "cuts.csv", index=False)
    for form in ("yaml", "cpp", "root", "pandas", "awkward"):
        _, text, _ = run(export_cuts, capsys, network, "--target", 0.9, "--form", form)
        assert "b <: none, as no event fails it alone." in text
        assert (" < 7" in text) == (form == "yaml" and "cut: 7.0" not in text)
    point = WorkingPoint(yaml.safe_load(run(export_cuts, capsys, network)[1]))
    assert [cut["feature"] for cut in point.cuts] == ["a"]
    assert [cut.get("idle", False) for cut in point.content["cuts"]] == [False, True]


def test_a_working_point_without_cuts_takes_all_events():
    events = {"x": np.array([1.0, np.nan])}
    point = working_point([], events, features=["x"])
    point.content["selections"][0]["processes"] = []
    point.content["selections"][0]["preselection"] = []
    point.content["processes"] = {}
    module = module_of_text(_pandas(point))
    assert module.passes(pd.DataFrame(events)).tolist() == [True, True]


@pytest.fixture
def jets(tmp_path):
    """A working point of jets, and its events in a ROOT file, 40 of 100 with two jets."""
    counts = np.array([0, 1, 2, 3, 1] * 20)
    pt = ak.unflatten(np.linspace(10.0, 90.0, counts.sum()).astype(np.float32), counts)
    arrays = {"Jet_pt": pt, "met": np.linspace(0.0, 99.0, 100), "w": np.where(counts == 3, -1.0, 2.0)}
    point = working_point(
        [("met", ">", 49.5)],
        {name: arrays[name] for name in ("Jet_pt", "met")},
        steps=["Jet_pt[1] > 0"],
        columns={"met": "met"},
    )
    point.content["processes"]["toy"]["weight"] = "w"
    point.content["processes"]["toy"]["tree"] = "ntuple/events"
    file, events = tmp_path / "point.yaml", tmp_path / "events.root"
    file.write_text(yaml.safe_dump(point.content))
    with uproot.recreate(events) as root:
        root.mktree("ntuple/events", {"Jet_pt": "var * float32", "met": "float64", "w": "float64"})
        root["ntuple/events"].extend(arrays)
    return file, events, arrays


def test_cutflow_and_skim(jets, tmp_path, capsys):
    file, events, arrays = jets
    expected = (ak.num(arrays["Jet_pt"]) >= 2).to_numpy() & (arrays["met"] > 49.5)
    for name in ("skim.root", "skim.parquet"):
        status, out, _ = run(apply_cuts, capsys, file, events, "--output", tmp_path / name)
        assert status == 0
        rows = [line.split() for line in out.splitlines()]
        assert [row[-7] for row in rows[1:]] == ["100", "40", "40", str(expected.sum())]
        # 20 events of each weight.
        assert rows[2][-3:] == ["20", "+-", "10"]
        share = expected.mean()
        assert rows[-1][-6:-3] == [f"{share:.4f}", "+-", f"{math.sqrt(share * (1 - share) / 100):.4f}"]
        with open_ntuple(tmp_path / name) as skim:
            (chunk,) = skim.iterate(["Jet_pt", "met", "w"])
        assert ak.to_list(chunk["Jet_pt"]) == ak.to_list(arrays["Jet_pt"][expected])
        np.testing.assert_array_equal(chunk["met"], arrays["met"][expected])
    # What was selected passes again, from a tree of the same name.
    with uproot.open(tmp_path / "skim.root") as root:
        assert root["ntuple/events"].num_entries == expected.sum()
    _, out, _ = run(apply_cuts, capsys, file, tmp_path / "skim.parquet", "--process", "toy")
    assert f" {expected.sum()}  1.0000" in out.splitlines()[-1]


@pytest.mark.parametrize(("tree", "found"), [(None, "nominal"), ("nominal;1", "nominal")])
def test_the_tree_of_a_skim_is_named_like_that_of_the_file(jets, tmp_path, capsys, tree, found):
    """The study names none, as the only one is found by itself."""
    file, events = tmp_path / "point.yaml", tmp_path / "new.root"
    point = yaml.safe_load(file.read_text())
    del point["processes"]["toy"]["tree"]
    file.write_text(yaml.safe_dump(point))
    with uproot.recreate(events) as root:
        root["nominal"] = jets[2]
    more = () if tree is None else ("--tree", tree)
    assert run(apply_cuts, capsys, file, events, "--output", tmp_path / "skim.root", *more)[0] == 0
    with uproot.open(tmp_path / "skim.root") as root:
        assert root.keys(cycle=False) == [found]


def test_flag(jets, tmp_path, capsys):
    file, events, arrays = jets
    expected = (ak.num(arrays["Jet_pt"]) >= 2).to_numpy() & (arrays["met"] > 49.5)
    for name in ("flag.root", "flag.parquet"):
        status, _, _ = run(apply_cuts, capsys, file, events, "--output", tmp_path / name, "--flag", "good")
        assert status == 0
        with open_ntuple(tmp_path / name) as flags:
            assert flags.names == ("good",)
            (chunk,) = flags.iterate(["good"])
        np.testing.assert_array_equal(chunk["good"], expected)


def test_where_and_events_that_are_not_numbers(tmp_path):
    events = {"x": np.array([1.0, np.nan, np.inf, 3.0, -np.inf]), "kind": np.array([1, 1, 1, 2, 1])}
    point = working_point([("x", ">", 0.0)], {"x": events["x"]})
    point.content["processes"]["toy"]["where"] = "kind == 1"
    from tests.exports.agreement import applied

    assert applied(point, events)[0].tolist() == [True, False, True, False, False]
    assert module_of_text(_pandas(point)).passes(pd.DataFrame(events)).tolist() == [
        True,
        False,
        True,
        True,
        False,
    ]


def _pandas(point):
    from scripts.exports.forms import write_form

    return write_form("pandas", point)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["POINT", "none*.root"], "no file matches "),
        (["POINT", "EVENTS", "--process", "tyo"], "has no process tyo: the closest is toy"),
        (["POINT", "EVENTS", "--tree", "other"], "no tree other"),
        (["POINT", "EVENTS", "--output", "x.csv"], "x.csv: the output ends with .root or .parquet"),
        (["POINT", "EVENTS", "--output", "EVENTS"], "it is one of the files that are read"),
        (["POINT", "EVENTS", "--flag", "f"], "--flag needs a file to write it to: give --output"),
        (
            ["POINT", "OTHER"],
            "no column Jet_pt (the closest is Jet_eta), which preselection.Jet_pt[1] > 0 needs",
        ),
        (["EVENTS", "EVENTS"], "not a file of YAML or JSON"),
        (["NONE", "EVENTS"], "no such file: write it with export_cuts --form yaml"),
        (["OLD", "EVENTS"], "not a complete working point of this version (no 'features'): write it again"),
        (["TEXT", "EVENTS"], "not a working point, which has `format: cabin working point 1`"),
    ],
)
def test_faults_of_apply_cuts(jets, tmp_path, capsys, arguments, fault):
    file, events, _ = jets
    pd.DataFrame({"met": [1.0], "x": [1.0], "Jet_eta": [1.0]}).to_parquet(tmp_path / "other.parquet")
    content = yaml.safe_load(file.read_text())
    del content["features"]
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(content))
    (tmp_path / "text.yaml").write_text("run: paper\n")
    places = {
        "POINT": file,
        "EVENTS": events,
        "OTHER": tmp_path / "other.parquet",
        "NONE": tmp_path / "none.yaml",
        "OLD": tmp_path / "old.yaml",
        "TEXT": tmp_path / "text.yaml",
    }
    given = [places.get(argument, argument) for argument in arguments]
    if "--output" in arguments and arguments[-1] == "x.csv":
        given[-1] = tmp_path / "x.csv"
    status, _, error = run(apply_cuts, capsys, *given)
    assert status == 1
    error = error.splitlines()[-1]
    assert error.startswith("apply_cuts: ")
    assert fault in error
    assert not list(tmp_path.glob(".*.partial"))
