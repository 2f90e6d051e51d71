"""The toy samples of G. Watts' notebooks, drawn with numpy's legacy generator as in his module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..kinds import SourceSettings
from ..settings import Count, Fault, Seed

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study

Events = NDArray[np.float64]
#: Signal and background, each of shape (n_events, n_features).
Classes = tuple[Events, Events]

SEED = 19680801
#: Mean and standard deviation in one dimension.
LINE = {"signal": (5.0, 1.0), "background": (0.0, 4.0)}
#: Mean and covariance in two dimensions. The poster calls the covariances widths. The width of the background
#: is 3, that of the signal 0.71; the features of the signal have a correlation of 0.4.
PLANE: dict[str, tuple[list[float], list[list[float]]]] = {
    "signal": ([1.5, 2.0], [[0.5, 0.2], [0.2, 0.5]]),
    "background": ([0.0, 0.0], [[9.0, 0.0], [0.0, 9.0]]),
}
N_EVENTS = 10_000
#: Number of signal events in one dimension in the first notebooks; later ones have 10,000.
N_SIGNAL_FIRST = 1_000


class Settings(SourceSettings):
    """The toys of G. Watts' notebooks: his events are for training; the test events are new ones."""

    features_only: ClassVar[bool] = True

    kind: Literal["watts"]
    sample: Literal["line_first", "line_again", "line", "plane", "plane_anew"] = Field(
        description="Events of the notebooks: `line_first` has one feature and 1,000 signal events, "
        "`line_again` and `line` have one feature and 10,000 signal events of two different "
        "draws, `plane` has two features. `plane_anew` draws new events from the "
        "distributions of `plane`"
    )
    events: Count | None = Field(
        default=None, description="Number of training events of each class, for the sample `plane_anew` only"
    )
    test_events: Count = Field(
        description="Number of test events of each class; all other events are for training"
    )
    seed: Seed = Field(description="Seed of the sample `plane_anew`; the test events have this seed plus one")

    @property
    def splits_itself(self) -> bool:
        """His events are for training, and the test events are new ones."""
        return True

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for a wrong number of features, or for ``events`` with a fixed sample."""
        if (self.events is not None) != (self.sample == "plane_anew"):
            yield "events", f"the sample plane_anew needs it, and no other: the sample is {self.sample}"
        given, dimensions = len(study.features), n_features(self.sample)
        if given != dimensions:
            yield "sample", f"{given} features for the sample {self.sample}, which has {dimensions}"

    def generate(self, study: Study) -> pd.DataFrame:
        """Return the feature table.

        All events of the sample are for training; the notebooks have no test sample. The test events here are
        drawn from the same distributions.
        """
        import pandas as pd

        from ..data.feature_table import with_numbers

        dimensions = n_features(self.sample)
        training = (
            SAMPLES[self.sample]() if self.events is None else draw_more(dimensions, self.events, self.seed)
        )
        # The next seed is used; the two classes of one seed are already independent.
        test = draw_more(dimensions, self.test_events, self.seed + 1)
        parts = [
            pd.DataFrame(events, columns=study.feature_names).assign(
                label=np.int8(label), split=split, weight=1.0
            )
            for split, classes in (("train", training), ("test", test))
            for label, events in zip((1, 0), classes, strict=True)
        ]
        return with_numbers(pd.concat(parts, ignore_index=True))


def _line_first() -> Classes:
    generator = np.random.RandomState(SEED)
    return _line(generator, N_SIGNAL_FIRST)


def _line_again() -> Classes:
    # In between, the import of another of his modules draws once; then the notebook draws its signal again.
    generator = np.random.RandomState(SEED)
    _, background = _line(generator, N_SIGNAL_FIRST)
    generator.normal(size=N_EVENTS)
    return generator.normal(*LINE["signal"], N_EVENTS)[:, None], background


def _line_last() -> Classes:
    return _line(np.random.RandomState(SEED), N_EVENTS)


def _plane() -> Classes:
    generator = np.random.RandomState(SEED)
    _line(generator, N_EVENTS)
    signal = generator.multivariate_normal(*PLANE["signal"], N_EVENTS)
    return signal, generator.multivariate_normal(*PLANE["background"], N_EVENTS)


def _line(generator: np.random.RandomState, n_signal: int) -> Classes:
    signal = generator.normal(*LINE["signal"], n_signal)
    return signal[:, None], generator.normal(*LINE["background"], N_EVENTS)[:, None]


#: Samples by name: the line in his first notebooks, in the notebook on losses and in the present ones; and
#: the plane.
SAMPLES: dict[str, Callable[[], Classes]] = {
    "line_first": _line_first,
    "line_again": _line_again,
    "line": _line_last,
    "plane": _plane,
}


def n_features(sample: str) -> int:
    """Return the number of features of a sample: 1 on a line, 2 on the plane."""
    return 2 if sample.startswith("plane") else 1


def draw_more(dimensions: int, n_events: int, seed: int) -> Classes:
    """Draw new events from the same distributions with a given seed.

    Parameters
    ----------
    dimensions : int
        1 for the line, 2 for the plane.
    n_events : int
        Number of events of each class.
    seed : int

    Returns
    -------
    tuple of ndarray
        Signal and background, each of shape (n_events, dimensions).
    """
    drawn = []
    for position, name in enumerate(("signal", "background")):
        generator = np.random.default_rng([seed, position])
        if dimensions == 1:
            drawn.append(generator.normal(*LINE[name], size=(n_events, 1)))
        else:
            drawn.append(generator.multivariate_normal(*PLANE[name], size=n_events, method="cholesky"))
    return drawn[0], drawn[1]


def signal_probability(events: Events) -> NDArray[np.float64]:
    """Return the exact signal probability of events of the plane, for equally frequent classes.

    Parameters
    ----------
    events : ndarray, shape (n_events, 2)
    """
    logs = []
    for name in ("signal", "background"):
        mean, covariance = (np.array(values) for values in PLANE[name])
        distance = events - mean
        squared = np.einsum("ij,jk,ik->i", distance, np.linalg.inv(covariance), distance)
        logs.append(-0.5 * (squared + np.log(np.linalg.det(covariance))))
    probability: NDArray[np.float64] = 1 / (1 + np.exp(logs[1] - logs[0]))
    return probability
