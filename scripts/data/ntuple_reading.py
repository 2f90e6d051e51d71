"""Reading of the events of a process: its preselection with a cutflow, its features and weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .expression_columns import Column
from .expressions import EventValues, Expression
from .ntuple_file import open_ntuple
from .ntuple_recipe import ALL_EVENTS, WITH_FEATURES, Recipe

if TYPE_CHECKING:
    from .ntuple import Chunk, Ntuple

log = logging.getLogger("cabin.read_ntuples")

#: Events that are computed at a time, so that what is computed of them stays in the cache of the processor.
CHUNK = 2**17


class Events:
    """Events of a chunk, and the columns that are computed of them when they are asked for.

    Parameters
    ----------
    recipe : Recipe
    branches : mapping
        Values by name of branch, as they are read or as columns.
    entries : array of int, shape (n_events,)
        Positions of the events in the file.
    """

    def __init__(self, recipe: Recipe, branches: Mapping[str, Any], entries: NDArray[np.int64]) -> None:
        self._recipe, self._branches, self.entries = recipe, dict(branches), entries
        self._computed: dict[str, Column] = {}
        # Of selected events: all events of the chunk, and the positions of the selected ones among them.
        self._all: Events | None = None
        self._rows = np.zeros(0, dtype=np.intp)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.entries)

    def values(self, expression: Expression, *, condition: bool = False) -> EventValues:
        """Return the value of an expression in each event."""
        column = expression.column(self._named(expression, None), len(self))
        return expression.values_of(column, len(self), condition=condition)

    def feature(self, name: str) -> EventValues:
        """Return the value of a column in each event."""
        return self._recipe.columns[name].values_of(self._column(name), len(self))

    def select(self, mask: NDArray[np.bool_]) -> Events:
        """Return the events that a mask keeps; values of branches are selected when they are needed."""
        if mask.all():
            return self
        rows = np.flatnonzero(mask)
        selected = Events(self._recipe, {}, self.entries[rows])
        selected._all, selected._rows = (self, rows) if self._all is None else (self._all, self._rows[rows])
        selected._computed = {
            name: column.of_events(rows) for name, column in self._computed.items() if column.counts is None
        }
        return selected

    def _named(self, expression: Expression, own: str | None) -> dict[str, Column]:
        columns = self._recipe.columns
        return {
            name: self._branch(name) if name == own or name not in columns else self._column(name)
            for name in expression.names
        }

    def _column(self, name: str) -> Column:
        if name not in self._computed:
            expression = self._recipe.columns[name]
            self._computed[name] = expression.column(self._named(expression, name), len(self))
        return self._computed[name]

    def _branch(self, name: str) -> Column:
        if name not in self._branches and self._all is not None:
            self._branches[name] = self._all._branch(name).of_events(self._rows)
        values = self._branches[name]
        if not isinstance(values, Column):
            values = Column.of(values, name)
            sentinel = (self._recipe.missing or {}).get(name)
            if sentinel is not None:
                values = values.without(sentinel)
            self._branches[name] = values
        column: Column = values
        return column


@dataclass
class Tally:
    """Events and their weights after each step: all events, each step, and the events with all features.

    Attributes
    ----------
    steps : tuple of str
    events, missing : list of int
        Events left, and events before in which an object of the step is missing.
    weighted, squared : list of float
        Sums of the weights of those left, and of their squares.
    n_negative : int
        Events of negative weight that are left at the end.
    n_read : int
        Events in the files, also those that are not of the process.
    files : list of tuple
        Of each file its path, and the events that pass and that are read of those before it.
    """

    steps: tuple[str, ...]
    events: list[int] = field(init=False)
    missing: list[int] = field(init=False)
    weighted: list[float] = field(init=False)
    squared: list[float] = field(init=False)
    n_negative: int = 0
    n_read: int = 0
    files: list[tuple[str, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events, self.missing = ([0] * len(self.steps) for _ in range(2))
        self.weighted, self.squared = ([0.0] * len(self.steps) for _ in range(2))

    @classmethod
    def of(cls, recipe: Recipe) -> Tally:
        """Return the tally of no event."""
        return cls((ALL_EVENTS, *recipe.steps, WITH_FEATURES))

    def add(self, step: int, weights: NDArray[np.float64] | int, missing: int = 0) -> None:
        """Count the events that are left after a step, by their weights or by their number."""
        if isinstance(weights, int):
            n_events, total, squared = weights, float(weights), float(weights)
        else:
            n_events, total, squared = len(weights), float(weights.sum()), float(np.square(weights).sum())
        self.events[step] += n_events
        self.weighted[step] += total
        self.squared[step] += squared
        self.missing[step] += missing


class Faults:
    """What is wrong with the values of a file: how often, and in which event first."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: dict[str, tuple[int, int]] = {}

    def add(self, what: str, at_fault: NDArray[np.bool_] | None, events: Events) -> None:
        """Count the events of a fault."""
        if at_fault is not None and at_fault.any():
            n_before, first = self._found.get(what, (0, int(events.entries[np.argmax(at_fault)])))
            self._found[what] = n_before + int(np.count_nonzero(at_fault)), first

    def check(self) -> None:
        """Raise ValueError with the first fault that was found, if there is one."""
        for what, (n_events, first) in self._found.items():
            number = f"{n_events} events, the first is event" if n_events > 1 else "event"
            raise ValueError(f"{self._path}: {what.format(f'{number} {first} of the file')}")


NOT_FINITE = (
    "{key} is NaN or infinite in {{}}: take such events out by a step of the preselection, or correct "
    "the expression '{text}'"
)
NO_OBJECT = "{key} is missing in {{}}: {remedy}"


@dataclass(frozen=True)
class Selected:
    """The events of a chunk that pass.

    Parameters
    ----------
    features : dict of array of float64, shape (n_events,)
    weights : array of float64, shape (n_events,)
    numbers : array of int64, shape (n_events,)
        The number of each event: of the expression ``event``, else its position in the files.
    in_test : array of bool, shape (n_events,), optional
        Whether it is of the test sample, where an expression says so.
    fold_numbers : array of int64, shape (n_events,), optional
        The number whose remainder is the fold, where an expression gives it.
    """

    features: dict[str, NDArray[np.float64]]
    weights: NDArray[np.float64]
    numbers: NDArray[np.int64]
    in_test: NDArray[np.bool_] | None
    fold_numbers: NDArray[np.int64] | None = None


def read_events(files: Sequence[str], recipe: Recipe, tally: Tally) -> Iterator[Selected]:
    """Yield the events that pass, chunk by chunk, and count them.

    Parameters
    ----------
    files : sequence of str
    recipe : Recipe
    tally : Tally
        Updated.

    Raises
    ------
    ValueError
        One line that names the file: if it is not read, lacks a branch, or has values that are no numbers.
    """
    branches = recipe.branches()
    for path in files:
        faults = Faults(path)
        tally.files.append((path, tally.events[-1], tally.n_read))
        with open_ntuple(path, recipe.tree) as ntuple:
            for first, n_events, chunk in chunks_of(ntuple, branches):
                try:
                    selected = _select(
                        Events(recipe, chunk, first + np.arange(n_events)), recipe, tally, faults
                    )
                except ValueError as error:
                    raise ValueError(f"{path}: {error}") from error
                if selected is not None:
                    yield selected
            tally.n_read += ntuple.n_events
        faults.check()


def passes_step(found: EventValues, recipe: Recipe) -> NDArray[np.bool_]:
    """Return which events pass a step of the preselection; ``without_object`` decides what is missing."""
    if found.missing is None:
        return found.values
    return found.values | found.missing if recipe.keeps_missing else found.values & ~found.missing


def chunks_of(ntuple: Ntuple, branches: Mapping[str, str]) -> Iterator[tuple[int, int, Chunk]]:
    """Yield the position of the first event of each chunk, its number of events, and its values."""
    if not branches:  # all is constant
        for first in range(0, ntuple.n_events, CHUNK):
            yield first, min(CHUNK, ntuple.n_events - first), {}
        return
    if ntuple.n_events:
        try:
            ntuple.check_names(list(branches))
        except ValueError as error:
            missing = next(name for name in branches if name not in ntuple.names)
            raise ValueError(f"{error}, which {branches[missing]} needs") from None
    first = 0
    for chunk in ntuple.iterate(list(branches)):
        n_events = len(next(iter(chunk.values())))
        for start in range(0, n_events, CHUNK):
            part = {name: values[start : start + CHUNK] for name, values in chunk.items()}
            size = min(CHUNK, n_events - start)
            yield first + start, size, part
        first += n_events


def _select(events: Events, recipe: Recipe, tally: Tally, faults: Faults) -> Selected | None:
    """Return the events of a chunk that pass, with features and weights; None if there are none."""
    first_in_files = tally.n_read
    if recipe.where is not None:
        of_process = events.values(recipe.where, condition=True)
        faults.add(_not_finite("where", recipe.where), of_process.undefined, events)
        events = events.select(of_process.values)
    if not len(events):
        return None
    weights = None if recipe.weight is None else _weights(events, recipe.weight, faults)

    def count(step: int, missing: int = 0) -> None:
        tally.add(step, len(events) if weights is None else weights, missing)

    count(0)
    for step, (name, expression) in enumerate(recipe.steps.items(), 1):
        found = events.values(expression, condition=True)
        faults.add(_not_finite(f"the step '{name}'", expression), found.undefined, events)
        missing = 0 if found.missing is None else int(np.count_nonzero(found.missing))
        passing = passes_step(found, recipe)
        events = events.select(passing)
        weights = weights if weights is None else weights[passing]
        count(step, missing)
    if not len(events):
        return None
    features = {name: events.feature(name) for name in recipe.features}
    lacking = np.zeros(len(events), dtype=bool)
    for name, values in features.items():
        faults.add(_not_finite(f"the column {name}", recipe.columns[name]), values.undefined, events)
        if values.missing is not None:
            if recipe.keeps_missing:
                faults.add(NO_OBJECT.format(key=f"the column {name}", remedy=REMEDY), values.missing, events)
            lacking |= values.missing
    n_lacking = int(np.count_nonzero(lacking))
    columns = {name: values.values.astype(np.float64, copy=False) for name, values in features.items()}
    if n_lacking:
        events = events.select(~lacking)
        columns = {name: values[~lacking] for name, values in columns.items()}
        weights = weights if weights is None else weights[~lacking]
    count(len(tally.steps) - 1, n_lacking)
    if not len(events):
        return None
    if weights is None:
        weights = np.ones(len(events))
    tally.n_negative += int(np.count_nonzero(weights < 0))
    return Selected(
        columns,
        weights,
        _numbers(events, "event", recipe.event, faults) if recipe.event else events.entries + first_in_files,
        _in_test(events, recipe.test, faults) if recipe.test else None,
        _numbers(events, "split.by", recipe.fold, faults) if recipe.fold else None,
    )


REMEDY = (
    "with `without_object: pass` a feature needs a value there too, such as where(len(x) > 0, x[0], 0); or "
    "take `fail`"
)


def _not_finite(key: str, expression: Expression) -> str:
    key, text = (one.replace("{", "{{").replace("}", "}}") for one in (key, expression.text))
    return NOT_FINITE.format(key=key, text=text)


def _weights(events: Events, weight: Expression, faults: Faults) -> NDArray[np.float64]:
    found = events.values(weight)
    faults.add(_not_finite("the weight", weight), found.undefined, events)
    remedy = "each event needs one: correct the expression or `missing`"
    faults.add(NO_OBJECT.format(key="the weight", remedy=remedy), found.missing, events)
    return found.values.astype(np.float64, copy=False)


def _numbers(events: Events, key: str, expression: Expression, faults: Faults) -> NDArray[np.int64]:
    found = events.values(expression)
    values = found.values
    wrong = np.zeros(len(values), dtype=bool) if found.missing is None else found.missing.copy()
    if values.dtype.kind == "f":
        wrong |= ~(np.floor(values) == values) | (np.abs(values) > 2**53)
    elif values.dtype.kind == "u":
        wrong |= values > np.iinfo(np.int64).max
    text = (
        f"{key}, '{expression.text}', is no integer of 8 bytes in {{}}: give the branch of the event number"
    )
    faults.add(text, wrong, events)
    return np.where(wrong, 0, values).astype(np.int64)


def _in_test(events: Events, test: Expression, faults: Faults) -> NDArray[np.bool_]:
    found = events.values(test, condition=True)
    faults.add(_not_finite("split.by", test), found.undefined, events)
    remedy = "it has to say of each event whether it is of the test sample"
    faults.add(NO_OBJECT.format(key="split.by", remedy=remedy), found.missing, events)
    return found.values
