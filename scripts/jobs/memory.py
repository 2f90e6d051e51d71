"""How much memory a job may take."""

from __future__ import annotations

import os
from pathlib import Path

#: The memory of the machine, and the limits of the job's control group: present use and limit, by version.
MACHINE = Path("/proc/meminfo")
GROUPS = Path("/sys/fs/cgroup")
GROUP = Path("/proc/self/cgroup")
PAIRS = (("memory.current", "memory.max"), ("memory.usage_in_bytes", "memory.limit_in_bytes"))


def available_memory() -> int | None:
    """Return the memory that this job can still take [bytes]; None if nothing says so.

    The smallest of what is free on the machine, in the control groups of the job (those of a container or of
    Slurm) and in the variables of a Slurm job, which also limits jobs where it sets up no groups.
    """
    limits = [*_of_machine(), *_of_groups(), *_of_slurm()]
    return min(limits, default=None)


def _of_machine() -> list[int]:
    try:
        lines = MACHINE.read_text().splitlines()
    except OSError:
        return []
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]


def _of_groups() -> list[int]:
    try:
        # Lines such as "0::/user.slice/job" or "4:memory:/slurm/job_7".
        entries = [line.split(":", 2) for line in GROUP.read_text().splitlines()]
    except OSError:
        return []
    free = []
    for _, controllers, path in entries:
        if controllers and "memory" not in controllers.split(","):
            continue
        root = GROUPS / ("memory" if controllers else "")
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            if not folder.is_relative_to(root):
                break
            free += _of_group(folder)
    return free


def _of_group(folder: Path) -> list[int]:
    for used, limit in PAIRS:
        try:
            most, now = (folder / limit).read_text().strip(), (folder / used).read_text().strip()
        except OSError:
            continue
        if most.isdigit() and now.isdigit():
            return [max(int(most) - int(now), 0)]
    return []


def _of_slurm() -> list[int]:
    of_node, of_core = (os.environ.get(f"SLURM_MEM_PER_{of}", "") for of in ("NODE", "CPU"))
    if of_node.isdigit() and int(of_node):
        return [int(of_node) * 2**20]
    cores = os.environ.get("SLURM_CPUS_ON_NODE", "")
    return [int(of_core) * int(cores) * 2**20] if of_core.isdigit() and cores.isdigit() else []
