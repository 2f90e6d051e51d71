"""Checks of the config beyond reading it, each failing with one line that names the key."""

from __future__ import annotations

import glob
import inspect
import math
import os
import shutil
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from scripts.figures import PLOTS, PlotKind
from scripts.models.competitors import COMPETITORS
from scripts.models.supercuts import parse_supercuts
from scripts.sources.watts import n_features
from scripts.tables import TABLES, TableKind

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

#: abs(eta) up to which the detector finds leptons.
LEPTON_REACH = 2.5
#: How far the generator filter must stay from the preselection [GeV]: MET below it, for what the detector
#: smears; pair pT not far above the leading jet, which can be all that the pair recoils against.
MET_MARGIN, PAIR_PT_MARGIN = 30.0, 20.0
#: Kinds of plots that show so many features and no other number.
FEATURES_SHOWN = {
    "boundaries": 2,
    "emulations": 1,
    "emulated_losses": 1,
    "gradient_reach": 1,
    "cut_surfaces": 2,
    "cuts_on_plane": 2,
    "classification_maps": 2,
}
#: Below this a run would fill the disk [bytes]; most of it are simulated events.
LEAST_FREE_SPACE = 400_000_000


class ConfigError(ValueError):
    """The config, or the place it points to, cannot be used; the message is one line."""


def needs_search(entry: dict[str, Any]) -> bool:
    """Return whether the loss of a network's entry in the config is about the yields of a search."""
    loss = entry.get("loss", {})
    return bool(loss.get("significance") or "lovasz_z" in loss)


def check_repeated_keys(path: Path) -> None:
    """Raise where a mapping of a YAML file names a key twice: reading it would keep the last only.

    Raises
    ------
    ConfigError
        With the file, the path of the key and its line.
    """

    def walk(node: yaml.Node, where: tuple[str, ...]) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                walk(item, where)
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                below = (*where, str(key.value))
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise ConfigError(f"{path}: {'.'.join(below)} is named twice, line {line}")
                seen.add(key.value)
                walk(value, below)

    walk(yaml.compose(path.read_text(), Loader=yaml.SafeLoader), ())


def check_config(config: dict[str, Any], schema_file: Path) -> None:
    """Check a whole config: the schema, then what a schema can't say.

    Parameters
    ----------
    config : dict
        After all overlays.
    schema_file : Path
        JSON schema, as YAML.

    Raises
    ------
    ConfigError
        At the first fault, with the path of the key.
    """
    # Imported here: they bring torch, and only this check needs them when Snakemake starts.
    from cabin_core import ExpectedYields
    from scripts.data.event_bins import EventBins
    from scripts.models.competitor_settings import parse_competitor
    from scripts.models.network_settings import parse_network
    from scripts.scorecard.measures import MEASURES, OF_NETWORKS, OF_ONE_BIN

    schema = yaml.safe_load(schema_file.read_text())
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigError(f"config: {_describe(error)}")
    for section in ("studies", "networks"):
        _finite(config[section], section)
    for name, network in config["networks"].items():
        try:
            if network["model"] in COMPETITORS:
                parse_competitor(network)
                EventBins.of_entry(network)
            else:
                # The yields are a study's, and checked with it: these stand in for them.
                least = 1.0 if network["loss"].get("constraint") else 0.0
                parse_network(network, ExpectedYields(2.0, 1.0, minimum_signal=least))
        except ValueError as fault:
            raise ConfigError(f"config: networks.{name}: {fault}") from None
    if not any(config["studies"].values()):
        raise ConfigError("config: studies: every study is null, nothing is left to run")
    for name, study in config["studies"].items():
        if study is not None:
            _check_study(f"studies.{name}", study, config["networks"])
    for name, figure in config["figures"].items():
        if figure is not None:
            kind = _known("plot", figure["plot"], PLOTS, f"figures.{name}")
            _check_entry(f"figures.{name}", figure, PLOTS[kind], config)
            options = set(figure) - {"plot", "caption", "study", "networks"}
            _check_options(f"figures.{name}", options, PLOTS[kind].options)
            _check_count(f"figures.{name}", figure, PLOTS[kind].networks)
            _check_models(f"figures.{name}", figure.get("networks", []), PLOTS[kind].not_of, config)
            _check_drawn(f"figures.{name}", figure, kind, config)
            if kind == "competitors":
                _check_first_targets(f"figures.{name}", figure, config)
    for name, table in config["tables"].items():
        if table is not None:
            kind = _known("table", table["table"], TABLES, f"tables.{name}")
            _check_entry(f"tables.{name}", table, TABLES[kind], config)
            _check_count(f"tables.{name}", table, TABLES[kind].networks)
            _check_models(f"tables.{name}", table.get("networks", []), TABLES[kind].not_of, config)
            if kind == "competitors":
                _check_first_targets(f"tables.{name}", table, config)
    for name, claim in config["scorecard"].items():
        if claim is not None:
            _known("measure", claim["measure"], MEASURES, f"scorecard.{name}")
            arguments = {**claim.get("arguments", {}), **claim.get("over", {})}
            if claim["measure"] in OF_NETWORKS:
                named = [arguments[key] for key in ("network",) if arguments.get(key) in config["networks"]]
                _check_models(f"scorecard.{name}", named, COMPETITORS, config)
            if claim["measure"] in OF_ONE_BIN:
                for key in ("network", "other", "scan"):
                    if "property" in config["networks"].get(arguments.get(key), {}):
                        raise ConfigError(
                            f"config: scorecard.{name}: the cuts of {arguments[key]} follow a property, "
                            f"which {claim['measure']} does not know"
                        )
            try:
                inspect.signature(MEASURES[claim["measure"]]).bind(None, **arguments)
            except TypeError as fault:
                raise ConfigError(f"config: scorecard.{name}.arguments: {fault}") from None
            over = next(iter(claim.get("over", {}).values()), None)
            if isinstance(claim["reference"], list) != (over is not None) or (
                over is not None and len(over) != len(claim["reference"])
            ):
                raise ConfigError(f"config: scorecard.{name}: `over` and `reference` need equal lengths")


def _finite(value: Any, where: str) -> None:
    """Raise at the first number that is NaN or infinite, which a schema lets pass."""
    if isinstance(value, dict):
        for key, below in value.items():
            _finite(below, f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            _finite(item, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"config: {where}: {value} is not a finite number")


def _describe(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        unknown = sorted(set(error.instance) - set(known))
        text = f"unknown key {', '.join(unknown)}; known here: {', '.join(known)}"
    else:
        text = " ".join(error.message.split())
        if len(text) > 200:
            text = f"{text[:90]} ... {text[-100:]}"
    return f"{where}: {text}" if where else text


def _check_study(where: str, study: dict[str, Any], networks: dict[str, Any]) -> None:
    # Imported here, as above.
    from scripts.models.network_settings import parse_network

    names = [feature["name"] for feature in study["features"]]
    _unique(names, f"{where}.features")
    reserved = {"label", "process", "split", "weight"} & set(names)
    if reserved:
        raise ConfigError(f"config: {where}.features: {reserved.pop()} is a column of the feature table")
    for feature in study["features"]:
        if "range" in feature and not feature["range"][0] < feature["range"][1]:
            raise ConfigError(f"config: {where}.features: the range of {feature['name']} is not increasing")
    _check_properties(where, study, networks)
    if "optimum" in study and study["source"]["kind"] != "gaussian":
        raise ConfigError(
            f"config: {where}.optimum: the best cuts can be computed for a Gaussian source only, not for "
            f"{study['source']['kind']}: remove the key"
        )
    if study["source"]["kind"] == "watts":
        _check_watts(where, study)
    elif "split" not in study:
        raise ConfigError(f"config: {where}: the key `split` is missing")
    if "selection" in study["source"]:
        # Imported here: it brings vector, and only such a study needs it when Snakemake starts.
        from scripts.physics.features import DELPHES_FEATURES

        for key in ("features", "properties"):
            for column in study.get(key, []):
                _known("feature", column["name"], DELPHES_FEATURES, f"{where}.{key}")
        _check_events(f"{where}.source", study["source"])
    if study["source"]["kind"] == "simulation":
        _check_simulation(f"{where}.source", study["source"])
    if study["source"]["kind"] == "processes":
        _check_processes(f"{where}.source.processes", study["source"]["processes"], names)
    if "search" in study:
        _check_search(f"{where}.search", study)
    _unique(study["networks"], f"{where}.networks")
    for name in study["networks"]:
        _known("network", name, networks, f"{where}.networks")
        if networks[name]["model"] == "grid":
            _check_grid(f"networks.{name}", networks[name], names)
        weights = networks[name].get("weights", "directions")
        if not isinstance(weights, str) and len(weights) != len(names):
            raise ConfigError(
                f"config: networks.{name}.weights: {len(weights)} weights for the {len(names)} features of "
                f"{where}: give one a feature, or `directions`"
            )
        if needs_search(networks[name]):
            if "search" not in study:
                raise ConfigError(
                    f"config: {where}: network {name} is trained on the significance of a search: the key "
                    "`search` is missing"
                )
            try:
                parse_network(networks[name], _expected_yields(study))
            except ValueError as fault:
                raise ConfigError(f"config: {where}.search, network {name}: {fault}") from None
    if study.get("kept_fractions") is not None:
        _check_kept_fractions(f"{where}.kept_fractions", study, networks)
    for selection in study.get("robustness", {}).get("selections", []):
        name = _known("network", selection["network"], study["networks"], f"{where}.robustness")
        model = networks[name]["model"]
        if model in COMPETITORS:
            raise ConfigError(
                f"config: {where}.robustness: {name} is of the model {model}, which is not shifted: "
                "name a network"
            )
        if "property" in networks[name]:
            raise ConfigError(
                f"config: {where}.robustness: the cuts of {name} follow "
                f"{networks[name]['property']['name']}, which is not shifted: name another network"
            )
        targets = networks[name].get("targets", [])
        if "target" in selection and selection["target"] not in targets:
            raise ConfigError(
                f"config: {where}.robustness: {name} has no target {selection['target']}: one of {targets}"
            )
        if "target" not in selection and len(targets) > 1:
            raise ConfigError(f"config: {where}.robustness: say which target of {name}: one of {targets}")


def _check_properties(where: str, study: dict[str, Any], networks: dict[str, Any]) -> None:
    """Check what cuts can follow, and what the networks of the study follow."""
    # Imported here, as above.
    from scripts.data.event_bins import EventBins

    source = study["source"]
    features = [feature["name"] for feature in study["features"]]
    properties = [one["name"] for one in study.get("properties", [])]
    _unique(properties, f"{where}.properties")
    for name in properties:
        if name in ("label", "process", "split", "weight"):
            raise ConfigError(f"config: {where}.properties: {name} is a column of the feature table")
        if source["kind"] in ("gaussian", "processes", "watts") and name not in features:
            raise ConfigError(
                f"config: {where}.properties: a {source['kind']} source makes features only: {name} is none"
            )
    for name in study["networks"]:
        followed = networks.get(name, {}).get("property")
        if followed is not None:
            known = dict.fromkeys([*properties, *features])
            _known("property", followed["name"], known, f"networks.{name}.property, study {where[8:]}")
    if source["kind"] == "property_toy":
        _check_property_toy(f"{where}.source", source, features, properties)
    for key in ("bin_optimum", "repeats"):
        if key in study and source["kind"] != "property_toy":
            raise ConfigError(
                f"config: {where}.{key}: the best cuts of bins can be computed for a property toy only, not "
                f"for {source['kind']}: remove the key"
            )
    if "bin_optimum" in study:
        wanted = study["bin_optimum"]
        try:
            bins = EventBins(wanted["name"], wanted["edges"])
        except ValueError as fault:
            raise ConfigError(f"config: {where}.bin_optimum: {fault}") from None
        toy = source["property"]
        if bins.name != toy["name"] or not toy["low"] <= bins.edges[0] < bins.edges[-1] <= toy["high"]:
            raise ConfigError(
                f"config: {where}.bin_optimum: the bins must be of {toy['name']} and lie within "
                f"{toy['low']:g} to {toy['high']:g}, where the source has events"
            )
    if "repeats" in study:
        if "bin_optimum" not in study:
            raise ConfigError(f"config: {where}.repeats: the key `bin_optimum` is missing, to compare with")
        for name in study["repeats"]["networks"]:
            _known("network", name, study["networks"], f"{where}.repeats.networks")
        _unique(study["repeats"]["networks"], f"{where}.repeats.networks")
        _check_same_bins(f"{where}.repeats", study["repeats"]["networks"], study, networks)


def _check_property_toy(
    where: str, source: dict[str, Any], features: list[str], properties: list[str]
) -> None:
    # Imported here, as above.
    import numpy as np

    from scripts.sources.property_toy import means_and_widths

    toy = source["property"]
    _known("property", toy["name"], properties, f"{where}.property.name, not in studies.properties")
    if toy["name"] in features:
        raise ConfigError(f"config: {where}.property.name: {toy['name']} is a feature: give it another name")
    if not toy["low"] < toy["high"]:
        raise ConfigError(f"config: {where}.property: low must be below high")
    for name in ("signal", "background"):
        for key in ("mean", "width"):
            if len(source[name][key]) != len(features):
                raise ConfigError(
                    f"config: {where}.{name}.{key}: {len(source[name][key])} polynomials for {len(features)} "
                    "features: give one each"
                )
        try:
            means_and_widths(source, name, np.linspace(toy["low"], toy["high"], 1001))
        except ValueError as fault:
            raise ConfigError(f"config: {where}.{name}.width: {fault}") from None


def _check_same_bins(where: str, names: list[str], study: dict[str, Any], networks: dict[str, Any]) -> None:
    """Raise where a network does not follow the property in the bins of the optimum."""
    wanted = {key: study["bin_optimum"][key] for key in ("name", "edges")}
    for name in names:
        followed = networks[name].get("property")
        if followed != wanted:
            raise ConfigError(
                f"config: {where}: {name} must have the bins of the optimum as its `property`, to be "
                "compared with it"
            )


def _check_kept_fractions(where: str, study: dict[str, Any], networks: dict[str, Any]) -> None:
    # Imported here, as above.
    from cabin_core.numbers import check_kept_fractions

    scan = study["kept_fractions"]
    if "split" not in study:
        raise ConfigError(
            f"config: {where}: a {study['source']['kind']} source splits itself: remove the key"
        )
    name = _known("network", scan["network"], study["networks"], f"{where}.network")
    if "joint" not in networks[name].get("loss", {}):
        raise ConfigError(f"config: {where}.network: {name} is not a joint network with the loss joint")
    for key in ("property", "scale_features", "record_cuts"):
        if key in networks[name]:
            raise ConfigError(f"config: {where}.network: the scan has no {key}, which {name} sets: remove it")
    try:
        check_kept_fractions(scan["fractions"])
    except ValueError as fault:
        raise ConfigError(f"config: {where}.fractions: {fault}") from None


def _check_grid(where: str, entry: dict[str, Any], features: list[str]) -> None:
    try:
        parse_supercuts(entry["supercuts"], features, entry["most_points"])
    except ValueError as fault:
        raise ConfigError(f"config: {where}.supercuts: {fault}") from None


def _check_watts(where: str, study: dict[str, Any]) -> None:
    if "split" in study:
        raise ConfigError(f"config: {where}.split: a source of the kind watts splits itself: remove the key")
    source = study["source"]
    if ("events" in source) != (source["sample"] == "plane_anew"):
        raise ConfigError(
            f"config: {where}.source.events: the sample plane_anew needs it, and no other: the sample is "
            f"{source['sample']}"
        )
    dimensions = n_features(source["sample"])
    if len(study["features"]) != dimensions:
        raise ConfigError(
            f"config: {where}.features: {len(study['features'])} features for the sample "
            f"{source['sample']}, which has {dimensions}"
        )


def _check_processes(where: str, processes: dict[str, Any], features: list[str]) -> None:
    for name in ("signal", "background"):
        if not any(process["class"] == name for process in processes.values()):
            raise ConfigError(f"config: {where}: no process of the class {name}: both are needed")
    for name, process in processes.items():
        for key in ("mean", "width"):
            if len(process[key]) != len(features):
                raise ConfigError(
                    f"config: {where}.{name}.{key}: {len(process[key])} numbers for {len(features)} features"
                )


def _expected_yields(study: dict[str, Any]) -> ExpectedYields:
    """Return what the search of a study expects, from its config alone."""
    from cabin_core import ExpectedYields

    search = study["search"]
    processes = study["source"].get("processes", {name: {"class": name} for name in ("signal", "background")})
    signal, background = (
        search["luminosity"]
        * sum(search["cross_sections"][name] for name in processes if processes[name]["class"] == class_name)
        for class_name in ("signal", "background")
    )
    return ExpectedYields(
        signal,
        background,
        search["relative_uncertainty"],
        search["minimum_signal"],
        search.get("irreducible_background", 0.0),
    )


def _check_search(where: str, study: dict[str, Any]) -> None:
    processes = study["source"].get("processes", ("signal", "background"))
    given = study["search"]["cross_sections"]
    for name in processes:
        if name not in given:
            raise ConfigError(f"config: {where}.cross_sections: none of the process {name}: give it in fb")
    for name in given:
        _known("process", name, processes, f"{where}.cross_sections")
    try:
        _expected_yields(study)
    except ValueError as fault:
        raise ConfigError(f"config: {where}: {fault}") from None


def _check_events(where: str, source: dict[str, Any]) -> None:
    selection = source["selection"]
    if selection["b_veto_pt"] is not None and selection["b_veto_pt"] < selection["jets"]["pt"]:
        raise ConfigError(
            f"config: {where}.selection: b_veto_pt is below jets.pt, under which there are no jets: "
            "lower jets.pt, or raise b_veto_pt"
        )
    if "luminosity" in source and "equal_class_weights" not in source:
        raise ConfigError(
            f"config: {where}.luminosity: the classes then differ in weight: say with equal_class_weights, "
            "true or false, whether the training weighs both the same"
        )
    weighting = {"luminosity", "cross_sections"}
    given = weighting & set(source)
    if source["kind"] == "delphes" and len(given) == 1:
        missing = (weighting - given).pop()
        raise ConfigError(f"config: {where}: {given.pop()} without {missing}: give both, or neither")


def _check_simulation(where: str, source: dict[str, Any]) -> None:
    for sample in ("signal", "background"):
        process = source[sample]
        if process.get("mass_gap", 0) >= process.get("slepton_mass", 1):
            raise ConfigError(
                f"config: {where}.{sample}.mass_gap: {process['mass_gap']:g} GeV leaves the neutralino no "
                f"mass: it must be below slepton_mass, {process['slepton_mass']:g} GeV"
            )
    if source["detector"]["response"] == "parametrised" and not source["selection"]["muons_in_met"]:
        raise ConfigError(
            f"config: {where}.selection.muons_in_met: the MET of the parametrised response includes muons, "
            "false would subtract them twice: set it to true"
        )
    _check_filter(where, source["generator"]["filter"], source["selection"])


def _check_filter(where: str, required: dict[str, Any], selection: dict[str, Any]) -> None:
    """Raise where a generator filter drops what passes the preselection: nothing brings it back."""
    leptons = selection["leptons"]
    reach = max(
        LEPTON_REACH if leptons[key] is None else min(leptons[key], LEPTON_REACH)
        for key in ("electron_eta", "muon_eta")
    )
    largest = {
        "pair_pt": selection["leading_jet_pt"] + PAIR_PT_MARGIN,
        "met": max(selection["met"] - MET_MARGIN, 0),
        "lepton_pt": leptons["pt"],
    }
    faults = {key: f"at most {limit:g} for it" for key, limit in largest.items() if required[key] > limit}
    if required["lepton_eta"] is not None and required["lepton_eta"] < reach:
        faults["lepton_eta"] = f"null or at least {reach:g}"
    if required["same_flavour"] and not selection["same_flavour"]:
        faults["same_flavour"] = "false, as selection.same_flavour is"
    for key, looser in faults.items():
        raise ConfigError(
            f"config: {where}.generator.filter.{key}: {required[key]} drops events that pass the "
            f"preselection: it must be {looser}"
        )


def _check_entry(
    where: str, entry: dict[str, Any], kind: PlotKind | TableKind, config: dict[str, Any]
) -> None:
    known_networks = config["networks"]
    if not kind.needs_study:
        if "study" in entry:
            raise ConfigError(f"config: {where}: this kind is not of a study: remove the key `study`")
    else:
        if "study" not in entry:
            raise ConfigError(f"config: {where}: the key `study` is missing")
        study = config["studies"][_known("study", entry["study"], config["studies"], where)]
        if study is None:
            return
        if "robustness" in kind.files and "robustness" not in study:
            raise ConfigError(f"config: {where}: study {entry['study']} has no key `robustness` to draw")
        if "cutflow" in kind.files and "selection" not in study["source"]:
            raise ConfigError(f"config: {where}: study {entry['study']} does not come from files: no cutflow")
        for key in ("optimum", "bin_optimum", "repeats", "kept_fractions"):
            if key in kind.files and study.get(key) is None:
                raise ConfigError(
                    f"config: {where}: study {entry['study']} has no key `{key}` to compare with"
                )
        if kind.needs_search and "search" not in study:
            raise ConfigError(
                f"config: {where}: study {entry['study']} has no key `search`: its yields are shown here"
            )
        known_networks = study["networks"]
    for name in entry.get("networks", []):
        _known("network", name, known_networks, f"{where}.networks")
        followed = known_networks is not config["networks"] and config["networks"][name].get("property")
        if followed and not kind.takes_bins:
            raise ConfigError(
                f"config: {where}: the cuts of {name} follow {followed['name']}, which cannot be shown here: "
                "name another network"
            )
    if "bin_optimum" in kind.files:
        _check_same_bins(where, entry.get("networks", []), study, config["networks"])
    _unique(entry.get("networks", []), f"{where}.networks")


def _check_options(where: str, given: set[str], allowed: Iterable[str]) -> None:
    for key in sorted(given - set(allowed)):
        raise ConfigError(f"config: {where}: this plot has no option {key}; it has: {', '.join(allowed)}")
    for key in sorted(set(allowed) - given):
        raise ConfigError(f"config: {where}: this plot needs the option {key}")


def _check_first_targets(where: str, entry: dict[str, Any], config: dict[str, Any]) -> None:
    """Raise where the network that sets the working points to compare at has none."""
    first = config["networks"][entry["networks"][0]]
    if not first.get("targets") and first["model"] != "kcuts":
        raise ConfigError(
            f"config: {where}.networks: the first, {entry['networks'][0]}, sets the targets of all and has "
            "none: name one with targets first"
        )


def _check_drawn(where: str, figure: dict[str, Any], kind: str, config: dict[str, Any]) -> None:
    """Raise where a figure names a network, process or study that it cannot show."""
    study = config["studies"].get(figure.get("study"))
    if study is None:
        return
    if kind == "collapse":
        for name in figure["networks"]:
            if "lovasz_z" not in config["networks"][name].get("loss", {}):
                raise ConfigError(
                    f"config: {where}.networks: {name} is not trained on the Z loss, whose collapse is shown"
                )
    if kind in ("cut_history", "descent"):
        for name in figure["networks"]:
            if not config["networks"][name].get("record_cuts"):
                raise ConfigError(
                    f"config: {where}.networks: {name} does not record its cuts: give it `record_cuts: true`"
                )
    needed = FEATURES_SHOWN.get(kind, len(study["features"]))
    if len(study["features"]) != needed:
        raise ConfigError(
            f"config: {where}: {len(study['features'])} features in the study {figure['study']}, this plot "
            f"shows {needed}"
        )
    processes = study["source"].get("processes", ("signal", "background"))
    for name in figure.get("drawn_events", ()):
        _known("process", name, processes, f"{where}.drawn_events")
    for name in figure.get("curves", ()):
        _known("network", name, figure["networks"], f"{where}.curves")
    for name, cuts in figure.get("published_cuts", {}).items():
        _known("name", name, figure["networks"], f"{where}.published_cuts")
        if len(cuts) != len(study["features"]):
            raise ConfigError(
                f"config: {where}.published_cuts.{name}: {len(cuts)} cuts for the {len(study['features'])} "
                "features of the study"
            )
    for name in figure.get("published", ()):
        known = processes if kind == "class_efficiencies" else figure["networks"]
        _known("name", name, known, f"{where}.published")


def _check_count(where: str, entry: dict[str, Any], allowed: range) -> None:
    count = len(entry.get("networks", []))
    if count not in allowed:
        need = f"{allowed.start}" if len(allowed) == 1 else f"{allowed.start} to {allowed.stop - 1}"
        raise ConfigError(f"config: {where}.networks: {count} networks named, this kind takes {need}")


def _check_models(where: str, networks: list[str], not_of: tuple[str, ...], config: dict[str, Any]) -> None:
    for name in networks:
        model = config["networks"][name]["model"]
        if model in not_of:
            raise ConfigError(
                f"config: {where}: {name} is of the model {model}, which has nothing to show "
                "here: name another network"
            )


def _known(what: str, name: str, known: Iterable[str], where: str) -> str:
    if name not in known:
        names = list(known)
        # A long list would hide the one that was meant.
        shown = names if len(names) <= 15 else get_close_matches(name, names, n=3, cutoff=0.0)
        raise ConfigError(f"config: {where}: unknown {what} {name!r}: one of {', '.join(shown)}")
    return name


def _unique(names: list[str], where: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigError(f"config: {where}: {', '.join(repeated)} is named twice")


def check_results_folder(folder: Path) -> None:
    """Raise where results can't be written, before any work is done.

    Raises
    ------
    ConfigError
        If the folder, or the nearest one above that exists, is not a folder, not writable or full.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ConfigError(f"{existing}: not a folder, results cannot be written: remove or rename it")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"{existing}: no permission to write results: run elsewhere with --directory")
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_SPACE:
        raise ConfigError(
            f"{existing}: only {free / 1e6:.0f} MB free, results need {LEAST_FREE_SPACE / 1e6:.0f} MB: "
            "make room or run elsewhere with --directory"
        )


def expand_files(study: str, source: dict[str, Any]) -> dict[str, list[str]]:
    """Return the files that the paths and globs of a Delphes source name.

    Returns
    -------
    dict of list of str
        Of ``signal`` and ``background``, in a fixed order.

    Raises
    ------
    ConfigError
        If a path or glob matches no file, or a file is named twice, be it under another path.
    """
    files: dict[str, list[str]] = {}
    read: set[str] = set()
    for sample in ("signal", "background"):
        where = f"config: studies.{study}.source.{sample}"
        files[sample] = []
        for pattern in source[sample]:
            matches = sorted(glob.glob(os.path.expanduser(pattern)))
            if not matches:
                raise ConfigError(f"{where}: no file matches {pattern}")
            for path in matches:
                if os.path.realpath(path) in read:
                    raise ConfigError(f"{where}: {path} is read twice")
                read.add(os.path.realpath(path))
            files[sample] += matches
    return files
