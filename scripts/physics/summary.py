"""Numbers of events that a generator tried and kept, and their cross-section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """Events and cross-section of one or more runs of a generator.

    Attributes
    ----------
    tried : int
        Number of generated hard processes.
    kept : int
        Number of events that passed the generator filter.
    cross_section_fb, cross_section_error_fb : float
        Cross-section of the kept events, at leading order [fb], and its statistical uncertainty.
    """

    tried: int
    kept: int
    cross_section_fb: float
    cross_section_error_fb: float


def combine(summaries: Sequence[Summary]) -> Summary:
    """Return the summary of independent runs of one process; cross-sections are weighted by events tried."""
    tried = np.array([summary.tried for summary in summaries], dtype=float)
    share = tried / tried.sum()
    errors = np.array([summary.cross_section_error_fb for summary in summaries])
    return Summary(
        tried=int(tried.sum()),
        kept=sum(summary.kept for summary in summaries),
        cross_section_fb=float(share @ [summary.cross_section_fb for summary in summaries]),
        cross_section_error_fb=float(np.linalg.norm(share * errors)),
    )
