r"""A Lagrangian bound on the background of the boxes of a node.

A box with ranks :math:`t` fails an undecided signal event :math:`s` if one of its features
does, so the loss is at least :math:`\sum_f \alpha_{sf}` over the features that fail it, where the shares
:math:`\alpha_{sf} \ge 0` of an event add up to one. The two edges of a window cannot both fail an event, so
they have the share of their feature. It fails a background event at most :math:`\theta_b + (1 - \theta_b)
n_b` times, where :math:`n_b` edges fail it and :math:`0 \le \theta_b \le 1`. With a price :math:`\lambda \ge
0` of the signal, whose loss is at most :math:`\ell`, every box that keeps enough has a background of at least

.. math::

    B - \sum_b w_b \theta_b - \lambda \ell + \sum_e \min_{t_e} \Big[
    \lambda \sum_{s: r_{se} < t_e} w_s \alpha_{s f(e)} - \sum_{b: r_{be} < t_e} w_b (1 - \theta_b) \Big],

where :math:`B` is the background that is not lost and :math:`r` are ranks. Each edge has its own minimum. The
shares, :math:`\theta` and :math:`\lambda` follow the subgradient; a rank whose own term is too far above the
minimum is no rank of a better box, which tightens the node again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .box_ranks import RankedEvents, Workspace
from .compilation import on_any_processor

#: Bounds on the price of the signal that are computed for the same shares.
_PRICES = 6
#: Of the distance to the aim, in each step: less than this ends the search for a price, or after three steps
#: the bound.
_SMALL, _SLOW = 0.02, 0.06
#: Steps without a better bound shorten the next ones.
_PATIENCE, _SHORTER = 3, 0.7
#: Rounding of a sum, in units of its terms' number and their size.
_ROUNDING = 8 * 2.0**-52


@on_any_processor
def list_entries(
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
def relax(
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
    """Return the bound, less what rounding may have added, and its price; note limits of the ranks."""
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
def _add_up(events: RankedEvents, alive: float, n_signal: int, n_background: int, work: Workspace) -> float:
    """Add up the signal lost and the background gained at each rank of each edge; return the rest."""
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
def _limit(lowest: NDArray[np.int64], bound: float, price: float, ceiling: float, work: Workspace) -> None:
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
    """Move shares and freedoms along the subgradient towards an aim; return whether they move."""
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
