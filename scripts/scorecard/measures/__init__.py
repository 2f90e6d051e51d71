"""Measures: functions ``NAME(results, ...)`` in this folder, which claims name.

A measure takes the :class:`~scripts.scorecard.results.Results` of a run and the claim's arguments, and
returns a :class:`~scripts.scorecard.results.Measured`; it raises ``NotRun`` if the run lacks its input. The
type of an argument that names a network states what the network must have, for example
``Annotated[str, Has({"cuts", "one_bin"})]``. If a claim does not give the argument ``study``, it is the study
of the claim. Measures for one paper are in ``papers``. A module imports pandas and torch inside its
functions, so that a config can be checked without them.
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
        If there is no such measure; the message lists similar names.
    """
    if name not in measures():
        raise ConfigError(not_known("measure", name, measures()))
    measure: Measure = getattr(importlib.import_module(measures()[name]), name)
    return measure


def parameters_of(name: str) -> list[str]:
    """Return the names of the arguments of a measure, without the results."""
    return list(inspect.signature(measure_of(name)).parameters)[1:]


def networks_of(name: str) -> Iterator[tuple[str, Has]]:
    """Yield the arguments of a measure that name a network, and the requirements on the network."""
    hints: dict[str, Any] = get_type_hints(measure_of(name), include_extras=True)
    for argument, hint in hints.items():
        yield from ((argument, has) for has in getattr(hint, "__metadata__", ()) if isinstance(has, Has))
