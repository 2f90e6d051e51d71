"""The grid scan against a loop over all points, and the supercuts that it reads."""

import itertools
import json
import operator
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.data.cut_table import passes_cut_table
from scripts.models import grid_scan
from scripts.models.grid_scan import edges_of_point, scan_grid
from scripts.models.supercuts import parse_supercuts, read_supercuts

COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
FEATURES = ["a", "b", "n"]


def sample(n_events: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = np.arange(n_events) % 2
    table = pd.DataFrame(rng.normal(label[:, None] * 0.8, 1.0, (n_events, 2)).round(1), columns=["a", "b"])
    return table.assign(
        n=rng.integers(0, 4, n_events), label=label, weight=rng.integers(1, 4, n_events) * 1.0
    )


def brute_force(scanned: list[tuple], fixed: list[tuple], events: pd.DataFrame, target: float):
    """Background and signal efficiency of the best point, by a loop over all of them."""
    columns = {name: events[name].to_numpy() for name in events}
    is_signal, weights = columns["label"] == 1, columns["weight"]
    best = (np.inf, 0.0)
    for point in itertools.product(*(np.arange(*st3) for *_, st3 in scanned)):
        edges = [(feature, sign, value) for (feature, sign, _), value in zip(scanned, point, strict=True)]
        passed = np.ones(len(events), dtype=bool)
        for feature, sign, value in edges + fixed:
            passed &= COMPARE[sign](columns[feature], value)
        signal, background = (
            weights[passed & of_class].sum() / weights[of_class].sum() for of_class in (is_signal, ~is_signal)
        )
        if signal >= target:
            best = min(best, (background, -signal))
    return best[0], -best[1]


@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 10**6), chunk=st.sampled_from([1, 4, 10**6]))
def test_scan_is_a_loop_over_all_points(data, seed, chunk):
    scanned, cuts = [], []
    for feature in data.draw(st.permutations(FEATURES))[: data.draw(st.integers(1, 3))]:
        sign = data.draw(st.sampled_from(sorted(COMPARE)))
        start, step = data.draw(st.integers(-3, 1)), data.draw(st.sampled_from([0.4, 0.5, 1.0]))
        scanned.append((feature, sign, [start, start + data.draw(st.integers(1, 3)), step]))
        turned = f"{{0}} {sign.translate(str.maketrans('<>', '><'))} {feature}"
        text = data.draw(st.sampled_from([f"{feature}{sign}{{0}}", f"({feature} {sign} {{0}})", turned]))
        cuts.append({"selections": text, "st3": [scanned[-1][2]]})
    fixed = data.draw(st.sampled_from([[], [("n", "<=", 2), ("b", "<", 2.5)]]))
    if fixed:
        cuts.append({"selections": "n <= {0} && b < {1}", "pivot": [2, 2.5]})
    events = sample(60, seed)
    grid = parse_supercuts(cuts, FEATURES, 10**6)
    targets = [0.01, 0.3]
    expected = [brute_force(scanned, fixed, events, target) for target in targets]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid_scan, "CHUNK_POINTS", chunk)
        if not np.isfinite([background for background, _ in expected]).all():
            with pytest.raises(ValueError, match="no point of the grid keeps"):
                scan_grid(grid, events, targets, 1)
            return
        found = scan_grid(grid, events, targets, 2)
    assert [point.background for point in found] == pytest.approx([b for b, _ in expected])
    assert [point.signal for point in found] == pytest.approx([s for _, s in expected])
    for target, point in zip(targets, found, strict=True):
        rows = [(target, *edge) for edge in edges_of_point(grid, point.position)]
        table = pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction", "cut"])
        passed = passes_cut_table(events, table)[:, 0]
        of_class = events["label"] == 1
        efficiency = events["weight"][passed & of_class].sum() / events["weight"][of_class].sum()
        assert efficiency == pytest.approx(point.signal)


def test_points_chunks_and_threads_do_not_change_the_result(monkeypatch):
    cuts = [
        {"selections": "a > {0}", "st3": [[-2, 2, 0.1]]},
        {"selections": "{0} < b & b < {1}", "st3": [[-2, 0, 0.1], [0, 3, 0.2]]},
    ]
    grid = parse_supercuts(cuts, FEATURES, 10**6)
    assert grid.n_points == 40 * 20 * 15
    done: list[int] = []
    whole = scan_grid(grid, sample(1000), [0.5, 0.7], 1, done.append)
    assert done == [grid.n_points]
    monkeypatch.setattr(grid_scan, "CHUNK_POINTS", 100)
    for threads in (1, 3):
        done.clear()
        assert scan_grid(grid, sample(1000), [0.5, 0.7], threads, done.append) == whole
        assert done[-1] == grid.n_points > done[0]


def test_of_equal_background_more_signal():
    events = pd.DataFrame({"a": [1.0, 2.0, 3.0, 0.0], "label": [1, 1, 1, 0], "weight": 1.0})
    grid = parse_supercuts([{"selections": "a > {0}", "st3": [[0.5, 3, 1]]}], ["a"], 10)
    (point,) = scan_grid(grid, events, [0.3], 1)
    assert (point.background, point.signal) == (0.0, 1.0)
    assert edges_of_point(grid, point.position) == [("a", ">", 0.5)]


def test_stop_is_left_out_and_the_tightest_of_two_cuts_counts():
    cuts = [
        {"selections": "(a >= {0}) & (b >= {0})", "st3": [[0, 3, 1]]},
        {"selections": "a > {0} & n == 2", "pivot": [1.5]},
    ]
    grid = parse_supercuts(cuts, FEATURES, 10)
    assert [axis.values.tolist() for axis in grid.axes] == [[0, 1, 2]]
    assert grid.features == ["a", "b", "n"]
    below = {value: np.nextafter(value, -np.inf) for value in (1.0, 2.0)}
    assert edges_of_point(grid, 1) == [
        ("a", ">", 1.5),
        ("b", ">", below[1.0]),
        ("n", ">", below[2.0]),
        ("n", "<", np.nextafter(2.0, np.inf)),
    ]
    assert edges_of_point(grid, 2)[0] == ("a", ">", below[2.0])


GOOD = {"selections": "a > {0}", "st3": [[0, 1, 0.1]]}
BAD = [
    ({"selections": "c > {0}", "st3": [[0, 1, 0.1]]}, '"c > {0}": unknown branch c: the study has a, b, n'),
    ({"selections": "a * 2 > {0}", "st3": [[0, 1, 0.1]]}, "'a * 2 > {0}' is not a comparison of a branch"),
    ({"selections": "a > b", "pivot": []}, "'a > b' is not a comparison of a branch"),
    ({"selections": "{0} > 3", "pivot": [1]}, "'{0} > 3' is not a comparison of a branch"),
    ({"selections": "a > {0} || b > {0}", "pivot": [1]}, "is not a comparison of a branch"),
    ({"selections": "abs(a) > {0}", "pivot": [1]}, "'abs(a) > {0}' is not a comparison of a branch"),
    ({"selections": "(a > {0}", "pivot": [1]}, "a parenthesis is missing"),
    ({"selections": "a != {0}", "pivot": [1]}, "is not a comparison of a branch"),
    ({"selections": "a > {0}", "st3": [[0, 1, 0]]}, "the step of st3 [0, 1, 0] must be positive"),
    ({"selections": "a > {0}", "st3": [[0, 1, -0.1]]}, "must be positive"),
    ({"selections": "a > {0}", "st3": [[1, 0, 0.1]]}, "the start of st3 [1, 0, 0.1] is not below its stop"),
    ({"selections": "a > {0}", "st3": [[0, 1]]}, "st3 needs [start, stop, step] for each placeholder"),
    ({"selections": "a > {0}", "st3": [0, 1, 0.1]}, "3 items in st3 for the placeholders {0}"),
    ({"selections": "a > {0}", "st3": [[0, 1, "x"]]}, "st3 must hold numbers, not 'x'"),
    ({"selections": "a > {0}", "st3": [[0, 1, 1e-9]]}, "has more than 100000 values"),
    ({"selections": "{0} < a & a < {1}", "st3": [[0, 1, 1]]}, "1 items in st3 for the placeholders {0}, {1}"),
    (
        {"selections": "a > {1}", "st3": [[0, 1, 0.1]]},
        "1 items in st3 for the placeholders {1}: one each",
    ),
    ({"selections": "a > 1", "st3": [[0, 1, 0.1]]}, "1 items in st3 for the placeholders none"),
    ({"selections": "a == {0}", "st3": [[0, 1, 0.1]]}, "a placeholder cannot be scanned on both sides"),
    ({"selections": "a > {0}", "pivot": [float("nan")]}, "a pivot must hold numbers"),
    ({"selections": "a > {0}", "pivot": 3}, "pivot must be a list"),
    ({"selections": "a > {0}"}, "give either st3, the range of each placeholder, or pivot"),
    ({"selections": "a > {0}", "st3": [[0, 1, 1]], "pivot": [1]}, "give either st3"),
    ({"st3": [[0, 1, 1]]}, 'entry 1 has no text "selections"'),
    (
        {"selections": "{0} < b & b < {1}", "pivot": [2, 1]},
        "the window of b is empty: its low edge, 2 at least",
    ),
    (
        {"selections": "{0} < b & b < {1}", "st3": [[3, 9, 1], [0, 2, 1]]},
        "the window of b is empty: its low edge, 3 at least, is not below its high edge, 1 at most",
    ),
    ({"selections": "b > {0}", "st3": [[0, 10, 0.01]]}, "the grid has 10000 points, most_points allows 5000"),
]


@pytest.mark.parametrize(("entry", "message"), BAD, ids=[str(entry) for entry, _ in BAD])
def test_bad_supercuts_get_one_line(entry, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        parse_supercuts([GOOD, entry], FEATURES, 5000)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_numbers_that_yaml_takes_for_text():
    grid = parse_supercuts([{"selections": "a > {0}", "st3": [[0, "1e0", "2.5e-1"]]}], ["a"], 10)
    assert grid.axes[0].values.tolist() == [0, 0.25, 0.5, 0.75]
    for value in (True, "1", None, float("inf")):
        with pytest.raises(ValueError, match="st3 must hold numbers"):
            parse_supercuts([{"selections": "a > {0}", "st3": [[0, 1, value]]}], ["a"], 10)


def test_pivots_alone_are_no_grid():
    with pytest.raises(ValueError, match="every cut is fixed by a pivot"):
        parse_supercuts([{"selections": "a > {0}", "pivot": [1]}], FEATURES, 10)


def test_unreachable_target_names_what_the_grid_keeps():
    grid = parse_supercuts([{"selections": "a > {0}", "st3": [[1, 3, 1]]}], FEATURES, 10)
    with pytest.raises(ValueError, match=r"no point of the grid keeps 0.9 of .* the loosest keeps 0\.\d+"):
        scan_grid(grid, sample(), [0.1, 0.9], 1)


def test_supercuts_of_a_file(tmp_path):
    path = tmp_path / "supercuts.json"
    path.write_text(json.dumps([GOOD]))
    assert parse_supercuts(str(path), FEATURES, 10).n_points == 10
    for content, message in (
        ("[{", "supercuts.json: not JSON"),
        ("{}", "supercuts.json: not a list of cuts"),
        ("[]", "supercuts.json: not a list of cuts"),
        ("[3]", "supercuts.json: entry 0 has no text"),
    ):
        path.write_text(content)
        with pytest.raises(ValueError, match=message):
            read_supercuts(path)
    path.unlink()
    with pytest.raises(ValueError, match=r"supercuts.json: cannot be read .No such file"):
        read_supercuts(path)
