"""Expressions of genuine ntuples, where they are present."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from scripts.data.expressions import EventValues, Expression

NTUPLES = Path(__file__).parents[3] / "shared" / "ntuples"
pytestmark = pytest.mark.skipif(not NTUPLES.is_dir(), reason="the ntuples are not beside this checkout")

HZZ_MUON = "Muon_Px[{0}], Muon_Py[{0}], Muon_Pz[{0}], Muon_E[{0}]"
HZZ_MASS = f"mass_cartesian({HZZ_MUON.format(0)}, {HZZ_MUON.format(1)})"
# The branch pt1 is of the track and not always of this momentum.
ZMUMU_MUONS = "hypot(px1, py1), eta1, phi1, 0.105658, hypot(px2, py2), eta2, phi2, 0.105658"
ZMUMU_MASS = "mass_cartesian(px1, py1, pz1, E1, px2, py2, pz2, E2)"


def evaluate(file: str, *texts: str) -> list[EventValues]:
    with uproot.open(NTUPLES / file) as root_file:
        tree = root_file["Events" if "nano" in file else "events"]
        expressions = [Expression.parse(text) for text in texts]
        names = {name for expression in expressions for name in expression.names}
        columns = {name: tree[name].array() for name in names}
        return [expression.evaluate(columns, tree.num_entries) for expression in expressions]


def test_cutflow_of_hzz():
    weight, *steps = evaluate(
        "uproot-HZZ.root",
        "EventWeight * 1",
        "len(Muon_Px) >= 2",
        "Muon_Charge[0] * Muon_Charge[1] < 0",
        f"60 < {HZZ_MASS} < 120",
    )
    passing = np.ones(2421, dtype=bool)
    assert weight.values.sum() == pytest.approx(16.922521, abs=5e-7)
    assert (weight.values**2).sum() == pytest.approx(0.14007407, abs=5e-9)
    right = [(1413, 10.142988), (1397, 10.054272), (1298, 9.312535)]
    for step, (n_events, sum_of_weights) in zip(steps, right, strict=True):
        passing &= step.values
        assert step.undefined is None
        assert passing.sum() == n_events
        assert weight.values[passing].sum() == pytest.approx(sum_of_weights, abs=5e-7)
    assert steps[0].missing is None
    assert steps[1].missing.tolist() == steps[2].missing.tolist() == (~steps[0].values).tolist()
    both = f"len(Muon_Px) >= 2 and Muon_Charge[0] != Muon_Charge[1] and 60 < {HZZ_MASS} and {HZZ_MASS} < 120"
    (in_one,) = evaluate("uproot-HZZ.root", both)
    assert in_one.missing is None
    assert in_one.values.tolist() == passing.tolist()


def test_cutflow_of_zmumu():
    opposite, by_mass, by_branch = evaluate(
        "uproot-Zmumu.root", "Q1 * Q2 < 0", f"60 < {ZMUMU_MASS} < 120", "60 < M < 120"
    )
    assert opposite.values.sum() == 2147
    for in_window in (by_mass, by_branch):
        assert (opposite.values & in_window.values).sum() == 2004
    from_directions, mass, given = evaluate("uproot-Zmumu.root", f"mass({ZMUMU_MUONS})", ZMUMU_MASS, "M")
    assert mass.values == pytest.approx(given.values, rel=1e-7)
    assert from_directions.values == pytest.approx(given.values, rel=1e-3)
    angle, by_hand = evaluate(
        "uproot-Zmumu.root",
        "angle(px1, py1, pz1, px2, py2, pz2)",
        "arccos((px1*px2 + py1*py2 + pz1*pz2) / sqrt((px1**2+py1**2+pz1**2) * (px2**2+py2**2+pz2**2)))",
    )
    assert angle.values == pytest.approx(by_hand.values, rel=1e-9)


def test_events_by_a_text():
    kinds = evaluate("uproot-Zmumu.root", *(f"Type == '{kind}'" for kind in ("GG", "GT", "TT")))
    assert [kind.values.sum() for kind in kinds] == [516, 1145, 643]


NANO = [
    "genWeight",
    "MET_pt",
    "PV_npvs",
    "Jet_pt[0]",
    "len(Jet_pt) - nJet",
    "len(Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4) & ((Jet_jetId & 2) != 0)])",
    "deltar(Jet_eta[0], Jet_phi[0], Jet_eta[1], Jet_phi[1])",
    "max(Jet_pt[Muon_jetIdx])",
    "event % 3",
]


def test_a_tree_and_an_rntuple_give_the_same():
    of_tree, of_ntuple = evaluate("nano_dy.root", *NANO), evaluate("nano_dy_rntuple.root", *NANO)
    for text, one, other in zip(NANO, of_tree, of_ntuple, strict=True):
        np.testing.assert_array_equal(one.values, other.values, err_msg=text)
        assert one.undefined is None
        np.testing.assert_array_equal(one.missing, other.missing, err_msg=text)
    assert (of_tree[0].values < 0).sum() == 9
    assert not of_tree[4].values.any()
    assert of_tree[7].missing.sum() == 29


def test_another_set_of_branches():
    weight, n_jets, leading = evaluate(
        "nano_tt_v12.root", "genWeight", "nJet - len(Jet_pt)", "Jet_pt[0] / max(Jet_pt)"
    )
    assert (weight.values < 0).sum() == 1
    assert not n_jets.values.any()
    assert leading.values.max() == 1
