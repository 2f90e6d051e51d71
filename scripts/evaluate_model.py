"""Evaluate a trained model: its cuts, its scores and the efficiencies of its selections."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.evaluate_model")

from pathlib import Path

from scripts.data.event_bins import columns_of
from scripts.data.feature_table import read_feature_table
from scripts.data.score_table import thresholds_of
from scripts.data.stored_table import stored
from scripts.data.thinning import is_long
from scripts.evaluation.long_tables import measure_blocks, select_data
from scripts.evaluation.process_sums import ProcessSums
from scripts.evaluation.targets import edges_of_training, warn_of_missed
from scripts.evaluation.working_points import cut_table, measure, process_table
from scripts.jobs.bridge import path_list
from scripts.models import load_models


def main(
    *,
    table: Path,
    model: Path | list[Path],
    cuts: Path,
    metrics: Path,
    scores: Path,
    processes: Path,
    kind: str,
    features: list[str],
    uncertainties: dict[str, float] | None = None,
) -> None:
    """Write cuts, metrics, also of each process, and the scores of all events, or of a share of a long table.

    Parameters
    ----------
    table : Path
        Feature table.
    model : Path or list of Path
        The trained model, or that of each fold.
    cuts, metrics, scores, processes : Path
        Written: csv, csv, parquet and csv.
    kind : str
        Kind of the model, as in the config.
    features : list of str
        Features of the study.
    uncertainties : dict of float, optional
        Relative systematic uncertainty of the normalisation of the processes that have one.
    """
    trained = load_models(path_list(model), kind, features)
    columns = columns_of(features, trained.event_bins)
    sums = ProcessSums(len(trained.targets))
    if is_long(table):
        metrics_table, at_work = measure_blocks(
            trained, stored(table, columns), trained.event_bins, trained.cuts(), scores, sums
        )
    else:
        events = read_feature_table(table, columns)
        metrics_table, score_table = measure(trained, events, sums)
        score_table.to_parquet(scores, index=False)
        at_work = edges_of_training(trained, events)
    warn_of_missed(metrics_table, f"{metrics.parent.parent.name}/{metrics.parent.name}")
    select_data(trained, stored(table, columns), thresholds_of(metrics_table), sums)
    cut_table(trained, at_work, metrics_table).to_csv(cuts, index=False)
    metrics_table.to_csv(metrics, index=False)
    process_table(trained, sums, uncertainties).to_csv(processes, index=False)
