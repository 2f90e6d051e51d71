"""One file adds a source, model, term, analysis, figure, table or measure: those of CONTRIBUTING.md."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.checkout import copy_checkout, run_in
from tests.conftest import ROOT
from tests.studies import NETWORKS, study_entry

pytestmark = [pytest.mark.workflow, pytest.mark.hardening]

BLOCK = re.compile(r'^```\w+ title="([\w./]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
FILES = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text()))
CONFIG = yaml.safe_load(FILES["additions.yaml"])
(STUDY,) = CONFIG["studies"]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The run of a copy with the added modules, once with what it says and once with standard figures."""
    root = copy_checkout(tmp_path_factory.mktemp("checkout"))
    for name, text in FILES.items():
        assert not (root / name).exists()
        (root / name).write_text(text)
    standard = {**CONFIG["studies"][STUDY], "title": "Standard figures"}
    for key in ("figures", "tables", "claims"):
        del standard[key]
    (root / "standard.yaml").write_text(yaml.safe_dump({"studies": {"standard": standard}}))
    done = run_in(root, "--cores", "2", "--configfile", "additions.yaml", "standard.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    return root / "results" / CONFIG["run"]


def test_every_kind_of_addition_is_one_file():
    rooms = {str(Path(name).parent) for name in FILES if name.endswith(".py")}
    kinds = {f"scripts/{kind}" for kind in ("sources", "models", "analyses", "figures", "tables")}
    assert rooms == {*kinds, "scripts/scorecard/measures", "cabin_core/terms"}


def test_a_source(results):
    events = pd.read_parquet(results / STUDY / "features.parquet")
    source = CONFIG["studies"][STUDY]["source"]
    assert len(events) == 2 * source["events"]
    mean = events[events["label"] == 1]["pt1"].mean()
    assert mean == pytest.approx(source["signal_scale"], rel=5 / np.sqrt(source["events"]))


def test_a_model_and_its_standard_figures(results):
    metrics = pd.read_csv(results / STUDY / "fisher" / "metrics.csv")
    assert metrics["signal_efficiency"].to_list() == pytest.approx([0.5, 0.7, 0.9], abs=0.1)
    assert metrics["auc"][0] > 0.7
    drawn = {path.stem for path in (results / "figures").glob("standard_*.pdf")}
    assert {"standard_fisher_scores_and_roc", "standard_competitors"} <= drawn
    assert (pd.read_csv(results / "figures" / "standard_competitors.csv")["network"] == "fisher").any()


def test_a_term_of_the_loss(results):
    history = pd.read_csv(results / STUDY / "squared" / "history.csv")
    assert (history["train_background_squared"] > 0).all()
    terms = history[[column for column in history if column.startswith("train_")]].drop(columns="train_total")
    np.testing.assert_allclose(terms.sum(axis=1), history["train_total"], rtol=1e-5)


def test_an_analysis_and_its_figure(results):
    analysis = pd.read_csv(results / STUDY / "separation.csv")
    assert len(analysis) == 2
    assert len(pd.read_csv(results / "figures" / "separations.csv")) >= 2
    assert (results / "figures" / "separations.png").read_bytes().startswith(b"\x89PNG")


def test_a_table(results):
    assert len(pd.read_csv(results / "tables" / "event_counts.csv")) > 0
    assert (results / "tables" / "event_counts.tex").read_text().startswith("\\begin{table}")


def test_a_measure(results):
    (row,) = json.loads((results / "scorecard.json").read_text())
    assert row["verdict"] == "reproduced"
    assert row["value"] == pytest.approx(
        pd.read_csv(results / STUDY / "separation.csv").select_dtypes("number").to_numpy().max()
    )


def test_a_fault_of_an_added_kind(tmp_path):
    """What an added module declares is checked like all else."""
    root = copy_checkout(tmp_path)
    (root / "scripts/models/fisher.py").write_text(FILES["scripts/models/fisher.py"])
    study = study_entry(networks={"fisher": {"model": "fisher", "targets": [2.0]}, "scan": NETWORKS["scan"]})
    (root / "bad.yaml").write_text(yaml.safe_dump({"run": "bad", "studies": {"toy": study}}))
    done = run_in(root, "--cores", "1", "--dry-run", "--configfile", "bad.yaml")
    assert done.returncode != 0
    assert "config: studies.toy.networks.fisher.targets.0: 2.0 is greater than" in done.stdout + done.stderr
