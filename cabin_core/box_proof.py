"""How good a box can be at all: branch and bound over the ranks of its edges.

Nodes with the lowest bounds are divided first, so that the bound on all boxes, the lowest of open nodes,
rises with each node, and does not depend on how good the best box is.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .box_exchange import Box, ExchangeSearch
from .box_node import CLOSED, LOOSEST, TIGHTEST, bound_node
from .box_ranks import RankedEvents, new_workspace

#: How a proof ends: no box is better; or the gap asked for is reached, or the number of nodes, or of seconds.
Ending = Literal["proven", "gap", "nodes", "seconds"]

#: Steps of the Lagrangian bound at the first node and at all others.
_FIRST_STEPS, _STEPS = 100, 9


class ProofLimits(NamedTuple):
    """When a proof stops.

    Attributes
    ----------
    nodes : int
    gap : float
        Difference of background and bound, as a fraction of the background.
    seconds : float
        The result depends on the machine where this ends it.
    """

    nodes: int
    gap: float = 0.0
    seconds: float = float("inf")


class Proof(NamedTuple):
    """What is known of all boxes.

    Attributes
    ----------
    box : Box
        The best one.
    bound : float
        No box that keeps the signal has less background, in whole weights.
    nodes : int
    ended : str
    """

    box: Box
    bound: float
    nodes: int
    ended: Ending


def prove(
    events: RankedEvents,
    search: ExchangeSearch,
    box: Box,
    needed: float,
    resolution: float,
    limits: ProofLimits,
    on_progress: Callable[[int, float, float], None] = lambda nodes, background, bound: None,
) -> Proof:
    """Bound the background of all boxes, and find better ones on the way.

    Parameters
    ----------
    events : RankedEvents
        No weight is negative.
    search : ExchangeSearch
        Improves boxes that are found.
    box : Box
        The best one known.
    needed : float
        Signal that a box must keep.
    resolution : float
        A box is better if it has less background by this fraction of it, and by one.
    limits : ProofLimits
    on_progress : callable
        Called before each node with the number of nodes, the least background and the bound.

    Returns
    -------
    Proof
    """
    started, work = time.perf_counter(), new_workspace(events)
    first = (np.zeros(len(events.n_ranks), dtype=np.int64), events.n_ranks - 1)
    # Bound, number for the order of equal ones, lowest and highest ranks, price.
    waiting: list[tuple[float, int, NDArray[np.int64], NDArray[np.int64], float]] = [(0.0, 0, *first, 1.0)]
    nodes, number = 0, 0
    while True:
        ceiling = box.background - max(1.0, resolution * box.background)
        if not waiting or waiting[0][0] > ceiling:
            return Proof(box, max(np.floor(ceiling) + 1.0, 0.0), nodes, "proven")
        # Sums of whole weights are whole.
        bound = float(np.ceil(waiting[0][0]))
        on_progress(nodes, box.background, bound)
        ended: Ending | None = None
        if bound >= (1.0 - limits.gap) * box.background:
            ended = "gap"
        elif nodes >= limits.nodes:
            ended = "nodes"
        elif time.perf_counter() - started > limits.seconds:
            ended = "seconds"
        if ended:
            return Proof(box, bound, nodes, ended)
        bound_before, _, lowest, highest, price = heapq.heappop(waiting)
        nodes += 1
        end, of_node, price, edge, rank = bound_node(
            events, lowest, highest, needed, ceiling, price, _STEPS if number else _FIRST_STEPS, work
        )
        if end in (LOOSEST, TIGHTEST):
            found = search.improve(lowest if end == LOOSEST else highest, needed)
            box = found if found.better_than(box) else box
        of_node = max(of_node, bound_before)
        if end in (CLOSED, TIGHTEST):
            continue
        halves = [(lowest, highest)]
        if end != LOOSEST:
            below, above = highest.copy(), lowest.copy()
            below[edge], above[edge] = rank, rank + 1
            halves = [(lowest, below), (above, highest)]
        for half in halves:
            number += 1
            heapq.heappush(waiting, (of_node, number, *half, price))
