"""A toy whose features depend on a property of the event, for cuts that follow the property."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Len
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ..kinds import SourceSettings, not_known
from ..settings import Count, Fault, Name, Number, Positive, Seed
from ..settings import Settings as Part

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study

#: Coefficients by rising power of the relative position between the limits of the property, in [0, 1].
Polynomials = list[Annotated[list[Number], Len(1)]]
Class = Literal["signal", "background"]
CLASSES: tuple[Class, Class] = ("signal", "background")


class ToyProperty(Part):
    """The property on which means and widths of the features depend."""

    name: Name = Field(description="Name of one of the properties of the study")
    low: Number = Field(description="Smallest value of the property [its unit]")
    high: Number = Field(description="Largest value of the property [its unit]")

    @model_validator(mode="after")
    def _increasing(self) -> ToyProperty:
        if not self.low < self.high:
            raise PydanticCustomError("limits", "low must be below high")
        return self


class ToyClass(Part):
    """Number and distributions of the events of a class."""

    events: Count = Field(description="Number of events")
    scale: Positive = Field(
        description="Interval over which the distribution of the property falls by a factor e [its unit]"
    )
    mean: Polynomials = Field(
        description="Mean of each feature [its unit], a polynomial in the property: its coefficients in "
        "order of rising power. The variable of the polynomial is 0 at `low` and 1 at `high`"
    )
    width: Polynomials = Field(
        description="Standard deviation of each feature [its unit], given like the mean"
    )

    @model_validator(mode="after")
    def _positive(self) -> ToyClass:
        if self.width and not (at_places(self.width, np.linspace(0.0, 1.0, 1001)) > 0).all():
            raise PydanticCustomError("width", "a width is not positive at every value of the property")
        return self


class Settings(SourceSettings):
    """Independent Gaussian features, with means and widths that depend on an exponential property."""

    renamed: ClassVar[dict[str, str]] = {"property": "event_property"}
    has: ClassVar[frozenset[str]] = frozenset({"bin_optimum"})

    kind: Literal["property_toy"]
    seed: Seed = Field(description="Seed of the random events")
    event_property: ToyProperty = Field(description="Property that the features depend on")
    signal: ToyClass = Field(description="Signal events")
    background: ToyClass = Field(description="Background events")

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the study lacks the property, or a feature has no polynomial."""
        name = self.event_property.name
        if name in study.feature_names:
            yield "event_property.name", f"{name} is a feature: give it another name"
        else:
            known = [one.name for one in study.properties]
            if name not in known:
                text = not_known("property", name, known) if known else f"the study has no property {name}"
                yield "event_property.name", f"{text}: add it to the key `properties`"
        for of_class in CLASSES:
            for key in ("mean", "width"):
                given = len(getattr(getattr(self, of_class), key))
                if given != len(study.features):
                    text = f"{given} polynomials for {len(study.features)} features: give one each"
                    yield f"{of_class}.{key}", text

    def gaussians_at(
        self, values: NDArray[np.float64], low: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return means, widths and density at values of the property."""
        classes = [means_and_widths(self, name, values) for name in CLASSES]
        means, widths = (np.stack(pair, axis=-1) for pair in zip(*classes, strict=True))
        scales = np.array([self.signal.scale, self.background.scale])
        return means, widths, np.exp(-(values[:, None] - low) / scales)

    def generate(self, study: Study) -> pd.DataFrame:
        """Return the feature table, with the property as a further column."""
        from ..data.feature_table import make_feature_table

        assert study.split is not None
        return make_feature_table(*generate_events(self, study.feature_names), study.split)


def at_places(polynomials: Polynomials, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return polynomials at relative positions between the limits, shape (n_places, n_polynomials)."""
    values: NDArray[np.float64] = np.stack(
        [np.polynomial.polynomial.polyval(places, of_feature) for of_feature in polynomials], 1
    )
    return values


def draw_property(generator: np.random.Generator, settings: Settings, of_class: Class) -> NDArray[np.float64]:
    """Draw the property of the events of a class from an exponential distribution between its limits."""
    low, high = settings.event_property.low, settings.event_property.high
    of_events: ToyClass = getattr(settings, of_class)
    # Quantiles of the exponential distribution, truncated at the upper limit.
    uniform = generator.random(of_events.events)
    scale = of_events.scale
    drawn: NDArray[np.float64] = low - scale * np.log1p(uniform * np.expm1(-(high - low) / scale))
    return drawn


def means_and_widths(
    settings: Settings, of_class: Class, values: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and width of every feature of a class at values of the property.

    Parameters
    ----------
    settings : Settings
    of_class : str
        ``signal`` or ``background``.
    values : ndarray, shape (n_values,)
        Values of the property [its unit].

    Returns
    -------
    tuple of ndarray, each of shape (n_values, n_features)
    """
    low, high = settings.event_property.low, settings.event_property.high
    places = (np.asarray(values, dtype=float) - low) / (high - low)
    of_events: ToyClass = getattr(settings, of_class)
    return at_places(of_events.mean, places), at_places(of_events.width, places)


def generate_events(settings: Settings, features: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw independent Gaussian features whose means and widths are polynomials of a property.

    Parameters
    ----------
    settings : Settings
    features : list of str
        Names of the features.

    Returns
    -------
    tuple of DataFrame
        Signal and background: the features, then the property.

    Notes
    -----
    Each class has its own random stream, so that the number of events of one does not change the other.
    """
    import pandas as pd

    samples = []
    for position, of_class in enumerate(CLASSES):
        generator = np.random.default_rng([settings.seed, position])
        values = draw_property(generator, settings, of_class)
        means, widths = means_and_widths(settings, of_class, values)
        sample = pd.DataFrame(generator.normal(means, widths), columns=features)
        samples.append(sample.assign(**{settings.event_property.name: values}))
    return samples[0], samples[1]
