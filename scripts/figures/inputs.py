"""The input of a figure: settings, study and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..data.thinning import read_shown_data
from ..evaluation.drawn_inputs import DrawnInputs
from ..kinds import FigureSettings

if TYPE_CHECKING:
    import pandas as pd

    from cabin_core import TrainedNetwork

S = TypeVar("S", bound=FigureSettings)


class FigureInputs(DrawnInputs[S]):
    """Settings and files of one figure, with what figures alone show."""

    def read_data(self) -> pd.DataFrame:
        """Read the events of data of the feature table; there may be none."""
        return read_shown_data(self.files["features"][0])

    def model(self, position: int = 0) -> TrainedNetwork:
        """Load the trained network at ``position``."""
        from cabin_core import load_network

        return load_network(self.files["model"][position])
