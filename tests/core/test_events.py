import math

import numpy as np
import pytest
import torch

from cabin_core import EventSample

FEATURES = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
LABELS = [1, 0, 1]


def sample_of(features=FEATURES, is_signal=(True, False, True), weights=(1.0, 2.0, 0.5)):
    return EventSample(torch.tensor(features), torch.tensor(is_signal), torch.tensor(weights))


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_from_arrays(kind, dtype):
    sample = EventSample.from_arrays(kind(FEATURES), kind(LABELS), dtype=dtype)
    assert sample.features.tolist() == FEATURES
    assert sample.is_signal.tolist() == [True, False, True]
    assert sample.weights.tolist() == [1.0, 1.0, 1.0]
    assert sample.features.dtype == sample.weights.dtype == dtype
    assert (len(sample), sample.n_features) == (3, 2)


def test_from_arrays_keeps_the_weights():
    sample = EventSample.from_arrays(FEATURES, np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.25, 3.0]) + 0.5)
    assert sample.weights.tolist() == [0.5, 0.75, 3.5]
    assert sample.is_signal.tolist() == [True, False, False]


@pytest.mark.parametrize("labels", [[1, 0, 2], [1, 0, -1], [1.0, 0.0, 0.5], [1.0, 0.0, math.nan]])
def test_other_labels_are_refused(labels):
    with pytest.raises(ValueError, match=r"labels must be 0 \(background\) or 1 \(signal\)"):
        EventSample.from_arrays(FEATURES, labels)


def test_labels_may_be_bool():
    sample = EventSample.from_arrays(FEATURES, np.array([True, False, True]))
    assert sample.is_signal.tolist() == [True, False, True]


@pytest.mark.parametrize("index", [[2, 1], torch.tensor([2, 1])])
def test_take(index):
    taken = sample_of().take(index)
    assert taken.features.tolist() == [FEATURES[2], FEATURES[1]]
    assert taken.is_signal.tolist() == [True, False]
    assert taken.weights.tolist() == [0.5, 2.0]


def test_take_of_one_class_is_refused():
    with pytest.raises(ValueError, match="no background event"):
        sample_of().take([0, 2])


def test_to_keeps_the_values():
    moved = sample_of().to("cpu")
    assert moved.features.tolist() == FEATURES
    assert moved.is_signal.tolist() == [True, False, True]
    assert moved.weights.tolist() == [1.0, 2.0, 0.5]


def test_columns_for_losses():
    sample = sample_of()
    assert sample.by_feature.tolist() == FEATURES
    assert sample.by_feature.T.is_contiguous()
    assert sample.signal_weights.tolist() == [1.0, 0.0, 0.5]
    assert sample.background_weights.tolist() == [0.0, 2.0, 0.0]


@pytest.mark.parametrize("n_features", [1, 3])
def test_the_ordered_sample_has_the_same_events_class_by_class(n_features):
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(3000, n_features, generator=generator)
    sample = EventSample(features, features[:, 0] > 0.5, torch.rand(3000, generator=generator) + 0.1)
    ordered = sample.ordered()
    n_signal = int(sample.is_signal.sum())
    assert ordered.is_signal.tolist() == [True] * n_signal + [False] * (3000 - n_signal)

    def rows(events):
        columns = (events.features, events.weights[:, None], events.is_signal[:, None].float())
        return sorted(torch.cat(columns, dim=1).tolist())

    assert rows(ordered) == rows(sample)
    # Events beside each other are near each other.
    apart = [(events.features[1:, 0] - events.features[:-1, 0]).abs().mean() for events in (ordered, sample)]
    assert apart[0] < 0.4 * apart[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": [1.0, 2.0, 3.0]}, r"features need shape \(n_events, n_features\), not \(3,\)"),
        ({"is_signal": (True, False)}, r"is_signal needs shape \(3,\), not \(2,\)"),
        ({"is_signal": [[True], [False], [True]]}, r"is_signal needs shape \(3,\), not \(3, 1\)"),
        ({"weights": (1.0,) * 4}, r"weights needs shape \(3,\), not \(4,\)"),
        ({"is_signal": (1, 0, 1)}, "is_signal needs dtype torch.bool, not torch.int64"),
        ({"weights": (1.0, math.nan, 1.0)}, "weights must be finite"),
        ({"weights": (1.0, math.inf, 1.0)}, "weights must be finite"),
        ({"weights": (1.0, -0.1, 1.0)}, "weights of the background events sum to -0.1, since"),
        ({"weights": (1.0, 1.0, -2.0)}, "weights of the signal events sum to -1, since"),
        ({"weights": (1.0, 1.0, -1.0)}, "no signal event with a positive weight"),
        ({"is_signal": (True, True, True)}, "no background event with a positive weight"),
        ({"is_signal": (False, False, False)}, "no signal event with a positive weight"),
        ({"weights": (0.0, 1.0, 0.0)}, "no signal event with a positive weight"),
        ({"weights": (1.0, 0.0, 1.0)}, "no background event with a positive weight"),
    ],
)
def test_sample_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        sample_of(**changes)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_counted_by_column(bad):
    features = [[1.0, bad, 3.0], [4.0, bad, 6.0], [7.0, 8.0, bad]]
    with pytest.raises(ValueError, match=r"not finite, \{column: events\} = \{1: 2, 2: 1\}"):
        sample_of(features)
