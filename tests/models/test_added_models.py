"""A model, a loss and a term of the loss are one new file each: nothing else has to know of them."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment
from tests.studies import NETWORKS, study_entry

MODEL = '''
"""Cuts at the mean of the background."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..kinds import ModelSettings
from ..settings import Number, Targets


class Settings(ModelSettings):
    """Cuts at the mean of the background, which no training moves."""

    model: Literal["at_mean"]
    targets: Targets
    shift: Number = Field(default=0.0, description="Of every cut [unit of the feature]")
    has = frozenset({"cuts"})
    ending = "json"

    def fit(self, task):
        from .boxes import find_boxes

        def search(events, name):
            means = events[events["label"] == 0][task.features].mean() + self.shift
            edges = [(feature, ">", means[feature]) for feature in task.features]
            return [edges] * len(self.targets), means.to_frame("mean")

        return find_boxes(self, task, search)


def load(path: Path, features):
    from .boxes import BoxModel

    return BoxModel.load(path, features)
'''
LOSS = '''
"""The mean distance of the scores from the truth."""

from pydantic import Field

from ..settings import Positive
from .base import OwnLossSettings


class Settings(OwnLossSettings):
    """The distance from the truth, to a power."""

    distance: Positive = Field(description="The power")

    def build(self, network, yields):
        from cabin_core.loss import Loss, LossTerms

        class Distance(Loss):
            def evaluate(_, network, sample):
                away = network(sample.features) - sample.is_signal[:, None].to(sample.weights.dtype)
                return LossTerms({"away": (away.abs() ** self.distance).mean()})

        return Distance()
'''
TERM = '''
"""A term of the loss that keeps the classes apart."""

from ..term import BaseTerm


class Term(BaseTerm):
    """Square of one minus the difference of both efficiencies."""

    needs = ("cuts",)

    def value(self, sums, cuts):
        return ((1 - sums.signal_efficiency() + sums.background_efficiency()) ** 2).sum()
'''
NEW = {
    "at_mean": {"model": "at_mean", "targets": [0.5], "shift": 0.25},
    "distance": NETWORKS["linear"] | {"loss": {"distance": 2}},
    "apart": NETWORKS["scan"] | {"loss": {"efficiency": 10.0, "apart": 0.5}},
}
RUN = """
import json, sys
from pathlib import Path
import pandas as pd
from scripts import evaluate_model, train_model
from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study

study = parse_study("toys", json.loads(sys.argv[1]))
table = Path("features.parquet")
study.source.generate(study).to_parquet(table)
found = {}
for name, settings in study.networks.items():
    model = Path(f"model.{settings.ending}")
    out = {key: Path(f"{key}.csv") for key in ("cuts", "metrics", "processes")}
    history = Path("history.csv")
    common = {"table": table, "model": model, "features": study.feature_names}
    entry = json.loads(sys.argv[1])["networks"][name]
    train_model.main(**common, history=history, timing=Path("t.tsv"), name=name, network=entry,
                     directions=study.directions, threads=1)
    evaluate_model.main(**common, **out, scores=Path("scores.parquet"), kind=settings.model)
    columns = [*pd.read_csv(history), *(pd.read_csv(out["cuts"])["feature"])]
    found[name] = {"columns": columns, "modules": settings.modules, "offers": sorted(settings.offers)}
wrong = json.loads(sys.argv[1])
wrong["networks"]["distance"]["loss"] = {"apart": 1.0}
try:
    parse_study("toys", wrong)
except ConfigError as error:
    found["fault"] = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a copy of the project with the new files says of them."""
    folder = tmp_path_factory.mktemp("copy")
    for package in ("cabin_core", "scripts"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts" / "models" / "at_mean.py").write_text(MODEL)
    (folder / "scripts" / "losses" / "distance.py").write_text(LOSS)
    (folder / "cabin_core" / "terms" / "apart.py").write_text(TERM)
    study = json.dumps(study_entry(networks=NEW))
    where = environment() | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, study], cwd=folder, env=where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_new_model(found):
    assert found["at_mean"]["columns"] == ["mean", "x0", "x1"]
    assert found["at_mean"]["modules"] == ["scripts.models.at_mean"]
    assert found["at_mean"]["offers"] == ["cuts", "one_bin"]


def test_a_new_loss(found):
    assert {"train_total", "train_away", "test_away"} <= set(found["distance"]["columns"])
    assert found["distance"]["modules"] == ["scripts.models.linear", "scripts.losses.distance"]
    assert "distance" in found["distance"]["offers"]


def test_a_new_term_of_the_loss(found):
    assert {"train_efficiency", "train_apart", "test_apart"} <= set(found["apart"]["columns"])
    assert found["fault"] == (
        "studies.toys.networks.distance: the apart term of the loss needs cuts, which a linear network lacks"
    )
