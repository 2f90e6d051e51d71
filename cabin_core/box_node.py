r"""One node of the proof: boxes whose ranks lie between two boxes, and a bound on the background of all of them.

A node has a lowest and a highest rank for each edge. An event is *lost* if it fails a lowest rank, *safe* if it
passes every highest one, and undecided otherwise.

First the ranks are tightened. No edge can be higher than the rank at which it alone loses more signal than may
be lost. No edge can be lower than the rank at which too much background is left even though all other edges are
at their highest.

Then a Lagrangian bound. A box with ranks :math:`t` fails an undecided signal event :math:`s` if one of its features
does, so the loss is at least :math:`\sum_f \alpha_{sf}` over the features that fail it, where the shares
:math:`\alpha_{sf} \ge 0` of an event add up to one. The two edges of a window cannot both fail an event, so they have
the share of their feature. It fails a background event at most :math:`\theta_b + (1 - \theta_b) n_b` times, where
:math:`n_b` edges fail it and :math:`0 \le \theta_b \le 1`. With a price :math:`\lambda \ge 0` of the signal, whose loss
is at most :math:`\ell`, every box that keeps enough has a background of at least

.. math::

    B - \sum_b w_b \theta_b - \lambda \ell + \sum_e \min_{t_e} \Big[
    \lambda \sum_{s: r_{se} < t_e} w_s \alpha_{s f(e)} - \sum_{b: r_{be} < t_e} w_b (1 - \theta_b) \Big],

where :math:`B` is the background that is not lost and :math:`r` are ranks. Each edge has its own minimum. The shares,
:math:`\theta` and :math:`\lambda` follow the subgradient; a rank whose own term is too far above the minimum
is no rank of a better box, which tightens the node again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .box_ranks import RankedEvents
from .compilation import on_any_processor

#: How a node ends: without a better box; its loosest box is better than the best known; its tightest box keeps
#: enough signal, so that none of the node is better; or undecided.
CLOSED, LOOSEST, TIGHTEST, OPEN = range(4)

#: Largest number of rounds of tightening, and of bounds after it has helped.
_ROUNDS, _BOUNDS = 10, 4
#: The least part by which a range has to shrink for another bound.
_SHRUNK = 0.2
#: Bounds on the price of the signal that are computed for the same shares.
_PRICES = 6
#: Of the distance to the aim, in each step: less than this ends the search for a price, or after three steps the bound.
_SMALL, _SLOW = 0.02, 0.06
#: Steps without a better bound shorten the next ones.
_PATIENCE, _SHORTER = 3, 0.7
#: Rounding of a sum, in units of its terms' number and their size.
_ROUNDING = 8 * 2.0**-52


class Workspace(NamedTuple):
    """Memory of a proof, used again for each node.

    Attributes
    ----------
    signal, background : ndarray of int32, shape (n_events,)
        Undecided events of a node come first.
    signal_ends, background_ends : ndarray of int64
        Where the entries of each undecided event end; an entry is an edge that can fail it.
    signal_places, background_places : ndarray of int32
        Place of each entry among the ranks of all edges.
    signal_slots : ndarray of int32
        Slot of each entry among the shares.
    slot_ends : ndarray of int64
        Where the slots of each undecided signal event end; a slot is a feature that can fail it.
    shares, steps : ndarray
        Share of each slot, and its subgradient.
    free, times : ndarray
        Of each undecided background event: how far it fails anyway, and how many edges fail it.
    cost, gain : ndarray
        Signal lost and background gained at each place.
    fails : ndarray of bool
        Whether an event at a place fails.
    offsets, minima : ndarray of int64
        First place of each edge, and that of its minimum.
    limits : ndarray of int64, shape (2, n_edges)
        The lowest and highest ranks that a better box can have.
    """

    signal: NDArray[np.int32]
    background: NDArray[np.int32]
    signal_ends: NDArray[np.int64]
    signal_places: NDArray[np.int32]
    signal_slots: NDArray[np.int32]
    slot_ends: NDArray[np.int64]
    shares: NDArray[np.float64]
    steps: NDArray[np.float64]
    background_ends: NDArray[np.int64]
    background_places: NDArray[np.int32]
    free: NDArray[np.float64]
    times: NDArray[np.int32]
    cost: NDArray[np.float64]
    gain: NDArray[np.float64]
    fails: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    minima: NDArray[np.int64]
    limits: NDArray[np.int64]


def new_workspace(events: RankedEvents) -> Workspace:
    """Return memory for the nodes of a proof."""
    (n_signal, n_edges), n_background = events.signal_ranks.shape, len(events.background_weights)
    n_places = int(events.n_ranks.sum()) + 1
    return Workspace(
        signal=np.empty(n_signal, dtype=np.int32),
        background=np.empty(n_background, dtype=np.int32),
        signal_ends=np.zeros(n_signal + 1, dtype=np.int64),
        signal_places=np.empty(n_signal * n_edges, dtype=np.int32),
        signal_slots=np.empty(n_signal * n_edges, dtype=np.int32),
        slot_ends=np.zeros(n_signal + 1, dtype=np.int64),
        shares=np.empty(n_signal * n_edges),
        steps=np.empty(n_signal * n_edges),
        background_ends=np.zeros(n_background + 1, dtype=np.int64),
        background_places=np.empty(n_background * n_edges, dtype=np.int32),
        free=np.empty(n_background),
        times=np.empty(n_background, dtype=np.int32),
        cost=np.empty(n_places),
        gain=np.empty(n_places),
        fails=np.zeros(n_places, dtype=np.bool_),
        offsets=np.zeros(n_edges + 1, dtype=np.int64),
        minima=np.zeros(n_edges, dtype=np.int64),
        limits=np.zeros((2, n_edges), dtype=np.int64),
    )


@on_any_processor
def bound_node(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    needed: float,
    ceiling: float,
    price: float,
    n_steps: int,
    work: Workspace,
) -> tuple[int, float, float, int, int]:
    """Tighten a node in place and bound its background from below.

    Parameters
    ----------
    events : RankedEvents
    lowest, highest : ndarray of int64, shape (n_edges,)
    needed : float
        Signal that a box must keep.
    ceiling : float
        The largest background that is of interest: a box with more is no better than the best known.
    price : float
        To begin with, in background for each signal.
    n_steps : int
        Steps of the Lagrangian bound.
    work : Workspace

    Returns
    -------
    end : int
    bound : float
        On the background of every box of the node that keeps the signal; infinite if none does.
    price : float
    edge, rank : int
        Where to divide the node: this edge up to this rank, or above it.
    """
    bound = 0.0
    for _ in range(_BOUNDS):
        end, safe, alive, may_lose, n_signal, n_background = _tighten(
            events, lowest, highest, needed, ceiling, work
        )
        bound = max(bound, safe)
        if end != OPEN:
            return end, bound, price, -1, 0
        _list_entries(events, lowest, highest, n_signal, n_background, work)
        relaxed, price = _relax(
            events, lowest, highest, ceiling, alive, may_lose, price, n_steps, n_signal, n_background, work
        )
        bound = max(bound, relaxed)
        if bound > ceiling:
            return CLOSED, bound, price, -1, 0
        shrunk = 0.0
        for edge in range(len(lowest)):
            width = highest[edge] - lowest[edge]
            lowest[edge] = max(lowest[edge], work.limits[0, edge])
            highest[edge] = min(highest[edge], work.limits[1, edge])
            if lowest[edge] > highest[edge]:
                return CLOSED, np.inf, price, -1, 0
            if width > 0:
                shrunk = max(shrunk, 1.0 - (highest[edge] - lowest[edge]) / width)
        if shrunk < _SHRUNK:
            break
    edge, rank = _middle(events, lowest, highest, n_signal, n_background, work)
    return OPEN, bound, price, edge, rank


@on_any_processor
def _tighten(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    needed: float,
    ceiling: float,
    work: Workspace,
) -> tuple[int, float, float, float, int, int]:
    """Tighten the ranks of a node by its own events.

    Returns
    -------
    end : int
    safe, alive : float
        Background that every box has, and that some box may have.
    may_lose : float
        Signal.
    n_signal, n_background : int
        Undecided events.
    """
    n_edges = len(lowest)
    n_signal, n_background = len(events.signal_weights), len(events.background_weights)
    for event in range(n_signal):
        work.signal[event] = event
    for event in range(n_background):
        work.background[event] = event
    safe_signal, safe, moved = 0.0, 0.0, True
    alive = may_lose = 0.0
    for turn in range(_ROUNDS):
        n_signal, safe_signal, undecided = _divide(
            events.signal_ranks, events.signal_weights, lowest, highest, work.signal, n_signal, safe_signal
        )
        may_lose = safe_signal + undecided - needed
        if may_lose < 0.0:
            return CLOSED, np.inf, 0.0, 0.0, 0, 0
        # An event that was safe stays safe, so it counts no more.
        for edge in range(n_edges):
            loss, width = work.cost, highest[edge] - lowest[edge]
            loss[:width] = 0.0
            for at in range(n_signal):
                place = events.signal_ranks[work.signal[at], edge] - lowest[edge]
                if place < width:
                    loss[place] += events.signal_weights[work.signal[at]]
            lost = 0.0
            for place in range(width):
                lost += loss[place]
                if lost > may_lose:
                    highest[edge] = lowest[edge] + place
                    break
        n_background, safe, undecided = _divide(
            events.background_ranks,
            events.background_weights,
            lowest,
            highest,
            work.background,
            n_background,
            safe,
        )
        alive = safe + undecided
        if safe > ceiling:
            return CLOSED, safe, alive, may_lose, n_signal, n_background
        moved = _raise_lowest(events, lowest, highest, safe, ceiling, n_background, work)
        if not moved or turn == _ROUNDS - 1:
            break
    n_signal, safe_signal, undecided = _divide(
        events.signal_ranks, events.signal_weights, lowest, highest, work.signal, n_signal, safe_signal
    )
    may_lose = safe_signal + undecided - needed
    if may_lose < 0.0:
        return CLOSED, np.inf, alive, may_lose, 0, 0
    if moved:
        n_background, safe, undecided = _divide(
            events.background_ranks,
            events.background_weights,
            lowest,
            highest,
            work.background,
            n_background,
            safe,
        )
        alive = safe + undecided
    if safe_signal >= needed:
        return TIGHTEST, safe, alive, may_lose, n_signal, n_background
    if alive <= ceiling:
        return LOOSEST, safe, alive, may_lose, n_signal, n_background
    return OPEN, safe, alive, may_lose, n_signal, n_background


@on_any_processor
def _divide(
    ranks: NDArray[np.int32],
    weights: NDArray[np.float64],
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    listed: NDArray[np.int32],
    n_listed: int,
    safe: float,
) -> tuple[int, float, float]:
    """Keep the undecided events in a list; return their number, the weight of safe ones and their own."""
    kept, undecided = 0, 0.0
    for at in range(n_listed):
        event = listed[at]
        lost, is_safe = False, True
        for edge in range(len(lowest)):
            rank = ranks[event, edge]
            if rank < highest[edge]:
                is_safe = False
                if rank < lowest[edge]:
                    lost = True
                    break
        if lost:
            continue
        if is_safe:
            safe += weights[event]
        else:
            undecided += weights[event]
            listed[kept] = event
            kept += 1
    return kept, safe, undecided


@on_any_processor
def _raise_lowest(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    safe: float,
    ceiling: float,
    n_background: int,
    work: Workspace,
) -> bool:
    """Raise the lowest ranks by the background that only this edge can fail; return whether one has moved."""
    n_edges, total = len(lowest), 0
    for edge in range(n_edges):
        work.offsets[edge] = total
        total += highest[edge] - lowest[edge]
    work.gain[:total] = 0.0
    for at in range(n_background):
        event = work.background[at]
        only, n_failing = 0, 0
        for edge in range(n_edges):
            if events.background_ranks[event, edge] < highest[edge]:
                only = edge
                n_failing += 1
        if n_failing == 1:
            place = work.offsets[only] + events.background_ranks[event, only] - lowest[only]
            work.gain[place] += events.background_weights[event]
    moved = False
    for edge in range(n_edges):
        left, place = safe, highest[edge] - lowest[edge] - 1
        while place >= 0:
            left += work.gain[work.offsets[edge] + place]
            if left > ceiling:
                lowest[edge] += place + 1
                moved = True
                break
            place -= 1
    return moved


@on_any_processor
def _list_entries(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    n_signal: int,
    n_background: int,
    work: Workspace,
) -> None:
    """List where undecided events stand: one place for each edge that can fail them.

    Places of an edge follow each other: the first is its lowest rank, at which no undecided event fails.
    """
    n_edges = len(lowest)
    for edge in range(n_edges):
        work.offsets[edge + 1] = work.offsets[edge] + highest[edge] - lowest[edge] + 1
    n_entries, n_slots = 0, 0
    for at in range(n_signal):
        event, feature, first_slot = work.signal[at], -1, n_slots
        for edge in range(n_edges):
            rank = events.signal_ranks[event, edge]
            if rank < highest[edge]:
                # Edges of a feature follow each other.
                if events.feature[edge] != feature:
                    feature = events.feature[edge]
                    n_slots += 1
                work.signal_places[n_entries] = work.offsets[edge] + rank - lowest[edge] + 1
                work.signal_slots[n_entries] = n_slots - 1
                n_entries += 1
        for slot in range(first_slot, n_slots):
            work.shares[slot] = 1.0 / (n_slots - first_slot)
        work.signal_ends[at + 1] = n_entries
        work.slot_ends[at + 1] = n_slots
    n_entries = 0
    for at in range(n_background):
        event = work.background[at]
        work.free[at] = 0.0
        for edge in range(n_edges):
            rank = events.background_ranks[event, edge]
            if rank < highest[edge]:
                work.background_places[n_entries] = work.offsets[edge] + rank - lowest[edge] + 1
                n_entries += 1
        work.background_ends[at + 1] = n_entries


@on_any_processor
def _relax(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    ceiling: float,
    alive: float,
    may_lose: float,
    price: float,
    n_steps: int,
    n_signal: int,
    n_background: int,
    work: Workspace,
) -> tuple[float, float]:
    """Return the Lagrangian bound, less what rounding may have added, and its price; note limits of the ranks."""
    n_edges = len(lowest)
    work.limits[0] = lowest
    work.limits[1] = highest
    n_terms = work.offsets[n_edges] + work.signal_ends[n_signal] + work.background_ends[n_background]
    losable = may_lose
    for at in range(n_signal):
        losable += events.signal_weights[work.signal[at]]
    best, best_price, shortening, without = -np.inf, price, 1.0, 0
    before = -np.inf
    for step in range(n_steps):
        constant = _add_up(events, alive, n_signal, n_background, work)
        value, price = _best_price(constant, may_lose, price, ceiling, work)
        value -= _ROUNDING * n_terms * (alive + price * losable)
        if value > best:
            best, best_price, without = value, price, 0
            if best > ceiling:
                break
            _limit(lowest, best, price, ceiling, work)
        else:
            without += 1
            if without == _PATIENCE:
                shortening, without = _SHORTER * shortening, 0
        if step % 3 == 2:
            if best - before < _SLOW * (ceiling - before):
                break
            before = best
        if step < n_steps - 1 and not _follow(
            events, price, shortening * (ceiling + 1.0 - value), n_signal, n_background, work
        ):
            break
    return best, best_price


@on_any_processor
def _add_up(
    events: RankedEvents, alive: float, n_signal: int, n_background: int, work: Workspace
) -> float:
    """Add up, for each rank of each edge, the signal that it loses and the background that it gains; return the rest."""
    n_edges = len(work.minima)
    work.cost[: work.offsets[n_edges]] = 0.0
    work.gain[: work.offsets[n_edges]] = 0.0
    for at in range(n_signal):
        weight = events.signal_weights[work.signal[at]]
        for entry in range(work.signal_ends[at], work.signal_ends[at + 1]):
            work.cost[work.signal_places[entry]] += weight * work.shares[work.signal_slots[entry]]
    for at in range(n_background):
        weight = events.background_weights[work.background[at]]
        alive -= weight * work.free[at]
        weight *= 1.0 - work.free[at]
        for entry in range(work.background_ends[at], work.background_ends[at + 1]):
            work.gain[work.background_places[entry]] += weight
    for edge in range(n_edges):
        for place in range(work.offsets[edge] + 1, work.offsets[edge + 1]):
            work.cost[place] += work.cost[place - 1]
            work.gain[place] += work.gain[place - 1]
    return alive


@on_any_processor
def _best_price(
    constant: float, may_lose: float, price: float, ceiling: float, work: Workspace
) -> tuple[float, float]:
    """Return the bound at the best price found, and this price; note the minimum of each edge.

    The bound is concave in the price, so tangents on both sides of its maximum meet above it.
    """
    n_edges = len(work.minima)
    best, best_price = -np.inf, price
    left, left_value, left_slope = 0.0, 0.0, 0.0
    right, right_value, right_slope = np.inf, 0.0, 0.0
    minima = np.zeros(n_edges, dtype=np.int64)
    for _ in range(_PRICES):
        value, slope = constant - price * may_lose, -may_lose
        for edge in range(n_edges):
            least, at = np.inf, 0
            for place in range(work.offsets[edge], work.offsets[edge + 1]):
                term = price * work.cost[place] - work.gain[place]
                if term < least:
                    least, at = term, place
            value += least
            slope += work.cost[at]
            minima[edge] = at
        if value > best:
            best, best_price = value, price
            work.minima[:] = minima
        if slope > 0.0:
            left, left_value, left_slope = price, value, slope
        else:
            right, right_value, right_slope = price, value, slope
        if right == np.inf:
            price = 2.0 * left
        elif left == 0.0:
            price = right / 2.0
        else:
            price = (right_value - left_value + left_slope * left - right_slope * right) / (
                left_slope - right_slope
            )
            meeting = left_value + left_slope * (price - left)
            if meeting - best <= _SMALL * abs(ceiling - best) or not left < price < right:
                break
    return best, best_price


@on_any_processor
def _limit(
    lowest: NDArray[np.int64], bound: float, price: float, ceiling: float, work: Workspace
) -> None:
    """Narrow the limits to ranks whose own term does not lift the bound above the ceiling."""
    for edge in range(len(lowest)):
        least = work.minima[edge]
        least_term = price * work.cost[least] - work.gain[least]
        first, last = work.offsets[edge], work.offsets[edge + 1] - 1
        while first < least and bound + (price * work.cost[first] - work.gain[first] - least_term) > ceiling:
            first += 1
        while last > least and bound + (price * work.cost[last] - work.gain[last] - least_term) > ceiling:
            last -= 1
        origin = lowest[edge] - work.offsets[edge]
        work.limits[0, edge] = max(work.limits[0, edge], origin + first)
        work.limits[1, edge] = min(work.limits[1, edge], origin + last)


@on_any_processor
def _follow(
    events: RankedEvents, price: float, aim: float, n_signal: int, n_background: int, work: Workspace
) -> bool:
    """Move shares and freedoms along the subgradient, as far as ``aim`` asks for; return whether they move."""
    n_edges = len(work.minima)
    for edge in range(n_edges):
        work.fails[work.offsets[edge] : work.minima[edge] + 1] = True
        work.fails[work.minima[edge] + 1 : work.offsets[edge + 1]] = False
    norm = 0.0
    for at in range(n_signal):
        first, last = work.slot_ends[at], work.slot_ends[at + 1]
        if last - first < 2:
            continue
        work.steps[first:last] = 0.0
        n_failing = 0
        for entry in range(work.signal_ends[at], work.signal_ends[at + 1]):
            if work.fails[work.signal_places[entry]]:
                work.steps[work.signal_slots[entry]] += 1.0
                n_failing += 1
        if n_failing:
            slope = price * events.signal_weights[work.signal[at]]
            mean = n_failing / (last - first)
            for slot in range(first, last):
                work.steps[slot] = slope * (work.steps[slot] - mean)
                norm += work.steps[slot] ** 2
    for at in range(n_background):
        n_failing = 0
        for entry in range(work.background_ends[at], work.background_ends[at + 1]):
            n_failing += work.fails[work.background_places[entry]]
        work.times[at] = n_failing
        if (n_failing > 0 or work.free[at] > 0.0) and (n_failing < 2 or work.free[at] < 1.0):
            norm += ((n_failing - 1) * events.background_weights[work.background[at]]) ** 2
    if norm <= 0.0:
        return False
    length = aim / norm
    for at in range(n_signal):
        first, last = work.slot_ends[at], work.slot_ends[at + 1]
        if last - first > 1:
            for slot in range(first, last):
                work.shares[slot] += min(max(length * work.steps[slot], -1.0), 1.0)
            _make_shares(work.shares, first, last)
    for at in range(n_background):
        step = length * (work.times[at] - 1) * events.background_weights[work.background[at]]
        work.free[at] = min(max(work.free[at] + step, 0.0), 1.0)
    return True


@on_any_processor
def _make_shares(shares: NDArray[np.float64], first: int, last: int) -> None:
    """Move numbers to the closest ones that are not negative and add up to one."""
    excess, n_positive = -1.0, last - first
    for slot in range(first, last):
        excess += shares[slot]
    excess /= n_positive
    while True:
        total, n_left = -1.0, 0
        for slot in range(first, last):
            if shares[slot] > excess:
                total += shares[slot]
                n_left += 1
        if n_left >= n_positive:  # more only by rounding
            break
        excess, n_positive = total / n_left, n_left
    for slot in range(first, last):
        shares[slot] = max(shares[slot] - excess, 0.0)


@on_any_processor
def _middle(
    events: RankedEvents,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    n_signal: int,
    n_background: int,
    work: Workspace,
) -> tuple[int, int]:
    """Return the edge with most undecided events, and the median of their ranks."""
    chosen, most = 0, -1
    for edge in range(len(lowest)):
        n_of_edge = 0
        for at in range(n_signal):
            rank = events.signal_ranks[work.signal[at], edge]
            n_of_edge += lowest[edge] <= rank < highest[edge]
        if n_of_edge > 0:
            for at in range(n_background):
                rank = events.background_ranks[work.background[at], edge]
                n_of_edge += lowest[edge] <= rank < highest[edge]
        if n_of_edge > most:
            chosen, most = edge, n_of_edge
    low, width = lowest[chosen], highest[chosen] - lowest[chosen]
    counts = work.cost
    counts[:width] = 0.0
    for at in range(n_signal):
        place = events.signal_ranks[work.signal[at], chosen] - low
        if 0 <= place < width:
            counts[place] += 1.0
    for at in range(n_background):
        place = events.background_ranks[work.background[at], chosen] - low
        if 0 <= place < width:
            counts[place] += 1.0
    below, place = counts[0], 0
    while place < width - 1 and 2.0 * below < most:
        place += 1
        below += counts[place]
    return chosen, low + place
