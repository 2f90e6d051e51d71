"""A term of the loss of cuts: a function of sums over events and of cuts, times a coefficient."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, cast

import torch
from torch import Tensor

from .numbers import check_targets
from .sums import EventSums
from .yields import ExpectedYields

if TYPE_CHECKING:
    from .schedule import Schedule


@dataclass(frozen=True)
class Aim:
    """The goal of a training of cuts.

    Parameters
    ----------
    targets : sequence of float
        Target signal efficiency of each row of the network; empty where there is none.
    n_bins : int
        Number of bins of a property in the network.
    yields : ExpectedYields, optional
        Expected yields of a counting experiment before the cuts.

    Raises
    ------
    ValueError
        If a target is outside (0, 1) or repeated.
    """

    targets: Sequence[float] = ()
    n_bins: int = 1
    yields: ExpectedYields | None = None
    _tensors: dict[tuple[torch.dtype, torch.device], Tensor] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _moved: list[float] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", check_targets(self.targets))

    @property
    def row_goals(self) -> list[float]:
        """The targets, or where :meth:`move_goals` has moved them."""
        return [*(self._moved or self.targets)]

    @property
    def goals(self) -> list[float]:
        """The goals of all rows, bin after bin."""
        return self.row_goals * self.n_bins

    def move_goals(self, goals: Sequence[float]) -> None:
        """Aim at other signal efficiencies than the targets, one for each; they may exceed 1."""
        self._moved[:] = goals
        self._tensors.clear()

    def goals_like(self, values: Tensor) -> Tensor:
        """Return the targets of all rows in the type and on the device of other values."""
        key = (values.dtype, values.device)
        if key not in self._tensors:  # to make one costs as much as all other operations of a term
            self._tensors[key] = values.new_tensor(self.goals)
        return self._tensors[key]

    def by_bin(self, cuts: Tensor) -> Tensor:
        """Reshape cuts from (n_bins * n_rows, n_edges) to (n_bins, n_rows, n_edges)."""
        by_bin: Tensor = cuts.unflatten(0, (self.n_bins, -1))
        return by_bin


class BaseTerm(ABC):
    """A term of :class:`~cabin_core.cut_loss.CutLoss`.

    Each module of :mod:`cabin_core.terms` has a class ``Term`` that inherits from this. The first line of its
    docstring describes the term in the config reference. The class constants are literals, so that they can
    be read without importing torch.

    Parameters
    ----------
    coefficient : float
    aim : Aim

    Attributes
    ----------
    symbol : str
        Symbol of the coefficient.
    needs : tuple of str
        Requirements: ``targets``, ``yields``, ``bins`` (at least three) or ``cuts``.
    options : dict of str to tuple of str
        Options of the term, which are further keys of the loss and arguments of the constructor. For each
        option its possible values; the first is the default.
    holds_minimum_signal : bool
        Whether the term keeps the minimum signal of the yields.
    reads_cross_entropy : bool
        Whether the term reads the cross-entropy of the sums. If no term of a loss does, an epoch takes two
        thirds of the time.
    place : int, optional
        Position of its column among those that every history has. A term without a place has a column after
        these, and only if it is in the loss.

    Raises
    ------
    ValueError
        If the coefficient is negative or infinite, or a requirement is not met.
    """

    symbol: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[dict[str, tuple[str, ...]]] = {}
    holds_minimum_signal: ClassVar[bool] = False
    reads_cross_entropy: ClassVar[bool] = True
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
        """Name in the config, which is the name of the module."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the term without its coefficient, summed over rows, shape ().

        Parameters
        ----------
        sums : EventSums
        cuts : Tensor, shape (n_bins * n_rows, n_edges)
            In scaled units; only for a term that needs ``cuts``.
        """

    def __call__(self, sums: EventSums, cuts: Tensor | None) -> Tensor:
        """Return the term with its coefficient, shape ().

        Raises
        ------
        ValueError
            If the term needs cuts and there are none.
        """
        if cuts is None and "cuts" in self.needs:
            raise ValueError(f"the {self.name} term of the loss needs a network with cuts")
        return self.coefficient * self.value(sums, cast(Tensor, cuts))

    def begin_epoch(self, share: float, schedule: Schedule | None) -> None:
        """Prepare for an epoch, see :meth:`cabin_core.loss.Loss.begin_epoch`."""
        return

    def goals_moved(self) -> None:
        """Adapt to goals that :meth:`Aim.move_goals` has moved."""
        return

    def end_epoch(self, epoch: int, sums: Callable[[], EventSums]) -> None:
        """Adapt after an epoch, counted from 0; ``sums`` gives the sums over the training sample."""
        return
