"""What is made again: all that uses a module, a pin or a file that changed, and nothing else."""

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.checkout import copy_checkout, run_in
from tests.conftest import ROOT
from tests.delphes_files import EVENTS, SELECTION, write_delphes
from tests.studies import NETWORKS, study_entry

pytestmark = [pytest.mark.workflow, pytest.mark.hardening]

CONFIG = {
    "run": "small",
    "studies": {
        "toy": study_entry(
            networks={name: NETWORKS[name] for name in ("linear", "scan", "kcuts")},
            figures={
                "features": {"plot": "features", "bins": 10, "caption": "The features."},
                "cuts": {"plot": "cuts", "networks": ["scan"], "scaled": True, "caption": "The cuts."},
            },
            tables={"cuts": {"table": "cuts", "networks": ["kcuts"], "caption": "The boxes."}},
        ),
        "files": study_entry(
            source={
                "kind": "delphes",
                "signal": ["signal.root"],
                "background": ["background.root"],
                "selection": SELECTION,
            },
            features=[{"name": "met", "direction": ">"}],
            networks={"linear": NETWORKS["linear"]},
        ),
    },
}
ALL_OF_TOY = {
    "generate_features": 1,
    "train_model": 2,
    "train_text_model": 1,
    "evaluate_model": 3,
    "draw_figure": 2,
    "write_table": 1,
    "find_directions": 1,
    "export_cuts": 2,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A copy of the checkout, in it a config, ROOT files and their results."""
    root = copy_checkout(tmp_path_factory.mktemp("checkout"))
    (root / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    write_delphes(root / "signal.root", EVENTS * 10)
    write_delphes(root / "background.root", EVENTS * 11)
    done = run_in(root, "--cores", "2", "--configfile", "small.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    return root


def jobs_of(root: Path) -> dict[str, int]:
    """Return how many jobs of each rule would run."""
    dry = run_in(root, "--cores", "1", "--dry-run", "--configfile", "small.yaml")
    assert dry.returncode == 0, dry.stderr[-3000:]
    counts = re.findall(r"^(\w+) +(\d+)$", dry.stdout + dry.stderr, re.MULTILINE)
    return {rule: int(count) for rule, count in dict(counts).items() if rule not in ("all", "total")}


def test_no_param_is_a_function_of_what_snakemake_leaves_out():
    """It records no param whose function takes more than the wildcards: a change of it would go unnoticed."""
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        params = re.findall(r"^    params:\n(.*?)^    \w", file.read_text(), re.MULTILINE | re.DOTALL)
        for text in params:
            assert set(re.findall(r"lambda ([^:]*):", text)) <= {"w"}, file.name


def test_nothing_to_be_done(finished):
    assert jobs_of(finished) == {}


OF_NETWORKS = {"train_model": 3, "evaluate_model": 3, "draw_figure": 1, "export_cuts": 1}
CHANGES = {
    "scripts/figures/cuts.py": {"draw_figure": 1},
    "scripts/figures/style.py": {"draw_figure": 2},
    "scripts/tables/cuts.py": {"write_table": 1},
    "scripts/tables/papers/hyperparameters.py": {},
    "scripts/models/box_search.py": {
        "train_text_model": 1,
        "evaluate_model": 1,
        "write_table": 1,
        "export_cuts": 1,
    },
    "scripts/models/grid_scan.py": {},
    "scripts/losses/lovasz_z.py": {},
    "cabin_core/lovasz.py": {},
    "cabin_core/terms/smoothness.py": OF_NETWORKS,
    "cabin_core/training.py": OF_NETWORKS,
    "scripts/sources/gaussian.py": ALL_OF_TOY,
    "scripts/sources/watts.py": {},
    "scripts/physics/preselection.py": {
        "read_delphes": 2,
        "merge_features": 1,
        "find_directions": 1,
        "train_model": 1,
        "evaluate_model": 1,
    },
}


@pytest.mark.parametrize("file", CHANGES)
def test_a_changed_module_reruns_what_uses_it_and_nothing_else(finished, file):
    module = finished / file
    content = module.read_bytes()
    module.write_bytes(content + b"# a line more\n")
    try:
        assert jobs_of(finished) == CHANGES[file]
    finally:
        module.write_bytes(content)


def test_a_changed_split_makes_everything_again(finished):
    """It went unnoticed once: the split is drawn in a module that the source's script imports."""
    jobs = {}
    module = finished / "scripts/data/feature_table.py"
    content = module.read_text()
    module.write_text(content.replace("split.seed", "split.seed + 1"))
    assert module.read_text() != content
    try:
        jobs = jobs_of(finished)
    finally:
        module.write_text(content)
    assert jobs["generate_features"] == jobs["merge_features"] == 1
    assert jobs["train_model"] == 3


@pytest.mark.parametrize(
    ("library", "rules"),
    [
        ("torch", {"train_model", "evaluate_model", "draw_figure"}),
        ("matplotlib", {"draw_figure"}),
        ("uproot", {"read_delphes", "merge_features", "train_model", "evaluate_model"}),
        ("ruff", set()),
    ],
)
def test_a_changed_pin_reruns_what_imports_the_library(finished, library, rules):
    pins = finished / "constraints.txt"
    content = pins.read_text()
    changed = re.sub(rf"(?m)^{library}==.*$", f"{library}==0.0.1", content)
    assert changed != content
    pins.write_text(changed)
    try:
        assert rules <= set(jobs_of(finished))
        assert bool(jobs_of(finished)) is bool(rules)
    finally:
        pins.write_text(content)


def test_a_replaced_file_is_read_again_whatever_its_date(finished):
    file, kept = finished / "background.root", finished / "kept.root"
    shutil.copy2(file, kept)
    older = finished / "older.root"
    write_delphes(older, EVENTS * 12)
    os.utime(older, (1e9, 1e9))
    os.replace(older, file)
    try:
        assert jobs_of(finished) == {
            "read_delphes": 1,
            "merge_features": 1,
            "find_directions": 1,
            "train_model": 1,
            "evaluate_model": 1,
        }
    finally:
        os.replace(kept, file)
    assert jobs_of(finished) == {}


def test_a_label_redraws_and_trains_nothing(finished):
    config = yaml.safe_load((finished / "small.yaml").read_text())
    config["studies"]["toy"]["features"][0]["label"] = "another label"
    (finished / "small.yaml").write_text(yaml.safe_dump(config))
    try:
        # Exports have labels and units, too.
        assert set(jobs_of(finished)) == {"draw_figure", "write_table", "export_cuts"}
    finally:
        (finished / "small.yaml").write_text(yaml.safe_dump(CONFIG))
