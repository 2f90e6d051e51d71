"""What Snakemake says of the workflow without running it."""

import pytest

from tests.conftest import ROOT

QUICK = ROOT / "config" / "quick.yaml"

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("overlays", [(), (QUICK,)], ids=["paper", "quick"])
def test_dry_run_is_clean(tmp_path, run_snakemake, overlays):
    done = run_snakemake(tmp_path, "--cores", "1", "--dry-run", overlays=overlays)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_lint_is_clean(tmp_path, run_snakemake):
    done = run_snakemake(tmp_path, "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Congratulations" in done.stdout + done.stderr
