"""The property that cuts follow, and the bins that they share with the best cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..kinds import Fault
    from ..study import Column, Study


def followed_property(study: Study) -> Column:
    """Return the property that the source of a study lets its features follow."""
    source: Any = study.source
    return study.column(source.event_property.name)


def bin_faults(names: Sequence[str], study: Study) -> Iterator[Fault]:
    """Yield the networks whose cuts do not follow the property in the bins of the study's optimum."""
    optimum: Any = study.analyses.get("bin_optimum")
    for name in () if optimum is None else optimum.other_bins(study, names):
        text = f"{name} must have the bins of the optimum as its `event_property`, to be compared with it"
        yield "networks", text
