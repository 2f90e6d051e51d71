"""Trainings that read their table block by block, alone or in several processes, and end as in memory."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from cabin_core import FeatureScaling
from scripts.data.stored_table import stored
from scripts.jobs.processes import Processes, position
from scripts.models import launcher, load_model
from scripts.models.streams import StoredEvents, is_large
from scripts.parsing import parse_kind
from tests.data.tables import FEATURES, make_table, write
from tests.trainings import train

TRAINING = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 12, "seed": 1, "precision": "float64"}
TARGETS = [0.5, 0.7, 0.9]
TERMS = {"efficiency": 10.0, "background": 0.1, "bce": 0.1, "smoothness": 1.0}
SCAN = {"model": "scan", "targets": TARGETS, "loss": TERMS, **TRAINING}
PROPERTY = {"name": "pt", "edges": [0.0, 1.0, 3.0]}
EXPERIMENT = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 2.0, "ww": 30.0, "top": 5.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 1.0,
}
ENTRIES = {
    "scan": SCAN,
    "windows": SCAN | {"weights": "windows", "start": 2.0},
    "property": SCAN | {"event_property": PROPERTY},
    "significance": {
        "model": "one_to_one",
        "loss": {"significance": 0.1, "constraint": 1.0},
        "start": 1.0,
        **TRAINING,
    },
    "learned": SCAN | {"weights": "learned"},
    "fully_connected": {
        "model": "fully_connected",
        "hidden_layers": [4],
        "targets": TARGETS,
        "loss": {"bce": 1.0},
        **TRAINING,
    },
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("scripts.data.stored_table.BLOCK", 150)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write(make_table(), tmp_path_factory.mktemp("table"))


def fitted(table: Path, folder: Path, entry: dict, **options):
    """Return the cuts or parameters of a training, and its history."""
    if "significance" in entry["loss"]:
        options["counting_experiment"] = EXPERIMENT
    files = train(table, folder, entry, FEATURES, evaluate=False, **options)
    model = load_model(files["model"], entry["model"], FEATURES)
    parameters = {name: value.numpy() for name, value in model.trained.network.state_dict().items()}
    return parameters, pd.read_csv(files["history"]), files


def assert_same(found, expected, tolerance: float = 1e-11) -> None:
    for name, values in expected[0].items():
        np.testing.assert_allclose(found[0][name], values, rtol=tolerance, atol=tolerance)
    assert found[1].columns.to_list() == expected[1].columns.to_list()
    np.testing.assert_allclose(found[1], expected[1], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("equal_class_weights", [False, True])
@pytest.mark.parametrize("case", ENTRIES)
def test_a_table_on_disk_trains_as_one_in_memory(table, tmp_path, case, equal_class_weights):
    options = {"equal_class_weights": equal_class_weights}
    expected = fitted(table, tmp_path / "memory", ENTRIES[case], **options)
    found = fitted(table, tmp_path / "disk", ENTRIES[case] | {"out_of_core": True}, **options)
    assert_same(found, expected)
    assert sorted(path.name for path in (tmp_path / "disk").iterdir()) == [
        "history.csv",
        "model.pt",
        "training.tsv",
    ]


@pytest.mark.parametrize(
    ("case", "how"),
    [("property", {"processes": 3, "out_of_core": True}), ("fully_connected", {"processes": 2})],
)
def test_processes_train_as_one(table, tmp_path, case, how):
    expected = fitted(table, tmp_path / "one", ENTRIES[case])
    found = fitted(table, tmp_path / "several", ENTRIES[case] | how)
    assert_same(found, expected)
    model = load_model(found[2]["model"], ENTRIES[case]["model"], FEATURES)
    assert model.trained.training == ENTRIES[case]  # how it was trained is no part of it


def test_without_room_for_a_copy_each_epoch_reads_the_table(table, tmp_path, monkeypatch, caplog):
    expected = fitted(table, tmp_path / "memory", SCAN)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("scripts.models.streams.shutil.disk_usage", lambda folder: usage)
    found = fitted(table, tmp_path / "disk", SCAN | {"out_of_core": True})
    assert_same(found, expected)
    assert "too little for a copy of the train events: each epoch reads the table" in caplog.text


def test_the_size_of_a_table_decides(table, monkeypatch):
    on_disk = stored(table, FEATURES)
    assert on_disk.bytes_in_memory == 1000 * 4 * 32
    for free, expected in ((10**6, False), (2 * 10**5, True), (None, False)):
        monkeypatch.setattr("scripts.models.streams.available_memory", lambda free=free: free)
        assert is_large(on_disk, "auto") == expected
        assert is_large(on_disk, True)
        assert not is_large(on_disk, False)
    monkeypatch.setattr("scripts.models.streams.MOST_IN_MEMORY", 1e5)
    for free in (10**9, None):
        monkeypatch.setattr("scripts.models.streams.available_memory", lambda free=free: free)
        assert is_large(on_disk, "auto")


def test_a_large_table_is_read_block_by_block(table, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.models.streams.available_memory", lambda: 2 * 10**5)
    monkeypatch.setattr("scripts.models.training_job.read_feature_table", None)
    fitted(table, tmp_path, SCAN)


FAULTS = {
    "NaN": ({"y": np.nan}, "column y is NaN or infinite in 10 of 1000 events: remove them at the source"),
    "class": ({"split": "train"}, "no signal event in the test sample: give more events"),
}


@pytest.mark.parametrize(
    ("fault", "how"),
    [("NaN", {"out_of_core": True}), ("class", {"out_of_core": True}), ("NaN", {"processes": 2})],
)
def test_faults_of_the_table(tmp_path, how, fault):
    changes, message = FAULTS[fault]
    faulty = make_table()
    rows = faulty["label"] == 1 if fault == "class" else faulty.index >= 990
    for name, value in changes.items():
        faulty.loc[rows, name] = value
    path = write(faulty, tmp_path)
    with pytest.raises(ValueError, match=f"features.parquet: {message}") as raised:
        fitted(path, tmp_path / "model", SCAN | how)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "model" / "model.pt").exists()


@pytest.mark.parametrize("how", [{"out_of_core": True}, {"processes": 2}])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 100}, "mini-batches are drawn from all events in memory: leave out batch_size"),
        ({"device": "cuda"}, "a GPU takes all events into its memory: leave out device"),
    ],
)
def test_what_needs_all_events(how, changes, message):
    with pytest.raises((ValueError, ValidationError), match=f"{next(iter(how))}: {message}"):
        parse_kind("model", SCAN | how | changes)


def test_a_loss_that_needs_all_events():
    entry = {"model": "joint", "weights": "directions", "activation_scale": 1.0, "hidden_layers": [3]}
    entry |= {"loss": {"watts": "softmax"}, **TRAINING}
    assert parse_kind("model", entry).needs_all_events
    with pytest.raises((ValueError, ValidationError), match="the loss watts needs all events in the memory"):
        parse_kind("model", entry | {"out_of_core": True})


def test_a_training_takes_as_many_cores_as_processes():
    assert parse_kind("model", SCAN).cores == 1
    assert parse_kind("model", SCAN | {"processes": 3}).cores == 3


def workers() -> dict[int, int]:
    """Return the processes of a training that this one has started: their numbers by their ids."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            variables = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        ranks = [value[5:] for value in variables if value.startswith(b"RANK=")]
        if parent == os.getpid() and ranks:
            found[int(folder.name)] = int(ranks[0])
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_a_killed_process_ends_the_training(table, tmp_path, caplog):
    """All others have ended when the one line says so, and nothing is left in the way of a rerun."""
    caplog.set_level(logging.INFO, "cabin")
    found: dict[int, int] = {}

    def kill():
        # A line of progress shows that all have met.
        while "epoch" not in caplog.text:
            time.sleep(0.05)
        found.update(workers())
        os.kill(next(one for one, number in found.items() if number == 1), signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(ValueError, match=r"^process 2 of 2 of the training failed: it was killed by SIGKILL"):
        fitted(table, tmp_path, SCAN | {"processes": 2, "epochs": 10**6})
    killer.join()
    assert len(found) == 2
    assert not any(Path(f"/proc/{one}").exists() for one in found)
    assert list(tmp_path.iterdir()) == []


def test_the_command_of_several_machines(table, tmp_path, monkeypatch):
    """A stand-in for srun starts the processes and says their numbers as Slurm does."""
    srun = tmp_path / "srun"
    srun.write_text(
        f"""#!{sys.executable}
import os, subprocess, sys
at = sys.argv.index("-n")
number, command = sys.argv[at + 1], sys.argv[at + 2:]
ranks = [os.environ | {{"SLURM_PROCID": str(i), "SLURM_NTASKS": number}} for i in range(int(number))]
status = max(p.wait() for p in [subprocess.Popen(command, env=rank) for rank in ranks])
print(f"srun: error: here: tasks 0-1: Exited with exit code {{status}}", file=sys.stderr)
sys.exit(status)
"""
    )
    srun.chmod(0o755)
    monkeypatch.setattr(launcher.socket, "gethostname", lambda: "127.0.0.1")
    for name, value in launcher._loopback().items():
        monkeypatch.setenv(name, value)
    expected = fitted(table, tmp_path / "one", SCAN)
    found = fitted(table, tmp_path / "two", SCAN | {"processes": 2}, mpi=f"{srun} --mpi=none")
    assert_same(found, expected)
    faulty = tmp_path / "features.parquet"
    make_table().assign(y=np.nan).to_parquet(faulty)
    with pytest.raises(ValueError, match=r"^the training failed: .*features.parquet: column y is NaN"):
        fitted(faulty, tmp_path / "two", SCAN | {"processes": 2}, mpi=str(srun))


def test_a_process_knows_its_number():
    assert position({"RANK": "1", "WORLD_SIZE": "4", "SLURM_PROCID": "0", "SLURM_NTASKS": "2"}) == (1, 4)
    assert position({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}) == (1, 2)
    with pytest.raises(ValueError, match="is started by its job, by torchrun or by srun"):
        position({})


def test_a_share_without_events(table):
    whole = StoredEvents.look_at(stored(table, FEATURES), None, Processes(), None)
    nothing = StoredEvents(stored(table, FEATURES, 0, 2000), whole.survey)
    scaling = FeatureScaling(FEATURES, *whole.survey.scaling(2, "standard"))
    (block,) = nothing.sample(scaling, "train", torch.float32)
    assert block.features.shape == (0, 2)
