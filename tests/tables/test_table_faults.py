"""Faults of tables in a config: each is one line that names the key, and what to do."""

import copy
import re

import pytest

from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study
from tests.configs import PAPER
from tests.studies import NETWORKS, study_entry

BAD = [
    ("gaussian.tables.table1.table", "hyper", "unknown table 'hyper': one of"),
    ("gaussian.tables.gaussian_cuts.table", "search", "the table search is now expected_significance"),
    ("gaussian.tables.gaussian_cuts.table", "property", "the table property is now property_bins"),
    ("gaussian.tables.table1.networks", ["skan"], "unknown network 'skan': one of scan"),
    ("gaussian.tables.table1.networks", [], "0 networks named, this kind takes 1"),
    ("gaussian.tables.table1.networks", ["bdt"], "bdt, of the model bdt, is not trained on a loss"),
    ("gaussian.tables.table1.scaled", True, "unknown key scaled; known here: caption, networks, table"),
    ("gaussian.tables.table1.caption", "", "'' is too short: at least 1 needed"),
    ("gaussian.tables.gaussian_cuts.networks", ["bdt"], "bdt, of the model bdt, has no cuts: name another"),
    ("gaussian.tables.gaussian_cuts.networks", ["scan", "scan"], "scan is named twice"),
    (
        "gaussian.tables.competitors.networks",
        ["linear_bce"],
        "the first, linear_bce, sets the targets of all",
    ),
    ("gaussian.tables.optimum.networks", ["linear_bce"], "linear_bce, of the model linear, has no cuts"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[f"{bad[0]}={bad[1]}" for bad in BAD])
def test_a_fault_is_one_line_that_names_the_key(path, value, message):
    study, section, name, key = path.split(".")
    entry = copy.deepcopy(PAPER["studies"][study])
    entry[section][name][key] = value
    with pytest.raises(ConfigError) as caught:
        parse_study(study, entry)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"studies.{study}.{section}.{name}")
    assert re.search(message, line)
    assert len(line) < 400


@pytest.mark.parametrize(
    ("kind", "networks", "message"),
    [
        ("cutflow", [], "study small does not come from files: no cutflow"),
        ("optimum", ["scan"], "study small has no analysis `optimum` to show"),
        ("property_bins", ["scan"], "study small has no analysis `bin_optimum` to show"),
        ("expected_significance", ["scan"], "study small has no key `counting_experiment`"),
    ],
)
def test_what_the_study_lacks(kind, networks, message):
    entry = study_entry(tables={"shown": {"table": kind, "networks": networks, "caption": "A table."}})
    with pytest.raises(ConfigError, match=message):
        parse_study("small", entry)


def test_bins_are_those_of_the_optimum():
    study = copy.deepcopy(PAPER["studies"]["property_toy"])
    study["networks"]["property_kcuts"] |= {
        "event_property": {"name": "pt", "edges": [20.0, 40.0, 60.0, 120.0]}
    }
    with pytest.raises(ConfigError, match=r"tables.property.networks: property_kcuts must have the bins of"):
        parse_study("property_toy", study)


def test_cuts_that_follow_a_property_have_no_competitors():
    binned = NETWORKS["scan"] | {"event_property": {"name": "x1", "edges": [0.0, 1.0]}}
    shown = {"table": "competitors", "networks": ["scan"], "caption": "A table."}
    entry = study_entry(networks={"scan": binned}, tables={"shown": shown})
    with pytest.raises(ConfigError, match="scan, of the model scan, has cuts that follow a property"):
        parse_study("small", entry)
