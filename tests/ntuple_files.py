"""Studies of small ntuples, and what the scripts of the rules make of them."""

from pathlib import Path
from typing import Any

import pandas as pd

from scripts import merge_ntuples, read_ntuples
from scripts.study_parsing import parse_study
from tests.studies import study_entry


def feature(name: str, direction: str = ">") -> dict[str, str]:
    """A feature as a config has it."""
    return {"name": name, "direction": direction}


def ntuple_study(
    processes: dict[str, Any], features: tuple[str, ...] = ("x",), split: dict | None = None, **source: Any
) -> dict[str, Any]:
    """A study of ntuples as a config has it; ``s_*`` and ``data`` are not background."""
    entries = {}
    for name, process in processes.items():
        role = "signal" if name.startswith("s") else "data" if name == "data" else "background"
        entries[name] = {"role": role, **process}
    return study_entry(
        source={"kind": "ntuples", "processes": entries, **source},
        features=[feature(name) for name in features],
        **({} if split is None else {"split": split}),
    )


def read_study(folder: Path, entry: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the feature table, as it is in the file, and the cutflow by step."""
    study = parse_study("small", entry)
    files = study.source.parts("small")
    parts, cutflows = [], []
    for process, of_process in files.items():
        for number, part in enumerate(of_process):
            parts.append(folder / f"{process}_{number}.parquet")
            cutflows.append(folder / f"{process}_{number}.json")
            recipe = study.source.recipe(process, study, part)
            read_ntuples.main(
                table=parts[-1], cutflow=cutflows[-1], process=process, files=part.files, recipe=recipe
            )
    merge_ntuples.main(
        parts=parts,
        cutflows=cutflows,
        table=folder / "features.parquet",
        cutflow=folder / "cutflow.csv",
        split=entry.get("split"),
        merging=study.source.merging(study, files),
    )
    flow = pd.read_csv(folder / "cutflow.csv", index_col="step")
    return pd.read_parquet(folder / "features.parquet"), flow
