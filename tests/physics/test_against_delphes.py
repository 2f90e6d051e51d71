"""Generated events and the parametrised response against genuine files of Delphes 3.5.0."""

import json
import time
from itertools import pairwise
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from scipy import stats

from scripts import generate_events, simulate_detector
from scripts.physics.calorimeter import ECAL, HCAL, Towers, fill_towers
from scripts.physics.generation import event_array
from scripts.physics.preselection import read_features
from scripts.physics.response import _chosen, _particles, _tracks, simulate_response
from tests.delphes_files import SELECTION
from tests.simulated_events import FILTER, GENERATOR, GENUINE, GENUINE_FILTER, SLEPTONS, WW

pytestmark = pytest.mark.skipif(
    not GENUINE.is_dir(), reason="the genuine Delphes files are not beside this checkout"
)

FEATURES = ["met", "jet1_pt", "dphi_l1_met", "dphi_l2_met", "mt_l1_met", "mt_l2_met", "dr_l1_l2"]
# Process, events, genuine file, and of it: events passing out of 4000, how far ours may be off (relative;
# three and two standard deviations of the counts), cross-section after the filter [fb].
SAMPLES = {
    "signal": (SLEPTONS, 4000, "slepton_200_180_stock.root", 875, 0.12, 1.03),
    "background": (WW, 4000, "ww_stock.root", 135, 0.25, 68.8),
}
# Few WW events pass: of these, which lose next to none of them, many do.
PASSING_FILTER = FILTER | {"pair_pt": GENUINE_FILTER["pair_pt"]}
N_PASSING_FILTER = 800


def simulate(folder: Path, name: str, n_events: int, generator_filter: dict) -> tuple[Path, dict]:
    """Generate events, pass them through the response; return ROOT file and generator summary."""
    folder.mkdir()
    began = time.monotonic()
    generate_events.main(
        events=folder / "events.parquet",
        summary=folder / "events.json",
        process={**SAMPLES[name][0], "events": n_events},
        generator={**GENERATOR, "filter": generator_filter},
        sample=name,
        part=0,
    )
    simulate_detector.main(
        events=folder / "events.parquet", root_file=folder / "out.root", sample=name, seed=1
    )
    print(f"{name}: {n_events} events in {time.monotonic() - began:.0f} s")
    return folder / "out.root", json.loads((folder / "events.json").read_text())


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request, tmp_path_factory) -> tuple[str, Path, dict]:
    """A sample as the genuine files have it: its name, our ROOT file, and the generator's summary."""
    name = request.param
    folder = tmp_path_factory.mktemp(name) / "all"
    return name, *simulate(folder, name, SAMPLES[name][1], GENUINE_FILTER)


def test_fraction_passing(sample):
    name, path, _ = sample
    _, n_events, genuine, expected, tolerance, _ = SAMPLES[name]
    ours, cutflow = read_features(path, SELECTION, FEATURES)
    theirs, _ = read_features(GENUINE / genuine, SELECTION, FEATURES)
    assert len(theirs) == expected
    assert cutflow["all events"] == n_events
    print(f"{name}: {len(ours)} of {n_events} pass, {expected} of 4000 in the genuine file")
    assert len(ours) / n_events == pytest.approx(expected / 4000, rel=tolerance)


def test_shapes_of_features(sample, tmp_path):
    name, path, _ = sample
    if name == "background":
        path, _ = simulate(tmp_path / "passing", name, N_PASSING_FILTER, PASSING_FILTER)
    ours, _ = read_features(path, SELECTION, FEATURES)
    theirs, _ = read_features(GENUINE / SAMPLES[name][2], SELECTION, FEATURES)
    probabilities = {column: stats.ks_2samp(ours[column], theirs[column]).pvalue for column in FEATURES}
    shown = ", ".join(f"{column} {value:.3f}" for column, value in probabilities.items())
    print(f"{name}: {len(ours)} and {len(theirs)} selected events; p of KS: {shown}")
    assert {column: p for column, p in probabilities.items() if p < 0.01} == {}


def test_cross_section_after_the_filter(sample):
    name, _, summary = sample
    expected = SAMPLES[name][-1]
    found, error = summary["cross_section_fb"], summary["cross_section_error_fb"]
    print(f"{name}: {found:.3f} +- {error:.3f} fb after the filter, {expected} fb in the genuine file")
    # Theirs comes without an uncertainty: allow 3 %.
    assert found == pytest.approx(expected, abs=3 * error + 0.03 * expected)
    assert 0 < error < 0.05 * found


def read_columns(path: Path) -> dict[str, ak.Array]:
    leaves = ("Electron.PT", "Electron.Eta", "Muon.PT", "Muon.Eta", "Jet.PT", "Jet.Eta", "Jet.BTag")
    with uproot.open(path) as opened:
        return {leaf: opened["Delphes"][leaf].array() for leaf in (*leaves, "MissingET.MET", "ScalarHT.HT")}


def test_all_events_before_the_preselection(sample):
    """Many more events than pass, so that a wrong step shows."""
    name, path, _ = sample
    ours, theirs = (read_columns(file) for file in (path, GENUINE / SAMPLES[name][2]))
    measured = {
        "MET": lambda c: ak.flatten(c["MissingET.MET"]),
        "HT": lambda c: ak.flatten(c["ScalarHT.HT"]),
        "leading jet pT": lambda c: ak.fill_none(ak.max(c["Jet.PT"], axis=1), 0.0),
        "jet pT": lambda c: ak.flatten(c["Jet.PT"]),
        "jet eta": lambda c: ak.flatten(c["Jet.Eta"]),
        "electron pT": lambda c: ak.flatten(c["Electron.PT"]),
        "electron eta": lambda c: ak.flatten(c["Electron.Eta"]),
        "muon pT": lambda c: ak.flatten(c["Muon.PT"]),
        "muon eta": lambda c: ak.flatten(c["Muon.Eta"]),
    }
    counted = {
        "electrons": lambda c: ak.num(c["Electron.PT"]),
        "muons": lambda c: ak.num(c["Muon.PT"]),
        "leptons": lambda c: ak.num(c["Electron.PT"]) + ak.num(c["Muon.PT"]),
        "jets": lambda c: ak.num(c["Jet.PT"]),
        "b jets": lambda c: ak.sum(c["Jet.BTag"] & 1, axis=1),
    }
    probabilities = {
        what: stats.ks_2samp(*(ak.to_numpy(of(columns)) for columns in (ours, theirs))).pvalue
        for what, of in measured.items()
    } | {
        what: same_counts(*(ak.to_numpy(of(columns)) for columns in (ours, theirs)))
        for what, of in counted.items()
    }
    print(f"{name}, p: " + ", ".join(f"{what} {p:.3f}" for what, p in probabilities.items()))
    assert {what: p for what, p in probabilities.items() if p < 0.001} == {}


def same_counts(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The p-value of a chi-squared test; rare large multiplicities count as one."""
    most = next(n for n in range(100) if np.sum(ours > n) < 10 or np.sum(theirs > n) < 10)
    table = [np.bincount(np.minimum(counts, most), minlength=most + 1) for counts in (ours, theirs)]
    return float(stats.chi2_contingency(np.array(table)[:, np.sum(table, axis=0) > 0]).pvalue)


FULL = GENUINE / "slepton_200_180_full50.root"
SEEDS = range(30)
REGIONS = (0.0, 1.5, 2.5, 3.2, 4.9)


def read_collection(name: str, leaves: tuple[str, ...]) -> ak.Array:
    with uproot.open(FULL) as opened:
        return ak.zip({leaf: opened["Delphes"][f"{name}.{leaf}"].array() for leaf in leaves})


def as_table(records: ak.Array, names: dict[str, str]) -> dict[str, np.ndarray]:
    return {name: ak.to_numpy(records[leaf]) for name, leaf in names.items()}


@pytest.fixture(scope="module")
def same_particles() -> ak.Array:
    """The particles that the genuine file with every branch was made from."""
    particles = read_collection("Particle", ("PID", "Status", "Charge", "Px", "Py", "Pz", "E", "X", "Y", "Z"))
    stable = particles[particles.Status == 1]
    momentum = {"pid": "PID", "px": "Px", "py": "Py", "pz": "Pz"}
    everything = {**momentum, "charge": "Charge", "energy": "E", "x": "X", "y": "Y", "z": "Z"}
    quarks = particles[(abs(particles.PID) == 4) | (abs(particles.PID) == 5)]
    return event_array(
        [
            (as_table(of_event, everything), as_table(heavy, momentum))
            for of_event, heavy in zip(stable, quarks, strict=True)
        ]
    )


def invisible_direction(events: ak.Array) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth of the true invisible momentum of each event, and its size."""
    code = abs(events.particles.pid)
    hidden = events.particles[(code == 12) | (code == 14) | (code == 16) | (code == 1000022)]
    x, y = ak.to_numpy(ak.sum(hidden.px, axis=1)), ak.to_numpy(ak.sum(hidden.py, axis=1))
    return np.arctan2(y, x), np.hypot(x, y)


def by_region(name: str, eta: np.ndarray, energy: np.ndarray) -> dict[str, float]:
    seen = energy > 0
    regions = [(np.abs(eta) > low) & (np.abs(eta) <= high) & seen for low, high in pairwise(REGIONS)]
    sums = {f"{name} energy, region {i}": float(energy[here].sum()) for i, here in enumerate(regions)}
    return sums | {f"{name} towers, region {i}": float(here.sum()) for i, here in enumerate(regions)}


def test_the_same_particles_leave_the_same_in_the_detector(same_particles):
    towers = read_collection("Tower", ("Eta", "Eem", "Ehad"))
    eta = ak.to_numpy(ak.flatten(towers.Eta)).astype(float)
    tracks = read_collection("Track", ("Eta", "PT"))
    missing = read_collection("MissingET", ("MET", "Phi"))
    direction, size = invisible_direction(same_particles)

    def along(met: np.ndarray, phi: np.ndarray) -> dict[str, float]:
        return {"MET along the invisible": float((met * np.cos(phi - direction)).sum())}

    def of_tracks(track_eta: np.ndarray) -> dict[str, float]:
        central = int((np.abs(track_eta) <= 1.5).sum())
        return {"central tracks": central, "forward tracks": len(track_eta) - central}

    theirs = by_region("ECAL", eta, ak.to_numpy(ak.flatten(towers.Eem)))
    theirs |= by_region("HCAL", eta, ak.to_numpy(ak.flatten(towers.Ehad)))
    theirs |= of_tracks(ak.to_numpy(ak.flatten(tracks.Eta)))
    theirs |= along(ak.to_numpy(ak.flatten(missing.MET)), ak.to_numpy(ak.flatten(missing.Phi)))
    assert size.min() > 50

    ours = []
    particles = _particles(same_particles)
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        measured = _tracks(particles, random)
        found: dict[str, float] = of_tracks(measured["eta"])
        for name, calorimeter in (("ECAL", ECAL), ("HCAL", HCAL)):
            none = _chosen(measured, measured["event"] < 0)
            filled: Towers = fill_towers(calorimeter, particles, none, random)
            found |= by_region(name, filled.eta, filled.energy)
        response = simulate_response(same_particles, random)["MissingET"]
        found |= along(*(ak.to_numpy(ak.flatten(response[leaf])) for leaf in ("MET", "Phi")))
        ours.append(found)
    assert ours[0].keys() == theirs.keys()
    pulls = {}
    for what, value in theirs.items():
        draws = np.array([found[what] for found in ours])
        pulls[what] = (value - draws.mean()) / (draws.std(ddof=1) * np.sqrt(1 + 1 / len(draws)))
    print("; ".join(f"{what} {pull:+.1f}" for what, pull in pulls.items()))
    assert {what: pull for what, pull in pulls.items() if not abs(pull) < 4} == {}
