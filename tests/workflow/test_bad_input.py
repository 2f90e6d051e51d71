"""Bad input on the command line: one clear line, a non-zero exit status, and nothing lost."""

import re

import pytest
import yaml

from tests.conftest import ROOT

pytestmark = pytest.mark.workflow

SMALL = {
    "run": "bad",
    "studies": {
        "susy": None,
        "zloss_case1": None,
        "zloss_case2": None,
        "property_toy": None,
        "watts_line": None,
        "watts_line_again": None,
        "watts_plane": None,
        "watts_joint": None,
        "gaussian": {
            "source": {"signal_events": 200, "background_events": 200},
            "networks": ["linear_bce", "scan"],
            "kept_fractions": None,
            "robustness": {"selections": [{"network": "scan", "target": 0.4, "score_above": 0.5}]},
        },
    },
    "networks": {"linear_bce": {"epochs": 2}, "scan": {"epochs": 2}},
    "figures": dict.fromkeys(yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["figures"]),
    "tables": dict.fromkeys(yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["tables"]),
}
FEATURES = "results/bad/gaussian/features.parquet"
MODEL = "results/bad/gaussian/scan/model.pt"
METRICS = "results/bad/gaussian/scan/metrics.csv"
CONFIG_FAULTS = [
    ({"studies": {"gaussian": {"sead": 1}}}, "config: studies.gaussian: unknown key sead"),
    ({"networks": {"scan": {"targets": [0.2, 1.2]}}}, "config: networks.scan: target efficiencies must lie"),
    ({"networks": {"scan": {"weights": [1, -1]}}}, "config: networks.scan.weights: 2 weights for the 10"),
    (
        {
            "studies": {"gaussian": {"networks": ["linear_bce", "scan", "grid"]}},
            "networks": {"grid": {"most_points": 1000}},
        },
        "config: networks.grid.supercuts: the grid has 792000 points, most_points allows 1000",
    ),
]


def test_overlay_of_these_tests_is_right(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--cores", "1", "--dry-run", overlays=(SMALL,))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("fault", "message"), CONFIG_FAULTS)
def test_config_faults_stop_before_any_work(tmp_path, run_snakemake, fault, message):
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(SMALL, fault))
    assert done.returncode != 0
    assert sum(message in line for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_study_named_twice(tmp_path, run_snakemake):
    twice = tmp_path / "twice.yaml"
    twice.write_text("networks:\n  scan: {epochs: 3}\n  scan: {epochs: 4}\n")
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(SMALL, twice))
    assert done.returncode != 0
    assert re.search(r"twice.yaml: networks.scan is named twice, line 3", done.stderr), done.stderr


def test_missing_files(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(ROOT / "config" / "delphes.yaml",))
    assert done.returncode != 0
    assert "config: studies.dilepton.source.signal: no file matches delphes/signal*.root" in done.stderr
    assert "Traceback" not in done.stderr


def test_infinite_feature_names_column_and_count(tmp_path, run_snakemake):
    infinite = {"studies": {"gaussian": {"source": {"mean_scale": 1.0e308, "width_scale": 1.0e308}}}}
    done = run_snakemake(tmp_path, "--cores", "1", FEATURES, overlays=(SMALL, infinite))
    assert done.returncode != 0
    assert re.search(
        r"error in generate_gaussian: .*column x\d is NaN or infinite in \d+ of 400", done.stderr
    )
    assert "Traceback" not in done.stderr
    assert not (tmp_path / FEATURES).exists()


def test_class_without_event(tmp_path, run_snakemake):
    empty = {"studies": {"gaussian": {"source": {"signal_events": 1}}}}
    done = run_snakemake(tmp_path, "--cores", "1", FEATURES, overlays=(SMALL, empty))
    assert done.returncode != 0
    assert re.search(r"error in generate_gaussian: .*no signal event in the (train|test) sample", done.stderr)


def test_results_is_a_file(tmp_path, run_snakemake):
    (tmp_path / "results").write_text("in the way")
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(SMALL,))
    assert done.returncode != 0
    assert "results: not a folder, results cannot be written" in done.stderr
    assert (tmp_path / "results").read_text() == "in the way"


def test_truncated_model_is_named_and_nothing_is_lost(tmp_path, run_snakemake):
    assert run_snakemake(tmp_path, "--cores", "1", METRICS, overlays=(SMALL,)).returncode == 0
    model = tmp_path / MODEL
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    done = run_snakemake(tmp_path, "--cores", "1", METRICS, overlays=(SMALL,))
    assert done.returncode != 0
    assert f"error in evaluate_network: {MODEL}: not a complete model file" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / FEATURES).exists()
    model.unlink()
    again = run_snakemake(tmp_path, "--cores", "1", METRICS, overlays=(SMALL,))
    assert again.returncode == 0, again.stderr
    assert model.read_bytes() == content
