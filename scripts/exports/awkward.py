"""A function of awkward arrays, flat and jagged, as coffea has them; also as its PackedSelection."""

from __future__ import annotations

from typing import Literal

from ..kinds import FormSettings
from .python_code import module_text
from .python_languages import Awkward
from .working_point import WorkingPoint

NOTE = "Floats are made double first, integers are of 8 bytes, as in the training."


class Settings(FormSettings):
    """Python for awkward arrays: which events pass, also step by step and as coffea's PackedSelection."""

    form: Literal["awkward"]
    file = "cuts_awkward.py"


def write(point: WorkingPoint) -> str:
    """Return the text of the file."""
    return module_text(point, Awkward, "a record array with the branches as fields", NOTE)
