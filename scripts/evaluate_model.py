"""Evaluate a trained model: its cuts, its scores and the efficiencies of its selections."""

from pathlib import Path

from scripts.data.event_bins import columns_of
from scripts.data.feature_table import read_feature_table
from scripts.evaluation.working_points import measure
from scripts.models import load_model


def main(
    *,
    table: Path,
    model: Path,
    cuts: Path,
    metrics: Path,
    scores: Path,
    kind: str,
    features: list[str],
) -> None:
    """Write cuts, metrics of the test sample and the scores of all events.

    Parameters
    ----------
    table, model : Path
        Feature table and trained model.
    cuts, metrics, scores : Path
        Written: csv, csv and parquet.
    kind : str
        Kind of the model, as in the config.
    features : list of str
        Features of the study.
    """
    trained = load_model(model, kind, features)
    events = read_feature_table(table, columns_of(features, trained.event_bins))
    metrics_table, score_table = measure(trained, events)
    trained.cuts().to_csv(cuts, index=False)
    metrics_table.to_csv(metrics, index=False)
    score_table.to_parquet(scores, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
