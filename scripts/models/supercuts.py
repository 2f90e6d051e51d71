"""The cuts of a grid scan, in the format ``supercuts`` of the package ``root-optimize``.

It is a list of entries. ``{"selections": "met > {0}", "st3": [[200, 500, 50]]}`` scans the placeholder
``{0}`` from start to stop in steps, without the stop; ``{"selections": "met > {0}", "pivot": [200]}`` fixes
it. An entry can have several comparisons, joined by ``&``, and several placeholders, each with an item of
``st3`` or ``pivot``.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from ..settings import Number

#: Largest number of values of one placeholder; more would not fit into memory.
MOST_VALUES = 100_000
INF = math.inf
_NUMBER: TypeAdapter[float] = TypeAdapter(Number)
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "=="}
_NAME = r"[A-Za-z_]\w*"
_VALUE = r"\{\d+\}|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_COMPARISON = re.compile(rf"(?P<left>{_NAME}|{_VALUE})\s*(?P<sign>[<>]=?|==)\s*(?P<right>{_NAME}|{_VALUE})")


@dataclass(frozen=True)
class Edge:
    """One side of a cut.

    Parameters
    ----------
    feature : str
    direction : str
        ``>`` or ``<``.
    inclusive : bool
        Whether an event exactly at the edge passes.
    """

    feature: str
    direction: str
    inclusive: bool

    def strict(self, value: float) -> float:
        """Return the value for a strict comparison that is equivalent to an inclusive one."""
        if not self.inclusive:
            return value
        return math.nextafter(value, -INF if self.direction == ">" else INF)


@dataclass(frozen=True)
class Axis:
    """A placeholder that is scanned.

    Parameters
    ----------
    edges : tuple of Edge
        All edges that the placeholder sets, with the same direction.
    values : ndarray
        From the loosest to the tightest.
    """

    edges: tuple[Edge, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The grid that a list of supercuts describes.

    Parameters
    ----------
    axes : tuple of Axis
        A point of the grid has one value on each axis.
    fixed : tuple of (Edge, float)
        Cuts that every point has.
    """

    axes: tuple[Axis, ...]
    fixed: tuple[tuple[Edge, float], ...]

    @property
    def n_points(self) -> int:
        """Number of points of the grid."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def features(self) -> list[str]:
        """Names of the features that are cut on."""
        edges = [*(edge for axis in self.axes for edge in axis.edges), *(edge for edge, _ in self.fixed)]
        return list(dict.fromkeys(edge.feature for edge in edges))


def read_supercuts(source: str | Path | Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of a file of supercuts, or the given list.

    Raises
    ------
    ValueError
        If there is no such file, or it is not JSON with a list of objects.
    """
    if isinstance(source, (str, Path)):
        try:
            content = json.loads(Path(os.path.expanduser(source)).read_text())
        except OSError as error:
            raise ValueError(
                f"{source}: cannot be read ({error.strerror}): give the path of a JSON file"
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{source}: not JSON ({error})") from None
    else:
        content = source
    name = f"{source}" if isinstance(source, (str, Path)) else "supercuts"
    if not isinstance(content, list) or not content:
        raise ValueError(f"{name}: not a list of cuts, each with selections and st3 or pivot")
    for number, entry in enumerate(content):
        if not isinstance(entry, dict) or not isinstance(entry.get("selections"), str):
            raise ValueError(f'{name}: entry {number} has no text "selections", such as "met > {{0}}"')
    return list(content)


def parse_supercuts(
    source: str | Path | Sequence[dict[str, Any]], features: Sequence[str], most_points: int
) -> Grid:
    """Read supercuts.

    Parameters
    ----------
    source : path-like or list of dict
        A JSON file, or its content.
    features : sequence of str
        Names that selections can use.
    most_points : int
        Largest number of points allowed.

    Returns
    -------
    Grid

    Raises
    ------
    ValueError
        If an entry cannot be used, or the grid has too many points; the message is one line.
    """
    axes: list[Axis] = []
    fixed: list[tuple[Edge, float]] = []
    for entry in read_supercuts(source):
        text = entry["selections"]
        try:
            parsed_axes, parsed_fixed = _parse_entry(entry, features)
        except ValueError as fault:
            raise ValueError(f'"{text}": {fault}') from None
        axes += parsed_axes
        fixed += parsed_fixed
    # The longest axis comes last, because the scan loops over the first ones point by point.
    grid = Grid(tuple(sorted(axes, key=lambda axis: len(axis.values))), tuple(fixed))
    _check_windows(grid)
    if not axes:
        raise ValueError("every cut is fixed by a pivot: give one at least a range with st3")
    if grid.n_points > most_points:
        raise ValueError(
            f"the grid has {grid.n_points} points, most_points allows {most_points}: take larger steps or "
            "fewer cuts, or raise it"
        )
    return grid


def _parse_entry(
    entry: dict[str, Any], features: Sequence[str]
) -> tuple[list[Axis], list[tuple[Edge, float]]]:
    unknown = set(entry) - {"selections", "st3", "pivot"}
    if unknown or ("st3" in entry) == ("pivot" in entry):
        raise ValueError("give either st3, the range of each placeholder, or pivot, its value; nothing else")
    edges_of: dict[int, list[Edge]] = {}
    fixed: list[tuple[Edge, float]] = []
    for edge, value in _parse_comparisons(entry["selections"], features):
        if isinstance(value, int):
            edges_of.setdefault(value, []).append(edge)
        else:
            fixed.append((edge, value))
    placeholders = sorted(edges_of)
    kind = "st3" if "st3" in entry else "pivot"
    given = entry[kind]
    if not isinstance(given, list):
        raise ValueError(f"{kind} must be a list, one item a placeholder, not {given!r}")
    if placeholders != list(range(len(given))):
        names = ", ".join(f"{{{number}}}" for number in placeholders) or "none"
        raise ValueError(
            f"{len(given)} items in {kind} for the placeholders {names}: one each, from {{0}} on"
        )
    if kind == "pivot":
        values = [_number(value, "a pivot") for value in given]
        fixed += [(edge, values[number]) for number in placeholders for edge in edges_of[number]]
        return [], fixed
    return [_parse_axis(edges_of[number], given[number]) for number in placeholders], fixed


def _parse_comparisons(text: str, features: Sequence[str]) -> list[tuple[Edge, int | float]]:
    """Return the edges that a selection sets, each with the number of its placeholder or its value."""
    found: list[tuple[Edge, int | float]] = []
    if text.count("(") != text.count(")"):
        raise ValueError("a parenthesis is missing")
    for part in re.split(r"&&?", text):
        wrong = f"{part.strip()!r} is not a comparison of a branch with a placeholder or number"
        # All comparisons are joined by "and", so parentheses have no effect.
        match = _COMPARISON.fullmatch(part.replace("(", " ").replace(")", " ").strip())
        if match is None:
            raise ValueError(wrong)
        left, sign, right = match["left"], match["sign"], match["right"]
        if re.fullmatch(_NAME, right):
            left, sign, right = right, _FLIPPED[sign], left
        if not re.fullmatch(_NAME, left) or re.fullmatch(_NAME, right):
            raise ValueError(wrong)
        if left not in features:
            raise ValueError(f"unknown branch {left}: the study has {', '.join(features)}")
        value = int(right[1:-1]) if right.startswith("{") else float(right)
        if sign == "==":
            found += [(Edge(left, direction, True), value) for direction in "><"]
        else:
            found.append((Edge(left, sign[0], len(sign) == 2), value))
    return found


def _parse_axis(edges: list[Edge], st3: Any) -> Axis:
    if len({edge.direction for edge in edges}) > 1:
        raise ValueError(
            "a placeholder cannot be scanned on both sides: give == a pivot, a window two placeholders"
        )
    if not isinstance(st3, list) or len(st3) != 3:
        raise ValueError(f"st3 needs [start, stop, step] for each placeholder, not {st3!r}")
    start, stop, step = (_number(value, "st3") for value in st3)
    if not step > 0:
        raise ValueError(f"the step of st3 {st3} must be positive")
    if not stop > start:
        raise ValueError(f"the start of st3 {st3} is not below its stop")
    if (stop - start) / step > MOST_VALUES:
        raise ValueError(f"st3 {st3} has more than {MOST_VALUES} values: take a larger step")
    # Rounding must not include the stop, as it could in 1, 1.1, 1.2, 1.3.
    values = np.arange(start, stop - 1e-9 * step, step, dtype=float)
    return Axis(tuple(edges), values if edges[0].direction == ">" else values[::-1])


def _number(value: Any, what: str) -> float:
    try:
        return _NUMBER.validate_python(value, strict=True)
    except ValidationError:
        raise ValueError(f"{what} must hold numbers, not {value!r}") from None


def _check_windows(grid: Grid) -> None:
    """Raise if no point of a grid has a lower edge below the upper edge of the same feature."""
    loosest = [(edge, float(axis.values[0])) for axis in grid.axes for edge in axis.edges]
    for feature in grid.features:
        of_feature = [(edge, value) for edge, value in [*loosest, *grid.fixed] if edge.feature == feature]
        low = max((edge.strict(value) for edge, value in of_feature if edge.direction == ">"), default=-INF)
        high = min((edge.strict(value) for edge, value in of_feature if edge.direction == "<"), default=INF)
        if low >= high:
            raise ValueError(
                f"the window of {feature} is empty: its low edge, {low:g} at least, is not below its high "
                f"edge, {high:g} at most"
            )
