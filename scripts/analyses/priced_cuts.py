"""The best cuts on sets of features beside the best on all, on the training and on the test sample."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cabin_core.box import Edge, reaches

from ..columns import Feature
from ..jobs.progress import LineProgress
from ..models.best_boxes import box_edges
from .certified_points import CountedEvents, divided, draw_events
from .feature_sets import FeatureSet, FeatureSets, SetCuts, SetOptions

log = logging.getLogger("cabin.cut_prices")

#: One row for each target and set of features, see :func:`price_cuts`.
COLUMNS = [
    *("target_efficiency", "part", "feature", "n_features", "features", "cuts", "signal", "background"),
    *("bound", "ratio", "ratio_low", "ratio_high", "difference", "proven", "nodes", "ended", "test_signal"),
    *("test_background", "test_signal_ratio", "test_ratio", "test_ratio_uncertainty", "test_difference"),
    *("test_difference_uncertainty", "remark"),
]
#: A difference on the test sample of fewer standard deviations may be chance.
_SEEN = 2.0


class PriceOptions(SetOptions, Protocol):
    """Settings of the analysis that the prices use."""

    targets: list[float]
    windows: bool
    events: int


def price_cuts(
    events: pd.DataFrame, features: Sequence[Feature], options: PriceOptions, name: str
) -> pd.DataFrame:
    """Search the best cuts at each target on all features, on all but one, and on fewer and fewer.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    features : sequence of Feature
        Those that take part.
    options : PriceOptions
    name : str
        Name for the progress lines; none without a name.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``part`` (``all``, ``without`` a feature, dearest first, or ``fewest``, of each
        number the best), ``feature`` (that is left out), ``n_features``, ``features`` and ``cuts`` as text.
        Sums of the weights of training events: ``signal``, ``background`` and ``bound`` on the background of
        any cuts on these features, of ``fewest`` on any so many. ``ratio`` is the background over that of
        all, ``ratio_low`` and ``ratio_high`` what is proven of that of the best cuts, ``difference`` that of
        the backgrounds. ``proven``, ``nodes`` and ``ended`` say how far the cuts are the best. Of the test
        sample: ``test_signal``, ``test_background``, ``test_signal_ratio``, ``test_ratio`` and
        ``test_difference``, the last two with uncertainties; and ``remark``.
    """
    training, test = (events[events["split"] == split] for split in ("train", "test"))
    training = draw_events(training, options.events, options.seed)
    edges = box_edges([feature.direction for feature in features], windows=options.windows)
    names = [feature.name for feature in features]
    n_steps = FeatureSets.steps(len(features))
    progress = LineProgress(log, name, "step", n_steps * len(options.targets))
    done, at = 0, ""

    def report(text: str) -> None:
        nonlocal done
        done += 1
        progress.update(done, f"{at}, {text}")

    is_signal = (training["label"] == 1).to_numpy()
    weights = training["weight"].to_numpy(dtype=float)
    sets = FeatureSets(training[names].to_numpy(dtype=float), is_signal, weights, edges, options, report)
    total, counted = math.fsum(weights[is_signal]), CountedEvents(test)
    nodes, rows = options.nodes, {}
    # Proofs at large targets are short; what they leave is for the others.
    largest_first = sorted(options.targets, reverse=True)
    for position, target in enumerate(largest_first):
        done, at = position * n_steps, f"target {target:g}"
        share = nodes // (len(largest_first) - position)
        nodes += sets.search(target * total, share) - share
        rows[target] = _Rows(sets, features, edges, counted, options.within).table(target)
    return pd.concat([rows[target] for target in options.targets], ignore_index=True)


class _Rows:
    """The rows of one target."""

    def __init__(
        self,
        sets: FeatureSets,
        features: Sequence[Feature],
        edges: Sequence[Edge],
        test: CountedEvents,
        within: float,
    ) -> None:
        self._sets, self._features, self._edges, self._test = sets, features, edges, test
        self._all = sets.found[sets.all]
        self._bound_of_all = sets.bound(sets.all)
        self._passes_all = test.passes(self._table(self._all))
        self._test_signal_of_all, _ = test.sums(self._passes_all)
        self._within, self._near_text = within, f"within {100 * within:.3g} %"

    def table(self, target: float) -> pd.DataFrame:
        """Return all rows."""
        sets = self._sets
        without = [
            self._row(chosen, sets.bound(chosen)) | {"part": "without", "feature": feature.name}
            for chosen, feature in zip(sets.without_one, self._features, strict=True)
        ]
        fewest = [
            self._row(chosen, sets.bound_of_size(size)) | {"part": "fewest"}
            for size, chosen in sets.best.items()
            if chosen != sets.all
        ]
        of_all = self._row(sets.all, self._bound_of_all) | {"part": "all"}
        for row in without:
            row["remark"] = self._remark_on_price(row)
        smallest = min(row["n_features"] for row in (of_all, *fewest) if self._is_near(row))
        for row in (of_all, *fewest):
            row["remark"] = self._remark_on_size(row, smallest)
        without.sort(key=lambda row: -row["background"])
        rows = ({"target_efficiency": target} | row for row in (of_all, *without, *fewest))
        return pd.DataFrame(rows, columns=COLUMNS)

    def _row(self, chosen: FeatureSet, bound: float) -> dict[str, Any]:
        """Return the row of a set of features; the bound is that of what the row is the best of."""
        found, best = self._sets.found[chosen], self._all
        passes = self._test.passes(self._table(found))
        signal, background = self._test.sums(passes)
        # Weights that are not whole are compared to a part in 10^9.
        bound = min(bound, found.background)
        ratio, ratio_uncertainty = self._test.ratio(passes, self._passes_all)
        difference, difference_uncertainty = self._test.difference(passes, self._passes_all)
        # Cuts on fewer features are never better.
        lowest = max(1.0, divided(bound, best.background))
        proven = reaches(bound, found.background)
        # Where only the cuts on this set are proven, and not that it is the best one, nodes were too few.
        ended = "nodes" if found.ended == "proven" else found.ended
        return {
            "n_features": len(chosen),
            "features": ", ".join(self._features[column].name for column in sorted(chosen)),
            "cuts": self._text(found),
            "signal": found.signal,
            "background": found.background,
            "bound": bound,
            "ratio": divided(found.background, best.background),
            "ratio_low": math.nan if math.isnan(bound) else lowest,
            "ratio_high": divided(found.background, self._bound_of_all),
            "difference": found.background - best.background,
            "proven": proven,
            "nodes": found.nodes,
            "ended": "proven" if proven else ended,
            "test_signal": signal,
            "test_background": background,
            "test_signal_ratio": divided(signal, self._test_signal_of_all),
            "test_ratio": ratio,
            "test_ratio_uncertainty": ratio_uncertainty,
            "test_difference": difference,
            "test_difference_uncertainty": difference_uncertainty,
        }

    def _table(self, found: SetCuts) -> pd.DataFrame:
        """Return the edges that cut something, as a table of cuts of one target."""
        rows = [
            (self._features[column].name, side, cut)
            for (column, side), cut in zip(self._edges, found.cuts, strict=True)
            if np.isfinite(cut)
        ]
        return pd.DataFrame(rows, columns=["feature", "direction", "cut"])

    def _text(self, found: SetCuts) -> str:
        """Return the cuts as an expression, with all digits."""
        cuts = self._table(found).itertuples()
        return " & ".join(f"{row.feature} {row.direction} {float(row.cut)!r}" for row in cuts)

    def _is_near(self, row: dict[str, Any]) -> bool:
        """Whether the background is near that of the best cuts found."""
        limit = (1.0 + self._within) * self._all.background
        return bool(row["background"] <= limit or row["background"] == self._all.background)

    def _is_smallest(self, row: dict[str, Any]) -> bool:
        """Whether a near set is proven to be the smallest one that is near the best cuts of all."""
        is_near = reaches((1.0 + self._within) * self._bound_of_all, row["background"])
        if row["n_features"] == 1 or not is_near:
            return is_near
        smaller = self._sets.bound_of_size(row["n_features"] - 1)
        return smaller > (1.0 + self._within) * self._all.background

    def _remark_on_price(self, row: dict[str, Any]) -> str:
        said = []
        if row["feature"] not in set(self._table(self._all)["feature"]):
            said.append("not cut on")
        elif self._all.background:
            if self._is_near(row):
                said.append(f"can go: {self._near_text}")
            if not row["test_difference"] > _SEEN * row["test_difference_uncertainty"]:
                said.append("not seen on the test sample")
        return "; ".join([*said, *self._caveats(row)])

    def _remark_on_size(self, row: dict[str, Any], smallest: int) -> str:
        said = []
        if row["n_features"] == smallest:
            smallest_of = "smallest" if self._is_smallest(row) else "smallest found"
            said.append(f"{smallest_of}, {self._near_text}")
        return "; ".join([*said, *self._caveats(row)])

    @staticmethod
    def _caveats(row: dict[str, Any]) -> list[str]:
        none_left = [] if row["background"] else ["no background left"]
        return [*none_left, *([] if row["proven"] else ["best found"])]
