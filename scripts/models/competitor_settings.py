"""What the config says of a competitor, checked; nothing here needs the packages that do the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cabin_core.numbers import check_targets
from scripts.models.supercuts import Grid, parse_supercuts


@dataclass(frozen=True)
class KCutsSettings:
    """Size of a kCuts search.

    Parameters
    ----------
    bins : int
        Of the signal efficiency, each of which remembers its best box.
    edges : int
        Places that an edge can have, of each feature.
    population : int
        Trial boxes of a generation.
    generations : int
        Of a cycle of the differential evolution.
    cycles : int
        Each starts from the boxes remembered by then.
    seed : int

    Raises
    ------
    ValueError
        If a number is too small.
    """

    bins: int
    edges: int
    population: int
    generations: int
    cycles: int
    seed: int

    def __post_init__(self) -> None:
        # scipy's differential evolution takes five members at least.
        for name, least in (("bins", 2), ("edges", 1), ("population", 5), ("generations", 1), ("cycles", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")

    @property
    def targets(self) -> tuple[float, ...]:
        """The lower edge of each bin but the first, which would be zero."""
        return tuple(position / self.bins for position in range(1, self.bins))


@dataclass(frozen=True)
class GridSettings:
    """A brute-force scan.

    Parameters
    ----------
    targets : sequence of float
        Signal efficiencies that points must reach.
    supercuts : str or list of dict
        Path of a JSON file, or what it would hold, see :mod:`scripts.models.supercuts`.
    most_points : int
        Largest grid that is allowed.

    Raises
    ------
    ValueError
        If there are no targets, or one is not in (0, 1) or named twice.
    """

    targets: tuple[float, ...]
    supercuts: str | list[dict[str, Any]]
    most_points: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", _needed(self.targets, "a grid scan"))

    def grid(self, features: Sequence[str]) -> Grid:
        """Return the grid for a study with these features; ValueError where it cannot be used."""
        return parse_supercuts(self.supercuts, features, self.most_points)


@dataclass(frozen=True)
class TreeSettings:
    """A training of boosted decision trees.

    Parameters
    ----------
    targets : sequence of float
        Signal efficiencies of the working points on the score.
    trees : int
        At most so many.
    learning_rate : float
        Weight of each new tree.
    max_depth : int
        Of a tree.
    validation_fraction : float
        Of the training events, in (0, 1): kept apart to see when to stop.
    stop_after : int
        Trees without a smaller loss on the events kept apart that end the training.
    seed : int
        Of the choice of events kept apart, and of the trees.

    Raises
    ------
    ValueError
        If there are no targets, or one is not in (0, 1) or named twice.
    """

    targets: tuple[float, ...]
    trees: int
    learning_rate: float
    max_depth: int
    validation_fraction: float
    stop_after: int
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", _needed(self.targets, "a boosted decision tree"))


def _needed(targets: Sequence[float], what: str) -> tuple[float, ...]:
    if not targets:
        raise ValueError(f"{what} needs at least one target efficiency")
    return check_targets(targets)


Settings = KCutsSettings | GridSettings | TreeSettings

_SETTINGS: dict[str, type[Settings]] = {"kcuts": KCutsSettings, "grid": GridSettings, "bdt": TreeSettings}


def parse_competitor(entry: dict[str, Any]) -> Settings:
    """Return the settings of a competitor.

    Parameters
    ----------
    entry : dict
        One entry of ``networks`` in the config, with a ``model`` of :data:`scripts.models.competitors.COMPETITORS`.

    Raises
    ------
    ValueError
        If a value is out of range.
    """
    values = {key: value for key, value in entry.items() if key not in ("model", "property")}
    return _SETTINGS[entry["model"]](**values)
