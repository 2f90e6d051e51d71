"""Ten million events of ntuples: how fast they are read, and what memory a study of them takes."""

import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.ntuples import FLAT, JAGGED, growth, ratio, write_flat, write_jagged
from tests.acceptance.peaks import Peaks
from tests.conftest import environment, snakemake_command

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc"),
]
N_EVENTS = 10_000_000
#: Time beside a raw read of the same branches, and memory of a job [bytes].
MOST_TIMES, MOST_MEMORY = 1.5, 4e9


@pytest.mark.parametrize("as_tree", [False, True])
def test_flat_branches_are_read_at_nearly_the_speed_of_uproot(tmp_path, as_tree):
    path = write_flat(tmp_path / "flat.root", N_EVENTS, as_tree=as_tree)
    seconds, times = ratio(path, FLAT)
    memory = growth(path, FLAT)
    print(f"flat: uproot {seconds:.2f} s, here {times:.2f} times that, {memory / 1e6:.0f} MB")
    assert times <= MOST_TIMES
    # Each branch is one basket: as it is in the file, and decompressed.
    assert memory < 1e9


def test_jagged_branches(tmp_path):
    path = write_jagged(tmp_path / "jagged.root", N_EVENTS)
    for name, settings in JAGGED.items():
        seconds, times = ratio(path, settings)
        memory = growth(path, settings)
        print(f"{name}: uproot {seconds:.2f} s, here {times:.2f} times that, {memory / 1e6:.0f} MB")
        assert times <= MOST_TIMES
        assert memory < 5e8


def study() -> dict:
    common = {"optimizer": "sgd", "learning_rate": 0.5, "epochs": 5, "seed": 1}
    columns = {name: text for name, text in FLAT["columns"].items() if name != text}
    return {
        "title": "Ten million events",
        "source": {
            "kind": "ntuples",
            "columns": columns,
            "preselection": [{name: text} for name, text in FLAT["steps"]],
            "luminosity": 100.0,
            "processes": {
                "s": {"role": "signal", "files": ["s.root"], "cross_section": 10.0},
                "b": {"role": "background", "files": ["b*.root"], "cross_section": 1e3, "uncertainty": 0.1},
            },
        },
        "split": {"test_fraction": 0.2, "seed": 1},
        "features": [{"name": name, "direction": ">"} for name in FLAT["features"]],
        "counting_experiment": {"minimum_signal": 3.0},
        "networks": {
            "linear": {"model": "linear", "loss": {"bce": 1.0}, **common},
            "scan": {
                "model": "scan",
                "weights": "directions",
                "activation_scale": 15.0,
                "targets": [0.3, 0.5, 0.7, 0.9],
                "loss": {"efficiency": 10.0, "background": 0.1, "cut_size": 1e-5, "smoothness": 1.0},
                **common,
            },
        },
    }


def test_a_study_from_root_to_figures(tmp_path):
    write_flat(tmp_path / "s.root", N_EVENTS // 2, shift=0.5)
    for number in range(2):
        write_flat(tmp_path / f"b{number}.root", N_EVENTS // 4, seed=2 + number)
    command = snakemake_command(
        tmp_path, "--cores", "1", overlays=({"run": "large", "studies": {"ten": study()}},)
    )
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
        peaks = Peaks(process)
        peaks.start()
        status = process.wait()
        peaks.join()
    assert status == 0, (tmp_path / "log").read_text()[-3000:]
    for rule, peak in peaks.of_rule.items():
        print(f"{rule}: peak memory {peak / 1e6:.0f} MB")
    assert set(peaks.of_rule) >= {"read_ntuples", "merge_ntuples", "train_model", "evaluate_model"}
    assert max(peaks.of_rule.values()) < MOST_MEMORY
    flow = pd.read_csv(tmp_path / "results" / "large" / "ten" / "cutflow.csv")
    assert flow["s"].iloc[0] + flow["b"].iloc[0] == N_EVENTS
    figures = tmp_path / "results" / "large" / "figures"
    assert (figures / "ten_expected_significance.pdf").stat().st_size > 0
