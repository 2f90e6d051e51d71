"""The parametrised detector on events made by hand, one particle or few at a time."""

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scripts.physics.generation import event_array
from scripts.physics.response import LEAVES, simulate_response
from tests.simulated_events import made_event, particle, quark, repeated

N = 4000


def see(events: ak.Array, seed: int = 1) -> dict[str, ak.Array]:
    return simulate_response(events, np.random.default_rng(seed))


def near(fraction: float, n: int = N):
    """A fraction of n events within four standard deviations."""
    return pytest.approx(fraction, abs=4 * np.sqrt(fraction * (1 - fraction) / n))


def distance(phi, other) -> np.ndarray:
    return np.abs(np.angle(np.exp(1j * (np.asarray(phi) - np.asarray(other)))))


def first(records: ak.Array, leaf: str) -> np.ndarray:
    """The leaf of the only object in events that have one."""
    assert ak.max(ak.num(records)) == 1
    return ak.to_numpy(ak.flatten(records[leaf]))


@pytest.mark.parametrize(("eta", "tracking", "identification"), [(0.3, 0.95, 0.95), (-2.0, 0.83, 0.85)])
def test_electron(eta, tracking, identification):
    found = see(repeated(N, [particle(11, 50.0, eta, 0.4)]))
    n_electrons = ak.to_numpy(ak.num(found["Electron"]))
    # Where the tower is far above the track, the difference is a photon in its cone: a few per cent are lost.
    assert n_electrons.mean() == pytest.approx(tracking * identification, abs=0.05)
    electrons = found["Electron"]
    assert first(electrons, "PT").mean() == pytest.approx(50, rel=0.01)
    # The calorimeter is far more precise than the track of 50 GeV, and sets the energy.
    energy = first(electrons, "PT") * np.cosh(eta)
    sigma = np.hypot(0.0017 * energy.mean(), 0.101 * np.sqrt(energy.mean()))
    assert energy.std() == pytest.approx(sigma, rel=0.2)
    np.testing.assert_allclose(first(electrons, "Eta"), eta, atol=1e-6)
    np.testing.assert_allclose(first(electrons, "Phi"), 0.4, atol=1e-6)
    assert set(first(electrons, "Charge")) == {-1}
    assert (first(electrons, "IsolationVar") >= 0).all()
    assert (first(electrons, "IsolationVar") <= 0.12).all()
    # It is one object only: a jet, or a photon, where it is no electron.
    assert set(ak.to_numpy(ak.num(found["Jet"])[n_electrons == 1])) == {0}
    assert set(ak.to_numpy(ak.num(found["Photon"])[n_electrons == 1])) == {0}
    n_photons = ak.to_numpy(ak.num(found["Photon"]))
    assert (n_photons + n_electrons <= 1).all()
    # Without a track it is a photon, if that is identified.
    assert n_photons.mean() == pytest.approx((1 - tracking) * identification, abs=0.05)
    lost = (n_electrons + n_photons) == 0
    assert ak.to_numpy(ak.num(found["Jet"]))[lost].mean() > 0.95


def test_electron_below_ten():
    assert ak.sum(ak.num(see(repeated(500, [particle(11, 8.0, 0.3, 0.4)]))["Electron"])) == 0


@pytest.mark.parametrize(
    ("eta", "tracking", "identification", "resolution"),
    [
        (0.3, 0.99, 0.95, np.hypot(0.010, 60e-4)),
        (1.2, 0.99, 0.95, np.hypot(0.015, 90e-4)),
        (-2.2, 0.98, 0.85, np.hypot(0.025, 210e-4)),
    ],
)
def test_muon(eta, tracking, identification, resolution):
    found = see(repeated(N, [particle(-13, 60.0, eta, 3.0)]))
    muons = found["Muon"]
    has_muon = ak.to_numpy(ak.num(muons)) == 1
    assert has_muon.mean() == near(tracking * identification)
    assert first(muons, "PT").mean() == pytest.approx(60, rel=4 * resolution / np.sqrt(N))
    assert first(muons, "PT").std() == pytest.approx(60 * resolution, rel=0.06)
    assert set(first(muons, "Charge")) == {1}
    assert (first(muons, "IsolationVar") == 0).all()
    # Alone in the event, it is what is missing, but on the other side, whether identified or not.
    missing = found["MissingET"]
    met, phi = first(missing, "MET"), first(missing, "Phi")
    np.testing.assert_allclose(met[has_muon], first(muons, "PT"), rtol=1e-6)
    assert distance(phi[has_muon], 3.0 + np.pi).max() < 1e-6
    assert (met == 0).mean() == near(1 - tracking)  # no track, nothing is seen
    # What is no muon is a jet, on the scale of jets.
    n_jets = ak.to_numpy(ak.num(found["Jet"]))
    assert (n_jets[has_muon] == 0).all()
    assert (n_jets[~has_muon] == (met > 20)[~has_muon]).all()


def test_muons_reach_further_than_electrons():
    for code, expected in ((13, 0.0), (11, 0.0)):  # tracks end at 2.5
        found = see(repeated(300, [particle(code, 50.0, 2.6, 0.0)]))
        assert ak.sum(ak.num(found["Muon"])) + ak.sum(ak.num(found["Electron"])) == expected


@pytest.mark.parametrize(("eta", "pt"), [(0.55, 100.0), (-2.05, 60.0), (4.0, 40.0)])
def test_lone_pion_is_a_jet(eta, pt):
    found = see(repeated(N, [particle(211, pt, eta, 1.0)]))
    jets, missing = found["Jet"], found["MissingET"]
    n_jets = ak.to_numpy(ak.num(jets))
    if pt == 100:
        assert (n_jets == 1).mean() > 0.99
    # MET is the tower, the jet the same on the energy scale of jets.
    has_jet = n_jets == 1
    raw = first(missing, "MET")[has_jet]
    at = np.abs(first(jets, "Eta"))
    scale = np.sqrt((3 - 0.2 * at) ** 2 / raw + 1)
    np.testing.assert_allclose(first(jets, "PT"), raw * scale, rtol=1e-5)
    assert (raw > 20).all()
    energy = pt * np.cosh(eta)
    sigma = {
        0.55: np.sqrt((0.0302 * energy) ** 2 + 0.5205**2 * energy + 1.59**2),
        -2.05: np.hypot(0.05 * energy, 0.706 * np.sqrt(energy)),
        4.0: np.hypot(0.0942 * energy, np.sqrt(energy)),
    }[eta]
    # Towers are cells, the direction is anywhere inside: the energy tells more than the pT.
    measured = raw * np.cosh(first(jets, "Eta"))
    if pt == 100:
        assert measured.mean() == pytest.approx(energy, abs=5 * sigma / np.sqrt(N))
        assert measured.std() == pytest.approx(sigma, rel=0.06)
        assert first(jets, "PT").mean() == pytest.approx(pt * np.sqrt((3 - 0.11) ** 2 / pt + 1), rel=0.01)
    half = 0.2 if abs(eta) > 2.5 else 0.1
    assert np.abs(first(jets, "Eta") - eta).max() <= half
    assert distance(first(jets, "Phi"), 1.0).max() <= np.radians(20)
    assert first(jets, "Eta").std() > half / 10
    for name in ("Electron", "Muon", "Photon"):
        assert ak.sum(ak.num(found[name])) == 0


def test_lone_photon():
    found = see(repeated(N, [particle(22, 40.0, 0.5, -2.0)]))
    is_photon = ak.to_numpy(ak.num(found["Photon"])) == 1
    assert is_photon.mean() == near(0.95)
    energy = 40 * np.cosh(0.5)
    sigma = np.hypot(0.0017 * energy, 0.101 * np.sqrt(energy))
    assert first(found["Photon"], "E").mean() == pytest.approx(energy, abs=5 * sigma / np.sqrt(N))
    assert first(found["Photon"], "E").std() == pytest.approx(sigma, rel=0.06)
    assert (first(found["Photon"], "IsolationVar") == 0).all()  # not isolated from itself
    assert (ak.to_numpy(ak.num(found["Jet"])) == ~is_photon).all()


def test_what_is_invisible():
    hidden = [particle(code, 100.0, 0.2, 1.0) for code in (12, -14, 16, 1000022)]
    found = see(repeated(50, hidden))
    assert ak.sum(found["MissingET"].MET) == 0
    assert ak.sum(found["ScalarHT"].HT) == 0
    for name in ("Electron", "Muon", "Photon", "Jet"):
        assert ak.sum(ak.num(found[name])) == 0


@pytest.mark.parametrize("activity", [0.05, 0.5])
def test_isolation_is_what_lies_around(activity):
    """A photon beside a muon, in and out of its cone."""
    for gap, inside in ((0.3, True), (0.7, False)):
        found = see(repeated(N, [particle(13, 60.0, 0.1, 0.0), particle(22, 60 * activity, 0.1, gap)]))
        passes = activity < 0.25 or not inside
        assert (ak.to_numpy(ak.num(found["Muon"])) == 1).mean() == near(0.99 * 0.95 if passes else 0.0)
        if passes:
            expected = activity if inside else 0.0
            assert np.median(first(found["Muon"], "IsolationVar")) == pytest.approx(expected, rel=0.05)


def test_fast_hadrons_are_measured_by_the_calorimeter():
    """Seen in the isolation of an electron: a track of 200 GeV is known to 27 %, its tower to 5 %."""
    found = see(repeated(N, [particle(11, 4000.0, 0.3, 0.0), particle(211, 200.0, 0.3, 0.3)]))
    beside = ak.to_numpy(ak.flatten(found["Electron"].IsolationVar * found["Electron"].PT))
    with_track = beside[beside > 0]
    assert len(with_track) > 0.9 * len(beside)
    assert with_track.mean() == pytest.approx(200, rel=0.02)
    assert with_track.std() < 0.1 * 200


def test_displaced_particles_enter_elsewhere():
    """A photon made 0.5 m beside the beam (places are in mm), flying at right angles to that."""
    found = see(repeated(50, [particle(22, 40.0, 0.0, np.pi / 2, place=(500.0, 0.0, 0.0))]))
    met, phi = first(found["MissingET"], "MET"), first(found["MissingET"], "Phi")
    assert met.mean() == pytest.approx(40, rel=0.02)
    assert distance(phi, np.arccos(0.5 / 1.15) - np.pi).max() < np.radians(1)


@pytest.mark.parametrize("flavour", [5, 4, 0])
@pytest.mark.parametrize("pt", [40.0, 150.0])
def test_b_tags(flavour, pt):
    quarks = [quark(-flavour, pt, 0.5, 1.1)] if flavour else [quark(5, pt, 0.5, -2.0)]  # far away
    if flavour == 5:
        quarks.append(quark(4, pt / 2, 0.6, 1.0))  # of the b's decay
    jets = ak.flatten(see(repeated(5 * N, [particle(211, pt, 0.55, 1.0)], quarks))["Jet"])
    assert set(ak.to_numpy(jets.Flavor)) == {flavour}
    jet_pt = ak.to_numpy(jets.PT).astype(float)
    expected = {
        5: 0.80 * np.tanh(0.003 * jet_pt) * 30 / (1 + 0.086 * jet_pt),
        4: 0.20 * np.tanh(0.02 * jet_pt) / (1 + 0.0034 * jet_pt),
        0: 0.002 + 7.3e-6 * jet_pt,
    }[flavour]
    assert np.mean(ak.to_numpy(jets.BTag)) == near(expected.mean(), len(jet_pt))


def test_no_flavour_from_soft_or_forward_quarks():
    for heavy in (quark(5, 0.9, 0.5, 1.0), quark(5, 50.0, 2.6, 1.0)):
        eta = np.arcsinh(heavy[3] / np.hypot(heavy[1], heavy[2]))
        jets = ak.flatten(see(repeated(300, [particle(211, 80.0, eta, 1.0)], [heavy]))["Jet"])
        assert set(ak.to_numpy(jets.Flavor)) == {0}


def busy_event(random: np.random.Generator):
    """An event of two leptons, neutralinos, hadrons and photons that balance them only roughly."""
    particles = [
        particle(11, random.uniform(12, 60), random.uniform(-2, 2), random.uniform(-3, 3)),
        particle(-13, random.uniform(12, 60), random.uniform(-2, 2), random.uniform(-3, 3)),
        particle(1000022, random.uniform(0, 300), random.uniform(-2, 2), random.uniform(-3, 3)),
    ]
    for axis in random.uniform(-3, 3, 2):
        particles += [
            particle(code, random.exponential(8) + 0.2, random.normal(0.5, 0.4), axis + random.normal(0, 0.3))
            for code in random.choice([22, 211, -211], 25)
        ]
    return made_event(particles, [quark(5, 30.0, 0.5, 0.0)])


@pytest.fixture(scope="module")
def busy() -> ak.Array:
    random = np.random.default_rng(3)
    return event_array([busy_event(random) for _ in range(600)])


def test_missing_momentum_balances_what_is_seen():
    """Back-to-back photons far from any threshold: all that is seen is in the objects."""
    event = [particle(22, 80.0, 0.3, 0.5), particle(22, 50.0, -0.8, 2.5), particle(-13, 40.0, 1.0, -2.0)]
    found = see(repeated(2000, event))
    whole = (ak.num(found["Photon"]) == 2) & (ak.num(found["Muon"]) == 1) & (ak.num(found["Jet"]) == 0)
    assert ak.sum(whole) > 1000
    sums = {}
    for axis, function in (("x", np.cos), ("y", np.sin)):
        seen = [ak.sum(found[name].PT * function(found[name].Phi), axis=1) for name in ("Photon", "Muon")]
        sums[axis] = ak.to_numpy(-(seen[0] + seen[1])[whole])
    missing = ak.flatten(found["MissingET"][whole])
    np.testing.assert_allclose(missing.MET * np.cos(missing.Phi), sums["x"], atol=2e-4)
    np.testing.assert_allclose(missing.MET * np.sin(missing.Phi), sums["y"], atol=2e-4)
    seen_ht = ak.sum(found["Photon"].PT, axis=1) + ak.sum(found["Muon"].PT, axis=1)
    np.testing.assert_allclose(ak.flatten(found["ScalarHT"][whole].HT), seen_ht[whole], rtol=1e-5)


def test_objects_are_sorted_and_finite(busy):
    found = see(busy)
    assert found.keys() == LEAVES.keys()
    for name, records in found.items():
        assert len(records) == len(busy)
        assert set(records.fields) == set(LEAVES[name])
        assert not any(ak.any(~np.isfinite(records[leaf])) for leaf in records.fields)
        leading = next(iter(LEAVES[name]))
        assert ak.all(records[leading][:, 1:] <= records[leading][:, :-1])
        assert ak.sum(ak.num(records)) > 20
    assert ak.min(found["Jet"].PT) > 20
    assert set(ak.to_numpy(ak.num(found["MissingET"]))) == {1}


def test_same_seed_same_response(busy):
    one, two, other = see(busy, 1), see(busy, 1), see(busy, 2)
    for name in LEAVES:
        assert ak.array_equal(one[name], two[name])
        assert not ak.array_equal(one[name], other[name])


def test_events_do_not_see_each_other():
    """Two kinds of events, mixed: each keeps its place and its response."""
    kinds = [
        made_event([particle(13, 50.0, 0.5, 1.0)]),
        made_event([particle(211, 200.0, 0.55, -1.0), particle(11, 30.0, -0.5, 2.0)]),
        made_event(),
    ]
    order = np.random.default_rng(5).integers(0, 3, 3000)
    found = see(event_array([kinds[kind] for kind in order]))
    missing = found["MissingET"]
    met, phi = first(missing, "MET"), first(missing, "Phi")
    assert (met[order == 2] == 0).all()
    seen = (order == 0) & (met > 0)
    assert distance(phi[seen], 1.0 - np.pi).max() < 1e-6
    assert distance(phi[order == 1], -1.0 - np.pi).max() < 0.6
    assert set(ak.to_numpy(ak.num(found["Muon"])[order != 0])) == {0}
    assert set(ak.to_numpy(ak.num(found["Electron"])[order != 1])) == {0}
    assert ak.mean(ak.num(found["Muon"])[order == 0]) == near(0.99 * 0.95, int((order == 0).sum()))


def test_batches_do_not_matter(busy):
    """Another order and other batches give other random numbers of the same distributions."""
    backwards = {name: records[::-1] for name, records in see(busy[::-1], 4).items()}
    random = np.random.default_rng(5)
    batches = [simulate_response(busy[start : start + 100], random) for start in range(0, 600, 100)]
    split = {name: ak.concatenate([batch[name] for batch in batches]) for name in LEAVES}
    whole = see(busy)
    for other in (backwards, split):
        for name in LEAVES:
            leading = next(iter(LEAVES[name]))
            one, two = (ak.to_numpy(ak.flatten(found[name][leading])) for found in (whole, other))
            assert stats.ks_2samp(one, two).pvalue > 1e-3
        # Event by event it is the same event: MET is measured to about 10 GeV.
        one, two = (first(found["MissingET"], "MET") for found in (whole, other))
        assert np.corrcoef(one, two)[0, 1] > 0.8
        assert np.median(np.abs(one - two)) < 15


def test_without_events(busy):
    found = see(busy[:0])
    for name, records in see(busy[:5]).items():
        assert len(found[name]) == 0
        assert found[name].type.content == records.type.content


def test_events_without_anything_visible():
    beam = (2212, 1, 0.0, 0.0, 6500.0, 6500.0, 0.0, 0.0, 0.0)
    late = particle(211, 50.0, 0.2, 1.0, place=(2000.0, 0.0, 0.0))  # made behind the calorimeters
    events = event_array(
        [made_event(), made_event([beam]), made_event([late]), made_event([particle(12, 9, 0, 0)])]
    )
    found = see(events)
    np.testing.assert_array_equal(first(found["MissingET"], "MET"), np.zeros(4))
    assert np.isfinite(first(found["MissingET"], "Eta")).all()
    assert ak.sum(ak.num(found["Jet"])) == 0


@st.composite
def particles(draw):
    return particle(
        draw(st.sampled_from([11, -11, 13, -13, 22, 211, -211, 130, 310, 12, 1000022])),
        draw(st.floats(1e-6, 3000)),
        draw(st.floats(-8, 8)),
        draw(st.floats(-3.2, 3.2)),
        place=(draw(st.floats(-1500, 1500)), draw(st.floats(-1500, 1500)), draw(st.floats(-4000, 4000))),
    )


@given(st.lists(st.lists(particles(), max_size=8), min_size=1, max_size=4), st.integers(0, 100))
@settings(max_examples=60)
def test_any_particles_give_finite_objects(listed, seed):
    found = see(event_array([made_event(one) for one in listed]), seed)
    n_charged = [sum(abs(p[0]) in (11, 13) for p in one) for one in listed]
    n_leptons = ak.num(found["Electron"]) + ak.num(found["Muon"])
    assert ak.all(n_leptons <= np.array(n_charged))
    for name, records in found.items():
        assert len(records) == len(listed)
        assert all(ak.all(np.isfinite(records[leaf])) for leaf in records.fields), name
    # Nothing seen, nothing missing.
    dark = [all(p[0] in (12, 1000022) for p in one) for one in listed]
    assert (first(found["MissingET"], "MET")[dark] == 0).all()
