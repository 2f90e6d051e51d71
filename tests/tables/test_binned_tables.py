"""Tables of cuts that follow a property."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from scripts.kinds import module_of
from scripts.parsing import parse_kind
from scripts.sources.property_optimum import interpolated_efficiencies, tabulate_optimum
from scripts.tables.inputs import TableInputs
from tests.property_toy import TOY, make_events


@pytest.fixture
def files(tmp_path):
    """Cuts that miss the best ones by a tenth of the signal's width; those of the search have two edges."""
    optimum = tabulate_optimum(TOY)
    lower = optimum.assign(cut=optimum["cut"] + 0.1 * optimum["signal_width"], cut_scaled=0.0)
    other = np.where(lower["direction"] == ">", "<", ">")
    upper = lower.assign(direction=other, cut=np.where(other == "<", 99.0, -99.0))
    for name, table in {"optimum": optimum, "smooth": lower, "boxes": pd.concat([lower, upper])}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    make_events().to_parquet(tmp_path / "features.parquet")
    return {
        "features": [tmp_path / "features.parquet"],
        "bin_optimum": [tmp_path / "optimum.csv"],
        "cuts": [tmp_path / "smooth.csv", tmp_path / "boxes.csv"],
    }


def make_table(kind, networks, files):
    settings = parse_kind("table", {"table": kind, "caption": "A table.", "networks": networks})
    return module_of("table", kind).make_table(TableInputs(settings, TOY, files))


def test_table_of_bins(files):
    table = make_table("property_bins", ["smooth", "boxes"], files)
    smooth, boxes = (table[table["network"] == name] for name in ("smooth", "boxes"))
    assert len(smooth) == len(boxes) == 6
    assert_allclose(smooth["distance"], 0.1)
    between = interpolated_efficiencies(pd.read_csv(files["cuts"][0]), TOY)
    assert_allclose(smooth["interpolated_signal_efficiency"], between["signal_efficiency"])
    # A search has two edges a feature: nothing to interpolate.
    assert boxes["interpolated_signal_efficiency"].isna().all()


def test_table_of_cuts_names_the_bin(files):
    table = make_table("cuts", ["smooth"], {"cuts": files["cuts"][:1]})
    assert table["bin"].to_list() == ["20 < pt < 50", "50 < pt < 80", "80 < pt < 120"] * 2
    assert table["y"].str.match(r"> [\d.]+ GeV").all()
