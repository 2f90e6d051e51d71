"""The config: which files it is made of, what is left out, and faults of the whole, one line each."""

import copy
import functools
import re
import tomllib
from contextlib import suppress
from importlib import metadata

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from scripts.config import ConfigError, check_repeated_keys, means_paper, over_paper, part_of, read_config
from scripts.study_parsing import parse_study
from tests.configs import PAPER, PAPER_FILES, load, merge
from tests.conftest import ROOT
from tests.studies import study_entry


def changed(path: str, value: object, base: dict = PAPER) -> dict:
    """A config with one value replaced; a path like studies.gaussian.features.0.name."""
    config = copy.deepcopy(base) | {"base": "paper"}
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target = config
    for part in parents:
        target = target[part]
    target[last] = value
    return config


@pytest.mark.parametrize("file", PAPER_FILES, ids=lambda file: file.name)
def test_a_file_of_the_paper_is_a_study_whole(file):
    """Its source, features, networks, analyses, figures, tables and claims stand together."""
    config = yaml.safe_load(file.read_text())
    if file.name == "run.yaml":
        assert set(config) == {"run", "not_comparable"}
        return
    assert set(config) == {"studies"}
    for study in config["studies"].values():
        assert {"title", "source", "features", "networks", "figures", "tables"} <= set(study)


def test_shipped_configs_pass():
    assert len(read_config(PAPER).studies) == 9
    quick = merge(PAPER, load("quick.yaml"))
    assert quick["base"] == "paper"
    assert set(read_config(quick).studies) == {"gaussian", "susy", "zloss_case1"}
    users = read_config(load("delphes.yaml"))
    assert set(users.studies) == {"dilepton"}
    assert set(read_config(load("ntuples.yaml")).studies) == {"dimuon"}


def test_shipped_study_of_a_user_is_short_and_names_nothing_of_the_paper():
    text = (ROOT / "config" / "delphes.yaml").read_text()
    assert len(text.splitlines()) <= 60
    assert not re.search("fig[0-9]|gaussian|zloss|watts", text)
    assert list(yaml.safe_load(text)["studies"]) == ["dilepton"]


def test_standard_figures_and_tables_of_a_users_study():
    study = read_config(load("delphes.yaml")).studies["dilepton"]
    plots = {figure.plot for figure in study.figures.values()}
    assert {"features", "features_with_cuts", "roc", "history", "cuts", "efficiencies"} <= plots
    assert {table.table for table in study.tables.values()} >= {"cutflow", "working_points", "cuts"}


@pytest.mark.parametrize(
    ("config", "paper"),
    [
        ({}, True),
        ({"run": "x"}, True),
        ({"studies": {"mine": {}}}, False),
        ({"base": "paper", "studies": {"gaussian": {"title": "x"}}}, True),
    ],
)
def test_which_config_means_the_paper(config, paper):
    assert means_paper(config) is paper


@pytest.mark.parametrize(
    "path",
    [
        "studies.gaussian",
        "studies.gaussian.networks.grid",
        "studies.gaussian.analyses.robustness",
        "studies.gaussian.figures.fig01",
        "studies.gaussian.tables.table1",
        "studies.gaussian.tables",
    ],
)
def test_null_leaves_out_only_over_the_paper(path):
    config = changed(path, None)
    for section in ("figures", "tables", "claims"):  # what shows a network that is left out is another matter
        if not path.endswith(section) and not path.startswith(f"studies.gaussian.{section}."):
            for study in filter(None, config["studies"].values()):
                study[section] = {}
    read_config(config)
    alone = {key: value for key, value in config.items() if key != "base"}
    with pytest.raises(ConfigError, match=rf"^config: {re.escape(path)}: null leaves out .* `base: paper`"):
        read_config(alone)


def test_a_change_of_one_study_is_none_of_another():
    """Both cases of the Z loss share their networks in the file."""
    changes = {"studies": {"zloss_case1": {"networks": {"zloss": {"epochs": 7}}}}}
    studies = read_config(over_paper(changes | {"base": "paper"}, PAPER_FILES)).studies
    assert studies["zloss_case1"].networks["zloss"].epochs == 7
    assert studies["zloss_case2"].networks["zloss"].epochs == 200


def test_null_of_a_setting_stays_its_value():
    study = read_config(load("delphes.yaml")).studies["dilepton"]
    assert study.source.selection.leptons.electron_eta is None


BAD = [
    ("colour", "red", "unknown key colour"),
    ("run", "../elsewhere", "run: '../elsewhere' does not match"),
    ("run", "..", r"run: '\.\.' does not match"),
    ("run", "-n", "run: '-n' does not match"),
    ("networks", {}, r"the key networks is now a part of each study, studies\.STUDY\.networks"),
    ("scorecard", {}, r"the key scorecard is now a part of each study, studies\.STUDY\.claims"),
    ("studies.gaussian.search", {}, "studies.gaussian: the key search is now counting_experiment"),
    ("studies.gaussian.optimum", [0.8], r"studies.gaussian: the key optimum is now analyses\.optimum"),
    ("studies.logs", {"title": "in the way"}, "studies: logs is a folder beside those of the studies"),
    ("studies", {"gaussian": None}, "^config: studies: every study is null"),
    ("studies.gaussian.networks", {3: {"model": "linear"}}, "gaussian.networks: the key 3 is no text"),
    ("studies.gaussian.source", None, "studies.gaussian: the key `source` is missing"),
    ("studies.gaussian.targets", [0.5], r"gaussian\.targets: they are of `networks: default`"),
    ("studies.gaussian.features", list(range(1000)), "features.0: 0 is not of type mapping"),
    ("studies.gaussian.sead", 3, "studies.gaussian: unknown key sead; known here: .*split"),
    ("studies.gaussian.title", 3, "studies.gaussian.title: 3 is not of type text"),
    (
        "studies.gaussian.networks.read",
        PAPER["studies"]["gaussian"]["networks"]["kcuts"],
        "networks.read: a folder beside those of the networks has this name",
    ),
    (
        "studies.gaussian.networks.simulation",
        PAPER["studies"]["gaussian"]["networks"]["kcuts"],
        "networks.simulation: a folder beside those of the networks has this name",
    ),
    ("studies.gaussian.features.0.direction", "=", "features.0.direction: '=' is no direction"),
    ("studies.gaussian.features.0.direction", "above", "'above' is no direction, '>' could be meant: one of"),
    (
        "studies.gaussian.features.0.direction",
        "windows",
        "'window' could be meant",
    ),
    ("studies.gaussian.features.0.name", "x1", "studies.gaussian.features: x1 is named twice"),
    ("studies.gaussian.features.0.name", "label", "label is a column of the feature table"),
    ("studies.gaussian.features.0.range", [2, 1], "features.0.range: the range is not increasing"),
    ("studies.gaussian.split.test_fraction", 1.0, "split.test_fraction: 1.0 is greater than or equal to"),
    ("studies.gaussian.split.seed", True, "split.seed: True is not of type integer"),
    ("studies.gaussian.figures", 3, "studies.gaussian.figures: 3 is not"),
    ("studies.gaussian.networks", {}, "studies.gaussian.networks: nothing to train"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[bad[2][:50] for bad in BAD])
def test_a_fault_is_one_line_that_names_the_key(path, value, message):
    with pytest.raises(ConfigError) as caught:
        read_config(changed(path, value))
    lines = str(caught.value).splitlines()
    assert all(line.startswith("config: ") for line in lines)
    assert sum(re.search(message, line) is not None for line in lines) == 1, lines


def mappings_of(part, path: tuple = ()):
    """Yield the path of each mapping in a config."""
    if isinstance(part, dict):
        yield path
    for key, below in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(below, dict | list):
            yield from mappings_of(below, (*path, key))


@pytest.mark.parametrize("name", ["delphes.yaml", "ntuples.yaml"])
def test_a_key_that_is_no_text_wherever_it_is(name):
    config = load(name)
    (study,) = config["studies"].values()
    study["figures"] = {"one": {"plot": "features", "caption": "Features."}}
    study["tables"] = {"flow": {"table": "cutflow", "caption": "Cutflow."}}
    study["analyses"] = {"kept_fractions": {}}
    places = list(mappings_of(config))
    assert len(places) > 20
    for place in places:
        spoilt = copy.deepcopy(config)
        functools.reduce(lambda part, key: part[key], place, spoilt)[1] = "x"
        with pytest.raises(ConfigError) as caught:
            read_config(spoilt)
        where = ".".join(["config: " + str(place[0]), *map(str, place[1:])]) if place else "config"
        line = f"{where}: the key 1 is no text: write it in quotes or rename it"
        assert str(caught.value).splitlines().count(line) == 1, caught.value


def default_study(**changes):
    """Return a study as a user writes it: where the events come from, and what is cut on."""
    gaussian = PAPER["studies"]["gaussian"]
    study = {
        "source": gaussian["source"],
        "split": {"test_fraction": 0.2, "seed": 1},
        "features": gaussian["features"],
    }
    return read_config({"run": "mine", "studies": {"mine": study | changes}}).studies["mine"]


def test_a_study_without_networks_has_the_default_ones():
    study = default_study()
    assert list(study.networks) == ["smooth_scan", "scan", "kcuts", "bdt"]
    assert study.title == "mine"
    assert study.networks["smooth_scan"].targets == study.networks["bdt"].targets
    assert {f"mine_{name}_roc" for name in ("smooth_scan", "scan")} <= set(study.figures)
    assert default_study(networks="default").networks == study.networks


def test_targets_of_the_default_networks():
    networks = default_study(targets=[0.3, 0.6]).networks
    assert [networks[name].targets for name in ("smooth_scan", "scan", "bdt")] == [[0.3, 0.6]] * 3
    with pytest.raises(ConfigError, match=r"^config: studies\.mine\.targets\.0: 3\.0 is greater"):
        default_study(targets=[3.0])


def test_all_faults_are_told_at_once():
    config = changed("studies.gaussian.split.seed", -1)
    config["studies"]["susy"]["title"] = 3
    config["studies"]["susy"]["features"][0]["direction"] = "="
    with pytest.raises(ConfigError) as caught:
        read_config(config)
    assert len(str(caught.value).splitlines()) == 3


def test_faults_of_a_study_and_of_its_entries_are_told_together():
    config = changed("studies.gaussian.split.seed", 1.5)
    config["studies"]["gaussian"]["source"]["seed"] = "x"
    config["studies"]["gaussian"]["networks"]["scan"]["epoch"] = 3
    with pytest.raises(ConfigError) as caught:
        read_config(config)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ({"gausian": None}, r"^config: studies\.gausian: null leaves out nothing: unknown studies 'gausian'"),
        (
            {"gaussian": {"networks": {"scann": None}}},
            "networks.scann: null leaves out nothing: .*one of.* scan",
        ),
    ],
)
def test_a_null_of_an_unknown_name(studies, message):
    with pytest.raises(ConfigError, match=message):
        over_paper({"base": "paper", "studies": studies}, PAPER_FILES)


def test_a_long_value_is_shortened():
    with pytest.raises(ConfigError) as caught:
        read_config(changed("studies.gaussian.title", list(range(1000))))
    assert len(str(caught.value)) < 250


def test_a_number_that_yaml_reads_as_text():
    value = yaml.safe_load("x: 1e-3")["x"]
    assert value == "1e-3"
    config = changed("studies.gaussian.networks.scan.learning_rate", value)
    assert read_config(config).studies["gaussian"].networks["scan"].learning_rate == 0.001


def test_one_name_of_a_figure_in_two_studies():
    again = copy.deepcopy(PAPER["studies"]["susy"]["figures"]["fig06"])
    config = changed("studies.susy.figures.fig04", again)
    with pytest.raises(ConfigError, match="figures named fig04 in 2 studies: give each a name of its own"):
        read_config(config)


def test_a_job_sees_the_part_of_a_study_that_it_needs():
    study = PAPER["studies"]["gaussian"]
    part = part_of(study, ["scan"], ["robustness"])
    assert set(part["networks"]) == {"scan"}
    assert set(part["analyses"]) == {"robustness"}
    assert part["features"][0] == {"name": "x0", "direction": "<"}
    assert part["title"] == ""
    assert (part["split"], part["counting_experiment"]) == (study["split"], study["counting_experiment"])
    assert "counting_experiment" not in part_of(study, experiment=False)
    assert part_of(study, labels=True)["features"] == study["features"]


def test_repeated_keys(tmp_path):
    twice = tmp_path / "twice.yaml"
    twice.write_text("studies:\n  a: {title: x}\n  a: {title: y}\n")
    with pytest.raises(ConfigError, match=r"twice.yaml: studies.a is named twice, line 3"):
        check_repeated_keys(twice)


def test_shipped_files_name_no_key_twice():
    for file in (ROOT / "config").rglob("*.yaml"):
        check_repeated_keys(file)


def test_pins_of_conda_and_of_pip_are_the_same():
    pins = {line.lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    environment = yaml.safe_load((ROOT / "workflow" / "envs" / "python.yaml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert {requirement.lower() for requirement in pip} <= pins
    # Snakemake itself and what only its reports need come from the environment that starts it.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked_for = [*project["dependencies"], *project["optional-dependencies"]["workflow"]]
    names = {re.split("[=<>]", requirement)[0] for requirement in asked_for} - {"snakemake", "pygments"}
    assert {requirement.split("==")[0].lower() for requirement in pip} == names


def test_pins_are_for_the_oldest_python_that_the_project_takes():
    """Debian 12 has 3.11.2: a package that asks for a later one leaves a newcomer without an environment."""
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        with suppress(metadata.PackageNotFoundError):
            installed = metadata.metadata(name)
            if installed["Version"] == version:
                assert SpecifierSet(installed.get("Requires-Python") or "").contains("3.11.0"), line


def test_own_studies_are_scaled_robustly_and_the_papers_as_in_the_papers():
    assert {study.scaling for study in read_config(PAPER).studies.values()} == {"standard"}
    (own,) = read_config(load("delphes.yaml")).studies.values()
    assert own.scaling == "robust"
    entry = study_entry(scaling="standard")
    # What makes the events does not run again for another scale.
    assert "scaling" not in part_of(entry, experiment=False)
    assert parse_study("small", part_of(entry, labels=True), check=False).scaling == "standard"
    with pytest.raises(ConfigError, match=r"studies.small.scaling: 'log' is not one of 'robust', 'standard'"):
        parse_study("small", study_entry(scaling="log"))
