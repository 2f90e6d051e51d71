"""Charged particles on their way to the calorimeters, and the tracks that they leave."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.physics.tracking import (
    FIELD,
    GEV_PER_TESLA_METRE,
    HALF_LENGTH,
    RADIUS,
    calorimeter_entry,
    measure_tracks,
    momentum_resolution,
    tracking_efficiency,
)


def entry(charge, momentum, vertex=(0.0, 0.0, 0.0)):
    """The entry of one particle: position on the cylinder's eta and phi, and whether it is inside."""
    eta, phi, inside = calorimeter_entry(
        np.array([charge]), *(tuple(np.array([float(x)]) for x in three) for three in (momentum, vertex))
    )
    return eta[0], phi[0], bool(inside[0])


def follow(charge, momentum, vertex, steps=200_000):
    """The same by small steps along the equations of motion."""
    px, py, pz = momentum
    x, y, z = vertex
    pt = np.hypot(px, py)
    # Time is measured by the path in the transverse plane; the direction turns by 1/radius a metre.
    turn = -charge * GEV_PER_TESLA_METRE * FIELD / pt
    step = 20.0 / steps
    phi = np.arctan2(py, px)
    for _ in range(steps):
        x += step * np.cos(phi + turn * step / 2)
        y += step * np.sin(phi + turn * step / 2)
        z += step * pz / pt
        phi += turn * step
        if np.hypot(x, y) > RADIUS or abs(z) > HALF_LENGTH:
            break
    else:
        raise AssertionError("never left")
    return np.arcsinh(z / np.hypot(x, y)), np.arctan2(y, x)


@pytest.mark.parametrize("charge", [-1, 0, 1, 2])
@pytest.mark.parametrize(
    ("momentum", "vertex"),
    [
        ((5.0, 2.0, 1.0), (0, 0, 0)),
        ((-0.8, 0.1, 0.3), (0, 0, 0)),
        ((0.1, -0.15, 0.4), (0, 0, 0)),  # curls, and leaves by the end
        ((0.9, 0.3, 30.0), (0, 0, 0)),  # forward
        ((0.7, 0.2, -0.1), (0.3, -0.4, 0.5)),
        ((-2.0, 1.0, 0.4), (0.6, 0.2, -1.0)),  # back through the centre
    ],
)
def test_entry_is_where_small_steps_lead(charge, momentum, vertex):
    eta, phi, inside = entry(charge, momentum, vertex)
    expected_eta, expected_phi = follow(charge, momentum, vertex)
    assert inside
    assert eta == pytest.approx(expected_eta, abs=2e-3)
    assert abs(np.angle(np.exp(1j * (phi - expected_phi)))) < 2e-3


def test_made_outside_never_enters():
    assert not entry(0, (1, 0, 0), (1.2, 0, 0))[2]
    assert not entry(1, (1, 0, 0), (0, 0, -3.6))[2]


def test_circles_without_motion_along_the_beam_end_nowhere():
    assert not entry(1, (0.2, 0, 0))[2]
    assert entry(0, (0.2, 0, 0))[2]
    assert entry(1, (0.2, 0, 1e-6))[2]
    assert entry(1, (5.0, 0, 0))[0] == 0


@given(
    pt=st.floats(0.01, 500),
    phi=st.floats(-3.1, 3.1),
    eta=st.floats(-4, 4),
    charge=st.sampled_from([-1, 0, 1]),
    turned=st.floats(0.1, 6.0),
)
@settings(max_examples=200)
def test_entry_turns_with_the_event_and_mirrors_with_the_charge(pt, phi, eta, charge, turned):
    # One that circles for ever, or nearly, ends nowhere, or where rounding puts it.
    assume(charge == 0 or pt > 0.4 or abs(eta) > 1e-3)

    def at(angle, q):
        return entry(q, (pt * np.cos(angle), pt * np.sin(angle), pt * np.sinh(eta)))

    here, there = at(phi, charge), at(phi + turned, charge)
    assert here[0] == pytest.approx(there[0], rel=1e-6, abs=1e-6)
    assert np.exp(1j * (here[1] + turned)) == pytest.approx(np.exp(1j * there[1]), abs=1e-5)
    mirrored = at(-phi, -charge)
    assert np.exp(-1j * here[1]) == pytest.approx(np.exp(1j * mirrored[1]), abs=1e-5)


# kind, pT [GeV], eta, efficiency: one row of the ATLAS card each.
EFFICIENCIES = [
    (211, 0.1, 0.0, 0.0), (211, 0.5, 1.5, 0.70), (211, 5, 0.2, 0.95), (211, 0.5, 2.0, 0.60),
    (211, 5, -2.5, 0.85), (211, 5, 2.6, 0.0), (11, 0.5, 0.0, 0.73), (11, 50, 0.0, 0.95), (11, 150, 1.0, 0.99),
    (11, 0.5, 2.0, 0.50), (11, 50, 2.0, 0.83), (11, 150, 2.0, 0.90), (11, 150, 2.6, 0.0),
    (13, 0.5, 0.0, 0.75), (13, 5, 0.0, 0.99), (13, 0.5, -2.0, 0.70), (13, 5, 2.4, 0.98), (13, 5, 2.7, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "pt", "eta", "expected"), EFFICIENCIES)
def test_tracking_efficiency(kind, pt, eta, expected):
    assert tracking_efficiency(np.array([kind]), np.array([pt]), np.array([eta]))[0] == expected


@pytest.mark.parametrize(
    ("kind", "pt", "eta", "expected"),
    [
        (211, 100.0, 0.3, np.hypot(0.06, 0.13)),
        (321, 100.0, 1.0, np.hypot(0.10, 0.17)),
        (2212, 1000.0, 2.0, 1.0),  # never above 1
        (11, 100.0, -0.5, np.hypot(0.03, 0.13)),
        (11, 10.0, 1.6, np.hypot(0.15, 0.031)),
        (13, 100.0, 0.0, np.hypot(0.01, 0.01)),
        (13, 100.0, 2.5, np.hypot(0.025, 0.035)),
    ],
)
def test_momentum_resolution(kind, pt, eta, expected):
    assert momentum_resolution(np.array([kind]), np.array([pt]), np.array([eta]))[0] == pytest.approx(
        expected
    )


def test_tracks_of_many_equal_particles():
    n = 200_000
    particles = {
        "code": np.repeat([13, 22], [n, 10]),
        "charge": np.repeat([-1, 0], [n, 10]),
        "pt": np.full(n + 10, 40.0),
        "surface_eta": np.full(n + 10, 1.0),
    }
    found, measured = measure_tracks(particles, np.random.default_rng(1))
    assert found.max() < n  # photons leave none
    assert len(found) / n == pytest.approx(0.99, abs=4 * np.sqrt(0.99 * 0.01 / n))
    sigma = np.hypot(0.015, 40 * 1.5e-4)
    np.testing.assert_allclose(measured["resolution"], sigma)
    assert measured["pt"].mean() == pytest.approx(40, abs=5 * 40 * sigma / np.sqrt(n))
    assert measured["pt"].std() == pytest.approx(40 * sigma, rel=0.01)
