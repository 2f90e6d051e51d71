"""What an epoch costs at any size, from measured epochs and what is assumed of other machines.

An epoch takes ``c_0 + n (c_1 m + c_2 k + c_3 k m)`` seconds on a core for ``n`` events, ``m`` features and
``k`` targets. Cores share the events; what they exchange is the sums over them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .settings import Costs

#: Terms of the model: its constants by name, and what multiplies them.
TERMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "epoch": lambda n, m, k: n**0.0,
    "event and feature": lambda n, m, k: n * m,
    "event and target": lambda n, m, k: n * k,
    "event, target and feature": lambda n, m, k: n * m * k,
}
#: Memory of a training by value of the table [bytes]: the events as they come, and arranged.
COPIES = 2
#: Numbers that processes exchange in an epoch, by target: both sums of each class, and by target and feature
#: their derivatives. In float64.
EXCHANGED_OF_ROW, EXCHANGED_OF_CELL, EXCHANGED_BYTES = 4, 4, 8


def _terms(table: pd.DataFrame) -> NDArray[np.float64]:
    n, m, k = (table[name].to_numpy(float) for name in ("events", "features", "targets"))
    return np.stack([term(n, m, k) for term in TERMS.values()], axis=1)


def fit_constants(epochs: pd.DataFrame) -> pd.DataFrame:
    """Fit the constants to the epochs in float32 on one thread with the cross-entropy.

    Returns
    -------
    DataFrame
        ``term`` and ``seconds``; the last row is the largest relative distance of a measured epoch from the
        model.
    """
    from scipy.optimize import nnls

    used = epochs[(epochs["contender"] == "float32") & (epochs["threads"] == 1) & epochs["bce"]]
    seconds = used["seconds"].to_numpy()
    terms = _terms(used)
    # Relative distances count, or the largest size alone would decide. Columns of one size are better posed.
    weighted = terms / seconds[:, None]
    scales = weighted.max(axis=0)
    found, _ = nnls(weighted / scales, np.ones(len(used)))
    constants = found / scales
    distance = float(np.abs(terms @ constants / seconds - 1).max())
    return pd.DataFrame(
        [*zip(TERMS, constants, strict=True), ("largest relative distance", distance)],
        columns=["term", "seconds"],
    )


def cost_table(constants: pd.DataFrame, costs: Costs) -> pd.DataFrame:
    """Return what an epoch costs by number of events.

    Returns
    -------
    DataFrame
        ``events``; ``core_seconds`` an epoch; ``memory_bytes`` of a training in memory and ``machines`` that
        have it; ``disk_bytes`` that an epoch reads where the events stay in files; ``disk_seconds`` on one
        machine, and the ``cores_of_disk`` that its disk keeps busy; ``network_bytes`` that each process sends
        an epoch; ``cores_at_half``, at which an epoch spends half of its time on what does not shrink.
    """
    by_term = constants.set_index("term")["seconds"]
    events = np.array(costs.events)
    shape = pd.DataFrame({"events": events, "features": costs.features, "targets": costs.targets})
    all_seconds = _terms(shape) @ by_term[list(TERMS)].to_numpy()
    fixed = float(by_term["epoch"])
    shared = all_seconds - fixed
    table_bytes = 4.0 * (costs.features + 1) * events
    # As float32 features and weights, uncompressed, and a byte for the class.
    disk = table_bytes + events
    disk_seconds = disk / costs.disk_rate
    network = EXCHANGED_BYTES * costs.targets * (EXCHANGED_OF_ROW + EXCHANGED_OF_CELL * costs.features)
    half = [_cores_at_half(seconds, fixed, costs) for seconds in shared]
    return pd.DataFrame(
        {
            "events": events,
            "core_seconds": all_seconds,
            "machine_seconds": fixed + shared / costs.cores,
            "memory_bytes": COPIES * table_bytes,
            "machines": np.maximum(1, np.ceil(COPIES * table_bytes / costs.memory)).astype(int),
            "disk_bytes": disk,
            "disk_seconds": disk_seconds,
            "cores_of_disk": shared / disk_seconds,
            "network_bytes": network,
            "cores_at_half": half,
        }
    )


def _cores_at_half(shared: float, fixed: float, costs: Costs) -> int:
    """Return the cores at which an epoch takes as long for its fixed part and messages as for the events."""

    def excess(cores: float) -> float:
        machines = max(1.0, cores / costs.cores)
        # A sum over machines and back: a tree of messages each way.
        return fixed + 2 * math.ceil(math.log2(machines)) * costs.message_seconds - shared / cores

    low, high = 1.0, 1e12
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return max(1, round(low))
