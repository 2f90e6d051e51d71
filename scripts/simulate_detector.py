"""Turn generated events into a ROOT file as Delphes writes it, by a parametrised detector."""

import json
import sys
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyarrow.parquet
import uproot
from tqdm import tqdm

from scripts.physics.response import simulate_response

TREE = "Delphes"


def main(*, events: Path | list[Path], root_file: Path, sample: str, seed: int) -> None:
    """Write the response to all parts of a sample.

    Parameters
    ----------
    events : Path or list of Path
        Parquet files of :mod:`scripts.generate_events`.
    root_file : Path
        Written: tree ``Delphes`` with Delphes' leaf names.
    sample : str
        ``signal`` or ``background``.
    seed : int
    """
    paths = events if isinstance(events, list) else [events]
    random = np.random.default_rng([seed, *sample.encode()])
    parts = [pyarrow.parquet.ParquetFile(path) for path in paths]
    progress = tqdm(
        total=sum(part.metadata.num_rows for part in parts),
        desc=f"detector, {sample}",
        unit="event",
        mininterval=1 if sys.stderr.isatty() else 20,
    )
    with uproot.recreate(root_file) as output, progress:
        tree: Any = None
        for path, part in zip(paths, parts, strict=True):
            for group in range(part.num_row_groups):
                batch = ak.from_parquet(path, row_groups=[group])
                collections = simulate_response(batch, random)
                if tree is None:
                    tree = output.mktree(
                        TREE,
                        {name: records.type.content for name, records in collections.items()},
                        counter_name=lambda collection: f"{collection}_size",
                        field_name=lambda collection, leaf: f"{collection}.{leaf}" if collection else leaf,
                    )
                tree.extend(collections)
                progress.update(len(batch))


if "snakemake" in globals():
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
