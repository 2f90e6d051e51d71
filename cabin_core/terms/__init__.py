"""The terms of the loss of cuts: one module for each term, named as the term in the config."""

from __future__ import annotations

import importlib
import math
import pkgutil
from functools import cache

from ..term import BaseTerm


@cache
def known_terms() -> dict[str, type[BaseTerm]]:
    """Return the class of each term by name, in the order in which terms are added up and listed."""
    found: dict[str, type[BaseTerm]] = {
        module.name: importlib.import_module(f"{__name__}.{module.name}").Term
        for module in pkgutil.iter_modules(__path__)
    }

    def place(name: str) -> tuple[float, str]:
        at = found[name].place
        return (math.inf if at is None else at), name

    return {name: found[name] for name in sorted(found, key=place)}
