"""Proofs of the best cuts as a benchmark: what is proven and written, not how fast."""

import json

import numpy as np
import pandas as pd
import pytest

from scripts.benchmarks.pages import PAGES
from scripts.benchmarks.proof_drawing import make_figure
from scripts.benchmarks.proof_tables import progress_table, proof_table
from scripts.benchmarks.proofs import make_events, measure
from scripts.benchmarks.settings import Aim, MadeUp, ProofCase, read_benchmarks
from scripts.benchmarks.summary import proof_lines
from scripts.draw_proofs import main as draw_proofs
from scripts.kinds import ConfigError
from scripts.measure_proofs import main as measure_proofs
from scripts.models.best_boxes import box_edges, box_sample
from scripts.study_parsing import parse_study
from scripts.write_proofs import main as write_proofs
from tests.conftest import ROOT

MADE_UP = {"events": 200, "features": 3, "correlation": 0.5, "distance": 0.5, "seed": 1}
CASE = {"made_up": MADE_UP, "targets": [0.5, 0.8], "seconds": 1000.0, "starts": 2}
STUDY = {
    "source": {"kind": "gaussian", "signal_events": 300, "background_events": 300, "seed": 1}
    | {"mean_scale": 1.0, "width_scale": 1.0},
    "split": {"test_fraction": 0.2, "seed": 1},
    "features": [{"name": "x0", "direction": ">"}, {"name": "x1"}],
    "networks": {},
    "analyses": {},
    "figures": {},
    "tables": {},
}


@pytest.fixture(scope="module")
def measured():
    return measure(ProofCase(**CASE), None, ROOT / "absent", "")


def test_made_up_events():
    table = make_events(MadeUp(**MADE_UP | {"events": 50_000}))
    features, label = table[["x0", "x1", "x2"]], table["label"]
    assert label.sum() == 50_000
    for at, mean in ((1, 0.5), (0, 0.0)):
        assert features[label == at].mean().to_numpy() == pytest.approx(mean, abs=0.03)
        wanted = np.where(np.eye(3), 1.0, 0.5)
        assert features[label == at].corr().to_numpy() == pytest.approx(wanted, abs=0.03)
        assert features[label == at].std().to_numpy() == pytest.approx(1.0, abs=0.03)


def test_what_is_proven_holds_on_the_events(measured):
    events = make_events(MadeUp(**MADE_UP))
    sample = box_sample(events, ["x0", "x1", "x2"], box_edges([">"] * 3, windows=False))
    assert [found["target"] for found in measured["targets"]] == [0.5, 0.8]
    assert (measured["edges"], measured["signal_events"], measured["background_events"]) == (3, 200, 200)
    for found in measured["targets"]:
        again = sample.certify(200 * found["target"], n_starts=20, seed=7)
        assert found["ended"] == "proven"
        assert found["gap"] == 0.0
        assert found["background"] == again.background == 200 * found["background_efficiency"]
        assert found["signal_efficiency"] >= found["target"]


def test_bounds_of_the_progress_rise_to_the_background(measured):
    for found in measured["targets"]:
        seconds, nodes, least, bounds = (
            np.array(of_point) for of_point in zip(*found["progress"], strict=True)
        )
        assert (np.diff(seconds) > 0).all()
        assert (np.diff(nodes) >= 0).all()
        assert (np.diff(bounds) >= 0).all()
        assert (bounds <= found["background_efficiency"]).all()
        assert (least >= found["background_efficiency"]).all()
        assert bounds[-1] == found["background_bound"]
        assert found["search_seconds"] < seconds[0]


@pytest.mark.parametrize("limit", [{"nodes": 1}, {"seconds": 1e-6}])
def test_what_ends_a_proof(limit):
    found = measure(ProofCase(**CASE | {"targets": [0.5]} | limit), None, ROOT / "absent", "")["targets"][0]
    assert found["ended"] == next(iter(limit))
    assert 0 < found["gap"] <= 1
    assert found["background_bound"] < found["background_efficiency"]


def test_events_of_a_study(tmp_path):
    table = tmp_path / "features.parquet"
    case = ProofCase(study="mine", targets=[0.9], seconds=100.0, starts=1)
    study = parse_study("mine", STUDY, check=False)
    # One direction is still to be found.
    assert measure(case, study, table, "")["reason"].startswith(f"no file {tmp_path}/directions.csv: ")
    pd.DataFrame({"feature": ["x0", "x1"], "direction": [">", "window"]}).to_csv(
        tmp_path / "directions.csv", index=False
    )
    found = measure(case, study, table, "")
    assert found["signal_events"] + found["background_events"] == 480
    assert found["edges"] == 3
    # The same from a file, which is there or not.
    of_file = case.model_copy(update={"features": str(table)})
    assert measure(of_file, study, table, "")["reason"].startswith(f"no file {table}: a run")
    study.source.generate(study).to_parquet(table)
    again = measure(of_file, study, table, "")
    assert again["targets"][0]["background"] == found["targets"][0]["background"]
    assert measure(case, None, table, "")["reason"] == "the run has no study mine"


def test_tables_and_figure(tmp_path):
    for name, case in (("made_up", CASE), ("windows", CASE | {"windows": True, "targets": [0.9]})):
        measure_proofs(results=tmp_path / f"{name}.json", name=name, case=case, study=None, features="")
    case = {"study": "absent", "targets": [0.9], "seconds": 1.0}
    measure_proofs(results=tmp_path / "none.json", name="none", case=case, study=None, features="x")
    files = [tmp_path / f"{name}.json" for name in ("made_up", "windows", "none")]
    csv, md, progress = (tmp_path / name for name in ("proofs.csv", "proofs.md", "progress.csv"))
    write_proofs(measured=files, csv=csv, md=md, progress=progress)
    proofs = pd.read_csv(csv)
    assert list(proofs["case"]) == ["made_up", "made_up", "windows", "none"]
    assert list(proofs["edges"])[:3] == [3, 3, 6]
    assert proofs.equals(pd.read_csv(csv)[proof_table({}).columns])
    assert "the run has no study absent" in md.read_text()
    drawn = pd.read_csv(progress)
    assert list(drawn.columns) == list(progress_table({}).columns)
    assert [ax.get_title(loc="left") for ax in make_figure(drawn).axes] == ["made up", "windows"]
    draw_proofs(progress=progress, pdf=tmp_path / "drawn.pdf", png=tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size > 0
    # Nothing was measured, for example where a run has none of the studies.
    none = {"none": json.loads(files[2].read_text())}
    assert make_figure(progress_table(none)).axes
    assert "no study" in PAGES["proofs"](proof_table(none))


def test_aims_stand_beside_what_was_proven():
    rows = [("a", 0.7, 0.02, "seconds"), ("a", 0.9, 0.0, "proven"), ("b", 0.9, 0.0, "proven")]
    proofs = pd.DataFrame(rows, columns=["case", "target", "gap", "ended"]).assign(
        dataset="susy", cuts="windows", nodes=1, search_seconds=1.0, proof_seconds=2.0
    )
    missing = pd.DataFrame([{"case": "c", "dataset": "other"}])
    aims = {"a": Aim(gap=0.06, seconds=9.0), "b": Aim(), "c": Aim(gap=0.1)}
    gap, seconds = proof_lines(pd.concat([proofs, missing]), aims)
    assert gap.measure == "Largest gap of a proof, susy, windows, 2 targets"
    assert (gap.value, gap.aim) == (0.02, "at most 0.06")
    assert seconds.measure == "Search and proof [s], susy, windows, 2 targets (1 not proven)"
    assert (seconds.value, seconds.aim) == (6.0, "at most 9")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"made_up": None}, "benchmarks.proofs.mine: give either a study or made_up"),
        ({"study": "x"}, "benchmarks.proofs.mine: give either a study or made_up"),
        ({"features": "x.parquet"}, "benchmarks.proofs.mine: features are a table of a study: name it"),
        ({"targets": []}, r"benchmarks.proofs.mine.targets: \[\] is too short: at least 1 needed"),
        (
            {"targets": [1.2]},
            "benchmarks.proofs.mine.targets.0: 1.2 is greater than or equal to the maximum of 1",
        ),
        ({"second": 1}, "benchmarks.proofs.mine: unknown key second"),
        ({"aim": {"gaps": 1}}, "benchmarks.proofs.mine.aim: unknown key gaps"),
    ],
)
def test_faults_of_the_settings(change, fault):
    with pytest.raises(ConfigError, match=fault):
        read_benchmarks(ROOT / "config" / "benchmarks.yaml", {"proofs": {"mine": CASE | change}})
