"""The choice of a working point of a network."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("cabin.export_cuts")
#: The signal efficiency whose working point is taken, as near as there is one, where nothing is asked for.
USUAL_TARGET = 0.9


@dataclass(frozen=True)
class Choice:
    """What a working point is chosen by, at most one of these.

    Else it is the one with the best significance, where there are any; else the one with the target closest
    to a signal efficiency of 0.9. Of targets of another kind, a rate for example, none is the usual one: then
    it is the middle one, of an even number the lower of the two there. What is taken is told.

    Parameters
    ----------
    target : float, optional
        Its target.
    best_significance : bool
    signal_efficiency : float, optional
        The least signal efficiency that it has to keep: the one with the next above it is taken.
    background_efficiency : float, optional
        The largest background efficiency that it may keep: the one with the next below it is taken.
    """

    target: float | None = None
    best_significance: bool = False
    signal_efficiency: float | None = None
    background_efficiency: float | None = None

    def choose(self, points: Sequence[Mapping[str, Any]], network: str) -> Mapping[str, Any]:
        """Return the working point.

        Raises
        ------
        ValueError
            If the network does not have it; the message has the closest.
        """
        if not points:
            raise ValueError(f"{network} has no working point")
        if self.target is not None:
            return self._of_target(points, network)
        if self.best_significance:
            return _best(points, network)
        if self.signal_efficiency is not None:
            return _next(points, network, "signal_efficiency", self.signal_efficiency, at_least=True)
        if self.background_efficiency is not None:
            return _next(points, network, "background_efficiency", self.background_efficiency, at_least=False)
        found, reason = _usual(points, network)
        target = found["working_point"]["target"]
        if len(points) > 1 and target is not None:
            of = found["working_point"].get("target_of", "signal")
            log.info("%s: the working point with the target %g (%s), %s", network, target, of, reason)
        return found

    def _of_target(self, points: Sequence[Mapping[str, Any]], network: str) -> Mapping[str, Any]:
        assert self.target is not None
        closest = min(points, key=lambda point: _distance(point, self.target))
        if math.isclose(_distance(closest, self.target), 0.0, abs_tol=1e-9 * abs(self.target)):
            return closest
        found = closest["working_point"]["target"]
        text = (
            f"the closest is {found:g}" if found is not None else "it has one working point, without target"
        )
        raise ValueError(f"{network} has no working point of the target {self.target:g}: {text}")


def _usual(points: Sequence[Mapping[str, Any]], network: str) -> tuple[Mapping[str, Any], str]:
    """Return the working point that is taken where nothing is asked for, and why it is this one."""
    if any("significance" in point["working_point"] for point in points):
        return _best(points, network), "which has the best significance"
    if all(point["working_point"].get("target_of", "signal") == "signal" for point in points):
        closest = min(points, key=lambda point: _distance(point, USUAL_TARGET))
        return closest, f"the closest to {USUAL_TARGET:g}"
    ordered = sorted(points, key=lambda point: float(point["working_point"]["target"]))
    middle = ordered[(len(ordered) - 1) // 2]
    return middle, f"the middle of {len(ordered)}, since none was chosen"


def _distance(point: Mapping[str, Any], target: float | None) -> float:
    found = point["working_point"]["target"]
    return math.inf if found is None or target is None else abs(found - target)


def _best(points: Sequence[Mapping[str, Any]], network: str) -> Mapping[str, Any]:
    known = [point for point in points if point["working_point"].get("significance") is not None]
    if not known:
        raise ValueError(
            f"{network} has no significances: give the study a `counting_experiment` and run it again, or "
            "choose by --target"
        )
    return max(known, key=lambda point: point["working_point"]["significance"])


def _next(
    points: Sequence[Mapping[str, Any]], network: str, name: str, asked: float, *, at_least: bool
) -> Mapping[str, Any]:
    known = [point for point in points if point["working_point"][name]["value"] is not None]
    values = {id(point): float(point["working_point"][name]["value"]) for point in known}
    fitting = [
        point for point in known if (values[id(point)] >= asked) == at_least or values[id(point)] == asked
    ]
    if fitting:
        return min(fitting, key=lambda point: abs(values[id(point)] - asked))
    what = name.replace("_", " ")
    limit = "as large as" if at_least else "as small as"
    if not known:
        raise ValueError(f"{network} has no {what} that is known: choose by --target")
    closest = min(known, key=lambda point: abs(values[id(point)] - asked))
    raise ValueError(
        f"{network} has no working point with a {what} {limit} {asked:g}: the closest is "
        f"{values[id(closest)]:.4g}, of the target {closest['working_point']['target']}"
    )
