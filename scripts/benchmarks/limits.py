"""The least that an epoch must do: the arithmetic of ``cabin_core/kernel.py`` and the bytes that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import Case

#: Operations on one number, counted in the functions of ``cabin_core/kernel.py``. A multiply-add, a minimum,
#: a comparison and a division each count as one, although a division takes longer. Exponents and
#: exponential, by event and edge, the same for all rows of cuts, and none where a small sample keeps them:
EXPONENT = 6
EXPONENTIAL = {"float32": 15, "float64": 20}
#: By event, the same for all rows: a factor beyond the range of the exponential, and the least score.
FAINT = 5
#: By event, row and edge: forwards, and backwards with and without the cross-entropy.
FORWARDS = 4
BACKWARDS = {True: 6, False: 5}
#: By event and row: the score; with the cross-entropy its gradient and a logarithm too.
FINISH = {True: 18, False: 9}
LOGARITHM = {"float32": 25, "float64": 30}
SIZES = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class Work:
    """Operations on one number, and bytes read, of an epoch."""

    operations: float
    bytes: float


def work_of(case: Case, dtype: str) -> Work:
    """Return the work of an epoch whose rows of cuts are near enough to share exponentials.

    Parameters
    ----------
    case : Case
    dtype : str
        ``float32`` or ``float64``.
    """
    from cabin_core.kernel import BEHIND
    from cabin_core.kernel_rows import KEPT_MEMORY

    kept = case.events * (case.features + case.features % 2 + BEHIND) * SIZES[dtype] <= KEPT_MEMORY
    of_edge = 0 if kept else EXPONENT + EXPONENTIAL[dtype]
    of_event = 0 if kept else FAINT + EXPONENTIAL[dtype]
    of_row = FINISH[case.bce] + (LOGARITHM[dtype] if case.bce else 0)
    of_cell = FORWARDS + BACKWARDS[case.bce]
    operations = (
        of_event + case.features * of_edge + case.targets * (of_row + case.features * of_cell)
    ) * case.events
    return Work(operations, (case.features + 1) * SIZES[dtype] * case.events)
