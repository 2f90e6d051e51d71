"""The loss of arXiv:2502.08615 with further terms: the terms of the core, each with a coefficient."""

from __future__ import annotations

import ast
import math
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field, create_model

from ..settings import NotNegative
from .base import LossSettings, needed

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from .base import Trained

#: Requirements of a term on a network, and the messages if they are not met.
_NEEDS = {
    "cuts": "needs cuts, which a {model} network lacks",
    "targets": "needs target efficiencies",
    "bins": "needs three bins: give `event_property`",
}
_NOTHING_HELD = "the constraint term of the loss needs target efficiencies or a minimum signal to hold"


class Term(NamedTuple):
    """Facts that the class of a term states, see :class:`cabin_core.term.BaseTerm`."""

    docstring: str
    needs: tuple[str, ...] = ()
    options: dict[str, tuple[str, ...]] = {}  # noqa: RUF012, a tuple's default
    holds_minimum_signal: bool = False
    place: float = math.inf
    symbol: str = ""

    @property
    def description(self) -> str:
        """Description of the term, the first paragraph of the docstring."""
        return " ".join(self.docstring.partition("\n\n")[0].split())

    def describe(self, option: str) -> str:
        """Return the description of an option in the docstring."""
        (text,) = re.findall(rf"^{option} : .*\n((?:    .*\n?)+)", self.docstring, re.MULTILINE)
        return " ".join(text.split())


def _read_terms() -> dict[str, Term]:
    """Return the terms of the core by name, in their order, without importing the core and torch."""
    core = find_spec("cabin_core")
    assert core is not None
    assert core.submodule_search_locations is not None
    found = {}
    for file in Path(core.submodule_search_locations[0], "terms").glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name == "Term":
                found[file.stem] = Term(ast.get_docstring(node) or "", **_constants(node))
    return dict(sorted(found.items(), key=lambda item: (item[1].place, item[0])))


def _constants(node: ast.ClassDef) -> dict[str, Any]:
    """Return the literals that the class of a term assigns to the fields of :class:`Term`."""
    found = {}
    for part in node.body:
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None:
            name = ast.unparse(part.targets[0] if isinstance(part, ast.Assign) else part.target)
            if name in Term._fields:
                found[name] = ast.literal_eval(part.value)
    return found


TERMS = _read_terms()


class _Terms(LossSettings):
    """Terms and their coefficients; terms without a coefficient are not used."""

    @property
    def coefficients(self) -> dict[str, float]:
        """The coefficient of each term, zero if the config has none."""
        return {name: getattr(self, name) for name in TERMS}

    @property
    def needs_yields(self) -> bool:
        """Whether one of the terms uses the yields of the counting experiment."""
        return any("yields" in term.needs for term in self._used.values())

    @property
    def _used(self) -> dict[str, Term]:
        return {name: term for name, term in TERMS.items() if getattr(self, name)}

    def check_network(self, network: Trained) -> None:
        """Raise if a requirement of a term is not met, or no term trains the network."""
        if not self._used:
            raise ValueError("all loss coefficients are zero: nothing to train")
        with_cuts, has_targets = "cuts" in network.has, bool(network.working_points)
        there = {"cuts": with_cuts, "targets": has_targets and with_cuts, "bins": network.n_bins >= 3}
        for name, term in self._used.items():
            # Targets belong to cuts; a network without cuts has working points on its score instead.
            for need in [need for need in term.needs if not there.get(need, True)]:
                text = _NEEDS[need if with_cuts else "cuts"].format(model=network.model)
                raise ValueError(f"the {name} term of the loss {text}")
        self._check_constraint(there["targets"], network.n_bins)

    def _check_constraint(self, targets: bool, n_bins: int) -> None:
        given = self.model_dump()
        held, form = given["constraint"], given["constraint_form"]
        if form != "at_least" and not (held and targets):
            raise ValueError(f"constraint_form {form} needs the constraint term of the loss and targets")
        if form == "equal_together" and n_bins == 1:
            raise ValueError("constraint_form equal_together needs bins of a property: give `event_property`")
        if held and not targets and not self.needs_yields:
            raise ValueError(_NOTHING_HELD)

    def check_yields(self, network: Trained, minimum_signal: float) -> None:
        """Raise if no term keeps the minimum signal, or a constraint has nothing to hold."""
        if minimum_signal and not any(term.holds_minimum_signal for term in self._used.values()):
            raise ValueError(
                "a minimum signal is kept by the constraint term of the loss: give it a stiffness"
            )
        if "constraint" in self._used and not minimum_signal and not network.working_points:
            raise ValueError(_NOTHING_HELD)

    def build(self, network: Trained, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core."""
        from cabin_core import CutLoss

        return CutLoss(
            network.working_points if "cuts" in network.has else (),
            n_bins=network.n_bins,
            yields=needed(yields, "the significance term of the loss") if self.needs_yields else None,
            **self.model_dump(exclude_unset=True),
        )


_FIELDS: dict[str, Any] = {
    name: (NotNegative, Field(default=0.0, description=term.description)) for name, term in TERMS.items()
} | {
    option: (Literal[values], Field(default=values[0], description=term.describe(option)))
    for term in TERMS.values()
    for option, values in term.options.items()
}
TermSettings: Any = create_model(
    "TermSettings", __module__=__name__, __base__=_Terms, __doc__="The terms of the loss, by name.", **_FIELDS
)
