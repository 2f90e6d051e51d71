"""Seed and number of events of each of the jobs that generate the events of a sample."""

from __future__ import annotations

import numpy as np

#: Pythia's own limit on seeds.
LARGEST_SEED = 900_000_000


def job_seed(seed: int, sample: str, part: int) -> int:
    """Return the seed of one job of a sample, in Pythia's range.

    The seeds of the jobs of a study are unrelated.
    """
    words = [seed, *sample.encode(), part]
    return int(np.random.default_rng(words).integers(1, LARGEST_SEED, endpoint=True))


def share(n_events: int, n_jobs: int, part: int) -> int:
    """Return the number of events of job ``part``, so that all ``n_jobs`` together have ``n_events``."""
    return n_events // n_jobs + (part < n_events % n_jobs)
