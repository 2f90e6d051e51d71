"""Faults of sources of ROOT files: a line each; and the files that they name."""

import copy
from functools import reduce

import pytest

from scripts.kinds import ConfigError
from scripts.parsing import parse
from scripts.sources.delphes import Settings
from scripts.study_parsing import parse_study
from tests.delphes_files import SELECTION
from tests.faults import REMOVED, changed, check_line
from tests.simulated_events import GENERATOR, SLEPTONS, WW
from tests.studies import study_entry

FEATURES = [{"name": "met", "direction": ">"}, {"name": "mt_l1_met", "direction": "<"}]
DELPHES = study_entry(
    source={
        "kind": "delphes",
        "signal": ["signal*.root"],
        "background": ["background*.root"],
        "equal_class_weights": True,
        "selection": SELECTION,
    },
    features=FEATURES,
)
SIMULATION = study_entry(
    source={
        "kind": "simulation",
        "signal": SLEPTONS | {"events": 320},
        "background": WW | {"events": 390},
        "generator": GENERATOR,
        "detector": {
            "response": "parametrised",
            "seed": 1,
            "program": "DelphesHepMC3",
            "card": "delphes_card_ATLAS.tcl",
        },
        "selection": SELECTION,
    },
    features=FEATURES,
)
LOSES = "drops events that pass the preselection: it must be"


@pytest.mark.parametrize("entry", [DELPHES, SIMULATION])
def test_the_studies_of_the_tests_pass(entry):
    study = parse_study("toy", entry)
    assert study.source.from_files
    assert study.source.selection.model_dump() == SELECTION


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("features.0.name", "mt", "toy.features: unknown feature 'mt': one of met, jet1_pt"),
        ("properties", [{"name": "pt"}], "toy.properties: unknown feature 'pt': one of met"),
        ("source.selection.lepton_pt", 10.0, "source.selection: unknown key lepton_pt; known here: leptons"),
        ("source.selection.leptons.eta", 2.5, "selection.leptons: unknown key eta; .*electron_eta"),
        ("source.selection.leptons.pt", -1, "source.selection.leptons.pt: -1 is less than"),
        ("source.selection.leptons.muon_eta", 0, "selection.leptons.muon_eta: 0 is less than or equal"),
        ("source.selection.leptons.muon_eta", REMOVED, "leptons: the key `muon_eta` is missing"),
        ("source.selection.leptons.muon_isolation", "loose", "muon_isolation: 'loose' is not of type number"),
        ("source.selection.jets", {"pt": 20.0}, "source.selection.jets: the key `eta` is missing"),
        ("source.selection.met", None, "source.selection.met: null is not of type number"),
        ("source.selection.b_veto_pt", 15.0, "source.selection: b_veto_pt is below jets.pt"),
        ("source.selection.min_dphi_jet_met", 4.0, "min_dphi_jet_met: 4.0 is greater than the maximum"),
        ("source.selection.muons_in_met", "yes", "muons_in_met: 'yes' is not of type true or false"),
        ("source.luminosity", 140.0, "source: luminosity without cross_sections: give both, or neither"),
        (
            "source.cross_sections",
            {"signal": 1, "background": 2},
            "source: cross_sections without luminosity: give both, or neither",
        ),
        (
            "source.cross_sections",
            {"signal": 1},
            "source.cross_sections: the key `background` is missing",
        ),
        (
            "source.cross_sections",
            {"signal": 0, "background": 1},
            "cross_sections.signal: 0 is less than or equal",
        ),
        ("source.luminosity", 0, "source.luminosity: 0 is less than or equal"),
        ("source.balance", 1, "source.balance: 1 is not of type true or false"),
        ("source.signal", [], r"source.signal: \[\] is too short: at least 1 needed"),
        ("source.signal", "a.root", "source.signal: 'a.root' is not of type list"),
        ("source.signal", [""], "source.signal.0: '' is too short"),
    ],
)
def test_faults_of_delphes_files(path, value, message):
    check_line(changed(DELPHES, path, value), message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("signal.process", "squarks", "source.signal.process: 'squarks' is not one of 'sleptons', 'ww'"),
        ("signal.mass_gap", REMOVED, "source.signal: the key `mass_gap` is missing"),
        ("signal.events", REMOVED, "source.signal: the key `events` is missing"),
        ("background.mass_gap", 20.0, "source.background: unknown key mass_gap; known here: process, events"),
        ("background.colour", 20.0, "source.background: unknown key colour; known here: process, events"),
        ("background.events", 0, "source.background.events: 0 is less than"),
        ("signal.mass_gap", 0.0, "source.signal.mass_gap: 0.0 is less than or equal"),
        ("signal.mass_gap", 200.0, "signal.mass_gap: 200 GeV leaves the neutralino no mass: .*200 GeV"),
        ("signal.slepton_mass", 15.0, "source.signal.mass_gap: 20 GeV .* below slepton_mass, 15 GeV"),
        ("generator.filter.pair_pt", -1, "generator.filter.pair_pt: -1 is less than the minimum"),
        ("generator.filter.pt", 1, "generator.filter: unknown key pt; known here: pair_pt, met"),
        ("generator.jobs", 0, "source.generator.jobs: 0 is less than the minimum"),
        ("generator.energy", 13, "source.generator.energy: 13 is less than the minimum of 100"),
        ("generator.multiparton_interactions", "no", "interactions: 'no' is not of type true or false"),
        ("generator.seed", -1, "source.generator.seed: -1 is less than"),
        ("detector.response", "geant", "detector.response: 'geant' is not one of 'parametrised', 'delphes'"),
        ("detector.card", "", "source.detector.card: '' is too short"),
        ("cross_sections", {"signal": 1, "background": 2}, "toy.source: unknown key cross_sections"),
        # A filter that would bias what is left after the preselection.
        ("generator.filter.met", 171.0, f"source.generator.filter.met: 171 {LOSES} at most 170 for it"),
        ("selection.met", 140.0, f"source.generator.filter.met: .* {LOSES} at most 110 for it"),
        ("generator.filter.lepton_pt", 11, f"filter.lepton_pt: 11 {LOSES} at most 10 for it"),
        ("generator.filter.pair_pt", 600, f"filter.pair_pt: 600 {LOSES} at most 120 for it"),
        ("selection.leading_jet_pt", 50.0, f"filter.pair_pt: .* {LOSES} at most 70 for it"),
        ("selection.muons_in_met", False, "source.selection.muons_in_met: .* subtract them twice"),
        ("luminosity", 140.0, "source.luminosity: .* say with equal_class_weights"),
        ("generator.filter.lepton_eta", 2.4, f"filter.lepton_eta: 2.4 {LOSES} null or at least 2.5"),
        ("selection.same_flavour", False, f"filter.same_flavour: true {LOSES} false, as selection.same"),
    ],
)
def test_faults_of_a_simulation(path, value, message):
    check_line(changed(SIMULATION, f"source.{path}", value), message)


@pytest.mark.parametrize(
    "changes",
    [
        {"generator.filter.lepton_eta": None},
        {
            "generator.filter.met": 170.0,
            "generator.filter.lepton_pt": 10.0,
            "generator.filter.lepton_eta": 2.5,
        },
        {
            "generator.filter.lepton_eta": 2.0,
            "selection.leptons.electron_eta": 2.0,
            "selection.leptons.muon_eta": 1.5,
        },
        {"generator.filter.same_flavour": False, "selection.same_flavour": False},
        {
            "detector.response": "delphes",
            "generator.multiparton_interactions": True,
            "signal.mass_gap": 199.0,
        },
        {
            "background": {"process": "sleptons", "slepton_mass": 90, "mass_gap": 5, "events": 1},
            "luminosity": 140.0,
            "equal_class_weights": True,
        },
    ],
)
def test_good_settings_of_a_simulation(changes):
    entry = reduce(lambda entry, one: changed(entry, f"source.{one[0]}", one[1]), changes.items(), SIMULATION)
    parse_study("toy", entry)


def test_settings_that_a_response_depends_on():
    detector = parse_study("toy", SIMULATION).source.detector
    assert (detector.event_format, detector.used) == ("parquet", {"response": "parametrised", "seed": 1})
    other = parse_study("toy", changed(SIMULATION, "source.detector.response", "delphes")).source.detector
    assert other.event_format == "hepmc"
    assert other.used == SIMULATION["source"]["detector"] | {"response": "delphes"}


def test_own_files_need_one_setting():
    """They take the place of the simulation, whose other keys stay behind."""
    entry = copy.deepcopy(SIMULATION)
    entry["source"] |= {"kind": "delphes", "signal": ["signal*.root"], "background": ["background*.root"]}
    parse_study("toy", entry)
    check_line(changed(SIMULATION, "source.kind", "delphes"), "source.signal: .* is not of type list")


def test_weights_of_events_may_be_given():
    entry = copy.deepcopy(DELPHES)
    weighting = {"luminosity": 140, "cross_sections": {"signal": 1.5, "background": 70}, "balance": True}
    entry["source"] |= weighting
    source = parse_study("toy", entry).source
    assert source.weighting == weighting
    assert source.weighs_classes_equally
    assert parse_study("toy", SIMULATION).source.weighting == {
        "luminosity": None,
        "cross_sections": None,
        "balance": False,
    }


def test_files_are_expanded_in_order(tmp_path):
    for name in ("b.root", "a.root", "c.txt", "d.root.old"):
        (tmp_path / name).touch()
    (tmp_path / "link.old").symlink_to("a.root")

    def files(**changes) -> dict[str, list[str]]:
        named = {"signal": [f"{tmp_path}/*.root", f"{tmp_path}/c.txt"]}
        named |= {"background": [f"{tmp_path}/*.root.old"]}
        return parse(Settings, DELPHES["source"] | named | changes).files("s")

    assert files() == {
        "signal": [f"{tmp_path}/{name}" for name in ("a.root", "b.root", "c.txt")],
        "background": [f"{tmp_path}/d.root.old"],
    }
    with pytest.raises(ConfigError, match=r"studies.s.source.signal: .*a.root is read twice"):
        files(signal=[f"{tmp_path}/*.root", f"{tmp_path}/a.root"])
    for same in ("b.root", "link.old", "../*/a.root"):
        with pytest.raises(ConfigError, match=r"studies.s.source.background: .* is read twice"):
            files(background=[f"{tmp_path}/{same}"])
    with pytest.raises(ConfigError, match=r"studies.s.source.background: no file matches .*none"):
        files(background=[f"{tmp_path}/none*.root"])
    assert files(signal=["memory://a.root"])["signal"] == ["memory://a.root"]
    (tmp_path / "s[1].root.old").touch()
    assert files(background=[f"{tmp_path}/s[1].root.old"])["background"] == [f"{tmp_path}/s[1].root.old"]
