"""A working point as plain values, complete: for ``apply_cuts`` and for programs."""

from __future__ import annotations

from typing import Literal

from ..kinds import FormSettings
from .heading import heading
from .working_point import WorkingPoint


class Settings(FormSettings):
    """YAML with cuts, units, efficiencies, expressions, the rule for missing values and provenance."""

    form: Literal["yaml"]
    file = "working_point.yaml"


def write(point: WorkingPoint) -> str:
    """Return the text of the file."""
    import yaml

    comment = "".join(f"# {line}\n" for line in heading(point))
    text: str = yaml.dump(
        point.content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110
    )
    return comment + text
