"""The best cuts of bins, and cuts learned on many samples, as jobs."""

import copy

import numpy as np
import pandas as pd

from scripts import analyse_study
from tests.property_toy import ENTRY


def test_optimum_and_repeats_as_jobs(tmp_path):
    paths = {name: tmp_path / f"{name}.csv" for name in ("bin_optimum", "repeats")}
    study = copy.deepcopy(ENTRY)
    study["networks"]["smooth"]["epochs"] = 20
    job = {"study": study, "study_name": "toy", "models": []}
    analyse_study.main(table=paths["bin_optimum"], analysis="bin_optimum", **job)
    for path in (paths["repeats"], tmp_path / "again.csv"):
        analyse_study.main(table=path, analysis="repeats", bin_optimum=paths["bin_optimum"], **job)
    table = pd.read_csv(paths["repeats"])
    # Two seeds, two networks, two targets (the search has these two among its own), three bins.
    assert len(table) == 2 * 2 * 2 * 3
    assert table["seed"].unique().tolist() == [2, 3]
    assert table["network"].unique().tolist() == ["smooth", "boxes"]
    assert np.isfinite(table.drop(columns="network").to_numpy()).all()
    assert (tmp_path / "again.csv").read_bytes() == paths["repeats"].read_bytes()
