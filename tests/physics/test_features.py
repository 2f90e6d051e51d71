"""Properties that the features have for any event."""

import numpy as np
import pytest
import vector
from hypothesis import given
from hypothesis import strategies as st

from scripts.physics.features import DELPHES_FEATURES, TRIAL_MASS, DileptonEvents

momenta = st.floats(5, 2000)
angles = st.floats(-np.pi, np.pi)
etas = st.floats(-3, 3)
leptons = st.tuples(momenta, etas, angles)


def features_of(l1, l2, met, turn=0.0) -> dict[str, float]:
    """Return all features of one event with two jets, all of it turned in phi."""

    def lepton(pt, eta, phi):
        return vector.array({"pt": [pt], "eta": [eta], "phi": [phi + turn], "mass": [0.0]})

    events = DileptonEvents(
        l1=lepton(*l1),
        l2=lepton(*l2),
        met=vector.array({"pt": [met[0]], "phi": [met[1] + turn]}),
        jet1_pt=np.array([150.0]),
        ht=np.array([225.0]),
        n_jets=np.array([2.0]),
    )
    return {name: feature(events)[0] for name, feature in DELPHES_FEATURES.items()}


@given(leptons, leptons, st.tuples(momenta, angles))
def test_ranges(l1, l2, met):
    row = features_of(l1, l2, met)
    assert all(np.isfinite(value) and value >= 0 for value in row.values())
    assert max(row["dphi_l1_met"], row["dphi_l2_met"]) <= np.pi
    # At most reached back to back.
    assert row["mt_l1_met"] <= 2 * np.sqrt(l1[0] * met[0]) * (1 + 1e-9)
    assert row["ptll"] <= (l1[0] + l2[0]) * (1 + 1e-9)
    assert row["met_significance"] == pytest.approx(met[0] / 15)
    # Any share of MET bounds it from above, each half for example.
    half = met[0] / 2
    masses = [
        np.sqrt(TRIAL_MASS**2 + 2 * pt * (np.hypot(TRIAL_MASS, half) - half * np.cos(phi - met[1])))
        for pt, _, phi in (l1, l2)
    ]
    assert TRIAL_MASS * (1 - 1e-5) <= row["mt2"] <= max(masses) * (1 + 1e-5)


@given(leptons, leptons, st.tuples(momenta, angles), st.floats(-7, 7))
def test_turning_an_event_changes_nothing(l1, l2, met, turn):
    assert features_of(l1, l2, met, turn) == pytest.approx(features_of(l1, l2, met), rel=1e-5, abs=1e-3)


@given(leptons, leptons, st.tuples(momenta, angles))
def test_exchange_of_the_leptons(l1, l2, met):
    one, other = features_of(l1, l2, met), features_of(l2, l1, met)
    for name, value in one.items():
        partner = name.translate(str.maketrans("12", "21")) if name.endswith("_met") else name
        assert other[partner] == pytest.approx(value, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("angle", [0.0, 1e-14, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5])
@pytest.mark.parametrize(("met_phi", "expected"), [(3.0, 111.929703), (3.3, 113.559567)])
def test_mt2_of_parallel_leptons(angle, met_phi, expected):
    """Where the package alone loses all digits; the values are those of the search in test_delphes.py."""
    row = features_of((40, 0.1, 3.0), (30, 0.0, 3.0 + angle), (240, met_phi))
    assert row["mt2"] == pytest.approx(expected, rel=1e-5)


def test_parallel_leptons_have_no_mass():
    row = features_of((50, 1.0, 0.5), (30, 1.0, 0.5), (100, 1.0))
    assert row["mll"] == pytest.approx(0, abs=1e-4)
    assert row["dr_l1_l2"] == 0
