"""The parts that measure, with sizes that say nothing about speed."""

import json
import sys

import numpy as np
import pytest

from docs.write_speed import PAGE, PLACE
from docs.write_speed import main as write_speed
from scripts.benchmarks import reading, turns
from scripts.benchmarks.contenders import PAPER_TARGETS, Task, make_events
from scripts.benchmarks.machine import measure as measure_machine
from scripts.benchmarks.memory import available_memory, peak_memory
from scripts.benchmarks.settings import Machine, Reading, Turns
from scripts.install_package import main as install_package

TASK = Task("float32", events=200, features=3, targets=3, threads=1, bce=True)
TURNS = Turns(most=3, least=2, turn_seconds=0.001, case_seconds=5.0, longest_epoch=60.0)


def test_events_are_scaled_and_signal_is_on_the_passing_side():
    task = TASK._replace(events=150_000)
    features, labels = make_events(task, np.float32)
    assert features.dtype == np.float32
    assert labels.sum() == 75_000
    assert features.mean(axis=0) == pytest.approx(0.0, abs=0.01)
    assert features.std(axis=0) == pytest.approx(1.0, abs=0.01)
    assert (np.asarray(task.directions) * features[labels == 1].mean(axis=0) > 0).all()


def test_features_are_those_of_the_paper():
    task = TASK._replace(features=10)
    assert task.directions == [-1, 1, 1, 1, 1, 1, -1, 1, -1, 1]
    assert (TASK._replace(features=30).distributions[:3] == TASK.distributions).all()


def test_targets():
    assert TASK._replace(targets=10).target_efficiencies == PAPER_TARGETS
    assert TASK.target_efficiencies == pytest.approx([0.02, 0.5, 0.98])


def test_contenders_take_turns():
    found = turns.take_turns([TASK, TASK._replace(contender="float64")], TURNS)
    assert found.keys() == {"float32", "float64"}
    for result in found.values():
        assert 2 <= len(result["seconds"]) <= 3
        assert min(result["seconds"]) > 0
        assert result["peak_memory"] > 1e6


def test_too_little_memory_is_a_reason():
    # So many that the table is refused at once; the libraries need a part of the memory too.
    task = TASK._replace(events=1_000_000_000, memory=4_000_000_000)
    found = turns.take_turns([task], TURNS)
    assert "needs more than the 4 GB" in found["float32"]["reason"]


def test_a_worker_that_fails_is_an_error(capfd):
    with pytest.raises(RuntimeError, match="worker of package failed with status 1"):
        turns.take_turns([TASK._replace(contender="package", package="/nowhere")], TURNS)
    assert "No module named 'cabin'" in capfd.readouterr().err


def test_a_package_that_cannot_be_installed_is_a_reason(tmp_path):
    installed = tmp_path / "package.json"
    install_package(folder=tmp_path / "package", installed=installed, package=None)
    assert json.loads(installed.read_text()) == {"reason": "not wanted"}
    install_package(folder=tmp_path / "package", installed=installed, package=f"{tmp_path}/absent.whl")
    assert "absent.whl cannot be installed" in json.loads(installed.read_text())["reason"]


def test_machine():
    found = measure_machine(Machine(seconds=0.001, repetitions=2, copied_bytes=4_000_000), [1, 2])
    for rates in (
        found["multiply_adds"]["float32"],
        found["multiply_adds"]["float64"],
        found["copied_bytes"],
    ):
        assert rates.keys() == {"1", "2"}
        assert all(len(of_threads) == 2 and min(of_threads) > 0 for of_threads in rates.values())


def test_reading_of_made_up_events():
    found = reading.measure(None, Reading(events=3000, repetitions=2))
    assert found["events"] == 3000
    assert set(found["seconds"]) == {"uproot", "seven features", "all features"}
    assert found["table_bytes"] > 0


def test_a_file_that_is_absent_is_a_reason(tmp_path):
    assert reading.measure(tmp_path / "no.root", Reading(events=3000, repetitions=2)) == {
        "reason": f"no file {tmp_path}/no.root"
    }


def test_memory_is_known():
    assert peak_memory() > 1e6
    assert sys.platform != "linux" or available_memory() > 1e6


def test_the_page_has_a_place_for_every_result(tmp_path):
    page, results = tmp_path / "speed.md", tmp_path / "results"
    page.write_text(PAGE.read_text())
    results.mkdir()
    write_speed(results, page)
    assert page.read_text() == PAGE.read_text()
    names = [place.group(2) for place in PLACE.finditer(page.read_text())]
    for name in names:
        (results / f"{name}.md").write_text(f"numbers of {name}\n")
    facts = {"processor": "X", "cores": 2, "available_memory": 2e9, "load": 0.1}
    (results / "about.json").write_text(json.dumps(facts))
    for file in ("cost.png", "proof_progress.png"):
        (results / file).write_bytes(b"")
    for _ in range(2):  # again over its own numbers
        write_speed(results, page)
        text = page.read_text()
        for name in set(names) - {"about", "figure", "progress"}:
            assert text.count(f"numbers of {name}\n") == 1
        assert "Measured on 2 cores of X, 2 GB of memory free; the load was 0.1 at the start." in text
        for image in ("speed.png", "speed_proofs.png"):
            assert f"({image})" in text
            assert (tmp_path / image).exists()
