"""What a study of these files could be: features with directions, weights, event numbers, sentinels."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cabin_core.directions import TooFewEvents, find_directions
from cabin_core.roc import expected_error, roc_area

from ..data.expressions import Expression
from ..study import RESERVED_COLUMNS
from .survey import Contents

#: Features that are cut on.
MOST_FEATURES = 8
#: A feature that more of the events lack is not cut on, as an event without it fails.
MOST_MISSING = 0.05
#: Names of branches, in small letters without separators, from the likeliest on.
WEIGHTS = (
    *("eventweight", "genweight", "mceventweight", "mcweight", "nominalweight", "weight", "evtweight"),
    *("weightnominal", "totalweight", "totaleventweight", "lumiweight", "xsecweight", "wgt", "w"),
)
NUMBERS = ("event", "eventnumber", "evt", "evtnumber", "eventid", "evtid")
#: Numbers that count or label events: no features.
LABELS = re.compile(
    r"run|runnumber|lumi|luminosityblock|lumiblock|ls|bx|bunchcrossing|entry|index|i|id|label|target|split"
    r"|mcchannelnumber|channelnumber|dsid|randomrunnumber|orbit|orbitnumber|process|processid|sampleid"
    r"|.*weight.*|.*wgt.*|.*scalefactor.*"
)
#: What the generator knows, and what belongs to a period of running: no features either.
TRUTH = re.compile(
    r"(^|_|[a-z])(Gen|LHE|MC|Truth|True)([A-Z_0-9]|$)|^(gen|lhe|mc|truth|true)([A-Z_0-9]|$)"
    r"|(hadron|parton)Flavour|^(Pileup|BeamSpot)_|^PV_[xyz]$|^HTXS_",
)
#: Values that stand for "no object" by convention: -999, -9999.0, 99 and the like.
NINES = re.compile(r"-?(9{2,}|9+(\.9+)+|1000+|100000+|99990*)")
#: A sentinel occurs in so many events at least.
FEWEST = 2
#: Area under the ROC curve above 1/2 from which a feature separates, and that in units of its error.
LEAST_SEPARATION, LEAST_SIGNIFICANCE = 0.01, 3.0


@dataclass(frozen=True)
class Feature:
    """A quantity that could be cut on.

    Parameters
    ----------
    name : str
        Of the feature.
    expression : str
        Of branches.
    direction : str
        ``>`` or ``<``, where more of the signal is, or ``window``.
    separation : float
        Area under the ROC curve, of the side with more of the signal or, for a window, of the distance from
        its median; from 0.5 (none) to 1.
    low, high : float
        Range of its values [its unit].
    missing : float
        Share of the events that lack it, in the process that lacks it most.
    separates : bool
        Whether its distributions differ by more than a fluctuation.
    """

    name: str
    expression: str
    direction: str
    separation: float
    low: float
    high: float
    missing: float
    separates: bool


@dataclass(frozen=True)
class Proposal:
    """What is proposed for a study.

    Attributes
    ----------
    processes : list of Contents
    event : str or None
        Branch of the event number.
    weights : dict of str
        Expression of the weight by process; processes without one are missing.
    other_weights : list of str
        Further branches that could be the weight.
    missing : dict of float
        Sentinel by branch.
    features, others : list of Feature
        Branches of one number an event, and of lists their lengths and first elements: those to cut on, in
        the directions that suit them together, and the rest; the best separation first.
    """

    processes: list[Contents]
    event: str | None
    weights: dict[str, str]
    other_weights: list[str]
    missing: dict[str, float]
    features: list[Feature]
    others: list[Feature]


def propose(processes: Sequence[Contents]) -> Proposal:
    """Return a proposal for a study of processes, of which some are signal and some background."""
    simulated = [one for one in processes if one.role != "data"]
    common = [name for name in simulated[0].branches if all(name in one.branches for one in simulated[1:])]
    event = next(iter(_named(common, NUMBERS)), None)
    weights, others = {}, dict[str, None]()
    for one in simulated:
        known = [name for name in _named(one.branches, WEIGHTS) if _is_number(one, name)]
        if known:
            weights[one.name] = quoted(known[0])
            others |= dict.fromkeys(known[1:])
    usable = [name for name in common if _may_be_cut_on(name)]
    flat = [name for name in usable if all(_is_number(one, name) for one in simulated)]
    lists = [name for name in usable if all(_is_list(one, name) for one in simulated)]
    missing = {name: value for name in flat if (value := _sentinel(simulated, name)) is not None}
    weight_of = {one.name: _weights(one, weights.get(one.name)) for one in simulated}
    quantities = [(name, quoted(name), missing.get(name)) for name in flat]
    quantities += [
        (f"{name}{end}", text.format(quoted(name)), None)
        for name in lists
        for end, text in (("_n", "len({})"), ("_0", "{}[0]"))
    ]
    quantities = _with_names_of_their_own(quantities, set(common))
    quantified = _features(simulated, quantities, weight_of)
    able = [one for one in quantified if one.separates and one.missing <= MOST_MISSING][:MOST_FEATURES]
    # Something is cut on in any case, so that the file can be run.
    able = able or quantified[:1]
    return Proposal(
        list(processes),
        event,
        weights,
        list(others),
        missing,
        _with_found_directions(simulated, able, missing, weight_of),
        [one for one in quantified if one not in able],
    )


def plain(name: str) -> str:
    """Return a name in small letters without separators, and without folders or objects before it."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[./]", name)[-1].lower())


def identifier(name: str) -> str:
    """Return a name of letters, digits and underscores that is like another."""
    found = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return found if re.match(r"[A-Za-z]", found) else f"x_{found}"


def quoted(name: str) -> str:
    """Return a branch as expressions have it: between backticks, if it is no name there."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def _with_names_of_their_own(
    quantities: Sequence[tuple[str, str, float | None]], branches: set[str]
) -> list[tuple[str, str, float | None]]:
    """Return quantities with names that a config takes, and that no other has: no branch either."""
    taken: set[str] = set(RESERVED_COLUMNS)
    named = []
    for name, expression, sentinel in quantities:
        new = first = identifier(name)
        number = 2
        while new in taken or (new in branches and new != expression):
            new, number = f"{first}_{number}", number + 1
        taken.add(new)
        named.append((new, expression, sentinel))
    return named


def _may_be_cut_on(branch: str) -> bool:
    name = plain(branch)
    return not (name in (*NUMBERS, *WEIGHTS) or LABELS.fullmatch(name) or TRUTH.search(branch))


def _named(branches: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """Yield the branches that have one of the wanted names, the likeliest first."""
    for name in wanted:
        yield from (branch for branch in branches if plain(branch) == name)


def _is_number(process: Contents, branch: str) -> bool:
    column = process.column(branch)
    return column.counts is None and not column.is_text and not column.is_condition


def _is_list(process: Contents, branch: str) -> bool:
    column = process.column(branch)
    return column.counts is not None and not column.is_text and not column.is_condition


def _weights(process: Contents, expression: str | None) -> NDArray[np.float64]:
    if expression is None:
        return np.ones(process.n_seen)
    values, there = process.values(expression)
    return np.where(there, values, 0.0)


def _sentinel(processes: Sequence[Contents], branch: str) -> float | None:
    """Return the value of a branch that stands for "no object"; None if there is none.

    It is the least or greatest value, recurs, and is one that is written on purpose, as -999 is, or lies
    further from all others than they from each other and is negative.
    """
    found = [process.values(quoted(branch)) for process in processes]
    values, counts = np.unique(np.concatenate([value[there] for value, there in found]), return_counts=True)
    if len(values) < 3:
        return None
    for at, others in ((0, values[1:]), (-1, values[:-1])):
        value = float(values[at])
        apart = value < 0 and others[0] - value > others[-1] - others[0]
        outside = min(abs(value - others[0]), abs(value - others[-1])) > 0.1 * (others[-1] - others[0])
        if counts[at] >= FEWEST and (apart or (outside and NINES.fullmatch(f"{value:g}"))):
            return value
    return None


def _features(
    processes: Sequence[Contents],
    quantities: Sequence[tuple[str, str, float | None]],
    weights: dict[str, NDArray[np.float64]],
) -> list[Feature]:
    """Return the features of quantities (name, expression, sentinel), the best separation first.

    Those that are constant are left out, and all but the first of those with the same values, as the
    lengths of all lists of one kind of object are.
    """
    found: dict[bytes, Feature] = {}
    for name, expression, sentinel in quantities:
        values, there = zip(*(process.values(expression) for process in processes), strict=True)
        joined, known = np.concatenate(values), np.concatenate(there)
        if sentinel is not None:
            known &= joined != sentinel
        content = np.where(known, joined, np.nan).tobytes()
        if content in found:
            continue
        ends = np.cumsum([process.n_seen for process in processes])[:-1]
        feature = _feature(
            name, expression, processes, np.split(joined, ends), np.split(known, ends), weights
        )
        if feature is not None:
            found[content] = feature
    return sorted(found.values(), key=lambda one: (not one.separates, -one.separation))


def _with_found_directions(
    processes: Sequence[Contents],
    features: Sequence[Feature],
    missing: dict[str, float],
    weights: dict[str, NDArray[np.float64]],
) -> list[Feature]:
    """Return features with the directions that suit them together; of too few events each keeps its own."""
    if not features:
        return []
    parts: list[tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]] = []
    for process in processes:
        found = [process.values(one.expression) for one in features]
        there: NDArray[np.bool_] = np.all([known for _, known in found], axis=0)
        for one, (value, _) in zip(features, found, strict=True):
            sentinel = missing.get(Expression.parse(one.expression).names[0])
            if sentinel is not None:
                there &= value != sentinel
        values = np.column_stack([value for value, _ in found])[there]
        is_signal = np.full(len(values), process.role == "signal")
        parts.append((values, is_signal, weights[process.name][there]))
    values, is_signal, counted = (np.concatenate(one) for one in zip(*parts, strict=True))
    try:
        together = find_directions(values, is_signal, counted)
    except TooFewEvents:
        return list(features)
    return [replace(one, direction=best.direction) for one, best in zip(features, together, strict=True)]


def _feature(
    name: str,
    expression: str,
    processes: Sequence[Contents],
    values: Sequence[NDArray[np.float64]],
    there: Sequence[NDArray[np.bool_]],
    weights: dict[str, NDArray[np.float64]],
) -> Feature | None:
    """Return a feature with its separation; None if it is constant, or a class lacks it."""
    counted = []
    for process, known in zip(processes, there, strict=True):
        # All processes of a class count alike, since their cross-sections are not known yet.
        own = weights[process.name][known]
        counted.append(own / own.sum() if own.sum() > 0 else np.ones(len(own)) / max(len(own), 1))
    of_process = [process.role == "signal" for process in processes]
    n_signal, n_background = (
        sum(int(known.sum()) for known, is_signal in zip(there, of_process, strict=True) if is_signal == role)
        for role in (True, False)
    )
    present = np.concatenate([value[one] for value, one in zip(values, there, strict=True)])
    if not n_signal or not n_background or present.min() == present.max():
        return None
    is_signal = np.repeat(of_process, [len(one) for one in counted])
    weights_of = np.concatenate(counted)
    # Negative weights can carry it beyond.
    area = min(max(roc_area(is_signal, present, weights_of), 0.0), 1.0)
    distance = np.abs(present - np.median(present[is_signal]))
    middle = min(max(1.0 - roc_area(is_signal, distance, weights_of), 0.0), 1.0)
    # Of a feature that does not separate at all.
    error = expected_error(0.5, n_signal, n_background)
    least = max(LEAST_SEPARATION, LEAST_SIGNIFICANCE * error)
    direction, separation = (">", area) if area >= 0.5 else ("<", 1.0 - area)
    if middle > separation + least:
        direction, separation = "window", middle
    return Feature(
        name,
        expression,
        direction,
        separation,
        float(present.min()),
        float(present.max()),
        max(1.0 - float(one.mean()) for one in there),
        separation > 0.5 + least,
    )
