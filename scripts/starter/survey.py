"""What the files of a process contain: branches, and their values in the first events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..data.expression_columns import Column
from ..data.expressions import EventValues, Expression
from ..data.ntuple import Ntuple
from ..data.ntuple_arrays import joined
from ..data.ntuple_file import open_ntuple


@dataclass(frozen=True)
class Part:
    """The first events of a file.

    Parameters
    ----------
    n_events : int
    columns : dict of Column
        By name of branch; branches that are not read are missing.
    """

    n_events: int
    columns: dict[str, Column]


@dataclass(frozen=True)
class Contents:
    """What the files of a process contain.

    Parameters
    ----------
    name, role : str
        Of the process; the role is ``signal``, ``background`` or ``data``.
    patterns : list of str
        Files as they were given.
    tree : str or None
        Tree that was asked for.
    n_files, n_events : int
        Of all its files.
    parts : list of Part
        The events that were looked at.
    unread : dict of str
        Branches that are not read, with the reason.
    """

    name: str
    role: str
    patterns: list[str]
    tree: str | None
    n_files: int
    n_events: int
    parts: list[Part]
    unread: dict[str, str]

    @property
    def n_seen(self) -> int:
        """Number of events that were looked at."""
        return sum(part.n_events for part in self.parts)

    @cached_property
    def branches(self) -> list[str]:
        """Branches that are read in all files that were looked at, in order."""
        first, *others = self.parts
        return [name for name in first.columns if all(name in other.columns for other in others)]

    def column(self, branch: str) -> Column:
        """Return the values of a branch in the first file."""
        return self.parts[0].columns[branch]

    def values(self, expression: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the value of an expression in each event that was looked at.

        Parameters
        ----------
        expression : str
            Of branches, with a number an event.

        Returns
        -------
        tuple of ndarray, each of shape (n_seen,)
            The values, and whether there is one: NaN and a missing object are none.
        """
        parsed = Expression.parse(expression)
        found: list[EventValues] = [parsed.evaluate(part.columns, part.n_events) for part in self.parts]
        values = np.concatenate([one.values.astype(float) for one in found])
        there = np.isfinite(values)
        there &= ~np.concatenate(
            [np.zeros(len(one.values), dtype=bool) if one.missing is None else one.missing for one in found]
        )
        return values, there


def look_into(
    name: str, role: str, patterns: list[str], files: Sequence[str], tree: str | None, most_events: int
) -> Contents:
    """Read the first events of the files of a process.

    Parameters
    ----------
    name, role, patterns, tree
        As :class:`Contents` has them.
    files : sequence of str
    most_events : int
        Most events that are looked at, in the first of the files that have some.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As :func:`scripts.data.ntuple_file.open_ntuple` raises them, and if there are no events at all.
    """
    parts: list[Part] = []
    unread: dict[str, str] = {}
    n_events, n_seen = 0, 0
    for path in files:
        with open_ntuple(path, tree) as ntuple:
            n_events += ntuple.n_events
            size = min(ntuple.n_events, most_events - n_seen)
            if size:
                parts.append(_first_events(ntuple, size, unread))
                n_seen += size
    if not parts:
        raise ValueError(f"process {name}: no event in {', '.join(patterns)}: give files with events")
    return Contents(name, role, patterns, tree, len(files), n_events, parts, unread)


def _first_events(ntuple: Ntuple, size: int, unread: dict[str, str]) -> Part:
    known = set(ntuple.names)
    columns = {}
    for name in ntuple.names:
        # A branch of a split object has two names, Jet.PT and Jet/Jet.PT.
        if "/" in name and name.rpartition("/")[2] in known:
            continue
        try:
            values = joined([chunk[name] for chunk in ntuple.iterate([name], stop=size)])
            columns[name] = Column.of(values, name)
        except ValueError as error:
            unread[name] = str(error).removeprefix(f"{ntuple.path}: ")
    return Part(size, columns)
