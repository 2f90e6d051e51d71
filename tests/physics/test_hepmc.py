"""HepMC3 files of generated events, read back and counted as Delphes counts."""

from pathlib import Path

import numpy as np
import pyhepmc
import pytest
import pythia8mc

from scripts.physics.hepmc import EventRecord, HepmcWriter, hepmc_status, read_record

N_EVENTS = 5


def generator() -> pythia8mc.Pythia:
    """Pythia for WW events, the same ones each time."""
    pythia = pythia8mc.Pythia("", False)
    for setting in (
        "Print:quiet = on",
        "Beams:eCM = 13000",
        "WeakDoubleBoson:ffbar2WW = on",
        "24:onMode = off",
        "24:onIfAny = 11 13",
        "PartonLevel:MPI = off",
        "Random:setSeed = on",
        "Random:seed = 1",
    ):
        assert pythia.readString(setting)
    assert pythia.init()
    return pythia


@pytest.fixture(scope="module")
def records() -> list[EventRecord]:
    pythia = generator()
    found = []
    while len(found) < N_EVENTS:
        if pythia.next():
            found.append(read_record(pythia.event))
    return found


@pytest.fixture(scope="module")
def path(records, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("hepmc") / "ww.hepmc"
    with HepmcWriter(path) as writer:
        for record in records:
            writer.write(record, cross_section_pb=3.0, uncertainty_pb=0.02)
    return path


@pytest.fixture(scope="module")
def events(path) -> list[pyhepmc.GenEvent]:
    with pyhepmc.open(path) as opened:
        return list(opened)


def four_momenta(particles) -> np.ndarray:
    return np.array([[p.momentum.px, p.momentum.py, p.momentum.pz, p.momentum.e] for p in particles])


def in_order(pdg_ids: np.ndarray, momenta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((np.round(momenta[:, 2], 5), np.round(momenta[:, 3], 5), pdg_ids))
    return pdg_ids[order], momenta[order]


def test_records_are_whole_events(records):
    for record in records:
        assert record.pdg_ids[:2].tolist() == [2212, 2212]
        assert np.abs(record.momenta[record.status > 0].sum(axis=0) - [0, 0, 0, 13000]).max() < 1e-6


def test_events_read_back(records, events):
    assert [event.event_number for event in events] == list(range(N_EVENTS))
    for record, event in zip(records, events, strict=True):
        assert (event.momentum_unit, event.length_unit) == (pyhepmc.Units.GEV, pyhepmc.Units.MM)
        assert event.weights == [1.0]
        assert event.cross_section.xsec() == pytest.approx(3.0)
        assert event.cross_section.xsec_err() == pytest.approx(0.02)
        assert len(event.particles) == len(record.pdg_ids)
        final = [particle for particle in event.particles if particle.status == 1]
        is_final = record.status > 0
        pdg_ids, momenta = in_order(np.array([particle.pid for particle in final]), four_momenta(final))
        expected_ids, expected = in_order(record.pdg_ids[is_final], record.momenta[is_final])
        np.testing.assert_array_equal(pdg_ids, expected_ids)
        np.testing.assert_allclose(momenta, expected, rtol=0, atol=1e-6)
        masses = sorted(particle.generated_mass for particle in event.particles)
        np.testing.assert_allclose(masses, np.sort(record.masses), rtol=0, atol=1e-6)


def test_what_comes_from_what(events):
    for event in events:
        beams = [particle for particle in event.particles if particle.status == 4]
        assert [particle.pid for particle in beams] == [2212, 2212]
        assert {p.id for p in event.particles if not p.parents} == {beam.id for beam in beams}
        # Final particles end there, all others go on.
        assert all((particle.status == 1) == (not particle.children) for particle in event.particles)
        decays = [
            vertex
            for vertex in event.vertices
            if len(vertex.particles_in) == 1 and vertex.particles_in[0].status == 2
        ]
        assert len(decays) > 20
        for vertex in decays:
            change = four_momenta(vertex.particles_out).sum(axis=0) - four_momenta(vertex.particles_in)[0]
            assert np.abs(change).max() < 1e-3
        leptons = [
            {child.pid for child in p.children}
            for p in event.particles
            if abs(p.pid) == 24 and p.children[0].pid != p.pid
        ]
        assert len(leptons) == 2
        assert all(
            len(pair) == 2 and max(map(abs, pair)) <= 14 and min(map(abs, pair)) >= 11 for pair in leptons
        )


def test_places_read_back(records, events):
    for record, event in zip(records, events, strict=True):
        expected = np.unique(np.round(record.vertices, 4), axis=0)
        places = [(v.position.x, v.position.y, v.position.z, v.position.t) for v in event.vertices]
        np.testing.assert_allclose(np.unique(np.round(places, 4), axis=0), expected, rtol=0, atol=2e-4)


def test_delphes_would_find_every_event_complete(path, records):
    """Its reader counts vertices and particles down to know when an event ends, as is done here."""
    sizes = []
    for line in filter(None, path.read_text().splitlines()):
        key, *numbers = line.split()
        if key == "E":
            n_vertices, n_particles = map(int, numbers[1:3])
            produced_in: set[int] = set()
            left = n_particles
            sizes.append(n_particles)
        elif key == "V":
            produced_in.add(int(numbers[0]))
        elif key == "P":
            produced_in.add(int(numbers[1]))
            left -= 1
            if left == 0:
                assert len(produced_in) == n_vertices + 1  # 0 stands for the beams
    assert sizes == [len(record.pdg_ids) for record in records]


def test_status_codes():
    pythia = np.array([1, 23, 91, -12, -21, -44, -62, -83, -91, -71])
    np.testing.assert_array_equal(hepmc_status(pythia), [1, 1, 1, 4, 21, 44, 62, 2, 2, 71])


def small_event(**changes) -> EventRecord:
    columns = {
        "pdg_ids": np.array([2212, 2212, 24, 11]),
        "status": np.array([-12, -12, -22, 23]),
        "momenta": np.ones((4, 4)),
        "masses": np.zeros(4),
        "vertices": np.zeros((4, 4)),
        "mothers": np.array([[0, 0], [0, 0], [1, 2], [3, 0]]),
    }
    return EventRecord(**columns | changes)


def test_bad_events_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"momenta of an event: shape \(4, 3\), expected \(4, 4\)"):
        small_event(momenta=np.ones((4, 3)))
    for mothers in ([[0, 0], [0, 0], [1, 5], [3, 0]], [[0, 0], [0, 0], [1, -1], [3, 0]]):
        with pytest.raises(ValueError, match="not all between 0 and 4"):
            small_event(mothers=np.array(mothers))
    circle = small_event(mothers=np.array([[0, 0], [0, 0], [4, 0], [3, 0]]))
    with (
        HepmcWriter(tmp_path / "events.hepmc") as writer,
        pytest.raises(ValueError, match="event 0: 4 particles do not descend from the beams"),
    ):
        writer.write(circle, 1.0, 0.1)


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        HepmcWriter(tmp_path / "missing" / "events.hepmc")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")

    def fill() -> None:
        with HepmcWriter(full) as writer:
            for _ in range(100):
                writer.write(small_event(), 1.0, 0.1)

    with pytest.raises(OSError, match="/dev/full: writing"):
        fill()
