"""The property that cuts follow, and a check that networks have the bins of the best cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..columns import Column
    from ..settings import Fault
    from ..study import Study


def followed_property(study: Study) -> Column:
    """Return the property on which the features of a study depend."""
    source: Any = study.source
    return study.column(source.event_property.name)


def bin_faults(names: Sequence[str], study: Study) -> Iterator[Fault]:
    """Yield a fault for each network whose cuts do not have the bins of the study's optimum."""
    optimum: Any = study.analyses.get("bin_optimum")
    for name in () if optimum is None else optimum.other_bins(study, names):
        text = f"{name} must have the bins of the optimum as its `event_property`, to be compared with it"
        yield "networks", text
