"""Tables of the benchmarks from made-up measurements: no time is measured here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.benchmarks import tables
from scripts.benchmarks.cost_model import TERMS, cost_table, fit_constants
from scripts.benchmarks.drawing import make_figure, points
from scripts.benchmarks.limits import work_of
from scripts.benchmarks.pages import PAGES, quantity
from scripts.benchmarks.proof_tables import proof_table
from scripts.benchmarks.settings import Case, Costs, read_benchmarks
from scripts.benchmarks.summary import summary_table
from scripts.kinds import ConfigError
from tests.conftest import ROOT

FULL, QUICK = ROOT / "config" / "benchmarks.yaml", ROOT / "config" / "benchmarks_quick.yaml"
CONSTANTS = {"epoch": 1e-3, "event and feature": 2e-9, "event and target": 3e-9}
CONSTANTS["event, target and feature"] = 4e-10
SHAPES = [(32_000, 10, 10), (400_000, 10, 10), (4_000_000, 10, 10), (32_000, 3, 10), (32_000, 100, 10)]
SHAPES += [(32_000, 10, 100), (1000, 10, 10)]
MACHINE = {
    "multiply_adds": {"float32": {"1": [1e10, 2e10]}, "float64": {"1": [1e10, 1e10]}},
    "copied_bytes": {"1": [1e9, 1e10]},
}
READING = {"source": "events", "events": 10, "seconds": {"uproot": [1.0, 2.0], "seven features": [1.5, 3.0]}}
MEMORY = {
    "features": 10,
    "contenders": {
        "float32": [{"events": 1000, "peak_memory": 5e8}, {"events": 1_000_000, "peak_memory": 5.8e8}],
        "package": [{"events": 1000, "peak_memory": 4e8}, {"events": 1_000_000, "reason": "too little"}],
    },
}


def seconds_of(n, m, k):
    return sum(CONSTANTS[name] * term(float(n), m, k) for name, term in TERMS.items())


@pytest.fixture(scope="module")
def epochs():
    cases = {}
    for events, features, targets in SHAPES:
        seconds = seconds_of(events, features, targets)
        found = {"epochs": 1, "first_epoch": 2.0, "peak_memory": 1e9}
        cases[f"{events}_{features}_{targets}"] = {
            "case": {"events": events, "features": features, "targets": targets, "threads": 1, "bce": True},
            "load": 0.5,
            "contenders": {
                "float32": found | {"seconds": [seconds] * 3},
                "float64": found | {"seconds": [2 * seconds] * 3},
                "package": found | {"seconds": [40 * seconds, 50 * seconds, 90 * seconds]},
            },
        }
    cases["4000000_10_10"]["contenders"]["package"] = {"reason": "an epoch takes more than 60 s"}
    return tables.epoch_table(cases)


def test_ratios_are_formed_turn_by_turn():
    found = tables.ratio_columns([1.0, 2.0, 4.0], [2.0, 8.0, 12.0])
    assert found["ratio"] == 3.0
    assert found["ratio_low"] == pytest.approx(2.2)
    assert found["ratio_high"] == pytest.approx(3.8)


def test_epochs(epochs):
    package = epochs[epochs["contender"] == "package"].set_index("events")
    assert package.loc[400_000, "ratio"] == pytest.approx(50.0)
    assert package.loc[4_000_000, "reason"] == "an epoch takes more than 60 s"
    ours = epochs[(epochs["contender"] == "float32") & (epochs["events"] == 400_000)].iloc[0]
    assert ours["nanoseconds_per_event"] == pytest.approx(seconds_of(400_000, 10, 10) / 400_000 * 1e9)


def test_the_constants_of_exact_epochs_are_found(epochs):
    found = fit_constants(epochs).set_index("term")["seconds"]
    assert dict(found[list(TERMS)]) == pytest.approx(CONSTANTS, rel=1e-6)
    assert found["largest relative distance"] < 1e-6


def test_costs_by_hand(epochs):
    costs = Costs(
        events=[1e8], features=10, targets=10, cores=10, memory=1e9, disk_rate=1e9, message_seconds=1e-3
    )
    (row,) = cost_table(fit_constants(epochs), costs).to_dict("records")
    shared = seconds_of(1e8, 10, 10) - 1e-3
    assert row["core_seconds"] == pytest.approx(shared + 1e-3)
    assert row["machine_seconds"] == pytest.approx(shared / 10 + 1e-3)
    assert row["memory_bytes"] == pytest.approx(2 * 44e8)
    assert row["machines"] == 9
    assert row["disk_seconds"] == pytest.approx(4.5)
    assert row["cores_of_disk"] == pytest.approx(shared / 4.5)
    # Both sums of each class for ten rows, and their derivatives by a hundred cuts.
    assert row["network_bytes"] == 8 * (4 * 10 + 4 * 100)
    cores = row["cores_at_half"]
    messages = 2 * np.ceil(np.log2(cores / 10)) * 1e-3
    assert shared / cores == pytest.approx(1e-3 + messages, rel=0.1)


def test_shares_of_the_limits(epochs):
    limits = tables.limit_table(epochs, MACHINE)
    row = limits[(limits["contender"] == "float32") & (limits["events"] == 400_000)].iloc[0]
    work = work_of(Case(events=400_000, features=10, targets=10, threads=1, bce=True), "float32")
    assert row["bytes"] == work.bytes == 400_000 * 11 * 4
    assert row["arithmetic_share"] == pytest.approx(work.operations / 2e10 / seconds_of(400_000, 10, 10))
    # By event: 10 operations for each cut, 43 for each row, 21 for each feature, 20 once.
    assert work.operations / 400_000 == 10 * 100 + 43 * 10 + 21 * 10 + 20


def test_growth_of_memory():
    table = tables.memory_table(MEMORY).set_index(["contender", "events"])
    assert table.loc[("float32", 1_000_000), "growth_in_tables"] == pytest.approx(2.0)
    assert table.loc[("package", 1_000_000), "reason"] == "too little"


def test_summary_names_the_aims(epochs):
    memory, reading = tables.memory_table(MEMORY), tables.reading_table(READING)
    found = summary_table(epochs, memory, reading, proof_table({}), {}).set_index("measure")
    values = dict(zip(found["aim"], found["value"], strict=True))
    assert values["at least 30"] == pytest.approx(50.0)
    assert values["at most 2.5"] == pytest.approx(2.0)
    of_reading = found.loc["Reading a Delphes file, seven features, over uproot alone"]
    assert of_reading["value"] == pytest.approx(1.5)
    by_event = seconds_of(4_000_000, 10, 10) / seconds_of(400_000, 10, 10) / 10
    assert found["value"].filter(like="Time of an event").item() == pytest.approx(by_event)


def test_every_table_has_a_page(epochs, tmp_path):
    constants = fit_constants(epochs)
    costs = read_benchmarks(FULL, {}).costs
    memory, reading = tables.memory_table(MEMORY), tables.reading_table(READING)
    proofs = proof_table({"none": {"dataset": "x", "cuts": "windows", "reason": "no file"}})
    made = {
        "summary": summary_table(epochs, memory, reading, proofs, {}),
        "epochs": epochs,
        "limits": tables.limit_table(epochs, MACHINE),
        "memory": memory,
        "machine": tables.machine_table(MACHINE),
        "reading": reading,
        "constants": constants,
        "costs": cost_table(constants, costs),
        "proofs": proofs,
    }
    assert made.keys() == PAGES.keys()
    for name, page in PAGES.items():
        lines = page(made[name]).splitlines()
        assert len(lines) > 2, name
        assert len({line.count("|") for line in lines}) == 1, name
    assert "an epoch takes more than 60 s" in PAGES["epochs"](epochs)
    no_file = tables.reading_table({"reason": "no file x.root"})
    assert PAGES["reading"](no_file) == "no file x.root\n"
    drawn = points(epochs, memory)
    drawn.to_csv(tmp_path / "cost.csv", index=False)
    axes = make_figure(pd.read_csv(tmp_path / "cost.csv")).axes
    assert [ax.get_xlabel() for ax in axes] == [
        "Training events",
        "Training events",
        "Features",
        "Target efficiencies",
    ]
    assert set(drawn[drawn["panel"] == "targets/seconds"]["x"]) == {10, 100}


@pytest.mark.parametrize(
    ("value", "text"), [(2.5e-3, "2.5 ms"), (4.4e9, "4.4 Gs"), (0.0, "0 s"), (None, "-"), (np.nan, "-")]
)
def test_quantity(value, text):
    assert quantity(value, "s") == text


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"cases": {"big": {"event": 10}}}, r"benchmarks: .*cases.big: unknown key event"),
        ({"base": 3}, r"benchmarks.base: 3 is not of type mapping"),
        ({"delphes": "x"}, r"benchmarks: unknown key delphes"),
        ({"turns": {"most": 3}}, r"benchmarks.turns: the key `least` is missing"),
    ],
)
def test_faults_of_the_settings(changes, fault):
    with pytest.raises(ConfigError, match=fault):
        read_benchmarks(FULL, changes)


def test_cases_change_the_base():
    settings = read_benchmarks(FULL, {})
    assert settings.case("base") == settings.base
    assert settings.case("events_4e6_no_bce").bce is False
    assert settings.case("events_4e6_no_bce").features == settings.base.features


def test_both_files_are_valid():
    import yaml

    assert read_benchmarks(FULL, yaml.safe_load(Path(QUICK).read_text())["benchmarks"])
