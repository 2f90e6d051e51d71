"""The interface of the settings of all losses, the key `loss` of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..settings import Settings

if TYPE_CHECKING:
    from cabin_core import ExpectedYields


class Trained(Protocol):
    """Properties of the network that a loss uses, given by the settings of its model."""

    model: str
    has: ClassVar[frozenset[str]]

    @property
    def working_points(self) -> list[float]:
        """Target signal efficiencies."""

    @property
    def n_bins(self) -> int:
        """Number of bins of the property that the cuts follow."""


class LossSettings(Settings):
    """Settings of a loss."""

    @property
    def name(self) -> str:
        """Name of the loss in the config; ``terms`` for a sum of terms."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def modules(self) -> list[str]:
        """Modules that a training on this loss imports by name; a change of them reruns it."""
        return [type(self).__module__]

    @property
    def coefficients(self) -> dict[str, float]:
        """The coefficients of terms by name; empty for a loss without terms."""
        return {}

    @property
    def needs_yields(self) -> bool:
        """Whether the loss uses the yields of the study's counting experiment."""
        return False

    @property
    def depends_on_scale(self) -> bool:
        """Whether a common factor of all weights changes the training."""
        return False

    @property
    def needs_probabilities(self) -> bool:
        """Whether the scores must lie in [0, 1]."""
        return True

    def check_network(self, network: Trained) -> None:
        """Raise if the network lacks something that the loss needs.

        Raises
        ------
        ValueError
            With one line.
        """

    def check_yields(self, network: Trained, minimum_signal: float) -> None:
        """Raise if the loss and the minimum signal of the counting experiment [events] do not fit.

        Raises
        ------
        ValueError
            With one line.
        """

    def build(self, network: Trained, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core.

        Parameters
        ----------
        network : Trained
            The network to be trained.
        yields : ExpectedYields, optional
            Yields of the study's counting experiment, for a loss that uses them.

        Raises
        ------
        ValueError
            If yields are needed and there are none.
        """
        raise NotImplementedError


class OwnLossSettings(LossSettings):
    """Settings of a loss without terms, with its name as the only key."""

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return the hint that no other key is allowed."""
        own, others = ", ".join(cls.model_fields), ", ".join(unknown)
        return f"{own} is a loss of its own: remove {others}, or {own}"


def needed(yields: ExpectedYields | None, what: str) -> ExpectedYields:
    """Return the yields; raise ValueError if there are none."""
    if yields is None:
        raise ValueError(f"{what} needs the yields that a counting experiment expects")
    return yields
