"""``snakemake benchmark`` with tiny sizes: that it runs and what it writes, not how fast anything is."""

import json

import pandas as pd
import pytest

from scripts.benchmarks.pages import PAGES
from tests.conftest import ROOT

pytestmark = pytest.mark.workflow
QUICK = ROOT / "config" / "benchmarks_quick.yaml"


@pytest.fixture(scope="module")
def results(tmp_path_factory, run_snakemake):
    folder = tmp_path_factory.mktemp("benchmarks")
    done = run_snakemake(folder, "benchmark", "--cores", "2", overlays=(QUICK,))
    assert done.returncode == 0, done.stderr[-3000:]
    again = run_snakemake(folder, "benchmark", "--cores", "2", overlays=(QUICK,))
    assert "Nothing to be done" in again.stdout + again.stderr
    assert {path.name for path in (folder / "results").iterdir()} <= {"benchmarks_quick", ".cache"}
    return folder / "results" / "benchmarks_quick"


def test_tables_and_figure(results):
    for name in PAGES:
        assert len(pd.read_csv(results / f"{name}.csv")) > 0
        assert (results / f"{name}.md").read_text()
    for figure in ("cost", "proof_progress"):
        assert all((results / f"{figure}.{end}").stat().st_size > 0 for end in ("csv", "pdf", "png"))
    assert json.loads((results / "about.json").read_text())["cores"] > 0


def test_epochs(results):
    epochs = pd.read_csv(results / "epochs.csv")
    ours = epochs[epochs["contender"].isin(["float32", "float64"])]
    assert set(epochs["name"]) == {"base", "no_bce_threads_2", "events_2000"}
    assert (ours["seconds"] > 0).all()
    assert (ours["peak_memory"] > 1e6).all()


def test_proofs(results):
    proofs = pd.read_csv(results / "proofs.csv").set_index("case")
    assert list(proofs.index) == ["gaussian"] * 2 + ["susy"] + ["correlated"] * 2
    found = proofs.drop("susy")
    assert (found["background_bound"] <= found["background_efficiency"]).all()
    assert (found["nodes"] <= 20).all()
    # Nothing is simulated for a benchmark.
    assert proofs.loc["susy", "reason"].startswith("no file results/paper/susy/features.parquet: a run")
    assert "at most 0.5" in (results / "summary.md").read_text()


def test_the_package_is_measured_beside(results):
    reason = json.loads((results / "package.json").read_text())["reason"]
    if reason:
        pytest.skip(reason)
    theirs = pd.read_csv(results / "epochs.csv").query("contender == 'package'")
    assert len(theirs) == 3
    assert (theirs["ratio"] > 0).all()


def test_a_run_of_the_paper_has_no_benchmarks(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--cores", "1", "--dry-run")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "measure_" not in done.stdout + done.stderr
