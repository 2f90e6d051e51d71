"""The whole config: reading its files, applying an overlay, and parsing its studies."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from annotated_types import Len
from pydantic import Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from .columns import LIMITS
from .kinds import ConfigError, not_known
from .parsing import parse
from .settings import Name, Settings
from .study import Study
from .study_parsing import parse_study, with_defaults

#: The loader in C, where PyYAML has it: the paper's config is read at each start, which took half a second.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Parts of a study whose entries an overlay of the paper's config can remove.
SECTIONS = ("networks", "analyses", "figures", "tables", "claims")
#: Folders of a run that are not studies.
RESERVED_STUDIES = ("figures", "tables", "logs", "benchmarks")


class RunSettings(Settings):
    """The keys of a config."""

    renamed: ClassVar[dict[str, str]] = {
        **{name: f"a part of each study, studies.STUDY.{name}" for name in ("networks", "figures", "tables")},
        "scorecard": "a part of each study, studies.STUDY.claims",
    }

    run: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")] = Field(
        description="Name of the folder under `results/` for the results of this run"
    )
    base: Literal["paper"] | None = Field(
        default=None,
        description="With `paper` this file changes the config of the paper instead of standing alone. A "
        "null then removes a study, network, analysis, figure, table or claim",
    )
    not_comparable: str = Field(
        default="",
        description="Reason why no number of this run can be compared with the papers; empty where they "
        "can be",
    )
    benchmarks: dict[str, Any] = Field(
        default={},
        description="What `snakemake benchmark` measures: keys that take the place of those of "
        "`config/benchmarks.yaml`",
    )
    studies: Annotated[dict[Name, dict[str, Any]], Len(1)] = Field(description="Studies of the run by name")

    @field_validator("studies")
    @classmethod
    def _no_folder_twice(cls, studies: dict[str, Any]) -> dict[str, Any]:
        for name in RESERVED_STUDIES:
            if name in studies:
                text = "{name} is a folder beside those of the studies: take another name"
                raise PydanticCustomError("reserved", text, {"name": name})
        return studies


@dataclass(frozen=True)
class Run:
    """A config, parsed.

    Parameters
    ----------
    settings : RunSettings
        The keys of the config, without removed entries.
    studies : dict of Study
        The parsed studies by name.
    """

    settings: RunSettings
    studies: dict[str, Study] = field(default_factory=dict)

    def entries(self, section: str) -> dict[str, tuple[Study, Any]]:
        """Return the figures or tables of all studies: by name, the study and the entry."""
        return {
            name: (study, entry)
            for study in self.studies.values()
            for name, entry in getattr(study, section).items()
        }


def means_paper(config: dict[str, Any]) -> bool:
    """Return whether a config changes the paper's: it has `base: paper`, or it names no study."""
    return config.get("base") == "paper" or not config.get("studies")


def over_paper(config: dict[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    """Return the paper's config, changed by another config.

    Parameters
    ----------
    config : dict
        The other config. Mappings are merged key by key; other values are replaced.
    files : sequence of Path
        Files of the paper's config.

    Raises
    ------
    ConfigError
        If a null is to leave out a part that the paper does not have.
    """
    merged: dict[str, Any] = {}
    for file in files:
        # A copy through text: YAML's aliases share an object, so a change of one study would change another.
        merged = _merged(merged, json.loads(json.dumps(yaml.load(file.read_text(), _LOADER))))
    for path in _nulls(config):
        *parents, name = path.split(".")
        there = functools.reduce(lambda part, key: part.get(key, {}), parents, merged)
        if name not in there and name not in SECTIONS:
            text = f"null leaves out nothing: {not_known(parents[-1], name, there)}"
            raise ConfigError(_lines([f"{path}: {text}"]))
    return _merged(merged, config)


def read_config(config: dict[str, Any], *, check: bool = True) -> Run:
    """Parse a config to which all overlays are applied.

    Parameters
    ----------
    config : dict
    check : bool
        Whether to check the consistency of its parts too.

    Raises
    ------
    ConfigError
        With one line for each fault, which begins with the path of its key.
    """
    overlay = means_paper(config)
    faults = (
        []
        if overlay
        else [
            f"{key}: null leaves out a part of the paper and needs `base: paper`: remove it"
            for key in _nulls(config)
        ]
    )
    if faults:
        raise ConfigError(_lines(faults))
    try:
        settings = parse(RunSettings, _without_nulls(config))
    except ConfigError as error:
        raise ConfigError(_lines(str(error).splitlines())) from None
    entries = {name: with_defaults(name, value) for name, value in settings.studies.items()}
    settings = settings.model_copy(update={"studies": entries})
    studies = {}
    for name, value in entries.items():
        try:
            studies[name] = parse_study(name, value, check=check)
        except ConfigError as error:
            faults += str(error).splitlines()
    run = Run(settings, studies)
    if check and not faults:
        faults += [*_names_used_twice(run), *_claim_faults(run)]
    if faults:
        raise ConfigError(_lines(faults))
    return run


def part_of(
    study: dict[str, Any],
    networks: Sequence[str] = (),
    analyses: Sequence[str] = (),
    *,
    labels: bool = False,
    experiment: bool = True,
) -> dict[str, Any]:
    """Return the part of a study's config that a job uses; other changes then do not rerun the job.

    Parameters
    ----------
    study : dict
        The entry in the config.
    networks, analyses : sequence of str
        Names of the entries that the job uses.
    labels : bool
        Whether the job uses the title, labels, units and drawn ranges.
    experiment : bool
        Whether the job uses the counting experiment.
    """
    needed = ["source", "split", *(["counting_experiment"] if experiment else [])]
    if labels or analyses:
        needed.append("scaling")
    part = {key: study[key] for key in needed if study.get(key) is not None}
    of_column = ("name", "direction", *(LIMITS if analyses else ()))
    for key in ("features", "properties"):
        if study.get(key):
            kept = [
                column if labels else {key: column[key] for key in of_column if key in column}
                for column in study[key]
            ]
            part[key] = kept
    return part | {
        "title": study["title"] if labels else "",
        "networks": {name: study["networks"][name] for name in networks},
        "analyses": {name: study["analyses"][name] for name in analyses},
        "figures": {},
        "tables": {},
    }


def check_repeated_keys(path: Path) -> None:
    """Raise if a mapping in a YAML file has a key twice; YAML would silently keep the last value.

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
                if key.value in seen and key.value != "<<":
                    line = key.start_mark.line + 1
                    raise ConfigError(f"{path}: {'.'.join(below)} is named twice, line {line}")
                seen.add(key.value)
                walk(value, below)

    walk(yaml.compose(path.read_text(), Loader=yaml.SafeLoader), ())


def _merged(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _nulls(config: dict[str, Any]) -> Iterator[str]:
    """Yield the paths of the studies and their parts that are null."""
    studies = config.get("studies")
    for name, study in (studies if isinstance(studies, dict) else {}).items():
        if study is None:
            yield f"studies.{name}"
        elif isinstance(study, dict):
            for section in SECTIONS:
                if section in study and study[section] is None:
                    yield f"studies.{name}.{section}"
                elif isinstance(study.get(section), dict):
                    for key, entry in study[section].items():
                        if entry is None:
                            yield f"studies.{name}.{section}.{key}"


def _without_nulls(config: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(config.get("studies"), dict):
        return config
    kept: dict[str, Any] = {}
    for name, study in config["studies"].items():
        if not isinstance(study, dict):
            if study is not None:
                kept[name] = study
            continue
        kept[name] = {}
        for key, value in study.items():
            if key in SECTIONS and value is None:
                kept[name][key] = {}
            elif key in SECTIONS and isinstance(value, dict):
                kept[name][key] = {entry: given for entry, given in value.items() if given is not None}
            elif value is not None:
                kept[name][key] = value
    if config["studies"] and not kept:
        raise ConfigError("studies: every study is null, nothing is left to run")
    return config | {"studies": kept}


def _claim_faults(run: Run) -> Iterator[str]:
    """Yield the faults of the claims."""
    if not any(study.claims for study in run.studies.values()):
        return
    # Imported here: the study of a user has no claims, and starts faster without this import.
    from .scorecard.claims import parse_claims, repeated_rows

    claims = {}
    for name, study in run.studies.items():
        try:
            claims[name] = parse_claims(study)
        except ConfigError as error:
            yield from str(error).splitlines()
    yield from repeated_rows(claims)


def _names_used_twice(run: Run) -> Iterator[str]:
    """Yield a fault for each figure or table with a name that two studies use, as they share a file."""
    for section in ("figures", "tables"):
        names = Counter(name for study in run.studies.values() for name in getattr(study, section))
        for name, count in names.items():
            if count > 1:
                text = f"studies: {section} named {name} in {count} studies: give each a name of its own"
                yield f"{text} (standard ones are named after study and network)"


def _lines(faults: list[str]) -> str:
    return "\n".join(f"config: {fault}" for fault in faults)
