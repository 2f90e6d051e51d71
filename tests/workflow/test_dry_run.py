"""What Snakemake says of the workflow without running it."""

import subprocess
import sys

import pytest
import yaml

from tests.conftest import HANGS, ROOT, environment
from tests.delphes_files import EVENTS, SELECTION, write_delphes
from tests.studies import NETWORKS, study_entry

QUICK = ROOT / "config" / "quick.yaml"

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("overlays", [(), (QUICK,)], ids=["paper", "quick"])
def test_dry_run_is_clean(tmp_path, run_snakemake, overlays):
    done = run_snakemake(tmp_path, "--cores", "1", "--dry-run", overlays=overlays)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_config_that_names_no_study_means_the_paper(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "results/other/scorecard.md", "--dry-run", "--config", "run=other")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "results/other/watts_joint/watts_raw/metrics.csv" in done.stdout + done.stderr


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_paths_count_from_the_folder_of_the_command(tmp_path, snakefile):
    """A study of files beside its config, run from there, targets before --configfile."""
    write_delphes(tmp_path / "signal.root", EVENTS * 10)
    write_delphes(tmp_path / "background.root", EVENTS * 10)
    source = {"kind": "delphes", "signal": ["signal.root"], "background": ["background.root"]}
    study = study_entry(
        source=source | {"selection": SELECTION},
        features=[{"name": "met", "direction": ">"}],
        networks={"linear": NETWORKS["linear"]},
    )
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"run": "mine", "studies": {"files": study}}))
    target = "results/mine/files/features.parquet"
    where = ["--snakefile", str(ROOT / snakefile), "--cores", "1", target, "--configfile", "mine.yaml"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *where],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / target).is_file()
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"mine"}


def test_lint_is_clean(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Congratulations" in done.stdout + done.stderr
