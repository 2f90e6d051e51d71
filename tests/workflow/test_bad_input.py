"""Bad input on the command line: one clear line, a non-zero exit status, and nothing lost."""

import re

import pytest

from tests.conftest import ROOT
from tests.studies import NETWORKS, study_entry

pytestmark = pytest.mark.workflow

SMALL = {
    "run": "bad",
    "studies": {
        "gaussian": study_entry(
            networks={name: NETWORKS[name] for name in ("linear", "scan", "kcuts")},
            analyses={
                "robustness": {
                    "shifts": [0.0, 0.1],
                    "seed": 1,
                    "selections": [{"network": "scan", "target": 0.6, "score_above": 0.5}],
                }
            },
        )
    },
}
FEATURES = "results/bad/gaussian/features.parquet"
MODEL = "results/bad/gaussian/scan/model.pt"
METRICS = "results/bad/gaussian/scan/metrics.csv"
GAUSSIAN = "studies.gaussian"
CONFIG_FAULTS = [
    ({"sead": 1}, f"config: {GAUSSIAN}: unknown key sead"),
    (
        {"networks": {"scan": {"targets": [0.2, 1.2]}}},
        f"config: {GAUSSIAN}.networks.scan: targets: an efficiency lies between 0 and 1, not at 1.2",
    ),
    (
        {"networks": {"scan": {"weights": [1, -1, 1]}}},
        f"config: {GAUSSIAN}.networks.scan.weights: 3 weights for the 2",
    ),
    (
        {"networks": {"grid": NETWORKS["grid"] | {"most_points": 3}}},
        f"config: {GAUSSIAN}.networks.grid.supercuts: the grid has 4 points, most_points allows 3",
    ),
    ({"networks": {"scan": None}}, f"config: {GAUSSIAN}.networks.scan: null leaves out a part of the paper"),
]


def test_overlay_of_these_tests_is_right(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--cores", "1", "--dry-run", overlays=(SMALL,))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("fault", "message"), CONFIG_FAULTS)
def test_config_faults_stop_before_any_work(tmp_path, run_snakemake, fault, message):
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(SMALL, {"studies": {"gaussian": fault}}))
    assert done.returncode != 0
    assert sum(message in line for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_study_named_twice(tmp_path, run_snakemake):
    twice = tmp_path / "twice.yaml"
    twice.write_text("studies:\n  gaussian: {title: a}\n  gaussian: {title: b}\n")
    done = run_snakemake(tmp_path, "--cores", "1", overlays=(SMALL, twice))
    assert done.returncode != 0
    assert re.search(r"twice.yaml: studies.gaussian is named twice, line 3", done.stderr), done.stderr


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
        r"error in generate_features: .*column x\d is NaN or infinite in \d+ of 400", done.stderr
    )
    assert "Traceback" not in done.stderr
    assert not (tmp_path / FEATURES).exists()


def test_class_without_event(tmp_path, run_snakemake):
    empty = {"studies": {"gaussian": {"source": {"signal_events": 1}}}}
    done = run_snakemake(tmp_path, "--cores", "1", FEATURES, overlays=(SMALL, empty))
    assert done.returncode != 0
    assert re.search(r"error in generate_features: .*no signal event in the (train|test) sample", done.stderr)


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
    assert f"error in evaluate_model: {MODEL}: not a complete model file" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / FEATURES).exists()
    model.unlink()
    again = run_snakemake(tmp_path, "--cores", "1", METRICS, overlays=(SMALL,))
    assert again.returncode == 0, again.stderr
    assert model.read_bytes() == content
