import itertools

import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st

from scripts.physics.root_files import chunk_bounds, open_root


def test_chunks_end_where_baskets_end():
    assert chunk_bounds([0, 10, 20, 30], 0, 30, 25) == [0, 20, 30]
    assert chunk_bounds([0, 10, 20, 30], 0, 30, 30) == [0, 30]
    assert chunk_bounds([0, 100], 0, 100, 40) == [0, 40, 80, 100]
    assert chunk_bounds([0, 10, 20, 30], 15, 27, 100) == [15, 27]
    assert chunk_bounds([0], 0, 0, 10) == []


@given(
    st.lists(st.integers(1, 300), unique=True).map(sorted),
    st.integers(0, 150),
    st.integers(0, 150),
    st.integers(1, 200),
)
def test_chunks_are_all_events_once(ends, start, n_events, size):
    bounds = chunk_bounds(ends, start, start + n_events, size)
    steps = [last - first for first, last in itertools.pairwise(bounds)]
    assert all(0 < step <= size for step in steps)
    assert sum(steps) == n_events
    if n_events:
        assert (bounds[0], bounds[-1]) == (start, start + n_events)


@pytest.mark.parametrize("name", ["a:b.root", "s{1}.root", "s[1].root", "s 1.root", "a::b.root", "*?.root"])
def test_any_name_is_a_name(tmp_path, name):
    with uproot.recreate(tmp_path / "plain.root") as root_file:
        root_file["tree"] = {"x": np.ones(3)}
    path = (tmp_path / "plain.root").rename(tmp_path / name)
    with open_root(path) as root_file:
        assert root_file["tree"].num_entries == 3
