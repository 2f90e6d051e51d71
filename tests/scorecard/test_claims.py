"""Claims: what they measure, what is compared, and what is wrong with them."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.kinds import ConfigError
from scripts.parsing import parse
from scripts.scorecard.claims import Claim, parse_claims, repeated_rows
from scripts.scorecard.measures import measure_of, measures
from scripts.scorecard.results import Measured, NotRun
from scripts.study_parsing import parse_study
from tests.studies import NETWORKS, make_study, study_entry

ROOT = Path(__file__).parents[2]
PAPER = sorted((ROOT / "config" / "paper").glob("*.yaml"))
VALUES = {
    "target_efficiency": [0.2, 0.4, 0.6],
    "background_efficiency": [0.3, 0.1, 0.6],
    "background_efficiency_uncertainty": [0.03, 0.04, 0.05],
}


def entry(**changes) -> dict:
    """A claim as a config has it."""
    claim = {
        "source": "here",
        "statement": "this",
        "measure": "background_efficiency",
        "arguments": {"network": "net", "target": 0.4},
        "reference": 0.1,
        **changes,
    }
    return {key: value for key, value in claim.items() if value is not None}


def claim(**changes) -> Claim:
    return parse(Claim, entry(**changes))


@pytest.fixture
def measured(run):
    """What a claim finds: two networks with three working points, the second four times better."""
    run.write(metrics=VALUES)
    quarter = {name: [value / 4 for value in VALUES[name]] for name in list(VALUES)[1:]}
    run.write("other", metrics=VALUES | quarter)
    return lambda **changes: claim(**changes).measured(run.results, "toy")


def test_a_measure_with_its_arguments(measured):
    assert measured() == (0.1, 0.04)
    assert measured(arguments={"network": "other", "study": "toy"}) == (0.075, 0.0075)
    with pytest.raises(NotRun, match="study away is left out of this run"):
        measured(arguments={"network": "other", "study": "away"})


def test_percent(measured):
    assert measured(times=100) == pytest.approx((10.0, 4.0))
    assert measured(times=-10) == pytest.approx((-1.0, 0.4))
    none = {"measure": "network_setting", "arguments": {"network": "net", "key": "epochs"}, "times": 2}
    assert measured(**none) == (6.0, None)


def test_a_difference_adds_uncertainties_in_quadrature(measured):
    found = measured(minus={"arguments": {"network": "other"}})
    assert found == pytest.approx((0.075, math.hypot(0.04, 0.01)))
    found = measured(minus={"arguments": {"target": 0.2}})
    assert found == pytest.approx((-0.2, 0.05))
    # Of the first working point, where the target is left out.
    found = measured(minus={"arguments": {"network": "other", "target": None}})
    assert found == pytest.approx((0.025, math.hypot(0.04, 0.0075)))
    setting = {"measure": "network_setting", "arguments": {"key": "loss.background"}}
    assert measured(minus=setting) == pytest.approx((0.0, 0.04))


def test_a_ratio_adds_relative_uncertainties_in_quadrature(measured):
    found = measured(divided_by={"arguments": {"target": 0.2}})
    assert found == pytest.approx((1 / 3, math.hypot(0.4, 0.1) / 3))
    found = measured(times=100, divided_by={"arguments": {"target": 0.2}})
    assert found == pytest.approx((100 / 3, math.hypot(0.4, 0.1) / 3 * 100))
    by_three = {"measure": "network_setting", "arguments": {"key": "epochs"}}
    assert measured(divided_by=by_three) == pytest.approx((0.1 / 3, 0.04 / 3))
    found = measured(minus={"arguments": {"target": 0.6}}, divided_by={"arguments": {"target": 0.2}})
    relative = math.hypot(math.hypot(0.04, 0.05) / 0.5, 0.1)
    assert found == pytest.approx((-0.5 / 0.3, relative * 0.5 / 0.3))
    epochs = {"measure": "network_setting", "arguments": {"network": "net", "key": "epochs"}}
    assert measured(**epochs, divided_by={"arguments": {"key": "loss.background"}}) == (30.0, None)


def test_the_smallest_largest_and_median_of_several(measured):
    targets = {"target": [0.2, 0.4, 0.6]}
    one = {"arguments": {"network": "net"}}
    assert measured(**one, smallest=targets) == (0.1, 0.04)
    assert measured(**one, largest=targets) == (0.6, 0.05)
    assert measured(**one, median=targets) == pytest.approx((0.3, 0.25))
    # One value has no range.
    assert measured(**one, median={"target": [0.4]}) == (0.1, 0.04)
    found = measured(**one, smallest=targets, minus={"arguments": {"network": "other", "target": 0.2}})
    assert found == pytest.approx((0.025, math.hypot(0.04, 0.0075)))
    found = measured(minus={"arguments": {"network": "other"}, "largest": targets})
    assert found == pytest.approx((-0.05, math.hypot(0.04, 0.0125)))


def test_another_measure_takes_the_arguments_that_it_knows(make_run):
    """The network of the claim is none of the optimum's."""
    run = make_run()
    events = {"split": ["train", "test"], "label": 1, "x0": 0.0, "x1": 0.0, "weight": 1.0}
    run.write(metrics=VALUES, features=events)
    found = claim(minus={"measure": "events", "arguments": {"split": "train"}}).measured(run.results, "toy")
    assert found == (pytest.approx(-0.9), 0.04)


def test_median_of_trainings(make_run):
    names = ["one", "two", "three"]
    run = make_run(networks=dict.fromkeys(names, NETWORKS["one_to_one"]))
    for name, last in zip(names, (5.0, 9.0, 6.0), strict=True):
        run.write(name, history={"epoch": [0, 1], "train_total": [99.0, last]})
    several = {"measure": "training_loss", "arguments": {"epoch": -1}}
    trainings = {"network": names}
    assert claim(**several, median=trainings).measured(run.results, "toy") == (6.0, 2.0)
    assert claim(**several, smallest=trainings).measured(run.results, "toy") == (5.0, None)
    assert claim(**several, largest=trainings).measured(run.results, "toy") == (9.0, None)


def test_claims_over_values_become_rows():
    several = claim(arguments={"network": "net"}, over={"target": [0.2, 0.6]}, reference=[1, 2.5])
    (first, one), (second, two) = several.rows("rows")
    assert (first, second) == ("rows-0.2", "rows-0.6")
    assert one.arguments == {"network": "net", "target": 0.2}
    assert (two.reference, two.statement) == ([2.5], "this, target 0.6")
    assert list(claim().rows("alone")) == [("alone", claim())]


# ---- what is wrong ----

BINNED = NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [0.0, 1.0, 2.0]}}
NETS = {"net": NETWORKS["scan"], "boxes": NETWORKS["kcuts"], "binned": BINNED}
STUDY = make_study("toy", networks=NETS)
BAD = [
    ({"measure": "beta"}, "toy.claims.row: unknown measure 'beta': one of "),
    ({"measure": None}, "toy.claims.row: the key `measure` is missing"),
    ({"measured": "auc"}, "toy.claims.row: unknown key measured; known here: arguments, "),
    ({"minus": {"measure": "beta"}}, "toy.claims.row: unknown measure 'beta'"),
    ({"minus": {"network": "net"}}, "toy.claims.row.minus: unknown key network; known here: "),
    ({"arguments": {"target": 0.4}}, "row.arguments: missing a required argument: 'network'"),
    ({"arguments": {"network": "net", "epoch": 3}}, "row.arguments: got an unexpected keyword argument"),
    ({"minus": {"arguments": {"epoch": 3}}}, "row.arguments: got an unexpected keyword argument 'epoch'"),
    ({"median": {"epoch": [3]}}, "row.arguments: got an unexpected keyword argument 'epoch'"),
    ({"reference": [1, 2]}, "toy.claims.row: `over` and `reference` need equal lengths"),
    ({"over": {"target": [0.2, 0.4]}}, "toy.claims.row: `over` and `reference` need equal lengths"),
    ({"over": {"target": []}}, r"toy.claims.row.over.target: \[\] is too short"),
    ({"over": {"target": [1], "network": ["net"]}}, "toy.claims.row.over: .* is too long"),
    ({"reference": "high"}, "toy.claims.row.reference.0: 'high' is not of type number"),
    ({"tolerance": -1}, "toy.claims.row.tolerance: -1 is less than the minimum of 0"),
    ({"comparison": "above"}, "toy.claims.row.comparison: 'above' is not one of "),
    ({"not_comparable": ""}, "toy.claims.row.not_comparable: '' is too short"),
    ({"smallest": {"target": [1]}, "largest": {"target": [1]}}, "toy.claims.row: one of `smallest`, `larg"),
    (
        {"measure": "monotone_cuts", "arguments": {"network": "binned"}},
        "toy.claims.row: the cuts of binned follow a property, which monotone_cuts does not know",
    ),
    (
        {"measure": "training_loss", "arguments": {"network": "boxes", "epoch": 0}},
        r"toy.claims.row: boxes, of the model kcuts, has nothing to measure here \(history, loss\): name",
    ),
    (
        {"measure": "largest_cut_difference", "arguments": {"network": "net", "other": "binned"}},
        "toy.claims.row: the cuts of binned follow a property, which largest_cut_difference does not know",
    ),
    (
        {"measure": "training_loss", "arguments": {"epoch": 0}, "median": {"network": ["net", "boxes"]}},
        "toy.claims.row: boxes, of the model kcuts, has nothing to measure here",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_a_bad_claim_gets_one_line(changes, message):
    study = STUDY.model_copy(update={"claims": {"row": entry(**changes), "good": entry()}})
    with pytest.raises(ConfigError, match=message) as raised:
        parse_claims(study)
    assert "\n" not in str(raised.value)


def test_all_bad_claims_are_told():
    study = STUDY.model_copy(update={"claims": {"a": entry(reference="x"), "b": entry(measure="beta")}})
    with pytest.raises(ConfigError) as raised:
        parse_claims(study)
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "studies.toy.claims.a.reference.0",
        "studies.toy.claims.b",
    ]


def test_what_is_left_out_is_no_fault():
    for arguments in ({"network": "away"}, {"network": "net", "study": "away"}):
        study = STUDY.model_copy(update={"claims": {"row": entry(arguments=arguments)}})
        assert list(parse_claims(study)) == ["row"]


def test_numbers_as_texts_of_yaml():
    found = claim(reference="1e-3", tolerance="1e-4")
    assert (found.reference, found.tolerance) == ([0.001], 0.0001)


def test_ids_are_unique_over_all_studies():
    over = claim(arguments={"network": "net"}, over={"target": [0.2, 0.4]}, reference=[1, 2])
    claims = {"first": {"a": claim(), "b": over}, "second": {"b-0.4": claim(), "c": claim()}}
    assert list(repeated_rows(claims)) == [
        "studies.second.claims.b-0.4: the id b-0.4 is also that of a claim of first: take another"
    ]


# ---- the paper, and measures found by their names ----


def paper_claims() -> dict[str, dict[str, Claim]]:
    studies = {}
    for file in PAPER:
        studies |= yaml.safe_load(file.read_text()).get("studies", {})
    parsed = {
        name: parse_study(name, study | {"figures": {}, "tables": {}}, check=False)
        for name, study in studies.items()
    }
    return {name: parse_claims(study) for name, study in parsed.items()}


def test_claims_of_the_paper():
    claims = paper_claims()
    assert list(repeated_rows(claims)) == []
    rows = [row for study in claims.values() for name, one in study.items() for row, _ in one.rows(name)]
    assert len(rows) == 476
    used = {
        term.measure
        for study in claims.values()
        for one in study.values()
        for term in (one, one.minus, one.divided_by)
        if term is not None
    }
    assert set(measures()) == used - {None}


def test_every_measure_has_a_case_by_hand():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*_measures.py"))
    assert [name for name in measures() if f'"{name}"' not in tests and f"{name}(run" not in tests] == []


def test_claims_are_checked_without_torch_and_pandas():
    code = """
import sys
from scripts.scorecard.measures import measure_of, measures
for name in measures():
    measure_of(name)
print(*{"torch", "pandas", "scipy", "matplotlib", "pyarrow"} & set(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_a_module_and_a_claim_add_a_measure(tmp_path, make_run):
    """In a copy of the project: nothing else is to be edited."""
    for package in ("scripts", "cabin_core"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "scripts/scorecard/measures/papers/mine.py").write_text(
        '"""A measure of mine."""\n\n'
        "from ...results import Measured, Results\n\n\n"
        "def longest_name(results: Results, study: str) -> Measured:\n"
        '    """Length of the longest name of a feature."""\n'
        "    return Measured(max(map(len, results.study(study).feature_names)))\n"
    )
    row = entry(measure="longest_name", arguments=None, reference=2, times=3, tolerance=4)
    study = study_entry(claims={"longest": row})
    code = f"""
from pathlib import Path
from scripts.write_scorecard import main
files = {{name: Path(name) for name in ("json", "md", "html")}}
main(results=[], studies={{"toy": {study!r}}}, not_comparable="", **files)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": str(tmp_path)})
    (found,) = yaml.safe_load((tmp_path / "json").read_text())
    assert (found["id"], found["value"], found["verdict"]) == ("longest", 6.0, "reproduced")


def test_an_unknown_measure_names_those_that_could_be_meant():
    with pytest.raises(ConfigError, match="unknown measure 'monotone': one of monotone_cuts, "):
        measure_of("monotone")
    assert Measured(1.0) == (1.0, None)
