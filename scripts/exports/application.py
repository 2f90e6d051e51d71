"""A working point applied to events: which pass, and the cutflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cut_interpolation import interpolate_cuts
from ..data.cut_table import passes_cut_table
from ..data.folds import FOLD, folds_of_numbers
from ..data.ntuple_file import SEPARATORS, open_ntuple
from ..data.ntuple_reading import Events, chunks_of, passes_step
from ..data.ntuple_recipe import ALL_EVENTS, WITH_FEATURES, Recipe
from .working_point import WorkingPoint

if TYPE_CHECKING:
    from ..data.ntuple import Chunk


def is_table(path: str) -> bool:
    """Return whether a file is a table by its ending, which has no trees."""
    return path.lower().removesuffix(".gz").endswith((".parquet", *SEPARATORS))


@dataclass
class Cutflow:
    """Events and their weights that are left after each step.

    Attributes
    ----------
    events : dict of int
    weighted, squared : dict of float
        Sums of the weights and of their squares.
    """

    events: dict[str, int] = field(default_factory=dict)
    weighted: dict[str, float] = field(default_factory=dict)
    squared: dict[str, float] = field(default_factory=dict)

    def add(self, step: str, passing: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> None:
        """Count the events that pass a step and all before it."""
        sums = None
        if weights is not None:
            kept = weights[passing]
            sums = float(kept.sum()), float(np.square(kept).sum())
        self.count(step, int(np.count_nonzero(passing)), sums)

    def count(self, step: str, n_events: int, sums: tuple[float, float] | None) -> None:
        """Add a number of events to a step, and the sums of their weights and of their squares."""
        self.events[step] = self.events.get(step, 0) + n_events
        if sums is not None:
            self.weighted[step] = self.weighted.get(step, 0.0) + sums[0]
            self.squared[step] = self.squared.get(step, 0.0) + sums[1]

    def table(self) -> pd.DataFrame:
        """Return a row for each step.

        Returns
        -------
        DataFrame
            ``step``, ``events``, the ``share`` of all events and its binomial ``uncertainty``; with weights
            ``weighted``, their sum, and ``weighted_uncertainty``, the root of the sum of their squares.
        """
        events = pd.Series(self.events, dtype=float)
        total = max(events.iloc[0], 1.0)
        share = events / total
        table = pd.DataFrame(
            {
                "step": list(self.events),
                "events": list(self.events.values()),
                "share": share.to_numpy(),
                "uncertainty": np.sqrt(share * (1 - share) / total).to_numpy(),
            }
        )
        if self.weighted:
            table["weighted"] = list(self.weighted.values())
            table["weighted_uncertainty"] = np.sqrt(list(self.squared.values()))
        return table


@dataclass(frozen=True)
class Application:
    """A working point for the events of a process.

    Parameters
    ----------
    point : WorkingPoint
    recipe : Recipe
        Of :meth:`WorkingPoint.recipe`.
    tree : str, optional
        Tree of the files, in place of that of the study.
    """

    point: WorkingPoint
    recipe: Recipe
    tree: str | None = None

    def apply(self, chunk: Any, n_events: int, cutflow: Cutflow) -> NDArray[np.bool_]:
        """Return which events pass, and count them.

        Parameters
        ----------
        chunk : mapping
            Values by name of branch.
        n_events : int
        cutflow : Cutflow
            Updated.

        Raises
        ------
        ValueError
            If an expression cannot be evaluated, or the number of an event is missing.
        """
        # Values that are no numbers fail, here as in the other forms, rather than being an error.
        events = Events(self.recipe, chunk, np.arange(n_events))
        weights = None
        if self.recipe.weight is not None:
            weights = events.values(self.recipe.weight).values.astype(np.float64)
        passing = np.ones(n_events, dtype=bool)
        if self.recipe.where is not None:
            passing &= events.values(self.recipe.where, condition=True).values
        cutflow.add(ALL_EVENTS, passing, weights)
        for name, expression in self.recipe.steps.items():
            passing &= passes_step(events.values(expression, condition=True), self.recipe)
            cutflow.add(name, passing, weights)
        table = {}
        for name in self.recipe.features:
            found = events.feature(name)
            table[name] = found.values.astype(np.float64)
            if found.missing is not None and not self.recipe.keeps_missing:
                passing &= ~found.missing
        if self.point.content["processes"]:
            cutflow.add(WITH_FEATURES, passing, weights)
        frame = pd.DataFrame(table, index=np.arange(n_events))
        if self.recipe.event is not None and self.point.n_folds is not None:
            numbers = events.values(self.recipe.event).values
            frame[FOLD] = folds_of_numbers(numbers, self.point.n_folds)
        return self.pass_cuts(frame, passing, weights, cutflow)

    def pass_cuts(
        self,
        frame: pd.DataFrame,
        passing: NDArray[np.bool_],
        weights: NDArray[np.float64] | None,
        cutflow: Cutflow,
    ) -> NDArray[np.bool_]:
        """Return which events that pass already pass the cuts as well, and count them cut by cut.

        Parameters
        ----------
        frame : DataFrame
            The features, the property that the cuts follow, and ``fold`` where there are folds.
        passing : array of bool, shape (n_events,)
        weights : array, shape (n_events,), optional
        cutflow : Cutflow
            Updated.
        """
        cuts = self.point.cut_table()
        for edge in self.point.edges():
            own = cuts[(cuts["feature"] == edge.feature) & (cuts["direction"] == edge.direction)]
            passing = passing & self._passes(frame, own)
            cutflow.add(edge.label, passing, weights)
        return passing

    def _passes(self, frame: pd.DataFrame, cuts: pd.DataFrame) -> NDArray[np.bool_]:
        if FOLD in cuts:
            passing = np.ones(len(frame), dtype=bool)
            for fold, of_fold in cuts.groupby(FOLD):
                rows = (frame[FOLD] == fold).to_numpy()
                passing[rows] = self._passes(frame[rows], of_fold.drop(columns=FOLD))
            return passing
        follows = self.point.content.get("follows")
        if follows is not None and follows["between"] == "interpolation":
            target, feature, direction = cuts.iloc[0][["target_efficiency", "feature", "direction"]]
            at = interpolate_cuts(cuts, target, feature, frame[self.point.follows], direction)
            values = frame[feature].to_numpy()
            return np.asarray(values > at if direction == ">" else values < at)
        return passes_cut_table(frame, cuts)[:, 0]

    def tree_of(self, path: str) -> str | None:
        """Return the tree of a file; none of a table, where it was the study that had trees."""
        return self.tree or (None if is_table(path) else self.recipe.tree)

    def read(
        self, files: Sequence[str], cutflow: Cutflow, more: Sequence[str] | None = ()
    ) -> Iterator[tuple[Chunk, NDArray[np.bool_]]]:
        """Yield the events of files, chunk by chunk, and which of them pass.

        Parameters
        ----------
        files : sequence of str
        cutflow : Cutflow
            Updated.
        more : sequence of str, optional
            Branches that are read beside those that are needed; all where None.

        Raises
        ------
        ValueError
            One line that names the file: if it is not read, or lacks a branch.
        """
        needed = self.recipe.branches()
        for path in files:
            with open_ntuple(path, self.tree_of(path)) as ntuple:
                names = {**dict.fromkeys(ntuple.names if more is None else more, "the output"), **needed}
                for _, n_events, chunk in chunks_of(ntuple, names):
                    try:
                        passing = self.apply(chunk, n_events, cutflow)
                    except ValueError as error:
                        raise ValueError(f"{path}: {error}") from error
                    yield chunk, passing
