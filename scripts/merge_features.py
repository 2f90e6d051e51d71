"""Join the events read from the files of both samples into the feature table of a study."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.merge_features")

import json
from pathlib import Path
from typing import Any

from scripts.data.feature_table import CLASSES, check_feature_table, write_feature_table
from scripts.data.merging import merge_samples, read_sample
from scripts.jobs.bridge import path_list
from scripts.parsing import parse
from scripts.study import Split


def main(
    *,
    signal: Path | list[Path],
    background: Path | list[Path],
    signal_cutflows: Path | list[Path],
    background_cutflows: Path | list[Path],
    table: Path,
    cutflow: Path,
    features: list[str],
    split: dict[str, Any],
    files: dict[str, list[str]],
    weighting: dict[str, Any],
    summaries: list[Path] | None = None,
) -> None:
    """Write the feature table and the cutflow of a study.

    Parameters
    ----------
    signal, background, signal_cutflows, background_cutflows : Path or list of Path
        Output of :mod:`scripts.read_delphes` for each file of a sample.
    table, cutflow : Path
        Written: the results of :func:`scripts.data.merging.merge_samples` (parquet, csv).
    features : list of str
    split, weighting : dict
        Settings as in :class:`scripts.study.Split`, and keywords of
        :func:`scripts.data.merging.merge_samples`.
    files : dict of list of str
        The ROOT files of each sample, for messages.
    summaries : list of Path, optional
        One json file for each sample, signal first, whose ``cross_section_fb`` is used as cross-section.
    """
    parts = {"signal": (signal, signal_cutflows), "background": (background, background_cutflows)}
    samples = {}
    for name, (tables, cutflows) in parts.items():
        samples[name] = read_sample(name, path_list(tables), path_list(cutflows), files[name])
    if summaries:
        found = [json.loads(path.read_text())["cross_section_fb"] for path in summaries]
        weighting = weighting | {"cross_sections": dict(zip(CLASSES, found, strict=True))}
    parsed = parse(Split, split)
    events, flow = merge_samples(samples, parsed, **weighting)
    flow.to_csv(cutflow, index_label="step")
    check_feature_table(events, features, table, parsed.folds)
    write_feature_table(events, table)
