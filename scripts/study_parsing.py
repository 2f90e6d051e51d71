"""From a study of the config to objects: its entries by their kinds, and the default ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .export_settings import Exports
from .kinds import ConfigError, DrawnSettings, ModelSettings, module_of, modules, not_known
from .parsing import parse_into, parse_kind, parse_kind_into
from .study import DEFAULT, Study, StudySettings

#: Models with these parts come first among the default networks.
ORDER = ("loss", "cuts")


def parse_study(name: str, value: dict[str, Any], *, check: bool = True) -> Study:
    """Parse a study from its part of the config.

    Parameters
    ----------
    name : str
    value : dict
        Keys as in :class:`StudySettings`.
    check : bool
        Whether to check the consistency of the parts too. Jobs do not, because they get only some parts.

    Raises
    ------
    ConfigError
        With a line for each fault.
    """
    where = f"studies.{name}"
    faults: list[str] = []
    raw = parse_into(StudySettings, value, where, faults)
    if raw is not None and "targets" in raw.model_fields_set and raw.networks != DEFAULT:
        faults.append(f"{where}.targets: they are of `networks: default`: give them to each network")

    def entries(section: str) -> dict[str, Any]:
        """Return the entries to parse, also where something else of the study is at fault."""
        given = value.get(section) if isinstance(value, dict) else None
        mappings = given.items() if isinstance(given, dict) else ()
        return {key: entry for key, entry in mappings if isinstance(key, str) and isinstance(entry, dict)}

    parts: dict[str, Any] = {"source": None, "analyses": {}}
    if isinstance(value, dict) and isinstance(value.get("source"), dict):
        parts["source"] = parse_kind_into("source", value["source"], f"{where}.source", faults)
    for key, entry in entries("analyses").items():
        if key not in modules("analysis"):
            faults.append(f"{where}.analyses: {not_known('analysis', key, modules('analysis'))}")
            continue
        parts["analyses"][key] = parse_into(
            module_of("analysis", key).Settings, entry, f"{where}.analyses.{key}", faults
        )
    for section, room in (("networks", "model"), ("figures", "plot"), ("tables", "table")):
        parts[section] = {
            key: parse_kind_into(room, entry, f"{where}.{section}.{key}", faults)
            for key, entry in entries(section).items()
        }
    if raw is None or faults:
        # A key that is no text is found by both, the study and the kind of the entry.
        raise ConfigError("\n".join(dict.fromkeys(faults)))
    kept = ("title", "split", "features", "scaling", "counting_experiment", "claims")
    rest = {key: getattr(raw, key) for key in kept} | {"exports": raw.exports or Exports()}
    experiment, uncertainties = raw.counting_experiment, parts["source"].background_uncertainties
    if experiment is not None and uncertainties and not experiment.uncertainties:
        # Jobs get the experiment alone, so it has all that yields depend on.
        rest["counting_experiment"] = experiment.model_copy(update={"uncertainties": uncertainties})
    study = Study.model_construct(name=name, properties=raw.properties or [], **rest, **parts)
    for section, room in (("figures", "plot"), ("tables", "table")):
        if getattr(raw, section) == DEFAULT:
            made = {key: parse_kind(room, entry) for key, entry in standard_entries(room, study)}
            study = study.model_copy(update={section: made})
    if check:
        faults = [f"{'.'.join(filter(None, [where, key]))}: {text}" for key, text in study.faults()]
        if faults:
            raise ConfigError("\n".join(faults))
    return study


def with_defaults(name: str, value: Any) -> Any:
    """Return a study of the config with its title, and the default networks and analyses where it has these.

    Parameters
    ----------
    name : str
    value : dict
        Keys as in :class:`StudySettings`; returned as it is if they are at fault.
    """
    raw = parse_into(StudySettings, value, "", [])
    if raw is None:
        return value
    value = value | {"title": raw.title or name}
    if raw.networks == DEFAULT:
        kept = {key: given for key, given in value.items() if key != "targets"}
        value = kept | {"networks": _standard_networks(raw.targets)}
    if raw.analyses == DEFAULT:
        value = value | {"analyses": _standard_analyses(name, value)}
    return value


def _standard_networks(targets: list[float]) -> dict[str, dict[str, Any]]:
    networks: dict[str, dict[str, Any]] = {}
    known: dict[str, type[ModelSettings]] = {
        kind: module_of("model", kind).Settings for kind in modules("model")
    }
    # Figures show them in this order: trained cuts, cuts of a search, scores.
    for kind, settings in sorted(known.items(), key=lambda one: [part not in one[1].has for part in ORDER]):
        common = {"targets": targets} if "targets" in settings.model_fields else {}
        networks |= {
            key: {"model": kind} | common | entry for key, entry in settings.standard_networks.items()
        }
    return networks


def _standard_analyses(name: str, value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the standard analyses that a study can have; none if it is at fault."""
    entries = {kind: module_of("analysis", kind).Settings.standard for kind in modules("analysis")}
    wanted: dict[str, dict[str, Any]] = {kind: entry for kind, entry in entries.items() if entry is not None}
    try:
        study = parse_study(
            name, value | {"analyses": wanted, "figures": {}, "tables": {}, "claims": {}}, check=False
        )
    except ConfigError:
        return {}  # its faults are told where it is parsed
    return {kind: entry for kind, entry in wanted.items() if not any(study.analysis_faults(kind))}


def standard_entries(room: str, study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the standard figures or tables of a study, each with its name and its entry for the config.

    Parameters
    ----------
    room : str
        ``plot`` or ``table``.
    study : Study
    """
    for kind in modules(room):
        settings: type[DrawnSettings] = module_of(room, kind).Settings
        able = [
            name
            for name, model in study.networks.items()
            if settings.needs | settings.standard_needs <= model.offers
            and not settings.standard_unless & model.offers
        ]
        if settings.standard == "network":
            choices = {f"{study.name}_{name}_{kind}": [name] for name in able}
        elif settings.standard == "networks":
            able.sort(key=lambda name: not study.networks[name].working_points)
            choices = {f"{study.name}_{kind}": able[: settings.n_networks.stop - 1]}
        elif settings.standard == "study":
            choices = {f"{study.name}_{kind}": []}
        else:
            continue
        for name, networks in choices.items():
            caption = settings.standard_caption.format(networks=", ".join(networks))
            entry: dict[str, Any] = {room: kind, "caption": f"{study.title}. {caption}"}
            if networks:
                entry["networks"] = networks
            if not any(study.faults_of(settings.model_validate(entry))):
                yield name, entry
