"""Learn cuts that follow a property on many samples of a toy, each of its own seed."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from scripts.data.event_bins import EventBins
from scripts.jobs.progress import LineProgress
from scripts.models.base import BoxModel, NetworkModel
from scripts.models.competitors import BOX_SEARCHES
from scripts.models.network import fit_network
from scripts.models.search_cuts import search
from scripts.sources.property_optimum import compare_bins
from scripts.sources.property_toy import make_events

log = logging.getLogger("cabin.repeat_property_fits")


def learn_cuts(
    events: pd.DataFrame, network: dict[str, Any], features: list[str], directions: list[str], name: str
) -> pd.DataFrame:
    """Return the cuts of a network or search, as ``cuts.csv`` holds them."""
    bins = EventBins.of_entry(network)
    if bins is not None:
        bins.check(events, name)
    if network["model"] in BOX_SEARCHES:
        return BoxModel(search(events, features, network, name)[0]).cuts()
    return NetworkModel(fit_network(events, network, features, directions)[0]).cuts()


def main(
    *,
    bin_optimum: Path,
    repeats: Path,
    study: dict[str, Any],
    networks: dict[str, dict[str, Any]],
    threads: int,
) -> None:
    """Write how the cuts of every network compare with the best ones, for many samples.

    Parameters
    ----------
    bin_optimum : Path
        The best cuts (csv).
    repeats : Path
        Written: ``seed``, ``network`` and the columns of
        :func:`scripts.sources.property_optimum.compare_bins` (csv).
    study : dict
        The study's entry in the config; ``repeats`` says how many seeds, which follow that of the source.
    networks : dict of dict
        The entries of the networks to repeat.
    threads : int
        Threads of torch.
    """
    torch.set_num_threads(threads)
    optimum = pd.read_csv(bin_optimum)
    features = [feature["name"] for feature in study["features"]]
    directions = [feature["direction"] for feature in study["features"]]
    n_seeds = study["repeats"]["seeds"]
    progress = LineProgress(log, "repeats", "sample", n_seeds)
    parts = []
    for number in range(1, n_seeds + 1):
        seed = study["source"]["seed"] + number
        events = make_events(study["source"] | {"seed": seed}, features, study["split"])
        for name, network in networks.items():
            cuts = learn_cuts(events, network, features, directions, f"{name}, seed {seed}")
            table = compare_bins(cuts, optimum, study, events)
            table.insert(0, "seed", seed)
            table.insert(1, "network", name)
            parts.append(table)
        latest = ", ".join(
            f"{table['network'].iloc[0]} {(table['distance'] ** 2).mean() ** 0.5:.3f}"
            for table in parts[-len(networks) :]
        )
        progress.update(number, f"distance to the optimum: {latest}")
    pd.concat(parts, ignore_index=True).to_csv(repeats, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
