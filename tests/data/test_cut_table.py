"""Events that a table of cuts selects."""

import pandas as pd
import pytest

from scripts.data.cut_table import passes_cut_table


def test_cut_tables_with_any_edges(table):
    cuts = pd.DataFrame(
        [(0.9, "x", ">", -1.0), (0.9, "x", "<", 1.0), (0.2, "y", ">", 0.0)],
        columns=["target_efficiency", "feature", "direction", "cut"],
    )
    passed = passes_cut_table(table, cuts)
    assert (passed[:, 0] == table["x"].between(-1, 1)).all()
    assert (passed[:, 1] == (table["y"] > 0)).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [(0.9, "x", ">", 1.0), (0.9, "x", "<", -1.0)],
            "window of x at the target 0.9 is empty: its low",
        ),
        ([(0.9, "z", ">", 1.0)], "the cuts ask for z, which the events do not have"),
    ],
)
def test_bad_cut_tables(table, rows, message):
    cuts = pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction", "cut"])
    with pytest.raises(ValueError, match=message):
        passes_cut_table(table, cuts)
