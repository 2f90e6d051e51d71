"""A term of the loss of cuts: a number from sums over events and from cuts, times its coefficient."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from torch import Tensor

from .numbers import check_targets
from .sums import EventSums
from .yields import ExpectedYields

if TYPE_CHECKING:
    from .schedule import Schedule


@dataclass(frozen=True)
class Aim:
    """The aim of a training of cuts.

    Parameters
    ----------
    targets : sequence of float
        Target signal efficiency of each row of the network; empty where there is none.
    n_bins : int
        Bins of a property that the network has.
    yields : ExpectedYields, optional
        What a counting experiment expects before the cuts.

    Raises
    ------
    ValueError
        If a target is outside (0, 1) or repeated.
    """

    targets: Sequence[float] = ()
    n_bins: int = 1
    yields: ExpectedYields | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", check_targets(self.targets))

    @property
    def goals(self) -> list[float]:
        """The targets of all rows of the first bin, then of the next."""
        return [*self.targets] * self.n_bins

    def by_bin(self, cuts: Tensor) -> Tensor:
        """Return cuts of shape (n_bins * n_rows, n_edges) in the shape (n_bins, n_rows, n_edges)."""
        by_bin: Tensor = cuts.unflatten(0, (self.n_bins, -1))
        return by_bin


class BaseTerm(ABC):
    """A term of :class:`~cabin_core.cut_loss.CutLoss`.

    A module of :mod:`cabin_core.terms` has a class ``Term`` of this kind, whose docstring says in the config
    and its reference what the coefficient multiplies. The class constants are literals, so that these can be
    read without importing torch.

    Parameters
    ----------
    coefficient : float
    aim : Aim

    Attributes
    ----------
    symbol : str
        Of the coefficient.
    needs : tuple of str
        What it cannot do without: ``targets``, ``yields``, ``bins`` (three at least) or ``cuts``.
    options : dict of str to tuple of str
        Further keys of a loss that are this term's, passed to its constructor: the values that each can have,
        of which the first is the default.
    holds_minimum_signal : bool
        Whether it keeps the minimum signal of the yields.
    place : int, optional
        Among the columns that every history has. A term without has a column where it is in the loss, after
        these.

    Raises
    ------
    ValueError
        If the coefficient is negative or infinite, or there is not what it needs.
    """

    symbol: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[dict[str, tuple[str, ...]]] = {}
    holds_minimum_signal: ClassVar[bool] = False
    place: ClassVar[int | None] = None

    def __init__(self, coefficient: float, aim: Aim) -> None:
        self.coefficient, self.aim = float(coefficient), aim
        if not 0 <= self.coefficient < math.inf:
            raise ValueError(f"loss coefficients must not be negative or infinite: {self.name}")
        if "targets" in self.needs and not aim.targets:
            raise ValueError(f"the {self.name} term of the loss needs target efficiencies")
        if "yields" in self.needs and aim.yields is None:
            raise ValueError(
                f"the {self.name} term of the loss needs the yields that a counting experiment expects"
            )
        if "bins" in self.needs and aim.n_bins < 3:
            raise ValueError(f"the {self.name} term of the loss needs three bins of a property")

    @property
    def name(self) -> str:
        """Its word in the config, that of its module."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return what the coefficient multiplies, summed over rows, shape ().

        Parameters
        ----------
        sums : EventSums
        cuts : Tensor, shape (n_bins * n_rows, n_edges)
            In scaled units; only of a term that needs ``cuts``.
        """

    def __call__(self, sums: EventSums, cuts: Tensor | None) -> Tensor:
        """Return the term with its coefficient, shape ().

        Raises
        ------
        ValueError
            If it needs cuts and there are none.
        """
        if cuts is None and "cuts" in self.needs:
            raise ValueError(f"the {self.name} term of the loss needs a network with cuts")
        return self.coefficient * self.value(sums, cast(Tensor, cuts))

    def begin_epoch(self, share: float, schedule: Schedule | None) -> None:
        """Get ready for an epoch, as :meth:`cabin_core.loss.Loss.begin_epoch`."""
        return

    def end_epoch(self, epoch: int, sums: Callable[[], EventSums]) -> None:
        """Learn from an epoch, counted from 0, and from the sums over the training sample where asked for."""
        return
