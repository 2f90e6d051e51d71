"""From settings to generated events, and from these to a ROOT file and its summary."""

import json
from dataclasses import asdict
from pathlib import Path

import awkward as ak
import numpy as np
import pandas as pd
import pyhepmc
import pytest
import pythia8mc
import uproot

from scripts import combine_summaries, generate_events, simulate_detector
from scripts.physics import event_files
from scripts.physics.event_files import BATCH_SIZE, batched
from scripts.physics.generation import event_array, stable_particles
from scripts.physics.job_shares import LARGEST_SEED, job_seed, share
from scripts.physics.preselection import read_features
from scripts.physics.response import LEAVES
from scripts.physics.summary import Summary
from tests.delphes_files import SELECTION, truncate
from tests.simulated_events import FILTER, GENERATOR, SLEPTONS, WW, made_event, particle

LOOSE = {"pair_pt": 100.0, "met": 0.0, "lepton_pt": 0.0, "lepton_eta": None, "same_flavour": False}
ACCEPT_ALL = SELECTION | {"leading_jet_pt": 0.0, "met": 0.0, "opposite_charge": False, "same_flavour": False}


def test_every_job_has_its_own_seed():
    seeds = [
        job_seed(seed, sample, part)
        for seed in (0, 1, 2, 2**32 - 1)
        for sample in ("signal", "background")
        for part in range(50)
    ]
    assert len(set(seeds)) == len(seeds) == 400
    assert min(seeds) >= 1
    assert max(seeds) <= LARGEST_SEED
    assert max(seeds) > LARGEST_SEED / 2
    assert job_seed(1, "signal", 0) == job_seed(1, "signal", 0)


def test_a_seed_of_a_job_does_not_change():
    """Results of all studies depend on it."""
    assert [job_seed(1, sample, 0) for sample in ("signal", "background")] == [462872796, 694442059]


@pytest.mark.parametrize(("n_events", "n_jobs"), [(24000, 16), (10, 3), (2, 5), (7, 7), (1, 1)])
def test_jobs_share_all_events(n_events, n_jobs):
    shares = [share(n_events, n_jobs, part) for part in range(n_jobs)]
    assert sum(shares) == n_events
    assert max(shares) - min(shares) <= 1


def test_batches():
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched(range(4), 2)) == [[0, 1], [2, 3]]
    assert list(batched([], 2)) == [[]]


def generate(folder: Path, n_events: int, name="events", ending="parquet", part=0, **settings) -> Path:
    """Generate one part; returns the events, the summary is beside them."""
    path = folder / f"{name}_{part}.{ending}"
    process = settings.pop("process", SLEPTONS)
    generate_events.main(
        events=path,
        summary=summary_of(path),
        process={**process, "events": n_events},
        generator={**GENERATOR, "filter": LOOSE, **settings},
        sample="signal",
        part=part,
    )
    return path


def summary_of(events: Path) -> Path:
    return events.with_name(f"{events.name}.json")


@pytest.fixture(scope="module")
def two_parts(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    return [generate(folder, 61, part=part, jobs=2) for part in range(2)]


def test_parts_differ_and_hold_their_share(two_parts):
    first, second = map(ak.from_parquet, two_parts)
    assert (len(first), len(second)) == (31, 30)
    assert not ak.array_equal(first[:5], second[:5])


def test_same_settings_same_events(tmp_path, two_parts):
    again = generate(tmp_path, 61, jobs=2)
    assert ak.array_equal(ak.from_parquet(again), ak.from_parquet(two_parts[0]))
    assert summary_of(again).read_text() == summary_of(two_parts[0]).read_text()
    other = generate(tmp_path, 61, jobs=2, seed=2)
    assert not ak.array_equal(ak.from_parquet(other)[:5], ak.from_parquet(two_parts[0])[:5])


def test_more_events_begin_with_the_same(tmp_path, two_parts):
    more = generate(tmp_path, 80, jobs=2)
    assert ak.array_equal(ak.from_parquet(more)[:31], ak.from_parquet(two_parts[0]))


def test_summary_says_all(two_parts):
    content = json.loads(summary_of(two_parts[1]).read_text())
    assert content["process"] == {**SLEPTONS, "events": 61}
    assert content["generator"] == {**GENERATOR, "filter": LOOSE, "jobs": 2}
    assert (content["sample"], content["part"]) == ("signal", 1)
    assert content["seed"] == job_seed(1, "signal", 1)
    assert content["kept"] == 30
    assert content["tried"] > 60
    assert 0 < content["cross_section_error_fb"] < content["cross_section_fb"] < 14.2


def test_events_are_written_in_batches(tmp_path, monkeypatch, two_parts):
    """Whatever their size, the events are the same."""
    monkeypatch.setattr(event_files, "BATCH_SIZE", 7)
    path = generate(tmp_path, 61, jobs=2)
    assert ak.array_equal(ak.from_parquet(path), ak.from_parquet(two_parts[0]))
    assert BATCH_SIZE > 61


def test_hepmc_holds_the_same_events(tmp_path, two_parts):
    path = generate(tmp_path, 61, ending="hepmc", jobs=2)
    with pyhepmc.open(path) as opened:
        events = list(opened)
    expected = ak.from_parquet(two_parts[0])
    assert len(events) == 31
    for event, particles in zip(events, expected.particles, strict=True):
        final = sorted((p.pid, round(p.momentum.e, 2)) for p in event.particles if p.status == 1)
        codes = [code for code, _ in final]
        assert codes == sorted(particles.pid.to_list())
        assert sum(energy for _, energy in final) == pytest.approx(13000, abs=5)
        assert event.cross_section.xsec() > 0
    told = json.loads(summary_of(path).read_text())
    assert told == json.loads(summary_of(two_parts[0]).read_text())
    # In pb, as of the last event.
    assert events[-1].cross_section.xsec() == pytest.approx(1e-3 * told["cross_section_fb"], rel=1e-6)


def see(events, root_file: Path, seed: int = 1, sample: str = "signal") -> dict[str, ak.Array]:
    simulate_detector.main(events=events, root_file=root_file, sample=sample, seed=seed)
    with uproot.open(root_file) as opened:
        tree = opened["Delphes"]
        return {name: tree[name].array() for name in tree.keys()}  # noqa: SIM118


def test_root_file_reads_as_of_delphes(two_parts, tmp_path):
    found = see(two_parts, tmp_path / "out.root")
    leaves = {f"{name}.{leaf}" for name, columns in LEAVES.items() for leaf in columns}
    assert leaves | {f"{name}_size" for name in LEAVES} == set(found)
    assert all(len(column) == 61 for column in found.values())
    for name in LEAVES:
        np.testing.assert_array_equal(
            found[f"{name}_size"], ak.num(found[f"{name}.{next(iter(LEAVES[name]))}"])
        )
    features = ["met", "jet1_pt", "dphi_l1_met", "dr_l1_l2"]
    strict = SELECTION | {"b_veto_pt": 30.0, "min_dphi_jet_met": 0.4}
    strict["leptons"] = SELECTION["leptons"] | {"electron_isolation": 0.1, "muon_eta": 2.0}
    _, cutflow = read_features(tmp_path / "out.root", strict, features)
    assert cutflow["all events"] == 61
    table, cutflow = read_features(tmp_path / "out.root", ACCEPT_ALL, features)
    n_leptons = found["Electron_size"] + found["Muon_size"]
    assert len(table) == np.sum((n_leptons == 2) & (found["Jet_size"] > 0)) > 10
    assert np.isfinite(table).all(axis=None)


def test_order_of_events_is_kept(two_parts, tmp_path):
    """MET follows the true invisible momentum of the event of the same number."""
    found = see(two_parts, tmp_path / "out.root")
    particles = ak.concatenate([ak.from_parquet(path) for path in two_parts]).particles
    hidden = particles[abs(particles.pid) == 1000022]
    true = np.hypot(ak.sum(hidden.px, axis=1), ak.sum(hidden.py, axis=1))
    assert np.corrcoef(true, ak.flatten(found["MissingET.MET"]))[0, 1] > 0.8


def test_response_depends_on_seed_and_sample(two_parts, tmp_path):
    first, again = see(two_parts, tmp_path / "a.root"), see(two_parts, tmp_path / "b.root")
    assert all(ak.array_equal(first[name], again[name]) for name in first)
    for change in ({"seed": 2}, {"sample": "background"}):
        other = see(two_parts, tmp_path / "c.root", **change)
        assert not np.array_equal(first["MissingET.MET"], other["MissingET.MET"])


def test_fewer_events_than_jobs(tmp_path):
    paths = [generate(tmp_path, 2, part=part, jobs=4) for part in range(4)]
    assert [len(ak.from_parquet(path)) for path in paths] == [1, 1, 0, 0]
    # Whichever comes first.
    for order in (paths, paths[::-1]):
        assert len(see(order, tmp_path / "out.root")["MissingET.MET"]) == 2
    total = combine(paths, tmp_path / "total.json")
    assert total["kept"] == 2
    assert total["cross_section_fb"] > 0
    empty = generate(tmp_path, 2, part=3, jobs=4, ending="hepmc")
    with pyhepmc.open(empty) as opened:
        assert list(opened) == []


def combine(paths: list[Path] | Path, summary: Path, detector: dict | None = None) -> dict:
    summaries = [summary_of(path) for path in paths] if isinstance(paths, list) else summary_of(paths)
    combine_summaries.main(summaries=summaries, summary=summary, detector=detector or {"seed": 1})
    return json.loads(summary.read_text())


def test_summaries_of_a_sample(two_parts, tmp_path):
    detector = {"response": "parametrised", "seed": 3}
    total = combine(two_parts, tmp_path / "total.json", detector)
    parts = [json.loads(summary_of(path).read_text()) for path in two_parts]
    assert total["kept"] == 61
    assert total["tried"] == parts[0]["tried"] + parts[1]["tried"]
    weighted = sum(part["tried"] * part["cross_section_fb"] for part in parts)
    assert total["cross_section_fb"] == pytest.approx(weighted / total["tried"])
    assert total["seeds"] == [part["seed"] for part in parts]
    assert total["detector"] == detector
    assert (total["process"], total["generator"]) == (parts[0]["process"], parts[0]["generator"])
    assert "part" not in total
    alone = combine(two_parts[0], tmp_path / "alone.json")
    assert {name: alone[name] for name in asdict(Summary(0, 0, 0, 0))} == {
        name: parts[0][name] for name in asdict(Summary(0, 0, 0, 0))
    }


def test_events_without_a_visible_particle(tmp_path):
    path = tmp_path / "dark.parquet"
    dark = made_event([particle(12, 50.0, 0.1, 1.0), particle(1000022, 50.0, 0.1, -1.0)])
    ak.to_parquet_row_groups(iter([event_array([made_event(), dark])]), path)
    found = see(path, tmp_path / "out.root")
    assert found["MissingET.MET"].to_list() == [[0.0], [0.0]]
    table, cutflow = read_features(tmp_path / "out.root", SELECTION, ["met"])
    assert cutflow["all events"] == 2
    assert len(table) == 0


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def text_file(path: Path) -> None:
    path.write_text("events of another kind\n" * 100)


def other_table(path: Path) -> None:
    pd.DataFrame({"met": [1.0, 2.0], "label": [0, 1]}).to_parquet(path)


def without_a_column(path: Path) -> None:
    events = ak.from_parquet(path)
    ak.to_parquet(ak.zip({"particles": events.particles}, depth_limit=1), path)


def without_a_field(path: Path) -> None:
    events = ak.from_parquet(path)
    particles = ak.without_field(events.particles, "charge")
    ak.to_parquet(ak.zip({"particles": particles, "heavy_quarks": events.heavy_quarks}, depth_limit=1), path)


def damaged_inside(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[4:middle] = bytes(255 - byte for byte in content[4:middle])
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "not a parquet file, or damaged"),
        (empty_file, "not a parquet file, or damaged"),
        (text_file, "not a parquet file, or damaged"),
        (damaged_inside, "not a parquet file, or damaged"),
        (other_table, "no column particles, heavy_quarks"),
        (without_a_column, "no column heavy_quarks"),
        (without_a_field, "no column particles.charge"),
    ],
)
def test_a_bad_file_is_named_in_one_line(two_parts, tmp_path, damage, message):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(two_parts[1].read_bytes())
    damage(bad)
    with pytest.raises(ValueError, match=rf"{bad}: {message}") as raised:
        see([two_parts[0], bad], tmp_path / "out.root")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_the_filter_of_the_config(tmp_path):
    """WW, which passes it rarely."""
    path = generate(tmp_path, 5, process=WW, filter=FILTER)
    assert len(ak.from_parquet(path)) == 5
    assert json.loads(summary_of(path).read_text())["tried"] > 200


def test_stable_particles_of_nothing():
    particles, quarks = stable_particles(pythia8mc.Event())
    assert {len(column) for column in (*particles.values(), *quarks.values())} == {0}
