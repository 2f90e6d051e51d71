"""From the selected events of many files to one feature table, its weights and its cutflow."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts import merge_features, read_delphes
from scripts.data.feature_table import check_feature_table
from tests.delphes_files import EVENTS, SELECTION, write_delphes

SPLIT = {"test_fraction": 0.2, "seed": 42}


def write_part(folder: Path, name: str, n_all: int, met: list[float]) -> tuple[Path, Path]:
    """Write what is read of one file."""
    table, cutflow = folder / f"{name}.parquet", folder / f"{name}.csv"
    pd.DataFrame({"met": met, "ht": [1.0 + i for i in range(len(met))]}, dtype=float).to_parquet(table)
    rows = [("all events", n_all), ("two leptons, pT > 10 GeV", n_all // 2), ("MET", len(met))]
    pd.DataFrame(rows, columns=["step", "events"]).to_csv(cutflow, index=False)
    return table, cutflow


def merge_parts(
    folder: Path,
    signal: list[tuple],
    background: tuple,
    files: dict,
    summaries: list[Path] | None = None,
    split: dict = SPLIT,
    **options: object,
) -> None:
    """Merge the files of write_part; one part of the background, given as a file and not as a list."""
    merge_features.main(
        signal=[table for table, _ in signal],
        signal_cutflows=[cutflow for _, cutflow in signal],
        background=background[0],
        background_cutflows=background[1],
        table=folder / "features.parquet",
        cutflow=folder / "cutflow.csv",
        features=["met", "ht"],
        split=split,
        files=files,
        summaries=summaries,
        weighting=options,
    )


@pytest.fixture
def merged(tmp_path):
    """Merge two signal files of 20 and 10 selected events and one background file of 60."""

    def merge(**options: object) -> tuple[pd.DataFrame, pd.DataFrame]:
        signal = [
            write_part(tmp_path, "signal_0", 100, [200.0 + i for i in range(20)]),
            write_part(tmp_path, "signal_1", 50, [300.0 + i for i in range(10)]),
        ]
        background = write_part(tmp_path, "background_0", 1000, [400.0 + i for i in range(60)])
        files = {"signal": ["a.root", "b.root"], "background": ["c.root"]}
        merge_parts(tmp_path, signal, background, files, **options)
        return pd.read_parquet(tmp_path / "features.parquet"), pd.read_csv(tmp_path / "cutflow.csv")

    return merge


def test_files_follow_each_other_and_counts_add_up(merged):
    table, cutflow = merged()
    signal = [*range(200, 220), *range(300, 310)]
    assert table["met"].to_list() == [*signal, *range(400, 460)]
    assert table["label"].to_list() == [1] * 30 + [0] * 60
    assert (table["weight"] == 1).all()
    assert list(cutflow.columns) == ["step", "signal", "background"]
    assert cutflow["step"].to_list() == ["all events", "two leptons, pT > 10 GeV", "MET"]
    assert cutflow["signal"].to_list() == [150, 75, 30]
    assert cutflow["background"].to_list() == [1000, 500, 60]


def test_weights_of_cross_section_and_luminosity(merged):
    table, cutflow = merged(luminosity=140.0, cross_sections={"signal": 3.0, "background": 70.0})
    of_signal = table["label"] == 1
    assert table.loc[of_signal, "weight"].unique() == pytest.approx(3 * 140 / 150)
    assert table.loc[~of_signal, "weight"].unique() == pytest.approx(70 * 140 / 1000)
    assert list(cutflow.columns) == ["step", "signal", "background", "signal_expected", "background_expected"]
    assert cutflow["signal_expected"].to_list() == pytest.approx([420, 210, 84])
    assert cutflow["background_expected"].to_list() == pytest.approx([9800, 4900, 588])
    assert table.loc[of_signal, "weight"].sum() == pytest.approx(84)
    check_feature_table(table, ["met", "ht"], "here")


def test_summaries_stand_in_for_cross_sections(merged, tmp_path):
    summaries = []
    for name, value in (("signal", 3.0), ("background", 70.0)):
        summaries.append(tmp_path / f"{name}.json")
        summaries[-1].write_text(json.dumps({"cross_section_fb": value, "events": 5}))
    table, cutflow = merged(luminosity=140.0, summaries=summaries)
    expected, flow = merged(luminosity=140.0, cross_sections={"signal": 3.0, "background": 70.0})
    assert table.equals(expected)
    assert cutflow.equals(flow)
    # Without a luminosity there is nothing to weight to.
    assert (merged(summaries=summaries)[0]["weight"] == 1).all()


def test_balance_keeps_the_sum_of_weights(merged):
    options = {"luminosity": 140.0, "cross_sections": {"signal": 3.0, "background": 70.0}}
    table, cutflow = merged(balance=True, **options)
    again, _ = merged(balance=True, **options)
    assert table.equals(again)
    assert table["label"].value_counts().to_dict() == {1: 30, 0: 30}
    background = table[table["label"] == 0]
    assert background["weight"].sum() == pytest.approx(588)
    assert background["met"].is_monotonic_increasing
    assert background["met"].iloc[-1] > 440  # from all of the file, not its first half
    assert table[table["label"] == 1]["weight"].sum() == pytest.approx(84)
    assert cutflow["background"].to_list() == [1000, 500, 60]


def test_a_balanced_class_is_drawn_with_the_seed_of_the_split(tmp_path):
    signal = [write_part(tmp_path, "signal", 100, [float(i) for i in range(20)])]
    background = write_part(tmp_path, "background", 100, [float(i) for i in range(60)])
    drawn = []
    for seed in (1, 2):
        split = {"test_fraction": 0.25, "seed": seed}
        merge_parts(tmp_path, signal, background, {"signal": [], "background": []}, split=split, balance=True)
        table = pd.read_parquet(tmp_path / "features.parquet")
        drawn.append(table.loc[table["label"] == 0, "met"].to_list())
    assert drawn[0] != drawn[1]
    assert len(drawn[0]) == 20


@pytest.mark.parametrize(
    ("n_all", "files", "message"),
    [
        (100, ["a.root"], "none of 100 signal events passes the preselection: loosen it; they are in a.root"),
        (0, ["a.root"], "no signal event at all in a.root: give files with events"),
        (100, list("abcde"), "none of 100 signal events .* in a, b, c and 2 more"),
    ],
)
def test_empty_sample_is_named(tmp_path, n_all, files, message):
    signal = write_part(tmp_path, "signal_0", n_all, [])
    background = write_part(tmp_path, "background_0", 100, [1.0, 2.0])
    with pytest.raises(ValueError, match=message):
        merge_parts(tmp_path, [signal], background, {"signal": files, "background": ["f"]})


def test_reading_writes_features_and_cutflow_of_a_file(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    outputs = {"table": tmp_path / "part.parquet", "cutflow": tmp_path / "part.csv"}
    read_delphes.main(root_file=path, selection=SELECTION, features=["ht", "met"], **outputs)
    table, cutflow = pd.read_parquet(outputs["table"]), pd.read_csv(outputs["cutflow"])
    assert list(table.columns) == ["ht", "met"]
    assert table["met"].to_list() == pytest.approx([250, 240])
    assert cutflow["events"].to_list() == [7, 6, 5, 4, 3, 2]


def test_reading_a_file_of_which_nothing_passes(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    outputs = {"table": tmp_path / "part.parquet", "cutflow": tmp_path / "part.csv"}
    selection = SELECTION | {"met": 5000.0}
    read_delphes.main(root_file=path, selection=selection, features=["met"], **outputs)
    assert pd.read_parquet(outputs["table"]).dtypes["met"] == np.dtype(float)
    assert pd.read_csv(outputs["cutflow"])["events"].to_list() == [7, 6, 5, 4, 3, 0]
