"""The JSON schema: written from the classes, current, and true of what ships."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from scripts import schema
from tests.configs import PAPER, load, merge
from tests.conftest import ROOT

USERS = ("delphes.yaml", "ntuples.yaml")
SCHEMA = json.loads(schema.FILE.read_text())


def test_file_is_current():
    assert schema.FILE.read_text() == schema.text(), "run: python -m scripts.schema"


@pytest.mark.parametrize(
    "config",
    [PAPER, load("quick.yaml"), merge(PAPER, load("quick.yaml")), *map(load, USERS)],
    ids=["paper", "overlay", "quick", *USERS],
)
def test_shipped_configs_meet_it(config):
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(config)] == []


def test_it_finds_a_fault_in_a_kind():
    config = yaml.safe_load((ROOT / "config" / "delphes.yaml").read_text())
    config["studies"]["dilepton"]["source"]["selecton"] = {}
    assert list(Draft202012Validator(SCHEMA).iter_errors(config))
