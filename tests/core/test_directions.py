import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabin_core.directions import AUTO, OPPOSITE, TooFewEvents, find_directions


def classes(n, *features, seed=1):
    """Draw events of both classes; a feature is a pair of a function of a generator and a size."""
    random = np.random.default_rng(seed)
    columns = [np.concatenate([of_class(random, n) for of_class in feature]) for feature in features]
    return np.column_stack(columns), np.arange(2 * n) < n


def normal(mean, width):
    return lambda random, n: random.normal(mean, width, n)


NOISE = normal(0, 1), normal(0, 1)
HIGH = normal(0.8, 1), normal(0, 1)
LOW = normal(-0.8, 1), normal(0, 1)
MIDDLE = normal(0, 1), normal(0, 3)


def directions(x, is_signal, weights=None, given_ones=None):
    weights = np.ones(len(x)) if weights is None else weights
    return [one.direction for one in find_directions(x, is_signal, weights, given_ones)]


def test_sides_the_middle_and_noise():
    x, is_signal = classes(2000, HIGH, LOW, MIDDLE, NOISE)
    found = find_directions(x, is_signal, np.ones(len(x)))
    assert [one.direction for one in found][:3] == [">", "<", "window"]
    assert [one.separates for one in found] == [True, True, True, False]
    assert found[2].opposite is None
    assert found[2].cut.exceeds(3.0, 0.2)


def test_signal_in_the_middle_of_the_only_feature():
    x, is_signal = classes(1000, MIDDLE)
    (found,) = find_directions(x, is_signal, np.ones(len(x)))
    assert found.direction == "window"
    assert found.separates
    assert abs(found.auc - 0.5) < 0.05


def test_signal_outside_is_no_window():
    x, is_signal = classes(1000, MIDDLE[::-1])
    assert directions(x, is_signal)[0] in "<>"


def test_integers_and_repeated_values():
    x, is_signal = classes(1000, (lambda r, n: r.poisson(3, n), lambda r, n: r.poisson(1, n)), HIGH)
    assert directions(np.floor(x), is_signal) == [">", ">"]


def test_a_side_that_only_the_other_cuts_show():
    # Signal is where x0 - x1 is large; of either feature alone hardly anything is to be seen.
    random = np.random.default_rng(2)
    is_signal = np.arange(4000) < 2000
    common, apart = random.uniform(-1, 1, 4000), is_signal * 1.5 + random.normal(0, 0.3, 4000)
    x = np.column_stack([common + apart / 2, common - apart / 2])
    assert directions(x, is_signal) == [">", "<"]


def test_given_directions_stay_and_wrong_ones_are_noticed():
    x, is_signal = classes(2000, HIGH, LOW, NOISE)
    found = find_directions(x, is_signal, np.ones(len(x)), ["<", "auto", ">"])
    assert [one.direction for one in found] == ["<", "<", ">"]
    assert [one.best for one in found] == [">", "<", ">"]
    assert found[0].opposite.exceeds(3.0, 0.02)
    right = find_directions(x, is_signal, np.ones(len(x)), [">", "<", ">"])
    assert [one.best for one in right] == [">", "<", ">"]


def test_weights_decide_and_may_be_negative():
    # Half of the background lies above the signal; its weights cancel.
    random = np.random.default_rng(3)
    x = np.concatenate([random.normal(0, 1, 2000), random.normal(-2, 1, 2000), random.normal(2, 1, 2000)])
    is_signal = np.arange(6000) < 2000
    weights = np.ones(6000)
    assert directions(x[:, None], is_signal, weights)[0] == "window"
    weights[4000:] *= np.where(np.arange(2000) % 2, 1.0, -1.0)
    assert directions(x[:, None], is_signal, weights) == [">"]


@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 1000), flipped=st.lists(st.booleans(), min_size=3, max_size=3))
def test_only_the_order_of_values_and_ratios_of_weights_count(seed, flipped):
    x, is_signal = classes(400, HIGH, MIDDLE, LOW, seed=seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2.0, len(x))
    found = find_directions(x, is_signal, weights)
    signs = np.where(flipped, -1.0, 1.0)
    other = find_directions(np.sinh(x) * signs, is_signal, 1e9 * weights)
    for one, changed, turned in zip(found, other, flipped, strict=True):
        assert changed.direction == (OPPOSITE.get(one.direction, "window") if turned else one.direction)
        assert changed.auc == pytest.approx(1 - one.auc if turned else one.auc, abs=1e-9)
        assert changed.cut.value == pytest.approx(one.cut.value, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "weights", "missing"),
    [(10, np.ones(20), "signal"), (50, np.repeat([1.0, -1.0], 50), "background")],
    ids=["few events", "weights below zero"],
)
def test_too_few_events(n, weights, missing):
    x, is_signal = classes(n, HIGH)
    with pytest.raises(TooFewEvents, match=f"too few training events of {missing}"):
        find_directions(x, is_signal, weights)


def test_unknown_direction():
    x, is_signal = classes(100, HIGH)
    with pytest.raises(ValueError, match="unknown direction '>='"):
        find_directions(x, is_signal, np.ones(len(x)), [">="])


def test_of_many_events_a_share_is_looked_at(monkeypatch):
    x, is_signal = classes(3000, HIGH, LOW)
    monkeypatch.setattr("cabin_core.directions.MOST_EVENTS", 500)
    assert directions(x, is_signal, given_ones=[AUTO, AUTO]) == [">", "<"]


def test_all_directions_of_the_gaussian_dataset():
    from scripts.config import over_paper, read_config
    from tests.checkout import ROOT

    run = read_config(over_paper({}, [ROOT / "config/paper/run.yaml", ROOT / "config/paper/gaussian.yaml"]))
    study = run.studies["gaussian"]
    events = study.source.generate(study)
    training = events[events["split"] == "train"]
    found = find_directions(
        training[study.feature_names].to_numpy(),
        (training["label"] == 1).to_numpy(),
        training["weight"].to_numpy(),
    )
    assert [one.direction for one in found] == study.directions
