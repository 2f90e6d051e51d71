"""The scorecard: verdicts, expansion of claims, what is not comparable, and some measures by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import Measured, Results
from scripts.write_scorecard import expand_claims, judge, main, make_scorecard, to_html, to_markdown

STUDIES = {"toy": {"networks": ["scan", "bce"]}}
NETWORKS = {"scan": {"loss": {"bce": 0.5}, "epochs": 3}, "bce": {"loss": {"bce": 1.0}}}


@pytest.fixture
def results(tmp_path) -> Results:
    rng = np.random.default_rng(1)
    study = tmp_path / "toy"
    table = pd.DataFrame({"x": rng.normal(size=400), "label": [1, 0] * 200, "weight": 1.0})
    table["split"] = np.where(np.arange(400) < 100, "test", "train")
    for network, targets in (("scan", [0.2, 0.4, 0.6, 0.8]), ("bce", [np.nan])):
        folder = study / network
        folder.mkdir(parents=True)
        n = len(targets)
        metrics = {
            "target_efficiency": targets,
            "signal_efficiency": np.linspace(0.25, 0.7, n),
            "signal_efficiency_uncertainty": 0.01,
            "background_efficiency": np.linspace(0.0, 0.1, n),
            "background_efficiency_uncertainty": 0.002,
            "loss_signal_efficiency": np.linspace(0.2, 0.72, n),
            "loss_background_efficiency": 0.1,
            "auc": np.linspace(0.7, 0.9, n),
        }
        pd.DataFrame(metrics).to_csv(folder / "metrics.csv", index=False)
        cuts = {"target_efficiency": targets, "feature": "x", "direction": ">", "cut": -np.arange(n) * 1.0}
        pd.DataFrame(cuts).assign(cut_scaled=[0.0, -1.0, -0.5, -3.0][:n]).to_csv(
            folder / "cuts.csv", index=False
        )
    table.to_parquet(study / "features.parquet")
    return Results(tmp_path, STUDIES, NETWORKS)


@pytest.mark.parametrize(
    ("value", "claim", "verdict"),
    [
        (0.934, {"reference": 0.93, "tolerance": 0.005}, "reproduced"),
        (0.936, {"reference": 0.93, "tolerance": 0.005}, "differs"),
        (0.924, {"reference": 0.93, "tolerance": 0.005}, "differs"),
        (10.0, {"reference": 10}, "reproduced"),
        (10.1, {"reference": 10}, "differs"),
        (44.3, {"reference": 44.25, "tolerance": 0.005, "relative": True}, "reproduced"),
        (44.5, {"reference": 44.25, "tolerance": 0.005, "relative": True}, "differs"),
        (0.991, {"reference": 0.99, "comparison": "at_least"}, "reproduced"),
        (0.989, {"reference": 0.99, "comparison": "at_least"}, "differs"),
        (0.989, {"reference": 0.99, "comparison": "at_most"}, "reproduced"),
        (0.991, {"reference": 0.99, "comparison": "at_most"}, "differs"),
        (float("nan"), {"reference": 0.99, "tolerance": 1.0}, "differs"),
    ],
)
def test_verdicts(value, claim, verdict):
    assert judge(Measured(value), claim) == verdict


def test_claims_over_values_become_rows():
    claim = {
        "statement": "weight",
        "arguments": {"network": "n"},
        "over": {"feature": ["a", "b"]},
        "reference": [1.0, 2.0],
    }
    (first, one), (second, two) = expand_claims({"left_out": None, "weights": claim})
    assert (first, second) == ("weights-a", "weights-b")
    assert one["arguments"] == {"network": "n", "feature": "a"}
    assert (two["reference"], two["statement"]) == (2.0, "weight, feature b")


def claim(measure: str, reference: float, **arguments: object) -> dict:
    return {
        "source": "here",
        "statement": "that | this",
        "measure": measure,
        "arguments": arguments,
        "reference": reference,
    }


def test_rows_and_their_files(results, tmp_path):
    claims = {
        "right": claim("loss_coefficient", 0.5, network="scan", term="bce"),
        "wrong": claim("loss_coefficient", 0.6, network="scan", term="bce") | {"note": "because"},
        "absent": claim("auc_gain", 0.1, study="toy", network="scan", target=0.9, over_target=0.2),
        "not run": claim("signal_efficiency", 0.1, study="toy", network="linear"),
    }
    rows = make_scorecard(results, claims)
    assert [row["verdict"] for row in rows] == ["reproduced", "differs", "not comparable", "not comparable"]
    assert [row["value"] for row in rows] == [0.5, 0.5, None, None]
    assert rows[2]["note"] == "no target 0.9 in this config"
    assert rows[3]["note"] == "study toy does not train linear in this run"
    assert {row["verdict"] for row in make_scorecard(results, claims, "quick look")} == {"not comparable"}

    files = {name: tmp_path / f"scorecard.{name}" for name in ("json", "md", "html")}
    main(
        results=[],
        claims=claims,
        studies=STUDIES,
        networks=NETWORKS,
        not_comparable="",
        **files,
    )
    assert json.loads(files["json"].read_text()) == rows
    text = files["md"].read_text()
    assert "1 reproduced, 1 differs, 2 not comparable" in text
    assert "that \\| this" in text
    assert "because" in text
    assert files["html"].read_text() == to_html(rows)
    assert to_markdown([]).startswith("# Scorecard")


def measure(results: Results, name: str, **arguments: object) -> float:
    return MEASURES[name](results, **arguments).value


def test_measures_by_hand(results):
    scan = {"study": "toy", "network": "scan"}
    assert measure(results, "signal_efficiency", **scan, target=0.4) == pytest.approx(0.4)
    assert measure(results, "background_efficiency", study="toy", network="bce") == 0.0
    assert measure(results, "target_shortfall", **scan, target=0.8) == pytest.approx(0.1)
    assert measure(results, "auc_gain", **scan, target=0.8, over_target=0.2) == pytest.approx(0.2)
    assert measure(results, "largest_background", **scan, up_to=0.6) == pytest.approx(0.1 * 2 / 3)
    assert measure(results, "efficiency_estimate_error", **scan) == pytest.approx(0.05)
    # Of the inner cuts 0, -1, -0.5, -3 neither lies between its neighbours.
    assert measure(results, "between_neighbours", **scan) == 0.0
    # At an efficiency of 0.25 the scan's cut lies a quarter of the way from 0 to -1.
    assert measure(results, "cut_distance_to_scan", study="toy", network="bce", scan="scan") == pytest.approx(
        0.25
    )
    assert measure(results, "events", study="toy") == 400
    assert measure(results, "events", study="toy", label=1) == 200
    assert measure(results, "training_fraction", study="toy") == 0.75
    assert measure(results, "feature_count", study="toy") == 1
    assert measure(results, "network_setting", network="scan", key="epochs") == 3


def test_order_of_the_targets_does_not_matter(tmp_path):
    """With features whose names sort otherwise, and the targets from loose to tight."""
    rng = np.random.default_rng(3)
    names, targets = ["z", "a", "m"], [0.8, 0.2, 0.5]
    scan = pd.DataFrame(
        [(target, name, ">", *rng.normal(size=2)) for target in targets for name in names],
        columns=["target_efficiency", "feature", "direction", "cut", "cut_scaled"],
    )
    own = pd.DataFrame({"feature": names, "direction": ">", "cut": 0.0, "cut_scaled": [0.3, -2.0, 1.0]})
    study = tmp_path / "toy"
    for network, cuts in (("scan", scan), ("bce", own.assign(target_efficiency=np.nan))):
        (study / network).mkdir(parents=True)
        cuts.to_csv(study / network / "cuts.csv", index=False)
    metrics = pd.DataFrame({"signal_efficiency": [0.35], "signal_efficiency_uncertainty": [0.1]})
    metrics.to_csv(study / "bce" / "metrics.csv", index=False)
    at = scan.pivot(index="target_efficiency", columns="feature", values="cut_scaled")
    halfway = (at.loc[0.2] + at.loc[0.5]) / 2
    expected = max(abs(halfway[row.feature] - row.cut_scaled) for row in own.itertuples())
    found = measure(
        Results(tmp_path, STUDIES, NETWORKS), "cut_distance_to_scan", study="toy", network="bce", scan="scan"
    )
    assert found == pytest.approx(expected)


def test_single_cuts_are_compared_by_what_they_keep(results):
    signal = results.features("toy").query("split == 'test' and label == 1")["x"]
    expected = abs((signal > 0).mean() - (signal > -0.25).mean())
    found = measure(results, "single_cut_distance_to_scan", study="toy", network="bce", scan="scan")
    assert found == pytest.approx(expected)


def test_cuts_that_jump_against_those_of_a_scan(results):
    """A lower edge as the scan's, an upper one that jumps."""
    folder = results.root / "toy" / "bce"
    scan = results.cuts("toy", "scan")
    upper = scan.assign(direction="<", cut_scaled=[1.0, 2.0, 1.0, 2.0])
    pd.concat([scan, upper]).to_csv(folder / "cuts.csv", index=False)
    lower = np.mean([(-1 + 0.25) ** 2 / (0.5**2 + 0.1), (-0.5 + 2) ** 2 / (2.0**2 + 0.1)])
    jumps = 1.0 / 0.1
    ratio = measure(results, "roughness_ratio", study="toy", network="bce", scan="scan")
    assert ratio == pytest.approx((lower + jumps) / 2 / lower)
    # The upper edge tightens by 1 where it steps back; the lower one by 0.5, from -1 to -0.5.
    assert measure(results, "largest_tightening", study="toy", network="bce") == pytest.approx(1.0)
    assert measure(results, "monotone_cuts", study="toy", network="bce") == 0.0


def test_auc_above_the_largest_of_a_scan(results):
    aucs = [results.metrics("toy", name)["auc"] for name in ("bce", "scan")]
    for name in ("bce", "scan"):
        results.features("toy").to_parquet(results.root / "toy" / name / "scores.parquet")
    found = measure(results, "auc_above_scan", study="toy", network="bce", scan="scan")
    assert found == pytest.approx(aucs[0][0] - aucs[1].max())
