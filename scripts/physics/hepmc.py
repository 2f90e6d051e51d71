"""Writing of generated events to HepMC3 files, which the real Delphes reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyhepmc
from pyhepmc.io import WriterAscii

#: Digits of a momentum after the first: precise to 1e-6 GeV for a beam, in half the file size of all 16.
PRECISION = 10
#: Pythia's status codes of hadrons from strings, whose two mothers are the ends of a range.
RANGE_STATUS = (*range(81, 87), *range(101, 107))


@dataclass(frozen=True)
class EventRecord:
    """Pythia's record of an event, without its first line, which represents the whole event.

    Parameters
    ----------
    pdg_ids : ndarray of int, shape (n_particles,)
    status : ndarray of int, shape (n_particles,)
        Pythia's codes; positive for the final state.
    momenta : ndarray, shape (n_particles, 4)
        px, py, pz, E [GeV].
    masses : ndarray, shape (n_particles,)
        Generated masses [GeV].
    vertices : ndarray, shape (n_particles, 4)
        Production vertices: x, y, z, ct [mm].
    mothers : ndarray of int, shape (n_particles, 2)
        Indices of the mothers, where the first particle is 1; 0 for none. The two mothers of a hadron from
        a string are the ends of a range, see Pythia's manual.

    Raises
    ------
    ValueError
        If a shape is wrong, or a mother is not in the event.
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


def read_record(event: Any) -> EventRecord:
    """Return Pythia's record of an event, a ``pythia8mc.Event``, without its first line.

    Particles are read through their own methods: the vertices of Pythia 8.317's ``nextBatch`` are shifted by
    one particle for each event before, and its last ones are missing.
    """
    particles = event.particles()[1:]
    return EventRecord(
        pdg_ids=np.array([p.id() for p in particles]),
        status=np.array([p.status() for p in particles]),
        momenta=np.array([(p.px(), p.py(), p.pz(), p.e()) for p in particles]),
        masses=np.array([p.m() for p in particles]),
        vertices=np.array([(p.xProd(), p.yProd(), p.zProd(), p.tProd()) for p in particles]),
        mothers=np.array([(p.mother1(), p.mother2()) for p in particles]),
    )


def hepmc_status(status: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Convert Pythia's status codes to HepMC3: 1 final, 4 beam, 2 decayed hadron or lepton, else the same."""
    code = np.abs(status)
    return np.select([status > 0, status == -12, (code >= 81) & (code <= 99)], [1, 4, 2], code)


class HepmcWriter:
    """Write events to a HepMC3 file in GeV and mm, as a context manager.

    Parameters
    ----------
    path : Path
        Written; HepMC3 ASCII.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> with HepmcWriter(Path("events.hepmc")) as writer:
    ...     while pythia.next():
    ...         writer.write(read_record(pythia.event), cross_section_pb=0.014, uncertainty_pb=0.001)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._run = pyhepmc.GenRunInfo()
        self._run.weight_names = ["nominal"]
        # Opened here once for a clear error if this is not possible; HepMC3 gives no reason.
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

    def write(self, record: EventRecord, cross_section_pb: float, uncertainty_pb: float) -> None:
        """Append one event, numbered from 0, with the present estimate of the sample's cross-section [pb].

        Raises
        ------
        ValueError
            If some particles do not descend from the beams, because they would be missing in the file.
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
        event.cross_section.set_cross_section(cross_section_pb, uncertainty_pb)
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
    # A particle ends in only one vertex. The mapping also keeps the vertices alive; particles do not.
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
    # From the beams downwards, so that each vertex is written before its outgoing particles.
    event.add_tree([particle for particle in particles if particle.production_vertex is None])
