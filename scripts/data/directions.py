"""The table of the directions of cuts, ``directions.csv``: one row for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cabin_core.directions import CLEARER, TOLD_GAIN, FoundDirection, Gain

from ..columns import AUTO, WINDOW

#: The columns of numbers: how far the classes differ, and what is gained by choices of the direction.
MEASURES = ("auc", "gain", "gain_of_opposite", "gain_of_window")
NUMBERS = [column for name in MEASURES for column in (name, f"{name}_uncertainty")]
COLUMNS = ["feature", "given", "direction", "best", *NUMBERS, "remark"]


def tabulate_directions(
    features: Sequence[str], given: Sequence[str], found: Sequence[FoundDirection]
) -> pd.DataFrame:
    """Return the table of what events say of directions.

    Parameters
    ----------
    features, given : sequence of str
        Names of the features, and their directions in the config.
    found : sequence of FoundDirection
    """
    rows = []
    for feature, direction, one in zip(features, given, found, strict=True):
        numbers = [one.auc, one.auc_uncertainty]
        for gain in (one.cut, one.opposite, one.window):
            numbers += [float("nan")] * 2 if gain is None else [gain.value, gain.uncertainty]
        rows.append([feature, direction, one.direction, one.best, *numbers, remark_on(one)])
    return pd.DataFrame(rows, columns=COLUMNS)


def unknown_directions(features: Sequence[str], given: Sequence[str], why: str) -> pd.DataFrame:
    """Return the table of given directions that events say nothing of; ``why`` is the remark."""
    rows = zip(features, given, given, given, strict=True)
    table = pd.DataFrame(rows, columns=COLUMNS[:4])
    return table.reindex(columns=COLUMNS).assign(remark=why)


def remark_on(found: FoundDirection) -> str:
    """Return what a user should know of the direction of a feature; empty if nothing."""
    if is_wrong(found):
        assert found.opposite is not None
        return f"wrong: {found.best} would leave {_text(found.opposite)} less background"
    if not found.separates:
        return "no separation: remove the feature"
    if found.direction == WINDOW:
        return ""
    if found.window is not None and found.window.exceeds(CLEARER, TOLD_GAIN):
        return f"a window would leave {_text(found.window)} less background"
    return "" if found.helps else "no gain beside the other cuts"


def is_wrong(found: FoundDirection) -> bool:
    """Return whether another direction than that of the config is clearly better."""
    return found.best != found.direction


def _text(gain: Gain) -> str:
    return f"{100 * gain.value:.0f} ± {100 * gain.uncertainty:.1g} %"


def read_directions(path: Path) -> dict[str, str]:
    """Return the direction of each feature."""
    table = pd.read_csv(path)
    return dict(zip(table["feature"], table["direction"], strict=True))


def used_directions(features: Sequence[str], given: Sequence[str], found: Path | None) -> list[str]:
    """Return the directions for a training: those given, and from the table where they are to be found.

    Parameters
    ----------
    features, given : sequence of str
    found : Path, optional
        ``directions.csv`` of the study; needed only if a direction is to be found.
    """
    if AUTO not in given:
        return list(given)
    if found is None:
        raise ValueError("a direction is `auto`, and no table of directions is given")
    known = read_directions(found)
    return [
        known[name] if direction == AUTO else direction
        for name, direction in zip(features, given, strict=True)
    ]
