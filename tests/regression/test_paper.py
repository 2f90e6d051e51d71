"""The paper: its numbers, its figures and its scorecard.

One run of config/paper/ (minutes) serves all tests of this file, without some competitors and epsilons
(`overlay`). The events of the SUSY study are not made anew, which takes a quarter of an hour: reference/susy
keeps the selected ones of our own run (`freeze_sample.py`).
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cabin_core import load_network
from scripts import kinds
from scripts.config import read_config
from scripts.figures.style import style_sheets
from tests.configs import PAPER

pytestmark = pytest.mark.workflow

REFERENCE = json.loads((Path(__file__).parent / "reference" / "paper.json").read_text())
SAMPLE = Path(__file__).parent / "reference" / "susy"
FROZEN = Path(__file__).parent / "reference" / "figures.json"
TOLERANCE = REFERENCE["tolerance"]
STUDIES = PAPER["studies"]
PAPER_FIGURES = [f"fig{number:02d}" for number in range(1, 21)]
NOT_COMPARABLE = {
    *("sec62-linear-auc", "sec62-network-auc", "sec62-bce-signal", "sec62-bce-background"),
    *("notebook-susy-linear-auc", "notebook-susy-bce-auc", "kcuts-susy-auc"),
    *(
        f"notebook-susy-scan-{name}-{target}"
        for name in ("signal", "background", "auc")
        for target in STUDIES["susy"]["networks"]["susy_scan"]["targets"]
    ),
    # The trainings of arXiv:2412.09500, whose epsilon, batches and epochs are not told or not enough.
    *("zloss-fig1-bce-slope", "zloss-fig2-bce-significance", "zloss-fig2-bce-efficiency"),
    *("zloss-fig1-slope-1", "zloss-fig1-slope-2", "zloss-fig2-significance", "zloss-fig2-efficiency"),
    *(f"zloss-fig2b-{efficiency}" for efficiency in (0.3, 0.5, 0.7, 0.9)),
    *(f"zloss-fig4b-{network}{efficiency}" for network in ("", "bce-") for efficiency in (0.02, 0.1)),
}
# All rules but those that make and read the events of the SUSY study.
RULES = [
    "all",
    "generate_features",
    "analyse_study",
    "train_model",
    "train_text_model",
    "evaluate_model",
    "draw_figure",
    "write_table",
    "write_scorecard",
]
# What numbers are held of.
NETWORKS = {
    "gaussian": set(STUDIES["gaussian"]["networks"]) - {"grid", "bdt", "network", "joint"},
    "susy": {"susy_linear", "susy_network", "susy_one_to_one_bce", "susy_scan", "susy_scan_no_bce"}
    | {"susy_kcuts", "susy_significance"},
    "zloss_case1": {"zloss_bce", "zloss", "zloss_eps3000", "zloss_eps10000"},
    "zloss_case2": {"zloss_bce", "zloss", "zloss_eps10000"},
}
# Minutes of a processor.
LONG_ANALYSES = {"kept_fractions", "certify"}
# A job for a figure takes seconds: the same plots of longer trainings are left to a full run.
HELD_FIGURES = {*PAPER_FIGURES, "optimum", "search", "robustness"}


def overlay() -> dict:
    """Return what leaves out the networks that no number is held of, and the figures and tables of them."""
    # Numbers of the others are held by tests of seconds: tests/analyses, tests/sources.
    studies: dict = dict.fromkeys(set(STUDIES) - set(NETWORKS))
    for name, kept in NETWORKS.items():
        study = STUDIES[name]
        entries = [
            (section, key, entry)
            for section in ("figures", "tables")
            for key, entry in study[section].items()
        ]
        studies[name] = {
            "networks": dict.fromkeys(set(study["networks"]) - kept),
            "analyses": dict.fromkeys(LONG_ANALYSES & set(study.get("analyses", {}))),
            "figures": {},
            "tables": {},
            "claims": dict.fromkeys(
                claim
                for claim in study.get("claims", {})
                if claim.startswith(("joint-", "polish-", "distance-"))
            ),
        }
        for section, key, entry in entries:
            left_out = section == "figures" and key not in HELD_FIGURES
            shows = LONG_ANALYSES & {entry.get("plot"), entry.get("table")}
            if left_out or shows or not kept.issuperset(entry.get("networks", [])):
                studies[name][section][key] = None
    optimum = [0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.99]
    studies["gaussian"]["analyses"]["optimum"] = {"targets": optimum}
    studies["gaussian"]["networks"]["optimal_scan"] = {"targets": [0.8, 0.9, 0.93, 0.95]}
    return {"base": "paper", "studies": studies}


OVERLAY = overlay()
FIGURES = {
    name: study
    for study, changes in OVERLAY["studies"].items()
    if changes is not None
    for name in STUDIES[study]["figures"]
    if name not in changes["figures"]
}
DRAWN = list(FIGURES)


@pytest.fixture(scope="session")
def paper(tmp_path_factory, run_snakemake) -> Path:
    directory = tmp_path_factory.mktemp("paper")
    shutil.copytree(SAMPLE, directory / "results" / "paper" / "susy")
    done = run_snakemake(directory, "--cores", "2", "--allowed-rules", *RULES, overlays=(OVERLAY,))
    assert done.returncode == 0, done.stderr[-3000:]
    return directory / "results" / "paper"


def metrics(paper: Path, network: str) -> pd.DataFrame:
    return pd.read_csv(paper / "gaussian" / network / "metrics.csv")


def test_linear_network(paper):
    reference = REFERENCE["linear_bce"]
    assert metrics(paper, "linear_bce")["auc"][0] == pytest.approx(
        reference["auc"], abs=TOLERANCE["linear_auc"]
    )
    network = load_network(paper / "gaussian" / "linear_bce" / "model.pt").network
    np.testing.assert_allclose(
        network.linear.weight.detach()[0], reference["weights"], rtol=0, atol=TOLERANCE["weight"]
    )


@pytest.mark.parametrize("network", REFERENCE["one_to_one"])
def test_one_to_one_networks(paper, network):
    row = metrics(paper, network).iloc[0]
    measured = row[["signal_efficiency", "background_efficiency", "auc"]].to_list()
    assert measured == pytest.approx(REFERENCE["one_to_one"][network], abs=TOLERANCE["efficiency"])


@pytest.mark.parametrize("network", REFERENCE["scan"])
def test_scan_tables(paper, network):
    reference = pd.DataFrame(REFERENCE["scan"][network]).T
    table = metrics(paper, network)
    assert table["target_efficiency"].to_list() == [float(target) for target in reference.index]
    for column, name, tolerance in (
        (0, "signal_efficiency", "scan_efficiency"),
        (1, "background_efficiency", "scan_efficiency"),
        (2, "auc", "scan_auc"),
    ):
        np.testing.assert_allclose(table[name], reference[column], rtol=0, atol=TOLERANCE[tolerance])


def test_scan_training_loss(paper):
    history = pd.read_csv(paper / "gaussian" / "scan_1000" / "history.csv").set_index("epoch")
    for epoch, loss in REFERENCE["scan_loss"].items():
        assert history.loc[int(epoch), "train_total"] == pytest.approx(loss, rel=TOLERANCE["loss"])


def test_bce_training_swings_between_two_states(paper):
    """What makes the authors' number after 1000 epochs one of two."""
    loss = pd.read_csv(paper / "gaussian" / "one_to_one_bce_1000" / "history.csv")["train_total"]
    steps = np.diff(loss.to_numpy())
    assert (steps[:400] < 0)[10:].all()
    assert (np.sign(steps[-50:-1]) == -np.sign(steps[-49:])).all()
    assert np.abs(steps[-50:]).min() > 1e-3


def test_cuts_in_physical_units_select_what_the_metrics_say(paper):
    events = pd.read_parquet(paper / "gaussian" / "features.parquet")
    test = events[events["split"] == "test"]
    cuts = pd.read_csv(paper / "gaussian" / "scan" / "cuts.csv")
    table = metrics(paper, "scan").set_index("target_efficiency")
    for target, of_target in cuts.groupby("target_efficiency"):
        text = " and ".join(f"{cut.feature} {cut.direction} {cut.cut!r}" for cut in of_target.itertuples())
        passed = test.eval(text.replace("np.float64", ""))
        assert passed[test["label"] == 1].mean() == pytest.approx(table.loc[target, "signal_efficiency"])
        assert passed[test["label"] == 0].mean() == pytest.approx(table.loc[target, "background_efficiency"])


def test_scorecard(paper):
    rows = json.loads((paper / "scorecard.json").read_text())
    for row in rows:
        assert {
            "id",
            "source",
            "statement",
            "reference",
            "value",
            "uncertainty",
            "tolerance",
            "verdict",
        } <= set(row)
        assert row["value"] is not None
        assert row["verdict"] == "reproduced" or row["note"], (
            f"{row['id']}: {row['verdict']} without a reason"
        )
        # Numbers of a sample that is not ours; what is claimed of it is judged.
        assert (row["verdict"] == "not comparable") == (row["id"] in NOT_COMPARABLE), row["id"]
    assert len(rows) == len({row["id"] for row in rows}) > 180
    # Each is explained by its note; anything else that differs is news.
    assert {row["id"] for row in rows if row["verdict"] == "differs"} == {
        "sec5-events",
        "sec61-efficiency-cuts",
        "sec61-match-bce-cuts",
        "sec62-scan-above-linear",
        "sec62-bce-negligible",
        # The collapse, and the tails of the toy that is read off a figure.
        "zloss-sec2-epsilon",
        *(f"zloss-fig2b-bce-direction-{efficiency}" for efficiency in (0.1, 0.2, 0.3)),
        *(f"zloss-fig4a-bce-direction-{efficiency}" for efficiency in (0.01, 0.02)),
        *(f"zloss-fig4b-bce-direction-{efficiency}" for efficiency in (0.01, 0.02)),
        *(f"zloss-fig4b-zloss-direction-{efficiency}" for efficiency in (0.01, 0.02, 0.05)),
    }
    text = (paper / "scorecard.md").read_text()
    assert all(f"| {row['id']} |" in text for row in rows)


def test_table1_of_the_paper(paper):
    table = pd.read_csv(paper / "tables" / "table1.csv")
    assert table["Value"].to_list() == [10.0, 0.1, 1e-5, 1e-3, 1.0]


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_complete(paper, name):
    for end, start in (("pdf", b"%PDF"), ("png", b"\x89PNG")):
        assert (paper / "figures" / f"{name}.{end}").read_bytes().startswith(start)
    table = pd.read_csv(paper / "figures" / f"{name}.csv")
    assert len(table) > 3


def digest(table: pd.DataFrame) -> dict[str, list[float]]:
    """Count, mean, standard deviation and extremes of each column of numbers."""
    numbers = table.select_dtypes("number").dropna(axis="columns", how="all")
    return {
        name: [
            float(numbers[name].count()),
            *(float(getattr(numbers[name], f)()) for f in ("mean", "std", "min", "max")),
        ]
        for name in numbers
    }


@pytest.mark.parametrize("name", PAPER_FIGURES)
def test_numbers_drawn(paper, name, request):
    """The csv of each figure against our own frozen run (`pytest --freeze` writes it anew)."""
    found = digest(pd.read_csv(paper / "figures" / f"{name}.csv"))
    if request.config.getoption("--freeze"):
        frozen = json.loads(FROZEN.read_text()) if FROZEN.exists() else {}
        FROZEN.write_text(json.dumps(frozen | {name: found}, indent=1, sort_keys=True) + "\n")
    frozen = json.loads(FROZEN.read_text())[name]
    assert found.keys() == frozen.keys()
    for column, values in found.items():
        # Rounding differs between processors; training carries it to the fourth digit.
        scale = max(abs(value) for value in frozen[column][1:]) or 1.0
        assert values == pytest.approx(frozen[column], rel=2e-3, abs=2e-3 * scale), column


@pytest.mark.parametrize("name", PAPER_FIGURES)
@pytest.mark.mpl_image_compare(
    style=style_sheets(), tolerance=2, savefig_kwargs={"dpi": 50}, baseline_dir="baseline"
)
def test_images_of_the_paper(paper, name):
    study = read_config(PAPER, check=False).studies[FIGURES[name]]
    figure = study.figures[name]
    table = pd.read_csv(paper / "figures" / f"{name}.csv")
    return kinds.module_of("plot", figure.plot).make_figure(table, figure, study)
