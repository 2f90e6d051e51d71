"""The Gaussian dataset of arXiv:2502.08615, Section 5: independent features with random means and widths."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..kinds import SourceSettings
from ..settings import Count, NotNegative, Positive, Seed

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study


class Settings(SourceSettings):
    """Independent Gaussian features with random means and widths."""

    features_only: ClassVar[bool] = True
    has: ClassVar[frozenset[str]] = frozenset({"optimum"})

    kind: Literal["gaussian"]
    signal_events: Count = Field(description="Number of signal events")
    background_events: Count = Field(description="Number of background events")
    seed: Seed = Field(description="Seed of the random means, widths and events")
    mean_scale: NotNegative = Field(
        description="Factor on a standard normal random number, which gives the mean of a feature"
    )
    width_scale: Positive = Field(
        description="Factor on the absolute value of a standard normal random number, which gives the "
        "width of a feature"
    )

    def gaussians(self, n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means and widths that the events are drawn from."""
        return draw_parameters(np.random.RandomState(self.seed), self, n_features)

    def generate(self, study: Study) -> pd.DataFrame:
        """Return the feature table."""
        from ..data.feature_table import make_feature_table

        assert study.split is not None
        return make_feature_table(*generate_events(self, study.feature_names), study.split)


def draw_parameters(
    generator: np.random.RandomState, settings: Settings, n_features: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the means and widths of all features; they are the first numbers of the generator.

    Returns
    -------
    tuple of ndarray, each of shape (n_features, 2)
        Means and widths; the first column is the signal's, the second the background's.
    """
    parameters = generator.randn(n_features, 2, 2)
    return settings.mean_scale * parameters[:, :, 0], settings.width_scale * np.abs(parameters[:, :, 1])


def generate_events(settings: Settings, features: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw independent Gaussian features with random means and widths.

    Parameters
    ----------
    settings : Settings
    features : list of str
        Names of the features.

    Returns
    -------
    tuple of DataFrame
        Signal and background, shapes (n_events, n_features).

    Notes
    -----
    numpy's legacy generator is used because the paper's numbers depend on its stream: first all means and
    widths, then the signal features one by one, then the background features.
    """
    import pandas as pd

    generator = np.random.RandomState(settings.seed)
    means, widths = draw_parameters(generator, settings, len(features))
    samples = []
    for column, n_events in enumerate((settings.signal_events, settings.background_events)):
        drawn = {
            name: means[row, column] + widths[row, column] * generator.randn(n_events)
            for row, name in enumerate(features)
        }
        samples.append(pd.DataFrame(drawn))
    return samples[0], samples[1]
