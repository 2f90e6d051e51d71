"""What stands above the cuts in every form, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .working_point import WorkingPoint


def heading(point: WorkingPoint) -> list[str]:
    """Return the lines: where the cuts come from, what they do, and what is not in the expressions."""
    return [line for line in _lines(point) if line]


def _lines(point: WorkingPoint) -> Iterator[str]:
    content = point.content
    provenance = content["provenance"]
    yield provenance.get("title", "")
    names = [f"{key} {provenance[key]}" for key in ("run", "study", "network") if provenance.get(key)]
    version = f" {provenance['version']}" if "version" in provenance else ""
    digest = f", config {provenance['config_sha256'][:16]}" if "config_sha256" in provenance else ""
    yield f"Cuts of {', '.join(names)}, by cabin-core{version}{digest}."
    yield _measured(content["working_point"])
    for edge in point.idle:
        yield f"{edge.feature} {edge.direction}: none, as no event fails it alone."
    if point.follows:
        follows = content["follows"]
        how = "bins of" if follows["between"] == "bins" else "an interpolation in"
        yield f"The cuts follow {how} {point.follows}."
    if point.n_folds:
        folds = content["folds"]
        yield (
            f"{point.n_folds} sets of cuts, of a training each: an event meets those of its fold, "
            f"({folds['of']}) % {point.n_folds}."
        )
    if any(one["missing"] for one in point.selections) or any(
        one["preselection"] for one in point.selections
    ):
        passes = content["without_object"] == "pass"
        yield (
            "An event in which an object of a condition is missing "
            + ("passes it, but for the cuts" if passes else "fails")
            + "; NaN fails."
        )
    selection = content["source"].get("selection")
    if selection:
        yield f"Not in here is the preselection of the Delphes files: {_in_words(selection)}."
    where = {name: one["where"] for name, one in content["processes"].items() if one.get("where")}
    for name, text in where.items():
        yield f"Not in here: the events of {name} are those with {text}."


def _measured(found: dict[str, Any]) -> str:
    parts = []
    if found["target"] is not None:
        parts.append(f"target {found['target']:g} of the {found.get('target_of', 'signal')}")
    for name in ("signal", "background"):
        one = found[f"{name}_efficiency"]
        if one["value"] is not None:
            spread = "" if one["uncertainty"] is None else f" +- {one['uncertainty']:.2g}"
            parts.append(f"{name} efficiency {one['value']:.4g}{spread}")
    if found.get("significance") is not None:
        parts.append(f"significance {found['significance']:.4g}")
    if found.get("target_met") in (False, "no"):
        note = found.get("target_note")
        parts.append(f"the target is not met{f': {note}' if note else ''}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]} (test sample)." if text else ""


def _in_words(selection: dict[str, Any]) -> str:
    parts = []
    for name, value in selection.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{key} {one}" for key, one in value.items() if one is not None)
            parts.append(f"{name} ({inner})")
        elif value is not None:
            parts.append(f"{name} {value}")
    return ", ".join(parts)
