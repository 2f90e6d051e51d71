"""The exports of a network as the workflow makes them, and the key `exports` of a study."""

import json

import pandas as pd
import pytest

from scripts import export_cuts
from scripts.exports.forms import file_of, forms
from scripts.exports.working_point import WorkingPoint
from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, study_entry

NETWORK = {"scan": NETWORKS["scan"], "linear": NETWORKS["linear"]}


@pytest.mark.parametrize(
    ("exports", "fault"),
    [
        ({"target": 0.5}, "studies.toy.exports.target: network scan has no target 0.5: the closest is 0.6"),
        ({"networks": ["linear"]}, "studies.toy.exports.networks: linear, of the model linear, has no cuts"),
        ({"networks": ["scna"]}, "studies.toy.exports.networks: unknown network 'scna'"),
        ({"best_significance": True}, "study toy has no key `counting_experiment`: add it"),
        ({"target": 0.6, "signal_efficiency": 0.7}, "target, signal_efficiency choose a working point each"),
        ({"form": ["cpp"]}, "studies.toy.exports: unknown key form"),
    ],
)
def test_faults_of_the_config(exports, fault):
    with pytest.raises(ConfigError) as caught:
        parse_study("toy", study_entry(networks=NETWORK, exports=exports))
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_networks_with_cuts_are_exported():
    study = parse_study("toy", study_entry(networks=NETWORK))
    assert study.exports.names(study) == ["scan"]
    named = parse_study("toy", study_entry(networks=NETWORK, exports={"networks": []}))
    assert named.exports.names(named) == []


@pytest.fixture
def files(tmp_path):
    """What the workflow has made of a network: events, of which tighter cuts leave fewer."""
    events = pd.DataFrame(
        {
            "x0": [0.0, 1.0, 2.0, 3.0, 3.5] * 4,
            "x1": 0.0,
            "label": [0] * 8 + [1] * 12,
            "split": ["train", "test"] * 10,
            "weight": 1.0,
        }
    )
    events.loc[events["label"] == 1, "x0"] += 1.0
    cuts = pd.DataFrame(
        {"target_efficiency": [0.3, 0.6, 0.9], "feature": "x0", "direction": ">", "cut": [2.5, 1.5, -1.0]}
    )
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.3, 0.6, 0.9],
            "signal_efficiency": [0.5, 0.7, 1.0],
            "background_efficiency": 0.5,
        }
    )
    cuts.to_csv(tmp_path / "cuts.csv", index=False)
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    events.to_parquet(tmp_path / "features.parquet")
    events[["split"]].to_parquet(tmp_path / "scores.parquet")
    return tmp_path


def run(folder, **entry):
    export_cuts.main(
        cuts=folder / "cuts.csv",
        metrics=folder / "metrics.csv",
        record=folder / "working_points.json",
        study=study_entry(networks=NETWORK, **entry),
        study_name="toy",
        network="scan",
        run="run",
        files={},
        features=folder / "features.parquet",
        scores=folder / "scores.parquet",
        **{form: folder / file_of(form) for form in forms()},
    )
    record = json.loads((folder / "working_points.json").read_text())
    return record, WorkingPoint.read(folder / "working_point.yaml")


def test_all_forms_of_the_usual_working_point(files):
    record, point = run(files)
    assert [one["working_point"]["target"] for one in record["points"]] == [0.3, 0.6, 0.9]
    assert point.content["working_point"]["target"] == 0.9
    assert {path.name for path in files.glob("cuts*")} == {
        "cuts.csv",
        "cuts.h",
        "cuts_awkward.py",
        "cuts_pandas.py",
        "cuts_root.py",
    }
    provenance = point.content["provenance"]
    assert (provenance["run"], provenance["study"], provenance["network"]) == ("run", "toy", "scan")
    assert provenance["seeds"] == {"split": 1, "training": 123}
    text = {form: (files / file_of(form)).read_text() for form in forms()}
    run(files)
    assert text == {form: (files / file_of(form)).read_text() for form in forms()}


def test_the_best_significance_is_chosen_where_it_is_known(files):
    record, point = run(files, counting_experiment=COUNTING_EXPERIMENT)
    known = {one["working_point"]["target"]: one["working_point"]["significance"] for one in record["points"]}
    assert point.content["working_point"]["target"] == max(known, key=known.get)
    assert (
        "Significance" in (files / "cuts.h").read_text() or "significance" in (files / "cuts.h").read_text()
    )
    _, chosen = run(files, counting_experiment=COUNTING_EXPERIMENT, exports={"target": 0.9})
    assert chosen.content["working_point"]["target"] == 0.9


def test_working_points_below_the_minimum_signal_are_not_the_best(files):
    experiment = COUNTING_EXPERIMENT | {"minimum_signal": 19.9}
    record, point = run(files, counting_experiment=experiment)
    assert [one["working_point"].get("significance") is not None for one in record["points"]] == [
        False,
        False,
        True,
    ]
    assert point.content["working_point"]["target"] == 0.9
