"""The export of a network as a job of the workflow: all its working points, one of them in every form."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data.expressions import Expression
from ..data.ntuple_file import open_ntuple
from ..data.ntuple_recipe import Recipe
from ..data.table_file import read_table
from ..data.thinning import read_shown_events
from ..evaluation.expected_yields import keeps_minimum, known, tabulate_yields
from ..jobs.bridge import path_list
from ..study import Study
from ..study_parsing import parse_study
from .choice import Choice
from .forms import forms, write_form
from .record import describe, digest_of, points_of, read_cuts, record_of
from .working_point import WorkingPoint

log = logging.getLogger("cabin.export_cuts")


def export_network(
    cuts: Path,
    metrics: Path,
    record: Path,
    given: Mapping[str, Any],
    study_name: str,
    network: str,
    run: str,
    files: Mapping[str, Sequence[str]],
    more: Mapping[str, Any],
) -> None:
    """Write the exports of a network, see :mod:`scripts.export_cuts`."""
    study = parse_study(study_name, dict(given), check=False)
    table, measured = read_cuts(cuts), pd.read_csv(metrics)
    description = describe(study, network, run, given)
    if files:
        description["branches"] = branch_types(study, files)
    if "folds" in description:
        whole_number = {"type": "int64", "list": False}
        for name in Expression.parse(description["folds"]["of"]).names:
            description.setdefault("branches", {}).setdefault(name, whole_number)
    significance = None
    if study.counting_experiment is not None:
        events = read_shown_events(path_list(more["features"])[0])
        scores = read_table(path_list(more["scores"])[0])
        significance = _significances(study, events, table, measured, scores)
    units = {one["name"]: one["unit"] for one in description["features"]}
    description["cuts_sha256"] = digest_of(cuts)
    whole = record_of(description, table, points_of(table, measured, units, significance))
    record.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    chosen = Choice(**study.exports.choice).choose(whole["points"], f"{study_name}/{network}")
    interpolated = study.exports.interpolate and "follows" in whole
    point = WorkingPoint.of(whole, chosen, interpolated=interpolated)
    for form in forms():
        try:
            more[form].write_text(write_form(form, point))
        except ValueError as fault:
            log.info("%s/%s: %s", study_name, network, fault)
            more[form].write_text(f"# {fault}\n")


def _significances(
    study: Study, events: pd.DataFrame, cuts: pd.DataFrame, metrics: pd.DataFrame, scores: pd.DataFrame
) -> list[float | None]:
    """Return the significance of each working point; None for one below the minimum signal."""
    assert study.counting_experiment is not None
    points = tabulate_yields(study, events, cuts, metrics, scores)
    enough = keeps_minimum(points, study.counting_experiment).to_numpy()
    values = known(points, "significance").to_numpy(dtype=float)
    return [
        float(value) if keeps and np.isfinite(value) else None
        for value, keeps in zip(values, enough, strict=True)
    ]


def branch_types(study: Study, files: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """Return the type of each branch, and whether it has lists, from an event of each process."""
    found: dict[str, dict[str, Any]] = {}
    source: Any = study.source
    for process, of_process in files.items():
        recipe = Recipe.parse(source.recipe(process, study))
        needed = [name for name in recipe.branches() if name not in found]
        for name, values in _first_event(of_process, recipe.tree, needed):
            found[name] = _type_of(values)
    return found


def _first_event(files: Sequence[str], tree: str | None, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for path in files:
        with open_ntuple(path, tree) as ntuple:
            if not names or not ntuple.n_events:
                continue
            yield from next(iter(ntuple.iterate(names, 0, 1))).items()
            return


def _type_of(values: Any) -> dict[str, Any]:
    if isinstance(values, np.ndarray):
        return {"type": str(values.dtype.newbyteorder("=")), "list": False}
    kind = str(values.type.content).replace("?", "")
    is_list = kind.startswith(("var * ", "option[var * "))
    inner = kind.rpartition(" * ")[2].rstrip("]") if is_list else kind
    if "string" in inner:
        inner = "str"
    try:
        np.dtype(inner)
    except TypeError:
        inner = "float64"  # an empty list says nothing of its elements
    return {"type": inner, "list": is_list}
