"""What all losses have in common: the mapping `loss:` of a network, parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..kinds import Settings

if TYPE_CHECKING:
    from cabin_core import ExpectedYields


class Trained(Protocol):
    """What a loss asks of the network that is trained on it: of the settings of its model."""

    model: str
    has: ClassVar[frozenset[str]]

    @property
    def working_points(self) -> list[float]:
        """Target signal efficiencies."""

    @property
    def n_bins(self) -> int:
        """Bins of a property that its cuts follow."""


class LossSettings(Settings):
    """What a network is trained on."""

    @property
    def name(self) -> str:
        """Its word in the config: ``terms``, or that of a loss of its own."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def modules(self) -> list[str]:
        """Modules that a training on it imports by name, for what reruns it."""
        return [type(self).__module__]

    @property
    def coefficients(self) -> dict[str, float]:
        """The coefficients of terms by name; empty for a loss of its own."""
        return {}

    @property
    def needs_yields(self) -> bool:
        """Whether it is about the yields of the study's counting experiment."""
        return False

    @property
    def needs_probabilities(self) -> bool:
        """Whether the scores must lie in [0, 1]."""
        return True

    def check_network(self, network: Trained) -> None:
        """Raise where the network lacks what the loss needs.

        Raises
        ------
        ValueError
            With one line.
        """

    def check_yields(self, network: Trained, minimum_signal: float) -> None:
        """Raise where a loss that needs yields does not fit the signal that must be kept [events].

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
            That is trained.
        yields : ExpectedYields, optional
            Of the study's counting experiment, for a loss that is about them.

        Raises
        ------
        ValueError
            If yields are needed and there are none.
        """
        raise NotImplementedError


class OwnLossSettings(LossSettings):
    """A loss that stands alone, with its name as its one key."""

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return that nothing stands beside it."""
        own, others = ", ".join(cls.model_fields), ", ".join(unknown)
        return f"{own} is a loss of its own: remove {others}, or {own}"


def needed(yields: ExpectedYields | None, what: str) -> ExpectedYields:
    """Return the yields; ValueError where there are none for what needs them."""
    if yields is None:
        raise ValueError(f"{what} needs the yields that a counting experiment expects")
    return yields
