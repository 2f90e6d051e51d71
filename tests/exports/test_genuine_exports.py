"""A working point of the genuine ntuples of the how-to page, where they are present."""

import re

import awkward as ak
import numpy as np
import pandas as pd
import uproot
import yaml

from scripts.exports.export_job import branch_types
from scripts.exports.forms import write_form
from scripts.exports.record import describe, points_of, record_of
from scripts.exports.skimming import apply_to_files
from scripts.exports.working_point import WorkingPoint
from scripts.study_parsing import parse_study
from tests.conftest import ROOT
from tests.data.ntuples import GENUINE, needs_genuine
from tests.exports.agreement import module_of_text

pytestmark = needs_genuine
FILES = {
    "ZZ": str(GENUINE / "ntuples" / "uproot-HZZ.root"),
    "Z": str(GENUINE / "ntuples" / "uproot-Zmumu.root"),
}
CUTS = {"pt1": (">", 38.0), "pt2": (">", 10.5), "mass": ("<", 98.8), "angle": ("<", 3.0)}


def working_point() -> WorkingPoint:
    """The study of the page, with cuts near those that it is trained to."""
    page = (ROOT / "docs" / "howto" / "ntuples.md").read_text()
    found = re.search(r'```yaml title="muons.yaml"\n(.*?)```', page, re.DOTALL)
    assert found is not None
    given = yaml.safe_load(found[1])["studies"]["dimuon"]
    study = parse_study("dimuon", given)
    description = describe(study, "scan", "muons", given)
    description["branches"] = branch_types(study, {name: [path] for name, path in FILES.items()})
    cuts = pd.DataFrame([(0.9, name, *cut) for name, cut in CUTS.items()])
    cuts.columns = ["target_efficiency", "feature", "direction", "cut"]
    metrics = cuts[["target_efficiency"]][:1].assign(signal_efficiency=0.9, background_efficiency=0.6)
    record = record_of(description, cuts, points_of(cuts, metrics, {"pt1": "GeV"}))
    return WorkingPoint.of(record, record["points"][0])


def test_branches_are_described():
    branches = working_point().content["branches"]
    assert branches["Muon_Px"] == {"type": "float32", "list": True}
    assert branches["Muon_Charge"] == {"type": "int32", "list": True}
    assert branches["M"] == {"type": "float64", "list": False}


def test_the_same_events_as_an_independent_selection():
    point = working_point()
    module = module_of_text(write_form("awkward", point))
    flow = apply_to_files(point, [FILES["Z"]], process="Z")
    names = ["Q1", "Q2", "M", "px1", "py1", "px2", "py2"]
    arrays = uproot.open(FILES["Z"])["events"].arrays(names, library="np")
    events = pd.DataFrame(arrays)
    events["first"], events["second"] = (np.hypot(events[f"px{n}"], events[f"py{n}"]) for n in (1, 2))
    left = events.query("Q1 * Q2 < 0 and 60 < M < 98.8 and first > 38 and second > 10.5")
    assert flow.loc[flow["step"].str.startswith("mass"), "events"].item() == len(left)
    assert flow["events"].iloc[-1] == module.passes_Z(uproot.open(FILES["Z"])["events"].arrays()).sum()
    lists = uproot.open(FILES["ZZ"])["events"].arrays()
    flow = apply_to_files(point, [FILES["ZZ"]], process="ZZ")
    assert flow["events"].tolist()[:4] == [2421, 1413, 1397, 1298]
    assert flow["events"].iloc[-1] == module.passes_ZZ(lists).sum()
    steps = module.steps_ZZ(lists)
    two = ak.num(lists["Muon_Px"]) >= 2
    assert steps["two muons"].tolist() == two.to_list()
