"""Write the tables of the benchmarks."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.benchmarks import tables
from scripts.benchmarks.cost_model import cost_table, fit_constants
from scripts.benchmarks.pages import PAGES
from scripts.benchmarks.settings import Aim, Costs
from scripts.benchmarks.summary import summary_table
from scripts.jobs.bridge import path_list
from scripts.parsing import parse


def main(
    *,
    epochs: Path | list[Path],
    memory: Path,
    machine: Path,
    reading: Path,
    proofs: Path,
    csv: list[Path],
    md: list[Path],
    about: Path,
    costs: dict[str, Any],
    aims: dict[str, dict[str, Any]],
) -> None:
    """Write each table as csv and as Markdown.

    Parameters
    ----------
    epochs : list of Path
        Measurements of the cases, each named after its case.
    memory, machine, reading : Path
        The other measurements.
    proofs : Path
        Table of the proofs.
    csv, md : list of Path
        Written; the name of a file is that of its table.
    about : Path
        Written: what the machine is (json).
    costs : dict
        Settings of the cost model.
    aims : dict
        What the proofs of each case aim at.
    """
    of_machine = json.loads(machine.read_text())
    cases = {path.stem: json.loads(path.read_text()) for path in path_list(epochs)}
    made = {"epochs": tables.epoch_table(cases), "machine": tables.machine_table(of_machine)}
    made["limits"] = tables.limit_table(made["epochs"], of_machine)
    made["memory"] = tables.memory_table(json.loads(memory.read_text()))
    made["reading"] = tables.reading_table(json.loads(reading.read_text()))
    made["summary"] = summary_table(
        made["epochs"],
        made["memory"],
        made["reading"],
        pd.read_csv(proofs),
        {name: parse(Aim, aim) for name, aim in aims.items()},
    )
    made["constants"] = fit_constants(made["epochs"])
    made["costs"] = cost_table(made["constants"], parse(Costs, costs))
    for path in csv:
        made[path.stem].to_csv(path, index=False)
    for path in md:
        path.write_text(PAGES[path.stem](made[path.stem]))
    keys = ("processor", "cores", "available_memory", "load")
    about.write_text(json.dumps({key: of_machine[key] for key in keys}, indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
