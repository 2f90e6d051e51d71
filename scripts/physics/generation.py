"""Generation of events with Pythia 8: sleptons and WW, kept if they can pass the preselection.

Almost all events of both processes have too little transverse momentum for the preselection. They are
dropped as early as possible: before the shower if the quarks do not annihilate, during the shower if the
recoil of the pair can no longer be large enough, and before hadronisation if the exact requirements fail. W
pairs of two lepton flavours are not made at all where the filter drops them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pythia8mc
from numpy.typing import NDArray

from .job_shares import job_seed
from .particles import ELECTRON, EVENT_COLUMNS, INVISIBLE, MUON, NEUTRALINO
from .summary import Summary

#: Left- and right-handed selectrons and smuons, and the lepton from the decay of each.
SLEPTONS = {1000011: 11, 2000011: 11, 1000013: 13, 2000013: 13}
#: Width of the sleptons [GeV], far below all that a detector resolves.
SLEPTON_WIDTH = 0.1
#: Masses of all other superpartners [GeV]; with larger ones (4.5E9) Pythia hangs at the start.
DECOUPLED = 4.5e3
SUPERPARTNERS = (
    *(1000000 + flavour for flavour in range(1, 7)),
    *(2000000 + flavour for flavour in range(1, 7)),
    *(1000012, 1000014, 1000015, 2000015, 1000016, 1000021),
    *(1000023, 1000024, 1000025, 1000035, 1000037),
    *(35, 36, 37),
)
LEPTONS = frozenset({ELECTRON, MUON})
HEAVY_QUARKS = (4, 5)
#: Lines of Pythia's record with the two particles of the hard process.
PAIR = (5, 6)
#: Pythia's number of the shower in decays.
DECAY_SHOWER = 5
#: Scale of the shower [GeV] at which it is checked once whether the event can still pass.
EARLY_VETO_SCALE = 20.0
#: Largest contribution of emissions below that scale to pair pT and MET near the requirements [GeV].
EARLY_VETO_MARGIN = 30.0
#: Number of failed events after which the generation stops with an error.
MOST_FAILURES = 1000
#: Number of events in a row that can fail the filter, about a minute.
MOST_DROPPED = 1_000_000


#: Columns of equal length, by name.
Table = dict[str, NDArray[Any]]


class GenerationError(ValueError):
    """Pythia refused its settings or stopped; the message is one line."""


def slepton_spectrum(slepton_mass: float, mass_gap: float) -> str:
    """Return a minimal SUSY Les Houches file.

    Parameters
    ----------
    slepton_mass : float
        Mass of the four selectrons and smuons [GeV].
    mass_gap : float
        Mass of the sleptons minus that of the lightest neutralino [GeV].

    Returns
    -------
    str
        Text in SLHA format: masses, slepton mixing and decays; all other superpartners are too heavy.
    """
    masses = {25: 125.0, NEUTRALINO: slepton_mass - mass_gap}
    masses |= dict.fromkeys(SUPERPARTNERS, DECOUPLED) | dict.fromkeys(SLEPTONS, slepton_mass)
    lines = ["Block MODSEL", " 1 0", "Block MASS"]
    lines += [f" {particle} {mass:.6e}" for particle, mass in masses.items()]
    # Without mixing matrices Pythia sets all couplings of sleptons to zero.
    lines += ["Block SELMIX", *(f" {row} {row} 1.0" for row in range(1, 7))]
    for slepton, lepton in SLEPTONS.items():
        lines += [f"DECAY {slepton} {SLEPTON_WIDTH}", f" 1.0 2 {NEUTRALINO} {lepton}"]
    return "\n".join([*lines, f"DECAY {NEUTRALINO} 0.0", ""])


#: Pythia settings of each process.
PROCESSES: dict[str, tuple[str, ...]] = {
    "sleptons": (
        "SUSY:qqbar2sleptonantislepton = on",
        f"SUSY:idVecA = {','.join(map(str, SLEPTONS))}",
        f"SUSY:idVecB = {','.join(map(str, SLEPTONS))}",
        # Masses are drawn from the line shape itself, rather than as an axis of the phase space, which takes
        # Pythia three times as many tries.
        f"PhaseSpace:minWidthBreitWigners = {2 * SLEPTON_WIDTH}",
    ),
    "ww": ("WeakDoubleBoson:ffbar2WW = on", "24:onMode = off"),
}


def decay_settings(process: str, same_flavour: bool) -> tuple[str, ...]:
    """Return one Pythia setting for each of the decays to generate, all of which are equally frequent."""
    if process == "sleptons":
        return ("",)
    return ("24:onIfAny = 11", "24:onIfAny = 13") if same_flavour else ("24:onIfAny = 11 13",)


class GeneratorFilter(pythia8mc.UserHooks):  # type: ignore[misc]
    """Generator filter, which drops each failing event as early as possible.

    Parameters
    ----------
    requirements : dict
        ``pair_pt`` and ``met`` [GeV]; ``lepton_pt`` [GeV] and ``lepton_eta`` (None for any), which two
        leptons must meet.
    same_generation : bool
        Whether to drop events of two quarks of different flavours.

    Attributes
    ----------
    process : pythia8mc.Event
        Pythia's record of the hard process, which the owner of the filter sets.
    vetoed : bool
        Whether the last event was dropped, rather than failed.
    """

    def __init__(self, requirements: dict[str, Any], same_generation: bool) -> None:
        super().__init__()
        self._requirements, self._same_generation = requirements, same_generation
        self.process: Any = None
        self.vetoed = False

    def canVetoProcessLevel(self) -> bool:
        """Tell Pythia whether to call :meth:`doVetoProcessLevel`."""
        return self._same_generation

    def doVetoProcessLevel(self, process: Any) -> bool:
        """Drop unphysical initial states."""
        self.vetoed = process[3].id() + process[4].id() != 0
        return self.vetoed

    def canVetoPT(self) -> bool:
        """Tell Pythia to call :meth:`doVetoPT`."""
        return True

    def scaleVetoPT(self) -> float:
        """Return the scale of the shower for the check [GeV]."""
        return EARLY_VETO_SCALE

    def doVetoPT(self, position: int, event: Any) -> bool:
        """Drop events that can no longer reach the pair pT or the MET."""
        # Not again in the showers of the decays.
        self.vetoed = position != DECAY_SHOWER and self._falls_short(event)
        return self.vetoed

    def _falls_short(self, event: Any) -> bool:
        wanted = self._requirements
        pair = _last_of_pair(event)
        lowest_pt: float = wanted["pair_pt"] - EARLY_VETO_MARGIN
        if _transverse(pair) < lowest_pt:
            return True
        lowest_met: float = wanted["met"] - EARLY_VETO_MARGIN
        return _transverse(self._invisible(pair)) < lowest_met

    def _invisible(self, pair: Iterable[Any]) -> list[Any]:
        """Return the momenta of the invisible decay products, boosted with the pair as Pythia will do it."""
        momenta = []
        for line, particle in zip(PAIR, pair, strict=True):
            mother = self.process[line]
            products = (self.process[i] for i in (mother.daughter1(), mother.daughter2()))
            momentum = next(product.p() for product in products if product.idAbs() in INVISIBLE)
            # Not by way of the rest frame: that would also turn it.
            boost = pythia8mc.RotBstMatrix()
            boost.bst(mother.p(), particle.p())
            momentum.rotbst(boost)
            momenta.append(momentum)
        return momenta

    def canVetoPartonLevel(self) -> bool:
        """Tell Pythia to call :meth:`doVetoPartonLevel`."""
        return True

    def doVetoPartonLevel(self, event: Any) -> bool:
        """Apply the requirements exactly, before hadronisation."""
        self.vetoed = not self._passes(event)
        return self.vetoed

    def _passes(self, event: Any) -> bool:
        wanted = self._requirements
        pair = _last_of_pair(event)
        if _transverse(pair) < wanted["pair_pt"]:
            return False
        # The products of the decays, and of their showers, are the last of all.
        first = min(particle.daughter1() for particle in pair)
        final = [particle for particle in map(event.at, range(first, event.size())) if particle.isFinal()]
        if _transverse(particle for particle in final if particle.idAbs() in INVISIBLE) < wanted["met"]:
            return False
        largest_eta = math.inf if wanted["lepton_eta"] is None else wanted["lepton_eta"]
        leptons = (particle for particle in final if particle.idAbs() in LEPTONS)
        good = sum(lep.pT() > wanted["lepton_pt"] and abs(lep.eta()) < largest_eta for lep in leptons)
        return bool(good >= 2)


def _last_of_pair(event: Any) -> list[Any]:
    """Return the last copy of both particles of the hard process, which includes all recoils so far."""
    return [event[event[line].iBotCopyId()] for line in PAIR]


def _transverse(momenta: Iterable[Any]) -> float:
    """Return the transverse momentum of the sum of particles or momenta [GeV]."""
    x = y = 0.0
    for momentum in momenta:
        x += momentum.px()
        y += momentum.py()
    return math.hypot(x, y)


class Generator:
    """Pythia, set up for one process.

    Parameters
    ----------
    process : dict
        ``process``, a name in :data:`PROCESSES`; for sleptons also ``slepton_mass`` and ``mass_gap`` [GeV].
    generator : dict
        ``energy`` [GeV], ``multiparton_interactions``, and ``filter``: as :class:`GeneratorFilter` takes it,
        and ``same_flavour``, whether the leptons must be two electrons or two muons.
    seed : int
        In [1, 900,000,000].
    folder : Path
        An existing folder for the spectrum file, which Pythia reads once.

    Raises
    ------
    GenerationError
        If Pythia does not accept the settings.
    """

    def __init__(self, process: dict[str, Any], generator: dict[str, Any], seed: int, folder: Path) -> None:
        name = process["process"]
        lines = [
            "Print:quiet = on",
            "SLHA:verbose = 0",
            f"Beams:eCM = {generator['energy']}",
            f"PartonLevel:MPI = {'on' if generator['multiparton_interactions'] else 'off'}",
            # A dropped event ends the call of `next`, so that all decays have the same number of tries.
            "Check:abortIfVeto = on",
            "Random:setSeed = on",
            *PROCESSES[name],
        ]
        self._runs = []
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            if name == "sleptons":
                spectrum = Path(scratch) / "sleptons.slha"
                spectrum.write_text(slepton_spectrum(process["slepton_mass"], process["mass_gap"]))
                lines.append(f"SLHA:file = {spectrum}")
            for number, decays in enumerate(decay_settings(name, generator["filter"]["same_flavour"])):
                own_seed = job_seed(seed, name, number) if number else seed
                # Pythia does not keep a reference. Version 8.317 also makes sleptons from u cbar and d sbar,
                # with a flavour-changing Z, which is wrong.
                hooks = GeneratorFilter(generator["filter"], same_generation=name == "sleptons")
                pythia = _started([*lines, f"Random:seed = {own_seed}", decays], hooks)
                if pythia is None:
                    raise GenerationError(
                        f"Pythia cannot start the process {name} at {generator['energy']:g} GeV: "
                        "is that enough for its masses?"
                    )
                self._runs.append((pythia, hooks))
        self._turns = cycle(self._runs)
        self._share = _share_of_lines(self._runs[0][0].particleData) if name == "sleptons" else 1.0

    def events(self, n_events: int) -> Iterator[Any]:
        """Yield ``n_events`` events that pass the filter as Pythia's records, each valid until the next one.

        Raises
        ------
        GenerationError
            If Pythia stops, or no event passes the filter.
        """
        failed = dropped = 0
        while n_events > 0:
            pythia, hooks = next(self._turns)
            hooks.vetoed = False
            if pythia.next():
                dropped = 0
                n_events -= 1
                yield pythia.event
            elif hooks.vetoed:
                dropped += 1
                if dropped >= MOST_DROPPED:
                    raise GenerationError(
                        f"none of {dropped} events in a row passes the generator filter: loosen it"
                    )
            else:
                failed += 1
                if failed > MOST_FAILURES:
                    raise GenerationError(f"Pythia failed to make an event {failed} times")

    def summary(self) -> Summary:
        """Return the numbers of events tried and kept so far, and their cross-section."""
        infos = [pythia.infoPython() for pythia, _ in self._runs]
        to_fb = 1e12 * self._share  # Pythia counts in mb
        return Summary(
            tried=sum(info.nSelected() for info in infos),
            kept=sum(info.nAccepted() for info in infos),
            cross_section_fb=to_fb * sum(info.sigmaGen() for info in infos),
            cross_section_error_fb=to_fb * math.hypot(*(info.sigmaErr() for info in infos)),
        )


def _started(lines: Iterable[str], hooks: GeneratorFilter) -> Any:
    """Return Pythia with these settings, ready for events; None if it cannot start."""
    pythia = pythia8mc.Pythia("", False)
    for line in lines:
        if not pythia.readString(line):
            raise GenerationError(f"Pythia does not accept {line!r}")
    pythia.setUserHooksPtr(hooks)
    hooks.process = pythia.process
    return pythia if pythia.init() else None


def _share_of_lines(particle_data: Any) -> float:
    """Return the share of slepton pairs whose masses lie in the range that Pythia draws them from.

    It belongs to the cross-section: drawn from their line shapes, all masses are in range.
    """
    slepton = next(iter(SLEPTONS))
    mass, width = particle_data.m0(slepton), particle_data.mWidth(slepton)
    distances = (mass - particle_data.mMin(slepton), particle_data.mMax(slepton) - mass)
    return (sum(math.atan(2 * distance / width) for distance in distances) / math.pi) ** 2


def stable_particles(event: Any) -> tuple[Table, Table]:
    """Return the particles of an event that a detector simulation needs.

    Each column is read off the particles, for the reason given in :func:`scripts.physics.hepmc.read_record`.

    Parameters
    ----------
    event : pythia8mc.Event

    Returns
    -------
    tuple of dict of ndarray
        First all particles that live long enough to reach the detector: ``pid``, ``charge`` [e], ``px``,
        ``py``, ``pz``, ``energy`` [GeV], and ``x``, ``y``, ``z`` of their production [mm]. Second the b and c
        quarks, which define the flavour of jets: ``pid``, ``px``, ``py``, ``pz`` [GeV].
    """
    particles = event.particles()
    stable = [particle for particle in particles if particle.isFinal()]
    codes = map(pythia8mc.Particle.idAbs, particles)
    quarks = [particle for particle, code in zip(particles, codes, strict=True) if code in HEAVY_QUARKS]
    return _table(stable, EVENT_COLUMNS["particles"]), _table(quarks, EVENT_COLUMNS["heavy_quarks"])


#: Type and reader of each column of :data:`EVENT_COLUMNS`.
_COLUMNS: dict[str, tuple[Any, Callable[[Any], float]]] = {
    "pid": (np.int32, pythia8mc.Particle.id),
    "charge": (np.int8, pythia8mc.Particle.charge),
    "px": (np.float32, pythia8mc.Particle.px),
    "py": (np.float32, pythia8mc.Particle.py),
    "pz": (np.float32, pythia8mc.Particle.pz),
    "energy": (np.float32, pythia8mc.Particle.e),
    "x": (np.float32, pythia8mc.Particle.xProd),
    "y": (np.float32, pythia8mc.Particle.yProd),
    "z": (np.float32, pythia8mc.Particle.zProd),
}


def _table(particles: Sequence[Any], names: tuple[str, ...]) -> Table:
    columns = {}
    for name in names:
        dtype, read = _COLUMNS[name]
        columns[name] = np.fromiter(map(read, particles), dtype, len(particles))
    return columns


def event_array(events: list[tuple[Table, Table]]) -> ak.Array:
    """Return events of :func:`stable_particles` as records of ``particles`` and ``heavy_quarks``."""
    if not events:
        return event_array([stable_particles(pythia8mc.Event())])[:0]
    collections = {
        name: ak.unflatten(
            ak.zip({key: np.concatenate([table[key] for table in tables]) for key in tables[0]}),
            [len(table["pid"]) for table in tables],
        )
        for name, tables in zip(EVENT_COLUMNS, zip(*events, strict=True), strict=True)
    }
    return ak.zip(collections, depth_limit=1)
