"""Cuts that follow a property, against exact computations."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from scripts.figures.style import (
    LINE_COLORS,
)
from scripts.sources.property_optimum import GaussianBin
from tests.figures.cases import (
    CASES,
    MISSED,
    STUDIES,
)
from tests.figures.results import labelled, module_of_case


def test_property_cuts(results):
    table, axes = results.table("property_cuts"), results.figure("property_cuts").axes
    optimum = results.read("falling", "bin_optimum.csv").query("target_efficiency == 0.9")
    for ax, feature in zip(axes, STUDIES["falling"].features, strict=True):
        best = optimum.loc[optimum["feature"] == feature.name, "cut"].to_numpy()
        for series, missed in (MISSED | {"optimum": [0.0] * 3}).items():
            rows = table[(table["series"] == series) & (table["feature"] == feature.name)]
            bins = rows[rows["kind"] == "bin"]
            expected = best + (missed if feature.name == "x" else np.nan_to_num(missed))
            np.testing.assert_allclose(bins["cut"], expected)
            np.testing.assert_array_equal(bins[["low", "high"]], [[20, 40], [40, 60], [60, 100]])
            curve = rows[rows["kind"] == "curve"]
            assert curve.empty == (series != "smooth")
        drawn = {patch.get_label(): patch.get_data() for patch in ax.patches if isinstance(patch, StepPatch)}
        assert drawn.keys() == {"Best cuts, computed", "boxes", "alone"}
        np.testing.assert_allclose(drawn["Best cuts, computed"].values, best)
        np.testing.assert_allclose(drawn["alone"].values, best + MISSED["alone"])
        assert drawn["boxes"].edges.tolist() == [20, 40, 60, 100]
        lines = labelled(ax)
        np.testing.assert_allclose(lines["smooth"].get_xydata()[:, 0], [30, 50, 80])
        np.testing.assert_allclose(lines["smooth"].get_xydata()[:, 1], best + MISSED["smooth"])
        curve = lines["smooth, interpolated"].get_xydata()
        np.testing.assert_allclose(curve[[0, -1], 1], (best + MISSED["smooth"])[[0, -1]])
        assert ax.get_xlabel() == r"$p_\mathrm{T}$ [GeV]"
    assert [ax.get_ylabel() for ax in axes] == ["Cut, target 0.9", "Cut, target 0.9 [GeV]"]


@pytest.mark.parametrize("kind", ["property_cuts", "property_efficiencies"])
def test_a_target_that_is_missing_is_refused(results, kind):
    with pytest.raises(ValueError, match=r"has no cuts at the target 0\.8"):
        module_of_case(kind).tabulate(results.inputs(CASES[kind] | {"target": 0.8}))


def test_property_efficiencies(results):
    table, (top, bottom) = (
        results.table("property_efficiencies"),
        results.figure("property_efficiencies").axes,
    )
    events, optimum = (results.read("falling", name) for name in ("features.parquet", "bin_optimum.csv"))
    for name, marker in (("alone", 0), ("smooth", 1)):
        rows = table[table["network"] == name]
        cuts = results.read("falling", f"{name}/cuts.csv").query("target_efficiency == 0.7")
        for row, (_, of_bin) in zip(rows.itertuples(), cuts.groupby("property_low"), strict=True):
            classes = GaussianBin.from_study(STUDIES["falling"], row.property_low, row.property_high)
            signal, background = classes.efficiencies(*classes.one_sided(of_bin["cut"].to_numpy()))
            best = optimum[
                (optimum["property_low"] == row.property_low) & (optimum["target_efficiency"] == 0.7)
            ]
            assert row.signal_efficiency == pytest.approx(signal)
            assert row.over_optimum == pytest.approx(background / best["background_efficiency"].iloc[0])
            training = events[(events["split"] == "train") & (events["label"] == 1)]
            inside = (training["pt"] >= row.property_low) & (training["pt"] < row.property_high)
            assert row.training_signal == inside.sum()
        np.testing.assert_allclose(labelled(top)[name].get_ydata(), rows["signal_efficiency"])
        np.testing.assert_allclose(labelled(bottom)[name].get_ydata(), rows["over_optimum"])
        assert labelled(top)[name].get_color() == LINE_COLORS[marker]
        at = labelled(top)[name].get_xdata()
        assert ((at > rows["property_low"]) & (at < rows["property_high"])).all()


def test_property_distances(results):
    table, (left, right) = results.table("property_distances"), results.figure("property_distances").axes
    factors, of_bins = np.array([1.4, 1.5, 1.6]), np.array([1.0, 2.0, 3.0])
    for name, size in (("alone", 0.2), ("smooth", 0.1)):
        rows = table[table["network"] == name]
        by_seed, by_bin = rows.dropna(subset="seed"), rows.dropna(subset="low")
        np.testing.assert_allclose(by_seed["distance"], size * factors * np.sqrt((of_bins**2).mean()))
        np.testing.assert_allclose(by_bin["distance"], size * of_bins * np.sqrt((factors**2).mean()))
        np.testing.assert_allclose(labelled(left)[name].get_xydata(), by_seed[["seed", "distance"]])
    for patch, name in zip(right.patches, ("alone", "smooth"), strict=True):
        np.testing.assert_allclose(
            patch.get_data().values, table[table["network"] == name].dropna(subset="low")["distance"]
        )
