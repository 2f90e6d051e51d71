"""The workflow end to end on config/quick.yaml: killed and resumed, at one and two cores, reported."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import HANGS, ROOT, environment, snakemake_command

QUICK = ROOT / "config" / "quick.yaml"
CONFIG = yaml.safe_load(QUICK.read_text())

pytestmark = pytest.mark.workflow


def start_and_kill(directory: Path, target: str, new_file: str, how: signal.Signals) -> None:
    """Start the quick workflow for a target, and send a signal to all processes once a file is there."""
    process = subprocess.Popen(
        snakemake_command(directory, "--cores", "2", target, overlays=(QUICK,)),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + HANGS
    while not (directory / new_file).exists():
        assert process.poll() is None, "the workflow ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, how)
    process.wait(timeout=HANGS)


@pytest.fixture(scope="session")
def quick(tmp_path_factory, run_snakemake):
    """The folder of the quick run at two cores, killed twice on its way."""
    directory = tmp_path_factory.mktemp("quick")
    study = "results/quick/gaussian"
    first, second = f"{study}/scan", f"{study}/linear_bce"
    start_and_kill(directory, f"{first}/metrics.csv", f"{first}/model.pt", signal.SIGTERM)
    kept = directory / study / "features.parquet"
    made_before = kept.stat().st_mtime_ns
    start_and_kill(directory, f"{second}/metrics.csv", f"{second}/model.pt", signal.SIGKILL)
    locked = run_snakemake(directory, "--cores", "2", overlays=(QUICK,))
    assert locked.returncode != 0
    assert "--unlock" in locked.stderr
    assert run_snakemake(directory, "--unlock", overlays=(QUICK,)).returncode == 0
    done = run_snakemake(directory, "--cores", "2", overlays=(QUICK,))
    assert done.returncode == 0, done.stderr[-3000:]
    assert kept.stat().st_mtime_ns == made_before, "finished work was done again"
    return directory


def test_killed_run_resumes_to_completion(quick, run_snakemake):
    again = run_snakemake(quick, "--cores", "2", overlays=(QUICK,))
    assert again.returncode == 0
    assert "Nothing to be done" in again.stderr


def test_all_promised_files_are_there(quick):
    results = quick / "results" / "quick"
    for network in ("linear_bce", "one_to_one_bce", "scan"):
        tables = ("history.csv", "cuts.csv", "metrics.csv", "processes.csv", "scores.parquet", "training.tsv")
        for name in ("model.pt", *tables):
            assert (results / "gaussian" / network / name).stat().st_size > 0
    for network in ("kcuts", "grid", "bdt"):
        assert (results / "gaussian" / network / "model.json").stat().st_size > 0
    for name in [f"fig{number:02d}" for number in range(1, 21)]:
        for end in ("pdf", "png", "csv"):
            assert (results / "figures" / f"{name}.{end}").stat().st_size > 0
    for end in ("csv", "md", "tex"):
        assert (results / "tables" / f"table1.{end}").stat().st_size > 0
    simulation = results / "susy" / "simulation"
    for sample in ("signal", "background"):
        summary = json.loads((simulation / f"{sample}.root.json").read_text())
        events = CONFIG["studies"]["susy"]["source"][sample]["events"]
        assert summary["kept"] == events < summary["tried"]
        assert summary["cross_section_fb"] > 0
        cutflow = pd.read_csv(results / "susy" / "cutflow.csv")[sample]
        assert cutflow.iloc[0] == events
        assert cutflow.is_monotonic_decreasing
        assert cutflow.iloc[-1] > 50
    metrics = pd.read_csv(results / "gaussian" / "scan" / "metrics.csv")
    assert metrics["signal_efficiency"].between(0, 1).all()
    assert metrics["auc"].between(0.5, 1).all()


def test_nothing_is_written_elsewhere(quick):
    assert {path.name for path in quick.iterdir()} == {"results", ".snakemake"}


def test_a_quick_look_claims_nothing(quick):
    rows = json.loads((quick / "results" / "quick" / "scorecard.json").read_text())
    assert {row["verdict"] for row in rows} == {"not comparable"}
    assert all(row["note"] for row in rows)


def numbers_of(directory: Path) -> dict[str, bytes]:
    """All files of numbers of a run; logs and timings differ from run to run."""
    root = directory / "results" / "quick"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.suffix in (".csv", ".parquet", ".json", ".md", ".tex", ".pt", ".pdf")
    }


def test_one_core_gives_the_same_numbers(quick, tmp_path, run_snakemake):
    """To the last bit, from the events to a figure of either study, whatever the cores and the kills."""
    targets = [f"results/quick/figures/{name}.pdf" for name in ("fig14", "fig19")]
    targets += [f"results/quick/gaussian/{name}/metrics.csv" for name in ("kcuts", "grid", "bdt")]
    done = run_snakemake(tmp_path, "--cores", "1", *targets, overlays=(QUICK,))
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = numbers_of(quick), numbers_of(tmp_path)
    assert {
        "gaussian/features.parquet",
        "gaussian/scan/model.pt",
        "gaussian/scan/metrics.csv",
        "gaussian/kcuts/model.json",
        "gaussian/grid/scores.parquet",
        "gaussian/bdt/model.json",
        "susy/simulation/background_1.parquet",
        "susy/simulation/signal.root.json",
        "susy/cutflow.csv",
        "susy/features.parquet",
        "susy/susy_scan/cuts.csv",
        "figures/fig19.pdf",
    } <= second.keys()
    assert [name for name in second if first[name] != second[name]] == []


def test_report_holds_figures_captions_and_scorecard(quick, run_snakemake):
    report = quick / "results" / "quick" / "report.html"
    done = run_snakemake(quick, "--report", str(report), overlays=(QUICK,))
    assert done.returncode == 0, done.stderr[-3000:]
    page = report.read_text()
    for name in ("fig01.png", "fig13.png", "table1.csv", "scorecard.html"):
        assert name in page
    assert "the star is the one-to-one linear network" in re.sub(r"\s+", " ", page)


def test_editing_the_config_reruns_what_depends_on_it(quick, run_snakemake):
    edited = {"studies": {"gaussian": {"networks": {"linear_bce": {"epochs": 21}}}}}
    dry = run_snakemake(quick, "--cores", "1", "--dry-run", overlays=(QUICK, edited))
    (quick / "overlay1.yaml").unlink()
    assert dry.returncode == 0
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", dry.stdout + dry.stderr, re.MULTILINE))
    assert jobs["train_model"] == jobs["evaluate_model"] == jobs["write_scorecard"] == "1"
    assert "generate_features" not in jobs
