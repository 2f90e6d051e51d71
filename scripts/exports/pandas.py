"""A function of a table of pandas, one value an event in each column."""

from __future__ import annotations

from typing import Literal

from ..kinds import FormSettings
from .python_code import module_text
from .python_languages import Pandas
from .working_point import WorkingPoint

NOTE = (
    'Columns are made double first: with float32 columns numpy would compare in 4 bytes, as in df["x"] > 0.1.'
)


class Settings(FormSettings):
    """Python for pandas: which rows of a table pass, also step by step."""

    form: Literal["pandas"]
    file = "cuts_pandas.py"


def write(point: WorkingPoint) -> str:
    """Return the text of the file."""
    return module_text(point, Pandas, "a DataFrame", NOTE)
