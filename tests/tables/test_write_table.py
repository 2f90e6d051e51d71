"""The three formats that a table is written in."""

from pathlib import Path

import pytest

from scripts import write_table
from scripts.data.cut_table import CUT_COLUMNS
from tests.configs import PAPER
from tests.studies import NETWORKS, study_entry
from tests.tables.files import FEATURES, write_csv


@pytest.fixture
def scan_cuts(tmp_path) -> Path:
    return write_csv(
        tmp_path / "scan.csv",
        CUT_COLUMNS,
        (0.9, "met_et", ">", 123.456789, -1.5),
        (0.9, "dphi", "<", 2.5, 0.5),
        (0.5, "met_et", ">", 200.0, 0.5),
        (0.5, "dphi", "<", -0.000125, -0.5),
    )


def written(
    folder: Path, files: dict, networks: dict, kind: str = "cuts", caption: str = "Cuts."
) -> dict[str, str]:
    """Write a table and return the text of each file, having checked that there is no other."""
    folder.mkdir()
    paths = {end: folder / f"of_{end}.{end}" for end in ("csv", "md", "tex")}
    write_table.main(
        **paths,
        table={"table": kind, "caption": caption, "networks": list(networks)},
        study=study_entry(features=FEATURES, networks=networks or {"scan": NETWORKS["scan"]}),
        study_name="small",
        caption=caption,
        **files,
    )
    assert set(folder.iterdir()) == set(paths.values())
    return {end: path.read_text() for end, path in paths.items()}


def test_write_table_writes_three_formats_twice_the_same(tmp_path, scan_cuts):
    texts = written(tmp_path / "one", {"cuts": [scan_cuts]}, {"scan_50": NETWORKS["scan"]})
    assert texts == written(tmp_path / "two", {"cuts": [scan_cuts]}, {"scan_50": NETWORKS["scan"]})
    assert texts["csv"].splitlines() == [
        "network,target_efficiency,met_et,dphi",
        "scan_50,0.5,> 200 GeV,< -0.000125",
        "scan_50,0.9,> 123.5 GeV,< 2.5",
    ]
    lines = texts["md"].splitlines()
    assert lines[:2] == ["Cuts.", ""]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells[0] == ["network", "target_efficiency", "met_et", "dphi"]
    assert cells[2] == ["scan_50", "0.5", "> 200 GeV", "< -0.000125"]
    assert r"network & target\_efficiency & met\_et & dphi \\" in texts["tex"]
    assert r"scan\_50 & 0.5 & " in texts["tex"]
    assert r"\caption{Cuts.}" in texts["tex"]


def test_write_table_takes_one_file_of_a_study(tmp_path):
    rows = [("all", 33287, 400000), (r"MET > 200 & $b$-veto, 50 %", 333, 1)]
    path = write_csv(tmp_path / "cutflow.csv", ["step", "signal", "background"], *rows)
    texts = written(tmp_path / "one", {"cutflow": path}, {}, kind="cutflow")
    assert "all,33287,400000,1.0,1.0" in texts["csv"]
    assert r"\& \$b\$-veto, 50 \% & 333 & 1 & 0.01 & 2.5e-06 \\" in texts["tex"]


def test_table_1_in_latex(tmp_path):
    texts = written(
        tmp_path / "one",
        {},
        {"scan": PAPER["studies"]["gaussian"]["networks"]["scan"]},
        kind="hyperparameters",
    )
    assert r"gamma & Overall magnitude of cuts & 1e-05 \\" in texts["tex"]
    assert texts["csv"].splitlines()[1] == "alpha,Importance of reaching target signal efficiency,10.0"


def test_captions_are_escaped_in_latex(tmp_path, scan_cuts):
    texts = written(
        tmp_path / "one",
        {"cuts": [scan_cuts]},
        {"scan": NETWORKS["scan"]},
        caption="Cuts at 50 % of x_1 & x_2.",
    )
    assert r"\caption{Cuts at 50 \% of x\_1 \& x\_2.}" in texts["tex"]
    assert texts["md"].startswith("Cuts at 50 % of x_1 & x_2.\n")


def test_directions_are_maths_in_latex(tmp_path, scan_cuts):
    texts = written(tmp_path / "one", {"cuts": [scan_cuts]}, {"scan": NETWORKS["scan"]})
    assert "> 200" in texts["csv"]
    assert "$>$ 200 GeV & $<$ -0.000125" in texts["tex"] or r"\textgreater" in texts["tex"]


def test_only_missing_values_become_dashes_in_latex(tmp_path):
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("target_efficiency,auc\n,0.75\n")
    texts = written(
        tmp_path / "one",
        {"metrics": [metrics]},
        {"resonance_scan": NETWORKS["scan"] | {"epochs": 3}},
        kind="working_points",
    )
    assert r"resonance\_scan & 3 & - & 0.75 \\" in texts["tex"]
