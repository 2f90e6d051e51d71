"""Generated events as HepMC3 files, which the real Delphes reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import awkward as ak
import numpy as np
import pyhepmc
from pyhepmc.io import WriterAscii

#: Digits of a momentum after its first: enough for 1e-6 GeV on a beam, and half the file of the full 16.
PRECISION = 10
#: Pythia's codes of hadrons made from strings, whose two mothers are the ends of a range.
RANGE_STATUS = (*range(81, 87), *range(101, 107))


@dataclass(frozen=True)
class EventRecord:
    """One event as Pythia keeps it, without the line that stands for the whole event.

    Parameters
    ----------
    pdg_ids : ndarray of int, shape (n_particles,)
    status : ndarray of int, shape (n_particles,)
        Pythia's codes; positive for the final state.
    momenta : ndarray, shape (n_particles, 4)
        px, py, pz, E [GeV].
    masses : ndarray, shape (n_particles,)
        As generated [GeV].
    vertices : ndarray, shape (n_particles, 4)
        Where each was produced: x, y, z, ct [mm].
    mothers : ndarray of int, shape (n_particles, 2)
        Positions of the mothers, the first particle is 1; 0 for none. Two mothers of a hadron made from
        a string are the ends of a range, as in Pythia's manual.

    Raises
    ------
    ValueError
        If a shape does not fit, or a mother is not in the event.
    """

    pdg_ids: np.ndarray[Any, Any]
    status: np.ndarray[Any, Any]
    momenta: np.ndarray[Any, Any]
    masses: np.ndarray[Any, Any]
    vertices: np.ndarray[Any, Any]
    mothers: np.ndarray[Any, Any]

    def __post_init__(self) -> None:
        n = len(self.pdg_ids)
        shapes = {"status": (n,), "momenta": (n, 4), "masses": (n,), "vertices": (n, 4), "mothers": (n, 2)}
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{name} of an event: shape {found}, expected {shape} for {n} particles")
        if n and (self.mothers.min() < 0 or self.mothers.max() > n):
            raise ValueError(f"mothers of an event: not all between 0 and {n}, its number of particles")


def records_from_pythia(events: ak.Array) -> Iterator[EventRecord]:
    """Return the events of ``pythia.nextBatch``, one after the other.

    Places of decays follow from lifetimes: the field ``vProd`` of a batch of Pythia 8.317 is shifted by
    one particle for each event before, and its last ones are missing.
    """
    particles = events["prt"]
    counts = np.asarray(ak.num(particles["id"]))
    # Flat columns once a batch: slicing them is far faster than taking events out of nested records.
    flat = ak.flatten(particles)
    momenta = np.stack([np.asarray(flat["p", name]) for name in ("px", "py", "pz", "e")], axis=1)
    mothers = np.stack([np.asarray(flat["mother1"]), np.asarray(flat["mother2"])], axis=1)
    pdg_ids, status, masses = (np.asarray(flat[name]) for name in ("id", "status", "m"))
    ends = np.cumsum(counts)
    first_mothers = mothers[:, 0] + np.repeat(ends - counts, counts)
    vertices = _decay_places(status, momenta, masses, np.asarray(flat["tau"]), first_mothers)
    for end, count in zip(ends, counts, strict=True):
        # The first line stands for the event; without it Pythia's positions count from 1.
        of_event = slice(end - count + 1, end)
        yield EventRecord(
            pdg_ids[of_event],
            status[of_event],
            momenta[of_event],
            masses[of_event],
            vertices[of_event],
            mothers[of_event],
        )


def _decay_places(
    status: np.ndarray[Any, Any],
    momenta: np.ndarray[Any, Any],
    masses: np.ndarray[Any, Any],
    lifetimes: np.ndarray[Any, Any],
    mothers: np.ndarray[Any, Any],
) -> np.ndarray[Any, Any]:
    """Return where particles are produced [mm]: decay products where their mother ends, others at the origin.

    Lifetimes are proper ones, c tau [mm]; mothers are positions in these very arrays.
    """
    flies = (lifetimes > 0) & (masses > 0)
    proper = np.divide(lifetimes, masses, out=np.zeros_like(masses), where=flies)
    flights = momenta * proper[:, None]
    (products,) = np.nonzero((np.abs(status) >= 91) & (np.abs(status) <= 99))
    vertices = np.zeros_like(momenta)
    while True:
        # One more generation a time, until nothing moves any further.
        moved = (vertices + flights)[mothers[products]]
        if np.array_equal(moved, vertices[products]):
            return vertices
        vertices[products] = moved


def hepmc_status(status: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return HepMC3's codes for Pythia's: 1 final, 4 beam, 2 hadron or lepton that decayed, else the same."""
    code = np.abs(status)
    return np.select([status > 0, status == -12, (code >= 81) & (code <= 99)], [1, 4, 2], code)


class HepmcWriter:
    """Write events to a HepMC3 file in GeV and mm, as a context manager.

    Parameters
    ----------
    path : Path
        Written; HepMC3 ASCII.
    cross_section : float
        Of the sample [pb]; every event carries it.
    cross_section_uncertainty : float
        Statistical [pb].

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> with HepmcWriter(Path("events.hepmc"), cross_section=0.014) as writer:
    ...     for record in records_from_pythia(pythia.nextBatch(100)):
    ...         writer.write(record)
    """

    def __init__(self, path: Path, cross_section: float, cross_section_uncertainty: float = 0.0) -> None:
        self._path = path
        self._cross_section = (cross_section, cross_section_uncertainty)
        self._run = pyhepmc.GenRunInfo()
        self._run.weight_names = ["nominal"]
        # Opened here once, for the reason why it can't be; HepMC3 does not say.
        path.open("w").close()
        self._writer = WriterAscii(str(path), self._run)
        self._writer.precision = PRECISION
        self._written = 0

    def __enter__(self) -> HepmcWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = self._writer.failed()
        self._writer.close()
        if failed and error is None:
            raise OSError(f"{self._path}: writing events failed")

    def write(self, record: EventRecord) -> None:
        """Append one event, numbered from 0.

        Raises
        ------
        ValueError
            If not all particles descend from the beams: they would be missing from the file.
        OSError
            If the file cannot be written.
        """
        event = pyhepmc.GenEvent(self._run, pyhepmc.Units.GEV, pyhepmc.Units.MM)
        event.event_number = self._written
        event.weights = [1.0]
        _add_particles(event, record)
        lost = len(record.pdg_ids) - len(event.particles)
        if lost:
            raise ValueError(f"event {self._written}: {lost} particles do not descend from the beams")
        event.cross_section = pyhepmc.GenCrossSection()
        event.cross_section.set_cross_section(*self._cross_section)
        self._writer.write_event(event)
        if self._writer.failed():
            raise OSError(f"{self._path}: writing event {self._written} failed")
        self._written += 1


def _add_particles(event: pyhepmc.GenEvent, record: EventRecord) -> None:
    """Add the particles of a record to an event, joined by vertices."""
    particles = []
    for momentum, pdg_id, status, mass in zip(
        record.momenta.tolist(),
        record.pdg_ids.tolist(),
        hepmc_status(record.status).tolist(),
        record.masses.tolist(),
        strict=True,
    ):
        particle = pyhepmc.GenParticle(momentum, pdg_id, status)
        particle.generated_mass = mass
        particles.append(particle)
    # A particle ends in one vertex only; this also keeps the vertices alive, particles do not.
    ends: dict[int, pyhepmc.GenVertex] = {}
    is_range = np.isin(np.abs(record.status), RANGE_STATUS).tolist()
    for particle, (first, second), between, place in zip(
        particles, record.mothers.tolist(), is_range, record.vertices.tolist(), strict=True
    ):
        if between and second > first:
            mothers = list(range(first, second + 1))
        else:
            mothers = [mother for mother in dict.fromkeys((first, second)) if mother]
        if not mothers:
            continue
        vertex = next((ends[mother] for mother in mothers if mother in ends), None)
        if vertex is None:
            vertex = pyhepmc.GenVertex(place)
        for mother in mothers:
            if mother not in ends:
                ends[mother] = vertex
                vertex.add_particle_in(particles[mother - 1])
        vertex.add_particle_out(particle)
    # Goes from the beams downwards, so that each vertex is written before what comes out of it.
    event.add_tree([particle for particle in particles if particle.production_vertex is None])
