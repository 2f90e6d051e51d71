"""The input of a table: settings, study and files."""

from __future__ import annotations

from typing import TypeVar

from ..evaluation.drawn_inputs import DrawnInputs
from ..kinds import TableSettings

S = TypeVar("S", bound=TableSettings)


class TableInputs(DrawnInputs[S]):
    """Settings and files of one table."""
