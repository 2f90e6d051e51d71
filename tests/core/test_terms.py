"""Terms of the loss of cuts: a module is a term, found by its folder."""

import ast
import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import cabin_core
from cabin_core import CutLoss, ExpectedYields
from cabin_core.term import Aim, BaseTerm
from cabin_core.terms import known_terms

#: The terms that every history lists, in its order.
COLUMNS = [
    "efficiency",
    "background",
    "cut_size",
    "bce",
    "smoothness",
    "log_background",
    "constraint",
    "significance",
    "bin_smoothness",
]
NEEDS = {"targets", "yields", "bins", "cuts"}
#: A term that wants the cuts of each row in the middle between 0 and a height, and grows with the epochs.
CENTRING = '''
from typing import ClassVar
from ..term import BaseTerm


class Term(BaseTerm):
    """Square of the mean cut of a row."""

    needs = ("cuts",)
    options: ClassVar = {"centring_at": ("zero", "one")}

    def __init__(self, coefficient, aim, centring_at="zero"):
        super().__init__(coefficient, aim)
        self.middle, self.epochs = float(centring_at == "one"), []

    def value(self, sums, cuts):
        return ((cuts.mean(dim=1) - self.middle) ** 2).sum()

    def end_epoch(self, epoch, sums):
        self.epochs.append([epoch, sums().signal_weight.item()])
'''
USE = """
import json, torch
from cabin_core import CutLoss, EventSample, OneToOneLinear, TrainingSettings, train
generator = torch.Generator().manual_seed(0)
features = torch.randn(40, 2, generator=generator)
sample = EventSample(features, torch.arange(40) < 15, torch.ones(40))

def trained(**terms):
    network = OneToOneLinear(2, [1.0, 1.0], 1.0, start=0.5)
    loss = CutLoss(**terms)
    rows = train(network, loss, sample, None, TrainingSettings(200, "sgd", 0.1))
    return network, loss, rows

network, loss, rows = trained(centring=3.0)
moved, _, _ = trained(centring=3.0, centring_at="one")
_, _, without = trained(bce=1.0)
term = loss.terms["centring"]
print(json.dumps({
    "columns": list(rows[0]), "without": list(without[0]), "first": rows[0]["train_centring"],
    "mean": network.cuts().mean().item(), "moved": moved.cuts().mean().item(), "epochs": term.epochs[:2],
}))
"""


def test_terms_and_their_order():
    assert list(known_terms()) == COLUMNS
    assert [term.place for term in known_terms().values()] == list(range(1, len(COLUMNS) + 1))
    assert [term.symbol for term in known_terms().values()][:5] == [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
    ]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_term_can_be_described_without_being_imported(name):
    """Settings are parsed without torch: constants are literals, and the docstring is the description."""
    term = known_terms()[name]
    file = Path(inspect.getfile(term))
    assert file == Path(cabin_core.__file__).parent / "terms" / f"{name}.py"
    (node,) = (
        node
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "Term"
    )
    found = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            found[target.id] = ast.literal_eval(statement.value)
    constants = ("symbol", "needs", "options", "holds_minimum_signal", "reads_cross_entropy", "place")
    default = {key: getattr(BaseTerm, key) for key in constants}
    assert default | found == {key: getattr(term, key) for key in constants}
    assert ast.get_docstring(node) == inspect.getdoc(term)
    assert set(term.needs) <= NEEDS


@pytest.mark.parametrize("name", COLUMNS)
def test_a_term_knows_its_name_and_coefficient(name):
    aim = Aim((0.5, 0.6), 3, ExpectedYields(5.0, 5.0))
    term = known_terms()[name](2.5, aim)
    assert (term.name, term.coefficient, term.aim) == (name, 2.5, aim)


def test_only_terms_that_count_are_made():
    loss = CutLoss([0.5], bce=2.0, background=0.0, efficiency=1.0)
    assert list(loss.terms) == ["efficiency", "bce"]


def test_a_dropped_in_module_is_a_term(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(cabin_core.__file__).parent, tmp_path / "cabin_core", ignore=ignored)
    (tmp_path / "cabin_core/terms/centring.py").write_text(CENTRING)
    run = subprocess.run(
        [sys.executable, "-c", USE],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    usual = ["epoch", "train_total", *(f"train_{name}" for name in COLUMNS)]
    assert found["columns"] == [*usual, "train_centring"]
    assert found["without"] == usual
    assert found["first"] == pytest.approx(3 * 0.5**2)
    assert found["mean"] == pytest.approx(0.0, abs=1e-4)
    assert found["moved"] == pytest.approx(1.0, abs=1e-4)
    assert found["epochs"] == [[0, 15.0], [1, 15.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bse": 1.0}, "unknown term 'bse' of the loss: one of efficiency, background, cut_size, bce, "),
        ({"bce": 1.0, "first_goal": 0.4}, "unknown term 'first_goal'"),
        ({"constraint": 1.0, "constraint_form": ["equal"]}, r"unknown constraint_form \['equal'\]: one of"),
        (
            {"bce": 1.0, "constraint": 0.0, "constraint_form": "equal"},
            "needs the constraint term of the loss",
        ),
        (
            {"bce": 1.0, "bin_smoothness": 1.0, "n_bins": 2},
            "bin_smoothness term of the loss needs three bins",
        ),
        ({"bce": 1.0, "yields": ExpectedYields(5.0, 5.0, minimum_signal=1.0)}, "kept by the constraint"),
    ],
)
def test_loss_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        CutLoss([0.5], **arguments)


def test_terms_of_a_loss_are_a_mapping():
    sums = cabin_core.EventSums(*(torch.ones(1) for _ in range(5)))
    terms = CutLoss(background=2.0, bce=0.5)(sums)
    assert list(terms) == COLUMNS
    assert len(terms) == len(COLUMNS)
    assert terms["background"].item() == 2.0
    assert terms.total.item() == 2.25
    assert terms.values() == dict.fromkeys(COLUMNS, 0.0) | {"total": 2.25, "background": 2.0, "bce": 0.25}
    with pytest.raises(KeyError):
        terms["centring"]
