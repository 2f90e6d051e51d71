"""The rows of the scorecard, their verdicts and the files they are written to."""

import json

import pytest

from scripts.parsing import parse
from scripts.scorecard.claims import Claim
from scripts.scorecard.pages import to_html, to_markdown
from scripts.scorecard.results import Measured, Results
from scripts.scorecard.rows import VERDICTS, judge, make_rows, summary
from scripts.study_parsing import parse_study
from scripts.write_scorecard import main
from tests.studies import NETWORKS, study_entry

CLAIM = {"source": "here", "statement": "that | this", "measure": "network_setting"}


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
        (-44.3, {"reference": -44.25, "tolerance": 0.005, "relative": True}, "reproduced"),
        (0.991, {"reference": 0.99, "comparison": "at_least"}, "reproduced"),
        (0.989, {"reference": 0.99, "comparison": "at_least"}, "differs"),
        (0.989, {"reference": 0.99, "comparison": "at_least", "tolerance": 0.002}, "reproduced"),
        (0.989, {"reference": 0.99, "comparison": "at_most"}, "reproduced"),
        (0.991, {"reference": 0.99, "comparison": "at_most"}, "differs"),
        (0.991, {"reference": 0.99, "comparison": "at_most", "tolerance": 0.002}, "reproduced"),
        (float("nan"), {"reference": 0.99, "tolerance": 1.0}, "differs"),
    ],
)
def test_verdicts(value, claim, verdict):
    assert judge(Measured(value), parse(Claim, CLAIM | claim)) == verdict


@pytest.mark.parametrize(
    ("comparison", "kept"),
    [
        # Of values 6, 6.5, 7, 8, 9, 9.5 and 10 against 8 with a tolerance of 1.5.
        ("equal", [False, True, True, True, True, True, False]),
        ("at_least", [False, True, True, True, True, True, True]),
        ("at_most", [True, True, True, True, True, True, False]),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("tolerance", [{"tolerance": 1.5}, {"tolerance": 0.1875, "relative": True}])
def test_a_tolerance_loosens_a_claim_and_includes_its_end(comparison, kept, sign, tolerance):
    if sign < 0 and comparison != "equal":
        comparison = "at_least" if comparison == "at_most" else "at_most"
    said = parse(Claim, CLAIM | {"reference": sign * 8.0, "comparison": comparison} | tolerance)
    verdicts = [judge(Measured(sign * value), said) for value in (6.0, 6.5, 7.0, 8.0, 9.0, 9.5, 10.0)]
    assert verdicts == ["reproduced" if holds else "differs" for holds in kept]


def claim(reference: float, key: str = "epochs", **more: object) -> dict:
    return CLAIM | {"arguments": {"network": "scan", "key": key}, "reference": reference, **more}


CLAIMS = {
    "right": claim(3),
    "wrong": claim(4, note="because"),
    "other sample": claim(4, not_comparable="another sample", note="because"),
    "absent": claim(1, key="momentum"),
    "not run": claim(1) | {"arguments": {"network": "linear", "key": "epochs"}},
    "several": claim([0.1, 2], over={"key": ["loss.background", "epochs"]})
    | {"arguments": {"network": "scan"}},
}


@pytest.fixture
def studies():
    """A second study has the network that the first leaves out."""
    other = {"networks": {"linear": NETWORKS["linear"]}, "claims": {"elsewhere": claim(3)}}
    return {"toy": study_entry(claims=CLAIMS), "other": study_entry(**other)}


def rows_of(studies, tmp_path, not_comparable=""):
    parsed = {name: parse_study(name, study, check=False) for name, study in studies.items()}
    return make_rows(Results(tmp_path, parsed), not_comparable)


def test_rows_in_the_order_of_studies_and_claims(studies, tmp_path):
    rows = rows_of(studies, tmp_path)
    found = {row["id"]: (row["verdict"], row["value"], row["note"]) for row in rows}
    assert found == {
        "right": ("reproduced", 3.0, ""),
        "wrong": ("differs", 3.0, "because"),
        "other sample": ("not comparable", 3.0, "another sample"),
        "absent": ("not comparable", None, "network scan has no momentum in this config"),
        "not run": ("not comparable", None, "study toy does not train linear in this run"),
        "several-loss.background": ("reproduced", 0.1, ""),
        "several-epochs": ("differs", 3.0, ""),
        "elsewhere": ("not comparable", None, "study other does not train scan in this run"),
    }
    assert list(found) == [row["id"] for row in rows]
    assert [row["reference"] for row in rows[-3:]] == [0.1, 2, 3]


def test_a_run_that_cannot_be_compared(studies, tmp_path):
    rows = rows_of(studies, tmp_path, "quick look")
    assert {row["verdict"] for row in rows} == {"not comparable"}
    assert [row["note"] for row in rows[:4]] == ["quick look"] * 3 + [
        "network scan has no momentum in this config"
    ]


def test_files(studies, tmp_path):
    files = {name: tmp_path / f"scorecard.{name}" for name in ("json", "md", "html")}
    main(results=[], studies=studies, not_comparable="", **files)
    rows = json.loads(files["json"].read_text())
    assert rows == rows_of(studies, tmp_path)
    text = files["md"].read_text()
    assert "8 numbers and claims: 2 reproduced, 2 differ, 4 not comparable." in text
    assert "that \\| this" in text
    assert "because" in text
    assert files["html"].read_text() == to_html(rows)
    assert "that | this" in to_html(rows)
    assert to_markdown([]).startswith("# Scorecard")


def test_words_of_the_summary(studies, tmp_path):
    right, wrong, *_ = rows_of(studies, tmp_path)
    assert summary([right, wrong]) == "1 reproduced, 1 differs, 0 not comparable"
    assert summary([wrong, wrong]) == "0 reproduced, 2 differ, 0 not comparable"


def test_how_numbers_are_shown():
    row = {
        "id": "row",
        "source": "here",
        "statement": "<this>",
        "reference": 0.9999994,
        "value": 0.99999951234,
        "uncertainty": 0.000123,
        "tolerance": 0.05,
        "tolerance_is_relative": True,
        "comparison": "at_least",
        "verdict": "differs",
        "note": "",
    }
    line = "| row | <this> | at least 0.9999994 | 0.99999951 | 0.00012 | 5 % | differs |  |"
    assert line in to_markdown([row])
    assert "1 numbers and claims: 0 reproduced, 1 differs, 0 not comparable." in to_markdown([row])
    assert "<td>&lt;this&gt;</td>" in to_html([row])
    plain = row | {"value": 12.345678, "tolerance_is_relative": False, "uncertainty": None}
    assert "| at least 0.9999994 | 12.346 |  | 0.05 |" in to_markdown([plain])
    most = plain | {"reference": 2, "comparison": "at_most"}
    assert "| at most 2 | 12.346 |" in to_markdown([most])
    assert "| 2 | 12.346 |" in to_markdown([most | {"comparison": "equal"}])


def test_colors_of_the_verdicts(studies, tmp_path):
    page = to_html(rows_of(studies, tmp_path)[:4])
    parts = page.split("<tr style='background:")[1:]
    found = [(part[:7], next(word for word in VERDICTS if f"<td>{word}" in part)) for part in parts]
    green, red, grey = "#d8f0d8", "#f6d5d0", "#eeeeee"
    assert found == [
        (green, "reproduced"),
        (red, "differs"),
        (grey, "not comparable"),
        (grey, "not comparable"),
    ]
