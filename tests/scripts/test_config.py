"""The config: what ships is right, and what is wrong gets one line that names the key."""

import copy
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from scripts.config import ConfigError, check_config, check_results_folder, expand_files
from tests.conftest import ROOT

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"


def merge(base: dict, overlay: dict) -> dict:
    """As Snakemake merges: mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        merged[key] = merge(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return merged


def load(*names: str) -> dict:
    config: dict = {}
    for name in names:
        config = merge(config, yaml.safe_load((ROOT / "config" / name).read_text()))
    return config


PAPER = load("config.yaml", "scorecard.yaml")


@pytest.mark.parametrize("overlay", [[], ["quick.yaml"], ["delphes.yaml"]])
def test_shipped_configs_pass(overlay):
    check_config(load("config.yaml", "scorecard.yaml", *overlay), SCHEMA)


def test_every_key_of_the_schema_is_used_or_described():
    schema = yaml.safe_load(SCHEMA.read_text())
    assert schema["additionalProperties"] is False
    # An entry of networks is one of four kinds, by its model.
    names = ("study", "neural_network", "kcuts", "grid", "bdt", "figure", "table", "claim")
    closed = [schema["$defs"][name] for name in names]
    assert all(definition["additionalProperties"] is False for definition in closed)


def changed(path: str, value: object, base: dict = PAPER) -> dict:
    """A config with one value replaced; a path like studies.gaussian.features.0.name."""
    config = copy.deepcopy(base)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target = config
    for part in parents:
        target = target[part]
    target[last] = value
    return config


BAD = [
    ("studies.gaussian.sead", 3, "studies.gaussian: unknown key sead; known here: .*split"),
    (
        "studies.gaussian.source.events",
        9,
        "studies.gaussian.source: unknown key events; known.*signal_events",
    ),
    ("colour", "red", "unknown key colour"),
    (
        "studies.gaussian.features.0.direction",
        "=",
        "studies.gaussian.features.0.direction: '=' is not one of",
    ),
    ("studies.gaussian.features.0.name", "x1", "studies.gaussian.features: x1 is named twice"),
    ("studies.gaussian.features.0.name", "label", "label is a column of the feature table"),
    ("studies.gaussian.networks", ["scan", "scan"], "studies.gaussian.networks: scan is named twice"),
    (
        "studies.gaussian.networks",
        ["skan"],
        "studies.gaussian.networks: unknown network 'skan': one of scan",
    ),
    ("studies.gaussian.source.signal_events", 0, "studies.gaussian.source.signal_events: 0 is less than"),
    ("studies.gaussian.source.kind", "gausian", "studies.gaussian.source.kind: 'gausian' is not one of"),
    ("studies.gaussian.split.test_fraction", 1.0, "studies.gaussian.split.test_fraction: 1.0 is greater"),
    ("studies.gaussian.features.0.range", [2, 1], "the range of x0 is not increasing"),
    ("run", "../elsewhere", "run: '../elsewhere' does not match"),
    ("run", "..", r"run: '\.\.' does not match"),
    ("run", "-n", "run: '-n' does not match"),
    ("studies.logs", {"title": "in the way"}, "studies: 'logs' should not be valid"),
    ("networks.read", {"model": "linear"}, "networks: 'read' should not be valid"),
    ("networks.simulation", {"model": "linear"}, "networks: 'simulation' should not be valid"),
    ("figures.fig04.plot", "featurs", "figures.fig04: unknown plot 'featurs': one of features"),
    ("figures.fig04.study", "susie", "figures.fig04: unknown study 'susie': one of gaussian"),
    ("figures.fig07.networks", ["skan"], "figures.fig07.networks: unknown network 'skan'"),
    ("figures.fig07.networks", [], "figures.fig07.networks: 0 networks named, this kind takes 1"),
    ("figures.fig04.scaled", True, "figures.fig04: this plot has no option scaled"),
    ("figures.fig01.study", "gaussian", "figures.fig01: this kind is not of a study"),
    ("tables.table1.table", "hyper", "tables.table1: unknown table 'hyper'"),
    ("tables.table1.networks", ["skan"], "tables.table1.networks: unknown network 'skan'"),
    ("scorecard.table1-beta.measure", "beta", "scorecard.table1-beta: unknown measure 'beta'"),
    ("scorecard.notebook-linear-weight.reference", [1, 2], "need equal lengths"),
    ("studies.gaussian.robustness.selections.0.network", "scan_3", "unknown network 'scan_3'"),
    ("studies.gaussian.robustness.selections.2.target", 0.41, "scan_1000 has no target 0.41"),
    ("studies", {"gaussian": None}, "every study is null"),
    ("scorecard.table1-beta.arguments", {"network": "scan"}, "table1-beta.arguments: missing .* 'term'"),
    ("studies.gaussian.robustness.shifts", [0.1], "robustness.shifts: .*does not contain"),
    (
        "studies.gaussian.search.minimum_signal",
        300.0,
        "gaussian.search: the minimum signal, 300 events",
    ),
    ("studies.gaussian.search.minimum_signal", 0.0, "gaussian.search, network significance: the constraint"),
    ("studies.gaussian.search.luminosity", float("nan"), "gaussian.search.luminosity: nan is not a finite"),
    ("studies.gaussian.search", None, "studies.gaussian.search: None is not of type 'object'"),
    ("studies.susy.optimum", [0.8, 0.9], "susy.optimum: the best cuts can be computed for a Gaussian source"),
    ("figures.optimum.networks", ["bdt"], "figures.optimum: bdt is of the model bdt"),
    ("figures.fig13.networks", ["linear_bce"], "figures.fig13: linear_bce is of the model linear"),
    ("tables.gaussian_cuts.networks", ["bdt"], "tables.gaussian_cuts: bdt is of the model bdt"),
    ("figures.competitors.networks", ["linear_bce", "scan"], "the first, linear_bce, sets the targets"),
    ("figures.zloss_collapse1.networks", ["zloss_bce", "zloss"], "zloss_bce is not trained on the Z loss"),
    ("studies.zloss_case1.search.luminosity", -1.0, "search.luminosity: -1.0 is less than or equal"),
    (
        "studies.zloss_case1.search.cross_sections",
        {"s": 0.1, "b1": 1.0},
        "none of the process b2: give it in fb",
    ),
    ("studies.zloss_case1.search.cross_sections.b3", 1.0, "unknown process 'b3': one of s, b1, b2"),
    ("studies.zloss_case1.search.cross_sections.b1", -1.0, "cross_sections.b1: -1.0 is less than or equal"),
    ("studies.zloss_case1.source.processes.b1.events", 0, "processes.b1.events: 0 is less than the minimum"),
    ("studies.zloss_case1.source.processes.b1.mean", [2.0], "processes.b1.mean: 1 numbers for 2 features"),
    ("studies.zloss_case1.source.processes.s.class", "background", "no process of the class signal"),
    ("figures.zloss_fig1a.drawn_events", {"b3": 3}, "drawn_events: unknown process 'b3': one of s, b1, b2"),
    ("figures.zloss_fig2a.published", {"bce": [[0, 1]]}, "published: unknown name 'bce': one of zloss_bce"),
    ("figures.zloss_fig1a.networks", ["zloss_bce", "scan"], "unknown network 'scan': one of zloss_bce"),
    ("figures.zloss_fig2a.demands.signal", 0.1, "demands: unknown key signal; known here: signal_efficiency"),
    (
        "tables.gaussian_cuts.table",
        "cutflow",
        "tables.gaussian_cuts: study gaussian does not come from files",
    ),
]


# Watts' toys.
BAD += [
    ("studies.watts_plane.split", {"test_fraction": 0.5, "seed": 1}, "watts_plane.split: .* splits itself"),
    (
        "studies.watts_plane.properties",
        [{"name": "pt", "label": "", "unit": ""}],
        "watts_plane.properties: a watts source makes features only: pt is none",
    ),
    (
        "studies.watts_joint.kept_fractions",
        {"network": "watts_bce", "fractions": [0.5], "seeds": [1]},
        "watts_joint.kept_fractions: a watts source splits itself",
    ),
    ("studies.watts_plane.source.sample", "plain", "watts_plane.source.sample: 'plain' is not one of"),
    ("studies.watts_plane.source.events", 9, "source.events: the sample plane_anew needs it, and no other"),
    (
        "studies.watts_plane.source.sample",
        "line",
        "watts_plane.features: 2 features for the sample line, .* 1",
    ),
    ("studies.watts_plane.source.test_events", 0, "source.test_events: 0 is less than the minimum"),
    (
        "figures.watts_losses.study",
        "watts_plane",
        "figures.watts_losses: 2 features in .* watts_plane, .* shows 1",
    ),
    ("figures.watts_surfaces.study", "watts_line", "watts_surfaces: 1 features in .*, this plot shows 2"),
    ("figures.watts_drift.published_cuts", {"scan": [1, 2]}, "published_cuts: unknown name 'scan': one of"),
    (
        "figures.watts_drift.published_cuts.watts_softmax_2",
        [1],
        "published_cuts.watts_softmax_2: 1 cuts for the 2",
    ),
    ("figures.watts_drift.networks", ["watts_raw", "scan"], "unknown network 'scan'"),
    ("figures.watts_map.networks", ["watts_bc"], "figures.watts_map.networks: unknown network 'watts_bc'"),
    ("figures.watts_cuts.study", "gaussian", "figures.watts_cuts.networks: unknown network 'watts_sigmoid'"),
]


# What competes with the networks.
X8 = {"selections": "x8 < {0}", "st3": [[-1, 4, 0.1]]}
BAD += [
    (
        "figures.fig10.networks",
        ["kcuts"],
        "figures.fig10: kcuts is of the model kcuts, which",
    ),
    (
        "figures.fig12.networks",
        ["grid"],
        "figures.fig12: grid is of the model grid, which",
    ),
    (
        "figures.competitors.networks",
        ["scan"],
        "figures.competitors.networks: 1 networks named",
    ),
    (
        "tables.table1.networks",
        ["bdt"],
        "tables.table1: bdt is of the model bdt, which",
    ),
    (
        "studies.gaussian.robustness.selections.0.network",
        "kcuts",
        "studies.gaussian.robustness: kcuts is of the model kcuts, which is not shifted: name a network",
    ),
    (
        "scorecard.sec4-parameters-linear.arguments.network",
        "bdt",
        "sec4-parameters-linear: bdt is of the model bdt, which",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[f"{path}={value}" for path, value, _ in BAD])
def test_bad_values_get_one_line(path, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        check_config(changed(path, value), SCHEMA)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_robustness_figure_needs_robustness():
    config = copy.deepcopy(PAPER)
    del config["studies"]["gaussian"]["robustness"]
    with pytest.raises(ConfigError, match=r"figures.robustness: study gaussian has no key `robustness`"):
        check_config(config, SCHEMA)


def test_figures_of_yields_need_a_search():
    config = copy.deepcopy(PAPER)
    del config["studies"]["zloss_case1"]["search"]
    with pytest.raises(
        ConfigError, match=r"studies.zloss_case1: network zloss is trained on the significance"
    ):
        check_config(config, SCHEMA)
    config["studies"]["zloss_case1"]["networks"] = ["zloss_bce"]
    for name in (
        "zloss_fig1a",
        "zloss_fig2b",
        "zloss_fig2c",
        "zloss_fig4a",
        "zloss_fig4b",
        "zloss_collapse1",
    ):
        config["figures"][name] = None
    config["figures"]["zloss_fig2a"] |= {"networks": ["zloss_bce"], "published": {}}
    with pytest.raises(ConfigError, match=r"figures.zloss_fig2a: study zloss_case1 has no key `search`"):
        check_config(config, SCHEMA)


def test_missing_figure_option_is_named():
    config = copy.deepcopy(PAPER)
    del config["figures"]["fig04"]["bins"]
    with pytest.raises(ConfigError, match=r"figures.fig04: this plot needs the option bins"):
        check_config(config, SCHEMA)


def test_delphes_features_are_known_to_the_reader():
    config = load("config.yaml", "scorecard.yaml", "delphes.yaml")
    config["studies"]["dilepton"]["features"][0]["name"] = "mt"
    with pytest.raises(ConfigError, match=r"studies.dilepton.features: unknown feature 'mt': one of met"):
        check_config(config, SCHEMA)


DILEPTON = "studies.dilepton.source"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("studies.gaussian.split", "studies.gaussian: the key `split` is missing"),
        ("studies.watts_joint.source.events", "source.events: the sample plane_anew needs it"),
        ("studies.watts_plane.source.seed", "studies.watts_plane.source: 'seed' is a required property"),
    ],
)
def test_missing_keys_get_one_line(path, message):
    config = changed(path, None)
    *parents, last = path.split(".")
    target = config
    for part in parents:
        target = target[part]
    del target[last]
    with pytest.raises(ConfigError, match=message):
        check_config(config, SCHEMA)


BAD_EVENTS = [
    ("selection.lepton_pt", 10.0, f"{DILEPTON}.selection: unknown key lepton_pt; known here: leptons, jets"),
    ("selection.leptons.eta", 2.5, f"{DILEPTON}.selection.leptons: unknown key eta; .*electron_eta"),
    ("selection.leptons.pt", -1, f"{DILEPTON}.selection.leptons.pt: -1 is less than"),
    ("selection.leptons.muon_eta", 0, f"{DILEPTON}.selection.leptons.muon_eta: 0 is less than or equal"),
    ("selection.leptons.muon_isolation", "loose", "muon_isolation: 'loose' is not of type"),
    ("selection.jets", {"pt": 20.0}, f"{DILEPTON}.selection.jets: 'eta' is a required property"),
    ("selection.met", None, f"{DILEPTON}.selection.met: None is not of type 'number'"),
    ("selection.b_veto_pt", 15.0, f"{DILEPTON}.selection: b_veto_pt is below jets.pt"),
    ("selection.min_dphi_jet_met", 4.0, "min_dphi_jet_met: 4.0 is greater than the maximum"),
    ("selection.muons_in_met", "yes", "muons_in_met: 'yes' is not of type 'boolean'"),
    ("luminosity", 140.0, f"{DILEPTON}: luminosity without cross_sections: give both, or neither"),
    ("cross_sections", {"signal": 1, "background": 2}, "cross_sections without luminosity"),
    ("cross_sections", {"signal": 1}, f"{DILEPTON}.cross_sections: 'background' is a required property"),
    ("cross_sections", {"signal": 0, "background": 1}, "cross_sections.signal: 0 is less than or equal"),
    ("luminosity", 0, f"{DILEPTON}.luminosity: 0 is less than or equal"),
    ("balance", 1, f"{DILEPTON}.balance: 1 is not of type 'boolean'"),
    ("signal", [], f"{DILEPTON}.signal: .*should be non-empty"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), BAD_EVENTS, ids=[f"{path}={value}" for path, value, _ in BAD_EVENTS]
)
def test_bad_settings_of_events_get_one_line(path, value, message):
    config = changed(f"{DILEPTON}.{path}", value, load("config.yaml", "scorecard.yaml", "delphes.yaml"))
    with pytest.raises(ConfigError, match=message) as caught:
        check_config(config, SCHEMA)
    assert "\n" not in str(caught.value)


SUSY = "studies.susy.source"
LOSES = "drops events that pass the preselection: it must be"
BAD_SIMULATION = [
    ("signal.process", "squarks", f"{SUSY}.signal.process: 'squarks' is not one of \\['sleptons', 'ww'\\]"),
    (
        "signal",
        {"process": "sleptons", "events": 9, "slepton_mass": 200},
        f"{SUSY}.signal: 'mass_gap' is a req",
    ),
    (
        "signal",
        {"process": "sleptons", "mass_gap": 20},
        f"{SUSY}.signal: '(events|slepton_mass)' is a required",
    ),
    ("background.mass_gap", 20.0, f"{SUSY}.background: unknown key mass_gap; known here: process, events"),
    ("background.events", 0, f"{SUSY}.background.events: 0 is less than"),
    ("signal.mass_gap", 0.0, f"{SUSY}.signal.mass_gap: 0.0 is less than or equal"),
    ("signal.mass_gap", 200.0, f"{SUSY}.signal.mass_gap: 200 GeV leaves the neutralino no mass: .*200 GeV"),
    ("signal.slepton_mass", 15.0, f"{SUSY}.signal.mass_gap: 20 GeV .* below slepton_mass, 15 GeV"),
    ("generator.filter.pair_pt", -1, f"{SUSY}.generator.filter.pair_pt: -1 is less than the minimum"),
    ("generator.filter.pt", 1, f"{SUSY}.generator.filter: unknown key pt; known here: pair_pt, met"),
    ("generator.jobs", 0, f"{SUSY}.generator.jobs: 0 is less than the minimum"),
    ("generator.energy", 13, f"{SUSY}.generator.energy: 13 is less than the minimum"),
    ("generator.multiparton_interactions", "no", "multiparton_interactions: 'no' is not of type 'boolean'"),
    ("generator.seed", -1, f"{SUSY}.generator.seed: -1 is less than"),
    (
        "detector.response",
        "geant",
        f"{SUSY}.detector.response: 'geant' is not one of .*parametrised.*delphes",
    ),
    ("detector.card", "", f"{SUSY}.detector.card: '' should be non-empty"),
    ("cross_sections", {"signal": 1, "background": 2}, f"{SUSY}: unknown key cross_sections"),
    # A filter that would bias what is left after the preselection.
    ("generator.filter.met", 171.0, f"{SUSY}.generator.filter.met: 171.0 {LOSES} at most 170 for it"),
    ("selection.met", 140.0, f"{SUSY}.generator.filter.met: .* {LOSES} at most 110 for it"),
    ("generator.filter.lepton_pt", 11, f"filter.lepton_pt: 11 {LOSES} at most 10 for it"),
    ("generator.filter.pair_pt", 600, f"filter.pair_pt: 600 {LOSES} at most 120 for it"),
    ("selection.leading_jet_pt", 50.0, f"filter.pair_pt: .* {LOSES} at most 70 for it"),
    ("selection.muons_in_met", False, f"{SUSY}.selection.muons_in_met: .* subtract them twice"),
    ("luminosity", 140.0, f"{SUSY}.luminosity: .* say with equal_class_weights"),
    (
        "generator.filter.lepton_eta",
        2.4,
        f"{SUSY}.generator.filter.lepton_eta: 2.4 {LOSES} null or at least 2.5",
    ),
    ("selection.same_flavour", False, f"filter.same_flavour: True {LOSES} false, as selection.same_flavour"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), BAD_SIMULATION, ids=[f"{path}={value}" for path, value, _ in BAD_SIMULATION]
)
def test_bad_settings_of_a_simulation_get_one_line(path, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        check_config(changed(f"{SUSY}.{path}", value), SCHEMA)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


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
    config = PAPER
    for path, value in changes.items():
        config = changed(f"{SUSY}.{path}", value, config)
    check_config(config, SCHEMA)


def test_own_files_need_one_setting():
    """They take the place of the simulation, whose other keys stay behind."""
    files = {"kind": "delphes", "signal": ["signal*.root"], "background": ["background*.root"]}
    check_config(merge(PAPER, {"studies": {"susy": {"source": files}}}), SCHEMA)
    with pytest.raises(ConfigError, match=f"{SUSY}.signal: .* is not of type 'array'"):
        check_config(merge(PAPER, {"studies": {"susy": {"source": {"kind": "delphes"}}}}), SCHEMA)


def test_weights_of_events_may_be_given():
    config = load("config.yaml", "scorecard.yaml", "delphes.yaml")
    config["studies"]["dilepton"]["source"] |= {
        "luminosity": 140,
        "cross_sections": {"signal": 1.5, "background": 70},
        "balance": True,
    }
    check_config(config, SCHEMA)


def test_files_are_expanded_in_order(tmp_path):
    for name in ("b.root", "a.root", "c.txt", "d.root.old"):
        (tmp_path / name).touch()
    (tmp_path / "link.old").symlink_to("a.root")
    source = {"signal": [f"{tmp_path}/*.root", f"{tmp_path}/c.txt"], "background": [f"{tmp_path}/*.root.old"]}
    assert expand_files("s", source) == {
        "signal": [f"{tmp_path}/{name}" for name in ("a.root", "b.root", "c.txt")],
        "background": [f"{tmp_path}/d.root.old"],
    }
    twice = {"signal": [f"{tmp_path}/*.root", f"{tmp_path}/a.root"], "background": source["background"]}
    with pytest.raises(ConfigError, match=r"studies.s.source.signal: .*a.root is read twice"):
        expand_files("s", twice)
    for same in ("b.root", "link.old", "../*/a.root"):
        with pytest.raises(ConfigError, match=r"studies.s.source.background: .* is read twice"):
            expand_files("s", source | {"background": [f"{tmp_path}/{same}"]})
    with pytest.raises(ConfigError, match=r"studies.s.source.background: no file matches .*none"):
        expand_files("s", source | {"background": [f"{tmp_path}/none*.root"]})


def test_results_folder(tmp_path, monkeypatch):
    check_results_folder(tmp_path / "results" / "paper")
    assert not (tmp_path / "results").exists()
    (tmp_path / "results").touch()
    with pytest.raises(ConfigError, match="results: not a folder"):
        check_results_folder(tmp_path / "results" / "paper")
    monkeypatch.setattr("scripts.config.LEAST_FREE_SPACE", 10**18)
    with pytest.raises(ConfigError, match="MB free"):
        check_results_folder(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="no permission"):
        check_results_folder(tmp_path)


def test_conda_environment_agrees_with_the_pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {line.lower() for line in lines if "==" in line}
    environment = yaml.safe_load((ROOT / "workflow" / "envs" / "python.yaml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert {requirement.lower() for requirement in pip} <= pins
    # Snakemake itself and what only its reports need come from the environment that starts it.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked_for = [*project["dependencies"], *project["optional-dependencies"]["workflow"]]
    names = {re.split("[=<>]", requirement)[0] for requirement in asked_for} - {"snakemake", "pygments"}
    assert {requirement.split("==")[0].lower() for requirement in pip} == names


README = (ROOT / "README.md").read_text()


def test_example_of_the_readme_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.startswith("tensor([[")


def test_readme_names_only_files_that_exist():
    folders = "cabin_core|scripts|workflow|config|tests|docs"
    for name in re.findall(rf"`((?:{folders})/[\w./-]*[\w/])`", README):
        assert Path(ROOT, name).exists(), name
