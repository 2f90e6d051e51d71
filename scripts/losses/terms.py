"""The loss of arXiv:2502.08615 and what goes beyond it: the terms of the core, each with its coefficient."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model

from ..kinds import NotNegative
from .base import LossSettings, needed

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from ..models.network_settings import NetworkSettings

#: What a term can need of a network, and what to say where it is not there.
_NEEDS = {
    "cuts": "needs cuts, which a {model} network lacks",
    "targets": "needs target efficiencies",
    "bins": "needs three bins: give `event_property`",
}


@cache
def terms() -> dict[str, tuple[str, frozenset[str]]]:
    """Return description and needs of each term of the core by its name."""
    return {
        "efficiency": ("alpha", frozenset({"cuts", "targets"})),
        "background": ("beta", frozenset()),
        "cut_size": ("gamma", frozenset({"cuts"})),
        "bce": ("delta", frozenset()),
        "smoothness": ("epsilon", frozenset({"cuts", "targets"})),
        "log_background": ("Of the logarithm of the background efficiency.", frozenset()),
        "constraint": ("Stiffness", frozenset()),
        "significance": ("Of the significance of the study's counting experiment", frozenset({"yields"})),
        "bin_smoothness": ("Of the smoothness from bin to bin", frozenset({"cuts", "bins"})),
    }


class _Terms(LossSettings):
    """The terms of the loss and their coefficients; a term that is not named counts nothing."""

    constraint_form: Literal["at_least", "equal", "equal_together"] = Field(
        default="at_least",
        description="Of the constraint: signal efficiencies no smaller than the targets, equal to them, or "
        "equal to them in all bins of a property together, where the efficiency term holds each bin near them",
    )

    @property
    def coefficients(self) -> dict[str, float]:
        """The coefficients by term, zero where the config has none."""
        return {name: getattr(self, name) for name in terms()}

    @property
    def needs_yields(self) -> bool:
        """Whether one of its terms is about the yields of the counting experiment."""
        return any("yields" in terms()[name][1] for name in self._used)

    @property
    def _used(self) -> list[str]:
        return [name for name, coefficient in self.coefficients.items() if coefficient]

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return the terms."""
        return f"known here: {', '.join(cls.model_fields)}"

    def check_network(self, network: NetworkSettings) -> None:
        """Raise where a term lacks what it needs, or nothing is left to train."""
        if not self._used:
            raise ValueError("all loss coefficients are zero: nothing to train")
        with_cuts = "cuts" in network.has
        there = {
            "cuts": with_cuts,
            "targets": with_cuts and bool(network.working_points),
            "bins": network.n_bins >= 3,
        }
        for need, text in _NEEDS.items():
            for name in self._used:
                if need in terms()[name][1] and not there[need]:
                    raise ValueError(f"the {name} term of the loss {text.format(model=network.model)}")
        self._check_constraint(there["targets"], network.n_bins)

    def _check_constraint(self, targets: bool, n_bins: int) -> None:
        held = self.coefficients["constraint"]
        if self.constraint_form != "at_least" and not (held and targets):
            raise ValueError(f"constraint_form {self.constraint_form} needs the constraint term and targets")
        if self.constraint_form == "equal_together" and n_bins == 1:
            raise ValueError("constraint_form equal_together needs bins of a property: give `event_property`")
        if held and not targets and not self.needs_yields:
            raise ValueError(
                "the constraint term of the loss needs target efficiencies or a minimum signal to hold"
            )

    def check_yields(self, network: NetworkSettings, minimum_signal: float) -> None:
        """Raise where the signal that must be kept has no constraint, or a constraint has nothing to hold."""
        held = self.coefficients["constraint"]
        if minimum_signal and not held:
            raise ValueError(
                "a minimum signal is kept by the constraint term of the loss: give it a stiffness"
            )
        if held and not minimum_signal and not network.working_points:
            raise ValueError(
                "the constraint term of the loss needs target efficiencies or a minimum signal to hold"
            )

    def build(self, network: NetworkSettings, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core."""
        from cabin_core import CutLoss

        schedule = network.schedule
        return CutLoss(
            network.working_points if "cuts" in network.has else (),
            **self.coefficients,
            n_bins=network.n_bins,
            yields=needed(yields, "the significance term of the loss") if self.needs_yields else None,
            first_goal=None if schedule is None else schedule.first_goal,
            constraint_form=self.constraint_form,
        )


_FIELDS: dict[str, Any] = {
    name: (NotNegative, Field(default=0.0, description=text)) for name, (text, _) in terms().items()
}
TermSettings: Any = create_model("TermSettings", __module__=__name__, __base__=_Terms, **_FIELDS)
