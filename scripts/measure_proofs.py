"""Measure how far proofs of the best cuts come, and in what time."""

import json
from pathlib import Path
from typing import Any

from scripts.benchmarks.proofs import measure
from scripts.benchmarks.settings import ProofCase
from scripts.parsing import parse
from scripts.study_parsing import parse_study


def main(
    *, results: Path, name: str, case: dict[str, Any], study: dict[str, Any] | None, features: str
) -> None:
    """Prove the best cuts of one case.

    Parameters
    ----------
    results : Path
        Written (json).
    name : str
        Of the case, for the progress.
    case : dict
        Settings.
    study : dict, optional
        Its study's entry in the config; None where the run has none.
    features : str
        Feature table of the study.
    """
    settings = parse(ProofCase, case)
    parsed = None if study is None else parse_study(str(settings.study), study, check=False)
    measured = measure(settings, parsed, Path(features).expanduser(), name)
    results.write_text(json.dumps(measured, indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
