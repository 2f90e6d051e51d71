"""A study of Delphes files, from the config to its figures."""

import pandas as pd
import pytest

from tests.conftest import ROOT

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
    overlay = {"studies": {"dilepton": {"source": files}}}
    done = run_snakemake(tmp_path, "--cores", "2", overlays=(DELPHES, overlay))
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results" / "delphes"
    cutflow = pd.read_csv(results / "dilepton" / "cutflow.csv")
    assert cutflow[["signal", "background"]].iloc[0].to_list() == [4000, 4000]
    assert cutflow[["signal", "background"]].iloc[-1].to_list() == [875, 135]
    events = pd.read_parquet(results / "dilepton" / "features.parquet")
    assert events["label"].value_counts().to_dict() == {1: 875, 0: 135}
    assert pd.read_csv(results / "dilepton" / "dilepton_linear" / "metrics.csv")["auc"][0] > 0.6
    scan = pd.read_csv(results / "dilepton" / "dilepton_scan" / "metrics.csv")
    # Few events: three binomial standard deviations on the test sample.
    distance = (scan["loss_signal_efficiency"] - scan["target_efficiency"]).abs()
    assert (distance < 3 * scan["signal_efficiency_uncertainty"].clip(lower=0.02)).all()
    for plot in ("features", "scores", "roc", "history", "cuts", "efficiencies"):
        assert (results / "figures" / f"dilepton_{plot}.pdf").stat().st_size > 0
    assert not (results / "gaussian").exists()
    assert not (results / "figures" / "fig04.pdf").exists()
