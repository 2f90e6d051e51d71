"""How claims are measured: a measure is a function ``NAME(results, ...)``, found in this folder by its name.

It takes the :class:`~scripts.scorecard.results.Results` of a run and the claim's arguments, and returns a
:class:`~scripts.scorecard.results.Measured`; it raises ``NotRun`` where the run lacks what it is about. An
argument that names a network has a type that says what the network must have, for example
``Annotated[str, Has({"cuts", "one_bin"})]``. An argument ``study`` that a claim does not give is the claim's
own study. Measures of one paper are in ``papers``. A module imports pandas and torch inside its functions, so
that a config is checked without them.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from ...kinds import ConfigError, not_known
from ..results import Has, Measured

Measure = Callable[..., Measured]


@cache
def measures() -> dict[str, str]:
    """Return the dotted name of the module of each measure, by the measure's name."""
    here = Path(__file__).parent
    found: dict[str, str] = {}
    for file in sorted(here.rglob("*.py")):
        module = ".".join([__name__, *file.relative_to(here).with_suffix("").parts])
        for name in re.findall(r"^def ([a-z]\w*)\(\s*results\b", file.read_text(), re.MULTILINE):
            if name in found:
                raise ConfigError(f"{found[name]} and {module} both have a measure {name}: rename one")
            found[name] = module
    return found


def measure_of(name: str) -> Measure:
    """Import a measure.

    Raises
    ------
    ConfigError
        If there is none of this name, with those that could be meant.
    """
    if name not in measures():
        raise ConfigError(not_known("measure", name, measures()))
    measure: Measure = getattr(importlib.import_module(measures()[name]), name)
    return measure


def parameters_of(name: str) -> list[str]:
    """Return the names of the arguments of a measure, without the results."""
    return list(inspect.signature(measure_of(name)).parameters)[1:]


def networks_of(name: str) -> Iterator[tuple[str, Has]]:
    """Yield the arguments of a measure that name a network, each with what the network must have."""
    hints: dict[str, Any] = get_type_hints(measure_of(name), include_extras=True)
    for argument, hint in hints.items():
        yield from ((argument, has) for has in getattr(hint, "__metadata__", ()) if isinstance(has, Has))
