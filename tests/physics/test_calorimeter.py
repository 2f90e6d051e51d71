"""Towers of the calorimeters, and what they say of tracks."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.physics.calorimeter import ECAL, HCAL, fill_towers

NO_TRACKS = {name: np.zeros(0) for name in ("energy", "resolution", "surface_eta", "surface_phi")}
NO_TRACKS["event"] = np.zeros(0, dtype=int)


def particles(*rows):
    """Columns from rows of event, code, energy, eta, phi."""
    columns = zip(*rows, strict=True)
    names = ("event", "code", "energy", "surface_eta", "surface_phi")
    table = {name: np.array(values) for name, values in zip(names, columns, strict=True)}
    return {
        name: values.astype(int if name in ("event", "code") else float) for name, values in table.items()
    }


def perfect(calorimeter):
    """A calorimeter that measures exactly."""
    return replace(calorimeter, resolution=lambda eta, energy: np.zeros_like(energy))


def test_shares_of_energy():
    codes = np.array([11, 22, 111, 211, 2112, 130, 13, 12, 1000022, 310, 3122])
    np.testing.assert_array_equal(ECAL.taken(codes), [1, 1, 1, 0, 0, 0, 0, 0, 0, 0.3, 0.3])
    np.testing.assert_array_equal(HCAL.taken(codes), [0, 0, 0, 1, 1, 1, 0, 0, 0, 0.7, 0.7])


def test_towers_are_as_fine_as_the_card_says():
    for calorimeter, eta, d_eta, n_phi in (
        (ECAL, 0.5, 0.0174, 360), (ECAL, -2.9, 0.0174, 360), (ECAL, 3.2, 0.175, 36),
        (HCAL, 0.55, 0.1, 36), (HCAL, 2.7, 0.2, 18), (HCAL, -4.0, 0.2, 18),
    ):  # fmt: skip
        ring = np.searchsorted(calorimeter.eta_edges, eta) - 1
        assert np.diff(calorimeter.eta_edges)[ring] == pytest.approx(d_eta)
        assert calorimeter.n_phi[ring] == n_phi
    assert (ECAL.eta_edges[[0, -1]] == [-5, 5]).all()
    assert (HCAL.eta_edges[[0, -1]] == [-4.9, 4.9]).all()
    assert (np.diff(ECAL.eta_edges) > 0).all()
    assert (np.diff(HCAL.eta_edges) > 0).all()


def test_energies_add_up_in_their_towers_and_events():
    table = particles(
        (0, 22, 10.0, 0.005, 0.005), (0, 11, 5.0, 0.006, 0.006),  # one tower
        (0, 22, 7.0, 0.005, 1.0),
        (2, 22, 3.0, 0.005, 0.005), (2, 211, 50.0, 0.005, 0.005),  # another event; the pion is not for ECAL
        (2, 22, 9.0, 5.2, 0.0),  # beyond
    )  # fmt: skip
    towers = fill_towers(perfect(ECAL), table, NO_TRACKS, np.random.default_rng(0))
    assert sorted(zip(towers.event.tolist(), towers.energy.tolist(), strict=True)) == [
        (0, 7.0),
        (0, 15.0),
        (2, 3.0),
    ]
    inside = np.abs(
        towers.phi - np.array([np.radians(0.5), 1.0, np.radians(0.5)])[np.argsort([15, 7, 3])[::1]]
    )
    assert len(inside) == 3
    assert (np.abs(towers.eta) < 0.0174).all()
    np.testing.assert_array_equal(towers.excess, towers.energy)


def test_small_deposits_are_lost():
    table = particles(
        (0, 22, 0.49, 0.0, 0.0), (0, 22, 0.51, 1.0, 0.0), (0, 2112, 0.9, 0, 0), (0, 2112, 1.1, 1, 0)
    )
    assert sorted(fill_towers(perfect(ECAL), table, NO_TRACKS, np.random.default_rng(0)).energy) == [0, 0.51]
    assert sorted(fill_towers(perfect(HCAL), table, NO_TRACKS, np.random.default_rng(0)).energy) == [0, 1.1]


@pytest.mark.parametrize(
    ("calorimeter", "code", "energy", "eta", "sigma"),
    [
        (ECAL, 22, 100.0, 1.0, np.hypot(0.17, 1.01)),
        (ECAL, 22, 100.0, 4.0, np.hypot(3.5, 2.85)),
        (HCAL, 2112, 100.0, 1.0, np.sqrt(3.02**2 + 5.205**2 + 1.59**2)),
        (HCAL, 2112, 100.0, 2.0, np.hypot(5.0, 7.06)),
        (HCAL, 2112, 100.0, 4.0, np.hypot(9.42, 10.0)),
    ],
)
def test_resolution(calorimeter, code, energy, eta, sigma):
    n = 40_000
    table = particles(*((event, code, energy, eta, 0.3) for event in range(n)))
    towers = fill_towers(calorimeter, table, NO_TRACKS, np.random.default_rng(1))
    assert towers.energy.mean() == pytest.approx(energy, abs=5 * sigma / np.sqrt(n))
    assert towers.energy.std() == pytest.approx(sigma, rel=0.03)


def tracks(*rows):
    names = ("event", "energy", "resolution", "surface_eta", "surface_phi")
    table = {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    return {**table, "event": table["event"].astype(int)}


def test_track_and_tower_are_weighted_by_their_precision():
    table = particles((0, 11, 50.0, 0.005, 0.005))
    exact = replace(ECAL, resolution=lambda eta, energy: np.where(energy == 50, 0.0, 1.0))
    # As measured: tower 50 exactly; so give the measured tower a spread of 2 GeV by a second function.
    spread = iter([0.0, 2.0])
    calorimeter = replace(ECAL, resolution=lambda eta, energy: np.full(len(energy), next(spread)))
    towers = fill_towers(calorimeter, table, tracks((0, 48.0, 0.05, 0.005, 0.005)), np.random.default_rng(0))
    weights = 1 / np.array([48 * 0.05, 2.0]) ** 2
    best = (weights @ [48.0, 50.0]) / weights.sum()
    assert towers.track_factor[0] == pytest.approx(best / 48)
    assert towers.excess[0] == 0
    assert exact.lowest_energy == 0.5


def test_significant_excess_is_neutral_and_leaves_the_track_alone():
    table = particles((0, 11, 50.0, 0.005, 0.005), (0, 22, 30.0, 0.006, 0.006))
    towers = fill_towers(
        perfect(ECAL), table, tracks((0, 49.0, 0.05, 0.005, 0.005)), np.random.default_rng(0)
    )
    assert towers.excess[0] == pytest.approx(31.0)
    assert towers.track_factor[0] == 1
    assert towers.track_tower[0] == 0
