"""The record of a network's working points: its cuts, what its features are, and where they come from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study

#: What a file of a working point says of itself at its top.
FORMAT = "cabin working point 1"
#: What holds of cuts and what metrics have, by the names that a working point has for them.
_MEASURED = ("signal_efficiency", "background_efficiency")


def describe(study: Study, network: str, run: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the cuts of a network are about, without the cuts; plain values.

    Parameters
    ----------
    study : Study
    network, run : str
    given : mapping
        The study as the config has it.
    """
    columns = [study.column(name) for name in study.column_names]
    source = study.source
    description: dict[str, Any] = {
        "provenance": _provenance(study, network, run, given),
        "features": [{"name": one.name, "label": one.label, "unit": one.unit} for one in columns],
        "source": {"kind": source.kind},
        "without_object": "fail",
        "selections": [{"processes": [], "columns": {}, "preselection": [], "missing": {}}],
        "processes": {},
    }
    if source.takes_expressions:
        description |= _of_expressions(study)
    elif hasattr(source, "selection"):
        description["source"]["selection"] = source.selection.model_dump()
    split = given.get("split") or {}
    if "folds" in split:
        number = split.get("by") or getattr(source, "event", None)
        description["folds"] = {
            "number": split["folds"],
            "of": number or "event",
            "rule": "the cuts of fold i are for the events whose number, modulo the number of folds, is i: "
            "they were not used in its training",
        }
    return description


def _provenance(study: Study, network: str, run: str, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        version = metadata.version("cabin-core")
    except metadata.PackageNotFoundError:
        version = "unknown"
    text = json.dumps(given, sort_keys=True, default=str)
    seeds = {"split": (given.get("split") or {}).get("seed")}
    seeds["training"] = getattr(study.networks[network], "seed", None)
    return {
        "project": "cabin-core",
        "version": version,
        "run": run,
        "study": study.name,
        "title": study.title,
        "network": network,
        "model": study.networks[network].model,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seeds": {name: seed for name, seed in seeds.items() if seed is not None},
    }


def _of_expressions(study: Study) -> dict[str, Any]:
    """Return the selection of each process, those that are the same together, and what else differs."""
    selections: list[dict[str, Any]] = []
    processes: dict[str, Any] = {}
    source: Any = study.source
    for name, process in source.processes.items():
        recipe = source.recipe(name, study)
        columns = {column: text for column, text in recipe["columns"].items() if text != f"`{column}`"}
        one = {
            "columns": columns,
            "preselection": [{name: text} for name, text in recipe["steps"]],
            "missing": recipe["missing"],
        }
        same = next((other for other in selections if all(other[key] == one[key] for key in one)), None)
        if same is None:
            selections.append({"processes": [name], **one})
        else:
            same["processes"].append(name)
        kept = {key: recipe[key] for key in ("where", "weight", "event", "tree") if recipe[key] is not None}
        processes[name] = {"role": process.role, **kept}
    return {
        "selections": selections,
        "processes": processes,
        "without_object": source.without_object,
    }


def digest_of(cuts: Path) -> str:
    """Return a digest of ``cuts.csv``, by which a record says of which cuts it is."""
    return hashlib.sha256(cuts.read_bytes()).hexdigest()


def read_cuts(cuts: Path) -> pd.DataFrame:
    """Read ``cuts.csv`` with each cut as the double that was written, to the last digit."""
    import pandas as pd

    return pd.read_csv(cuts, converters={"cut": float})


def points_of(
    cuts: pd.DataFrame,
    metrics: pd.DataFrame,
    units: Mapping[str, str],
    significance: Sequence[float | None] | None = None,
) -> list[dict[str, Any]]:
    """Return the working points of a network.

    Parameters
    ----------
    cuts, metrics : DataFrame
        Content of ``cuts.csv`` and ``metrics.csv``.
    units : mapping
        Unit of each feature.
    significance : sequence of float, optional
        Significance of each working point; None for one that does not keep the minimum signal.
    """
    from ..data.cut_table import edges_by_target

    measured = metrics.set_index("target_efficiency")
    points = []
    of_target = edges_by_target(cuts, metrics["target_efficiency"].to_list())
    for number, ((target, edges), (_, row)) in enumerate(zip(of_target, measured.iterrows(), strict=True)):
        point: dict[str, Any] = {"target": _plain(row.get("target", target))}
        if point["target"] is not None:
            point["target_of"] = str(row.get("target_of", "signal"))
        for name in _MEASURED:
            point[name] = {
                "value": _plain(row[name]),
                "uncertainty": _plain(row.get(f"{name}_uncertainty", math.nan)),
            }
        for name in ("auc", "target_met", "target_note"):
            if _plain(row.get(name)) not in (None, ""):
                point[name] = _plain(row[name])
        if significance is not None and significance[number] is not None:
            point["significance"] = significance[number]
        points.append({"working_point": point, "cuts": [_cut(edge, units) for _, edge in edges.iterrows()]})
    return points


def _cut(edge: pd.Series, units: Mapping[str, str]) -> dict[str, Any]:
    cut = {
        "feature": str(edge["feature"]),
        "direction": str(edge["direction"]),
        "cut": float(edge["cut"]),
        "unit": units.get(str(edge["feature"]), ""),
    }
    if "property" in edge:
        cut |= {name: float(edge[f"property_{name}"]) for name in ("low", "high")}
    if "fold" in edge:
        cut["fold"] = int(edge["fold"])
    if "idle" in edge and bool(edge["idle"]):
        cut["idle"] = True
    return cut


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; None for NaN."""
    if isinstance(value, str):
        return value
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def record_of(
    description: Mapping[str, Any], cuts: pd.DataFrame, points: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the record of all working points of a network, as ``working_points.json`` has it."""
    record = {"format": FORMAT, **description}
    if "property" in cuts and len(cuts):
        name = str(cuts["property"].iloc[0])
        unit = next((one["unit"] for one in description["features"] if one["name"] == name), "")
        record["follows"] = {"property": name, "unit": unit, "between": "bins"}
    return record | {"points": list(points)}


def plain_description(network: str, study: str, run: str, cuts: pd.DataFrame) -> dict[str, Any]:
    """Return the description of cuts of which nothing is known but their table."""
    names = [*cuts["feature"].unique(), *(cuts["property"].unique() if "property" in cuts else [])]
    return {
        "provenance": {"project": "cabin-core", "run": run, "study": study, "network": network},
        "features": [{"name": str(name), "label": "", "unit": ""} for name in dict.fromkeys(names)],
        "source": {},
        "without_object": "fail",
        "selections": [{"processes": [], "columns": {}, "preselection": [], "missing": {}}],
        "processes": {},
    }
