"""Generated events: what Pythia is told, what the filter keeps, and what is passed on."""

from itertools import islice

import awkward as ak
import numpy as np
import pytest
import pythia8mc

from scripts.physics import generation
from scripts.physics.generation import (
    DECOUPLED,
    NEUTRALINO,
    SLEPTON_WIDTH,
    SUPERPARTNERS,
    GenerationError,
    Generator,
    event_array,
    slepton_spectrum,
    stable_particles,
)
from scripts.physics.generation import SLEPTONS as SLEPTON_CODES
from scripts.physics.hepmc import EventRecord, read_record
from scripts.physics.summary import Summary, combine
from tests.simulated_events import FILTER, GENERATOR, SLEPTONS, WW

N_EVENTS = 40
ANYTHING = {"pair_pt": 0.0, "met": 0.0, "lepton_pt": 0.0, "lepton_eta": None, "same_flavour": False}
PROCESSES = {"sleptons": SLEPTONS, "ww": WW}


def generator(folder, process=SLEPTONS, requirements=ANYTHING, seed=1, **settings) -> Generator:
    return Generator(process, {**GENERATOR, **settings, "filter": requirements}, seed, folder)


def records_of(made: Generator, n_events: int) -> list[EventRecord]:
    return [read_record(event) for event in made.events(n_events)]


@pytest.fixture(scope="module", params=PROCESSES)
def filtered(request, tmp_path_factory):
    """Events of one process with the filter of the config: its name, records, stable particles, summary."""
    made = generator(tmp_path_factory.mktemp("filtered"), PROCESSES[request.param], FILTER)
    records, tables = [], []
    for event in made.events(N_EVENTS):
        records.append(read_record(event))
        tables.append(stable_particles(event))
    return request.param, records, tables, made.summary()


@pytest.fixture(scope="module")
def unfiltered(tmp_path_factory) -> list[EventRecord]:
    return records_of(generator(tmp_path_factory.mktemp("unfiltered")), 100)


@pytest.fixture(scope="module")
def particle_data(tmp_path_factory):
    spectrum = tmp_path_factory.mktemp("spectrum") / "sleptons.slha"
    spectrum.write_text(slepton_spectrum(250.0, 30.0))
    pythia = pythia8mc.Pythia("", False)
    on = "SUSY:qqbar2sleptonantislepton = on"
    for setting in ("Print:quiet = on", f"SLHA:file = {spectrum}", on, "PartonLevel:all = off"):
        assert pythia.readString(setting)
    assert pythia.init()
    return pythia.particleData


def test_pythia_reads_the_spectrum(particle_data):
    for slepton, lepton in SLEPTON_CODES.items():
        entry = particle_data.particleDataEntryPtr(slepton)
        assert entry.m0() == 250
        assert entry.sizeChannels() == 1
        channel = entry.channel(0)
        assert channel.bRatio() == 1
        assert {channel.product(0), channel.product(1)} == {NEUTRALINO, lepton}
    assert particle_data.m0(NEUTRALINO) == 220
    assert not particle_data.mayDecay(NEUTRALINO)
    assert {particle_data.m0(code) for code in SUPERPARTNERS} == {DECOUPLED}
    assert particle_data.m0(25) == 125


def test_every_superpartner_has_a_mass():
    """Pythia's own masses of those left out would make it produce them."""
    codes = {1000000 + i for i in (*range(1, 7), *range(11, 17), *range(21, 26), 35, 37)}
    codes |= {2000000 + i for i in (*range(1, 7), 11, 13, 15)}
    assert {NEUTRALINO, *SLEPTON_CODES, *SUPERPARTNERS} - {35, 36, 37} == codes


def test_events_depend_on_the_seed_only(tmp_path):
    first, again, other = (records_of(generator(tmp_path, seed=seed), 4) for seed in (7, 7, 8))
    for one, two in zip(first, again, strict=True):
        for name in ("pdg_ids", "status", "momenta", "vertices", "mothers"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert all(
        len(one.pdg_ids) != len(two.pdg_ids) or not np.allclose(one.momenta, two.momenta)
        for one, two in zip(first, other, strict=True)
    )
    assert list(tmp_path.iterdir()) == []  # the spectrum file is gone


def of_the_pair(name: str, record: EventRecord, codes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Final particles of these kinds that one of the pair decayed to, and which one."""
    products = np.flatnonzero((record.status > 0) & np.isin(np.abs(record.pdg_ids), codes))
    parents = record.mothers[products, 0] - 1
    # Showers and remnants write a particle anew when they push it: follow it back to its decay.
    while (same := record.pdg_ids[parents] == record.pdg_ids[products]).any():
        parents = np.where(same, record.mothers[parents, 0] - 1, parents)
    # Others are of hadrons, or of photons of the shower.
    made = np.isin(np.abs(record.pdg_ids[parents]), (24,) if name == "ww" else tuple(SLEPTON_CODES))
    return products[made], parents[made]


def true_values(name: str, record: EventRecord) -> dict[str, object]:
    """What the filter asks for, from the decay products backwards."""
    invisible, parents = of_the_pair(name, record, (12, 14, 16, NEUTRALINO))
    leptons, of_leptons = of_the_pair(name, record, (11, 13))
    assert len(leptons) == len(invisible) == 2
    assert sorted(of_leptons) == sorted(parents)
    px, py, pz, _ = record.momenta[leptons].T
    pt = np.hypot(px, py)
    return {
        "pair_pt": np.hypot(*record.momenta[parents, :2].sum(axis=0)),
        "met": np.hypot(*record.momenta[invisible, :2].sum(axis=0)),
        "lepton_pt": pt,
        "lepton_eta": np.arcsinh(pz / pt),
        "flavours": set(np.abs(record.pdg_ids[leptons])),
    }


def test_every_event_meets_the_filter(filtered):
    name, records, _, _ = filtered
    assert len(records) == N_EVENTS
    values = [true_values(name, record) for record in records]
    for value in values:
        assert value["pair_pt"] >= FILTER["pair_pt"]
        assert value["met"] >= FILTER["met"]
        good = (value["lepton_pt"] > FILTER["lepton_pt"]) & (
            np.abs(value["lepton_eta"]) < FILTER["lepton_eta"]
        )
        assert good.sum() >= 2
        assert len(value["flavours"]) == 1
    # Not tighter than asked either; where leptons are soft, MET asks for more pair pT.
    assert min(value["pair_pt"] for value in values) < max(FILTER["pair_pt"], FILTER["met"]) + 20
    assert min(value["met"] for value in values) < FILTER["met"] + 20


def test_filter_drops_what_fails_and_nothing_else(tmp_path):
    """The same cuts on events made without a filter leave the same cross-section."""
    wanted = {**ANYTHING, "met": 30.0, "lepton_pt": 8.0, "lepton_eta": 2.0, "same_flavour": True}
    made = generator(tmp_path, WW)
    passing = 0
    for record in records_of(made, 600):
        value = true_values("ww", record)
        good = (value["lepton_pt"] > 8) & (np.abs(value["lepton_eta"]) < 2)
        passing += value["met"] >= 30 and good.sum() >= 2 and len(value["flavours"]) == 1
    filtered = generator(tmp_path, WW, wanted, seed=2)
    for _ in filtered.events(200):
        pass
    kept = filtered.summary()
    # Tries with leptons of two flavours are not made.
    expected, found = passing / 600, kept.cross_section_fb / made.summary().cross_section_fb
    error = np.hypot(np.sqrt(passing) / 600, kept.cross_section_error_fb / made.summary().cross_section_fb)
    assert found == pytest.approx(expected, abs=4 * error)
    assert found == pytest.approx(kept.kept / kept.tried / 2, rel=0.05)


@pytest.mark.parametrize(("process", "n_events"), [("sleptons", 300), ("ww", 120)])
def test_early_veto_drops_what_would_fail_anyway(tmp_path, monkeypatch, process, n_events):
    """Asked, and followed only where it is far off: of what passes in the end it would drop nothing."""
    answers, errors = [], []

    def transverse(momenta):
        return np.sum([(p.px(), p.py()) for p in momenta], axis=0)

    class Asked(generation.GeneratorFilter):
        def doVetoPT(self, position, event):
            pair = generation._last_of_pair(event)
            if position == generation.DECAY_SHOWER:
                self.foreseen = transverse(self._invisible(pair))
                return super().doVetoPT(position, event)
            self.answer = super().doVetoPT(position, event)
            self.vetoed = np.hypot(*transverse(pair)) < FILTER["pair_pt"] / 2
            return self.vetoed

        def doVetoPartonLevel(self, event):
            dropped = super().doVetoPartonLevel(event)
            answers.append((self.answer, dropped))
            hidden = transverse(p for p in event if p.isFinal() and abs(p.id()) in generation.INVISIBLE)
            errors.append(np.hypot(*(self.foreseen - hidden)))
            return dropped

    monkeypatch.setattr(generation, "GeneratorFilter", Asked)
    made = generator(tmp_path, PROCESSES[process], FILTER)
    for _ in made.events(n_events):
        pass
    early = np.array([answer for answer, dropped in answers if not dropped])
    assert len(early) == n_events
    # One of 2000 is lost.
    assert early.sum() <= 1
    # All recoils are done when the pair decays, and photons alone move the products: MET is known.
    assert np.median(errors) < 0.1
    assert np.quantile(errors, 0.9) < 5
    # And most of what fails.
    assert np.mean([answer for answer, dropped in answers if dropped]) > 0.5


def test_both_decays_have_as_many_tries(tmp_path):
    made = generator(tmp_path, WW, {**FILTER, "met": 20.0, "pair_pt": 20.0})
    flavours = [true_values("ww", record)["flavours"] for record in records_of(made, 300)]
    assert flavours.count({11}) + flavours.count({13}) == 300
    assert 110 < flavours.count({11}) < 190
    tries = [pythia.infoPython().nSelected() for pythia, _ in made._runs]
    assert abs(tries[0] - tries[1]) <= 1
    assert made.summary().tried == sum(tries)


def test_masses_follow_their_line_shape(tmp_path):
    """Drawn from it in the five widths that Pythia allows, whose share belongs to the cross-section."""
    made = generator(tmp_path)
    sleptons = [
        record.masses[np.isin(np.abs(record.pdg_ids), tuple(SLEPTON_CODES)) & (record.status == -22)]
        for record in records_of(made, 150)
    ]
    distance = np.abs(np.concatenate(sleptons) - 200)
    assert len(distance) == 300
    assert distance.max() <= 5 * SLEPTON_WIDTH
    # Half of a Breit-Wigner lies within half a width; a little more where its tails are cut off.
    inside = np.arctan(1) / np.arctan(10)
    assert np.mean(distance < SLEPTON_WIDTH / 2) == pytest.approx(inside, abs=4 * 0.5 / np.sqrt(300))
    assert made._share == pytest.approx((2 / np.pi * np.arctan(10)) ** 2)


def test_flavours_mix_where_the_filter_lets_them(tmp_path):
    flavours = [
        len(true_values("ww", record)["flavours"]) for record in records_of(generator(tmp_path, WW), 60)
    ]
    assert 15 < flavours.count(2) < 45


def test_stable_particles_are_the_whole_event(filtered):
    _, records, tables, _ = filtered
    events = event_array(tables)
    assert len(events) == len(records)
    for event, record in zip(events.particles, records, strict=True):
        final = record.status > 0
        np.testing.assert_array_equal(event.pid, record.pdg_ids[final])
        assert ak.sum(event.charge) == 2
        for name, column in zip(("px", "py", "pz"), range(3), strict=True):
            # Float32 of beams' remnants of up to 6.5 TeV.
            assert abs(ak.sum(ak.values_astype(event[name], float))) < 2e-3
            np.testing.assert_allclose(event[name], record.momenta[final, column], rtol=1e-6)
        assert ak.sum(ak.values_astype(event.energy, float)) == pytest.approx(13000, abs=2e-3)
        for name, column in zip("xyz", range(3), strict=True):
            np.testing.assert_allclose(event[name], record.vertices[final, column], rtol=1e-6)


def test_heavy_quarks_of_the_record(filtered):
    _, records, tables, _ = filtered
    for quarks, record in zip(event_array(tables).heavy_quarks, records, strict=True):
        heavy = np.isin(np.abs(record.pdg_ids), (4, 5))
        np.testing.assert_array_equal(quarks.pid, record.pdg_ids[heavy])
        np.testing.assert_allclose(quarks.px, record.momenta[heavy, 0], rtol=1e-6)


def test_sleptons_come_from_a_quark_and_its_antiquark(unfiltered):
    made = set()
    for record in unfiltered:
        incoming = record.pdg_ids[record.status == -21]
        assert incoming.sum() == 0
        assert 1 <= abs(incoming[0]) <= 5
        outgoing = record.pdg_ids[np.isin(record.status, (-22,)) & (np.abs(record.pdg_ids) > 1000000)]
        assert outgoing.sum() == 0
        made |= set(np.abs(outgoing))
    assert made == set(SLEPTON_CODES)


def test_particles_start_where_their_mother_decays(unfiltered):
    """This is what Pythia 8.317's nextBatch gets wrong."""
    distances = []
    for record in unfiltered[:30]:
        kaons = np.flatnonzero((record.pdg_ids == 310) & (record.status < 0))
        for kaon in kaons:
            products = np.flatnonzero(record.mothers[:, 0] == kaon + 1)
            start = record.vertices[kaon]
            ends = record.vertices[products]
            assert (ends == ends[0]).all()
            path = ends[0] - start
            # Along its momentum, in proper time times p/m.
            proper = path[3] * record.masses[kaon] / record.momenta[kaon, 3]
            expected = proper * record.momenta[kaon, :3] / record.masses[kaon]
            np.testing.assert_allclose(path[:3], expected, rtol=1e-6, atol=1e-6)
            distances.append(proper)
    assert len(distances) > 50
    # c tau of the K0S; exponential, so its spread is its mean.
    assert np.mean(distances) == pytest.approx(26.84, rel=4 / np.sqrt(len(distances)))


def test_masses_arrive_in_the_events(tmp_path):
    process = {**SLEPTONS, "slepton_mass": 300.0, "mass_gap": 120.0}
    for record in records_of(generator(tmp_path, process), 10):
        sleptons = np.isin(np.abs(record.pdg_ids), tuple(SLEPTON_CODES))
        np.testing.assert_allclose(record.masses[sleptons], 300, atol=3)  # of a width of 0.1
        neutralinos = np.abs(record.pdg_ids) == NEUTRALINO
        np.testing.assert_allclose(record.masses[neutralinos], 180)


def test_multiparton_interactions_are_a_setting(tmp_path):
    sizes = [
        np.mean([len(record.pdg_ids) for record in records_of(made, 10)])
        for made in (generator(tmp_path), generator(tmp_path, multiparton_interactions=True))
    ]
    assert sizes[1] > 1.5 * sizes[0]


def test_summary_counts_what_was_made(filtered):
    name, _, _, summary = filtered
    assert summary.kept == N_EVENTS
    assert summary.tried > 5 * N_EVENTS
    assert 0 < summary.cross_section_error_fb < 0.4 * summary.cross_section_fb
    # Of 14.2 and about 3000 fb before the filter.
    fraction = summary.cross_section_fb / {"sleptons": 14.2, "ww": 3000.0}[name]
    assert 0 < fraction < 0.2


def test_no_event_asked_for(tmp_path):
    made = generator(tmp_path)
    assert list(made.events(0)) == []
    assert made.summary() == Summary(tried=0, kept=0, cross_section_fb=0.0, cross_section_error_fb=0.0)
    empty, one = event_array([]), event_array([stable_particles(pythia8mc.Event())])
    assert len(empty) == 0
    assert empty.type.content == one.type.content


def test_summaries_combine_by_events_tried():
    first, second = Summary(100, 10, 4.0, 0.3), Summary(300, 20, 2.0, 0.2)
    assert combine([first]) == first
    total = combine([first, second, Summary(0, 0, 0.0, 0.0)])
    assert (total.tried, total.kept) == (400, 30)
    assert total.cross_section_fb == pytest.approx((100 * 4 + 300 * 2) / 400)
    assert total.cross_section_error_fb == pytest.approx(np.hypot(0.25 * 0.3, 0.75 * 0.2))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"energy": 300.0}, "cannot start the process sleptons at 300 GeV: is that enough"),
        ({"energy": "much"}, "does not accept 'Beams:eCM = much'"),
        ({"seed": 10**10}, "does not accept 'Random:seed|cannot start"),
    ],
)
def test_settings_that_pythia_refuses(tmp_path, settings, message):
    with pytest.raises(GenerationError, match=message) as raised:
        generator(tmp_path, **settings)
    assert "\n" not in str(raised.value)


def test_a_process_that_never_succeeds(tmp_path):
    """Enough energy to start, and none that partons can carry."""
    with pytest.raises(GenerationError, match="failed to make an event 1001 times"):
        list(generator(tmp_path, energy=401.0).events(1))


@pytest.mark.parametrize("requirements", [{"pair_pt": 1e4}, {"met": 1e4}, {"lepton_eta": 1e-9}])
def test_a_filter_that_passes_nothing(tmp_path, monkeypatch, requirements):
    monkeypatch.setattr(generation, "MOST_DROPPED", 300)
    with pytest.raises(GenerationError, match="none of 300 events in a row passes the generator filter"):
        list(generator(tmp_path, requirements={**ANYTHING, **requirements}).events(1))


def test_only_events_in_a_row_count(tmp_path, monkeypatch):
    monkeypatch.setattr(generation, "MOST_DROPPED", 300)
    made = generator(tmp_path, requirements=FILTER)
    assert sum(1 for _ in islice(made.events(60), 60)) == 60
    assert made.summary().tried > 600
