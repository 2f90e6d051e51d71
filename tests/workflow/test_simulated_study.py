"""A simulated study in the workflow: which jobs it takes, and what is left when one of them fails."""

import json
import re

import pytest
import uproot

from tests.simulated_events import SLEPTONS, WW

pytestmark = pytest.mark.workflow

SIMULATION = "results/small/susy/simulation"
OTHERS = ("gaussian", "property_toy", "watts_joint", "watts_line", "watts_line_again", "watts_plane")
SMALL = {
    "run": "small",
    "base": "paper",
    "studies": {
        **dict.fromkeys((*OTHERS, "zloss_case1", "zloss_case2")),
        "susy": {
            "source": {
                "signal": {**SLEPTONS, "events": 5},
                "background": {**WW, "events": 3},
                "generator": {"jobs": 2, "filter": {"pair_pt": 50.0, "met": 0.0}},
            }
        },
    },
}


def with_delphes(program: str) -> dict:
    return {"studies": {"susy": {"source": {"detector": {"response": "delphes", "program": program}}}}}


def test_jobs_of_either_response(tmp_path, run_snakemake):
    target = "results/small/susy/features.parquet"
    for overlays, rule, file_format in (
        ((SMALL,), "simulate_detector", "parquet"),
        ((SMALL, with_delphes("DelphesHepMC3")), "run_delphes", "hepmc"),
    ):
        done = run_snakemake(tmp_path, "--cores", "1", "--dry-run", target, overlays=overlays)
        assert done.returncode == 0, done.stderr[-3000:]
        printed = done.stdout + done.stderr
        jobs = dict(re.findall(r"^(\w+) +(\d+)$", printed, re.MULTILINE))
        assert jobs == {
            "generate_events": "4",
            rule: "2",
            "combine_summaries": "2",
            "read_delphes": "2",
            "merge_features": "1",
            "total": "11",
        }
        assert f"{SIMULATION}/background_1.{file_format}.json" in printed
        assert not (tmp_path / "results").exists()


def test_a_missing_delphes_is_one_line_and_keeps_the_events(tmp_path, run_snakemake):
    targets = [f"{SIMULATION}/signal.root", f"{SIMULATION}/signal.root.json"]
    command = ("--cores", "2", "--keep-going", *targets)
    done = run_snakemake(tmp_path, *command, overlays=(SMALL, with_delphes("NoDelphes")))
    assert done.returncode != 0
    message = "error in run_delphes: no program NoDelphes: install Delphes"
    assert sum(message in line for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    simulation = tmp_path / SIMULATION
    made = {f"signal_{part}.hepmc{ending}" for part in (0, 1) for ending in ("", ".json")}
    assert {path.name for path in simulation.iterdir()} == made | {"signal.root.json"}
    total = json.loads((simulation / "signal.root.json").read_text())
    assert total["kept"] == 5
    assert total["detector"]["program"] == "NoDelphes"
    # The built-in response instead: it finds its own events, and the combined summary follows the setting.
    again = run_snakemake(tmp_path, "--cores", "2", *targets, overlays=(SMALL,))
    assert again.returncode == 0, again.stderr[-3000:]
    with uproot.open(simulation / "signal.root") as opened:
        assert opened["Delphes"].num_entries == 5
    assert json.loads((simulation / "signal.root.json").read_text())["detector"]["response"] == "parametrised"
    assert (simulation / "signal_0.hepmc").stat().st_size > 0
