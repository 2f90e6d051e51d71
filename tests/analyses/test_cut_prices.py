"""What the best cuts on sets of features leave, against all cuts of small samples, and the rows by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabin_core.box import reaches
from cabin_core.box_ranks import MOST_EDGES
from scripts.analyses import feature_sets
from scripts.analyses.cut_prices import MOST_FEATURES
from scripts.analyses.feature_sets import FeatureSets
from scripts.analyses.job import AnalysisJob
from scripts.analyses.priced_cuts import price_cuts
from scripts.columns import Feature
from scripts.kinds import module_of
from scripts.models.best_boxes import box_edges
from scripts.parsing import parse_into
from tests.faults import changed, check_line
from tests.studies import FEATURES, SOURCE, make_study, study_entry


def options(**changes):
    return parse_into(module_of("analysis", "cut_prices").Settings, changes, "cut_prices", [])


def least_background(values, is_signal, weights, signal):
    """Return the least background of cuts ``>`` on features, by trying all."""
    steps = [[-np.inf, *np.unique(column)] for column in values.T]
    left = []
    for cuts in itertools.product(*steps):
        passes = (values > cuts).all(axis=1)
        if weights[passes & is_signal].sum() >= signal * (1 - 1e-9):
            left.append(weights[passes & ~is_signal].sum())
    return min(left)


def small_sample(seed, n_features):
    random = np.random.default_rng(seed)
    is_signal = np.arange(30) < 12
    values = random.integers(0, 4, (30, n_features)) + random.integers(0, 2, n_features) * is_signal[:, None]
    weights = random.integers(1, 4, 30) * (1.0 if seed % 2 else 0.37)
    return values.astype(float), is_signal, weights


def search(sample, target, **changes):
    values, is_signal, weights = sample
    edges = box_edges([">"] * values.shape[1], windows=False)
    sets = FeatureSets(*sample, edges, options(**changes))
    left = sets.search(target * weights[is_signal].sum(), sets_nodes := changes.get("nodes", 2000))
    assert 0 <= left <= sets_nodes
    return sets


def by_trying(sample, target):
    """Return the least background for each set of features."""
    values, is_signal, weights = sample
    signal = target * weights[is_signal].sum()
    return {
        frozenset(chosen): least_background(values[:, list(chosen)], is_signal, weights, signal)
        for size in range(1, values.shape[1] + 1)
        for chosen in itertools.combinations(range(values.shape[1]), size)
    }


def check(sets, exact):
    for chosen, found in sets.found.items():
        assert found.background >= exact[chosen] * (1 - 1e-9)
        assert sets.bound(chosen) <= exact[chosen] * (1 + 1e-9)
    for size, chosen in sets.best.items():
        least = min(background for one, background in exact.items() if len(one) == size)
        assert sets.found[chosen].background >= least * (1 - 1e-9)
        assert sets.bound_of_size(size) <= least * (1 + 1e-9)


@pytest.mark.parametrize("n_features", [2, 3, 4])
@pytest.mark.parametrize("nodes", [0, 7, 2000])
def test_all_sets_against_trying_all_cuts(n_features, nodes):
    for seed in range(8):
        sample, target = small_sample(seed, n_features), 0.5 + 0.05 * seed
        exact = by_trying(sample, target)
        sets = search(sample, target, nodes=nodes)
        check(sets, exact)
        if nodes == 2000:
            # Everything is proven, so that all of it is exact.
            for size, chosen in sets.best.items():
                assert reaches(sets.bound_of_size(size), sets.found[chosen].background)
            for chosen in (sets.all, *sets.without_one):
                assert sets.found[chosen].background == pytest.approx(exact[chosen])
                assert reaches(sets.bound(chosen), exact[chosen])


def test_one_by_one_where_there_are_many_features(monkeypatch):
    monkeypatch.setattr(feature_sets, "MOST_ENUMERATED", 3)
    for seed in range(8):
        sample = small_sample(seed, 4)
        sets = search(sample, 0.7, within=0.2)
        check(sets, by_trying(sample, 0.7))
        sizes = sorted(sets.best)
        assert sizes == list(range(sizes[0], 5))
        assert all(sets.best[size] < sets.best[size + 1] for size in sizes[:-1])
        # It goes on for as long as the background stays near, and one further.
        limit = 1.2 * sets.found[sets.all].background
        assert all(sets.found[sets.best[size]].background <= limit for size in sizes[1:])
        assert sizes[0] == 1 or sets.found[sets.best[sizes[0]]].background > limit


def table_of(signal, background, weight=1.0, split="train"):
    values = pd.DataFrame([*signal, *background], columns=["a", "b"], dtype=float)
    label = np.arange(len(values)) < len(signal)
    return values.assign(label=label.astype(int), weight=weight, split=split)


SIGNAL = [(1, 5), (2, 5), (3, 5), (4, 1)]
BACKGROUND = [(0.5, 6), (0.5, 6), (1.5, 2), (1.5, 6), (5, 2), (5, 2), (5, 6)]
AB = [Feature(name="a", direction=">"), Feature(name="b", direction=">")]


@pytest.fixture
def events():
    train, test = (
        table_of(SIGNAL, BACKGROUND, weight, split) for weight, split in ((1.0, "train"), (2.0, "test"))
    )
    return pd.concat([train, test], ignore_index=True)


def test_rows_by_hand(events):
    # Three signal events of four are kept. Both cuts leave 2; a > 1.75 alone leaves 3, b > 3.5 alone 4.
    rows = price_cuts(events, AB, options(targets=[0.75]), "")
    assert rows["part"].tolist() == ["all", "without", "without", "fewest"]
    assert rows["feature"].fillna("").tolist() == ["", "a", "b", ""]
    assert rows["n_features"].tolist() == [2, 1, 1, 1]
    assert rows["features"].tolist() == ["a, b", "b", "a", "a"]
    assert rows["cuts"].tolist() == ["a > 0.75 & b > 3.5", "b > 3.5", "a > 1.75", "a > 1.75"]
    assert rows["signal"].tolist() == [3, 3, 3, 3]
    assert rows["background"].tolist() == rows["bound"].tolist() == [2, 4, 3, 3]
    assert rows["ratio"].tolist() == [1, 2, 1.5, 1.5]
    assert rows["ratio_low"].tolist() == rows["ratio_high"].tolist() == [1, 2, 1.5, 1.5]
    assert rows["difference"].tolist() == [0, 2, 1, 1]
    assert rows["proven"].all()
    assert (rows["ended"] == "proven").all()
    assert rows["test_signal"].tolist() == [6, 6, 6, 6]
    assert rows["test_background"].tolist() == [4, 8, 6, 6]
    assert rows["test_ratio"].tolist() == [1, 2, 1.5, 1.5]
    assert rows["test_signal_ratio"].tolist() == [1, 1, 1, 1]
    # Without a: two events of weight 2 that pass now, and two that passed before.
    assert rows["test_ratio_uncertainty"][:2].tolist() == [0, pytest.approx(np.sqrt(2 * 4 + 2 * 4) / 4)]
    assert rows["test_difference"].tolist() == [0, 4, 2, 2]
    assert rows["test_difference_uncertainty"][:2].tolist() == [0, pytest.approx(np.sqrt(2 * 4))]
    unseen = "not seen on the test sample"
    assert rows["remark"].tolist() == ["smallest, within 5 %", unseen, unseen, ""]


def test_the_smallest_number_within_a_fraction(events):
    rows = price_cuts(events, AB, options(targets=[0.75], within=0.5), "")
    unseen = "not seen on the test sample"
    assert rows["remark"].tolist() == ["", unseen, f"can go: within 50 %; {unseen}", "smallest, within 50 %"]
    found = price_cuts(events, AB, options(targets=[0.75], within=0.5, nodes=0), "")
    assert found["remark"].tolist()[::3] == ["best found", "smallest found, within 50 %; best found"]
    assert not found["proven"].any()
    assert (found["ended"] == "nodes").all()
    assert found["background"].tolist() == [2, 4, 3, 3]
    assert found["ratio_low"].tolist() == [1, 1, 1, 1]
    assert found["ratio_high"].isna().all()


def test_a_difference_that_the_test_sample_shows(events):
    many = pd.concat([events, *[events[events["split"] == "test"]] * 9])
    rows = price_cuts(many, AB, options(targets=[0.75]), "")
    # Without a the same events pass and more; without b 20 are new, and 10 of before fail: 1.8 deviations.
    assert rows["remark"].tolist()[1:3] == ["", "not seen on the test sample"]


def test_where_no_background_is_left(events):
    rows = price_cuts(events, AB, options(targets=[0.25], windows=True), "")
    assert rows["background"].tolist() == [0, 0, 0, 0]
    assert rows["ratio"].tolist() == [1, 1, 1, 1]
    assert rows["remark"].str.contains("no background left").all()
    assert rows["remark"].iloc[-1] == "smallest, within 5 %; no background left"


def test_windows_of_a_feature_and_of_all(events):
    one = [AB[0].model_copy(update={"direction": "window"}), AB[1]]
    cuts = price_cuts(events, one, options(targets=[0.25]), "")["cuts"].tolist()
    # Between 1.5 and 5 in a there is signal alone, at 2, 3 and 4.
    assert cuts[1:3] == ["b > 3.5", "a > 1.75 & a < 4.5"]
    two = price_cuts(events, AB, options(targets=[0.25], windows=True), "")["cuts"].tolist()
    assert two[2] == "a > 1.75 & a < 4.5"
    assert "b <" in two[1]


def test_signed_weights_have_cuts_and_no_bound(events):
    events.loc[10, "weight"] = -0.5
    rows = price_cuts(events, AB, options(targets=[0.75]), "")
    assert rows["bound"].isna().all()
    assert (rows["ended"] == "negative weights").all()
    assert not rows["proven"].any()
    assert rows["ratio_low"].isna().all()
    assert rows["background"].tolist() == [0.5, 2.5, 1.5, 1.5]
    assert rows["remark"].iloc[0] == "smallest found, within 5 %; best found"


def test_targets_keep_their_order_and_few_events_are_drawn(events):
    rows = price_cuts(events, AB, options(targets=[0.5, 0.75, 0.25]), "")
    assert rows["target_efficiency"].drop_duplicates().tolist() == [0.5, 0.75, 0.25]
    large = pd.concat([events] * 30, ignore_index=True)
    drawn = [price_cuts(large, AB, options(targets=[0.75], events=100, seed=seed), "") for seed in (3, 3, 4)]
    pd.testing.assert_frame_equal(drawn[0], drawn[1])
    assert drawn[0]["background"].tolist() != drawn[2]["background"].tolist()
    assert (drawn[0]["signal"] <= 100).all()
    # All events of the test sample are counted.
    assert drawn[0]["test_background"].iloc[0] > 100


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations([0, 1, 2]), constant=st.floats(-1e3, 1e3))
def test_order_of_features_and_a_constant_one(seed, order, constant):
    values, is_signal, weights = small_sample(seed, 2)
    sample = np.column_stack([values, np.full(len(values), constant)]), is_signal, weights
    sets = search(sample, 0.7)
    prices = [sets.found[chosen].background for chosen in sets.without_one]
    assert prices[2] == sets.found[sets.all].background
    permuted = search((sample[0][:, order], is_signal, weights), 0.7)
    of_permuted = [permuted.found[chosen].background for chosen in permuted.without_one]
    assert of_permuted == pytest.approx([prices[feature] for feature in order])
    assert [permuted.found[permuted.best[size]].background for size in (1, 2, 3)] == pytest.approx(
        [sets.found[sets.best[size]].background for size in (1, 2, 3)]
    )


def test_the_analysis_of_a_study(tmp_path):
    study = make_study(source=SOURCE, analyses={"cut_prices": {"features": ["x1", "x0"], "targets": [0.6]}})
    events = study.source.generate(study)
    events.to_parquet(tmp_path / "features.parquet", index=False)
    job = AnalysisJob(study, {"features": [tmp_path / "features.parquet"]})
    rows = study.analyses["cut_prices"].run(job)
    assert rows["features"][0] == "x0, x1"
    assert sorted(rows["feature"].dropna()) == ["x0", "x1"]
    assert rows["proven"].all()
    assert (rows["signal"] >= 0.6 * ((events["split"] == "train") & (events["label"] == 1)).sum()).all()


def many(n_features):
    return [{"name": f"x{number}", "direction": ">"} for number in range(n_features)]


def test_two_edges_of_the_most_features_can_be_searched():
    assert 2 * MOST_FEATURES == MOST_EDGES


@pytest.mark.parametrize(
    ("features", "value", "message"),
    [
        (FEATURES, {"features": ["x0", "x7"]}, "cut_prices.features: unknown feature 'x7': one of x0, x1"),
        (FEATURES, {"features": ["x0"]}, "cut_prices.features: a single feature, which nothing is left"),
        (FEATURES[:1], {}, "cut_prices.features: a single feature, which nothing is left without: two at"),
        (many(31), {}, "cut_prices.features: 31 features: name 30 of them at most"),
        (FEATURES, {"targets": []}, r"cut_prices.targets: \[\] is too short"),
        (FEATURES, {"targets": [0.5, 0.5]}, "cut_prices.targets: 0.5 is named twice"),
        (FEATURES, {"targets": [1.5]}, "cut_prices.targets.0: 1.5 is greater than or equal"),
        (FEATURES, {"within": -0.1}, "cut_prices.within: -0.1 is less than the minimum of 0"),
        (FEATURES, {"starts": 0}, "cut_prices.starts: 0 is less than the minimum of 1"),
    ],
)
def test_faults_of_the_config(features, value, message):
    entry = study_entry(features=features, analyses={"cut_prices": {}})
    check_line(changed(entry, "analyses.cut_prices", value), message)
