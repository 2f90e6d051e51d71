"""How much memory a job may take, in files and variables as systems have them."""

import pytest

from scripts.jobs import memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with 8 GiB free and no groups; returns a function that writes files of control groups."""
    for name in ("NODE", "CPU"):
        monkeypatch.delenv(f"SLURM_MEM_PER_{name}", raising=False)
    files = {"MACHINE": "MemTotal: 9 kB\nMemAvailable:   8388608 kB\n", "GROUP": ""}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(memory, name, tmp_path / name)
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")

    def write(group: str, folder: str, **values: str) -> None:
        (tmp_path / "GROUP").write_text(group)
        place = tmp_path / "groups" / folder
        place.mkdir(parents=True, exist_ok=True)
        for name, value in values.items():
            (place / name.replace("_", ".", 1)).write_text(value + "\n")

    return write


def test_a_machine_on_its_own(machine):
    assert memory.available_memory() == 8 * GIB


def test_a_group_and_one_above_it(machine):
    machine("0::/job/step\n", "job/step", memory_max="max", memory_current="5")
    assert memory.available_memory() == 8 * GIB
    machine("0::/job/step\n", "job", memory_max=str(4 * GIB), memory_current=str(GIB))
    assert memory.available_memory() == 3 * GIB


def test_the_older_version_of_groups(machine):
    values = {"memory_limit_in_bytes": str(2 * GIB), "memory_usage_in_bytes": str(3 * GIB)}
    machine("5:cpu:/x\n4:memory:/slurm/7\n", "memory/slurm/7", **values)
    assert memory.available_memory() == 0


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SLURM_MEM_PER_NODE": "2048"}, 2 * GIB),
        ({"SLURM_MEM_PER_CPU": "512", "SLURM_CPUS_ON_NODE": "2"}, GIB),
        ({"SLURM_MEM_PER_NODE": "0"}, 8 * GIB),  # all of the machine
    ],
)
def test_a_slurm_job(machine, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert memory.available_memory() == expected


def test_a_system_that_says_nothing(machine, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "absent")
    monkeypatch.setattr(memory, "GROUP", tmp_path / "absent")
    assert memory.available_memory() is None
