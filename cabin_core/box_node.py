"""One node of the proof: boxes whose ranks lie between two boxes, and a bound on the background of all.

A node has a lowest and a highest rank for each edge. An event is *lost* if it fails a lowest rank, *safe* if
it passes every highest one, and undecided otherwise.

First the ranks are tightened. No edge can be higher than the rank at which it alone loses more signal than
may be lost. No edge can be lower than the rank at which too much background is left even though all other
edges are at their highest.

Then :mod:`cabin_core.box_relaxation` bounds the background of the node, which may tighten it again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .box_ranks import RankedEvents, Workspace
from .box_relaxation import list_entries, relax
from .compilation import on_any_processor

#: How a node ends: without a better box; its loosest box is better than the best known; its tightest box
#: keeps enough signal, so that none of the node is better; or undecided.
CLOSED, LOOSEST, TIGHTEST, OPEN = range(4)

#: Largest number of rounds of tightening, and of bounds after it has helped.
_ROUNDS, _BOUNDS = 10, 4
#: The least part by which a range has to shrink for another bound.
_SHRUNK = 0.2


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
        list_entries(events, lowest, highest, n_signal, n_background, work)
        relaxed, price = relax(
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
