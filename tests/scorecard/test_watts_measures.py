"""Measures of G. Watts' notebooks: scans against numpy, and the numbers of the notebooks themselves."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.parsing import parse
from scripts.scorecard.claims import Claim
from scripts.scorecard.measures import parameters_of
from scripts.scorecard.measures.papers.watts import (
    GRIDS,
    best_scanned,
    gradient_within,
    largest_scanned_gradient,
    scanned_gradient,
)
from scripts.scorecard.rows import judge
from scripts.sources.watts import SAMPLES

PAPER = Path(__file__).parents[2] / "config" / "paper"
CLAIMS = {
    name: claim
    for study in yaml.safe_load((PAPER / "watts.yaml").read_text())["studies"].values()
    for name, claim in study["claims"].items()
    if "study" not in parameters_of(claim["measure"])
}


@pytest.mark.parametrize("name", CLAIMS)
def test_numbers_of_the_notebooks_that_need_no_training(run, name):
    for row, claim in parse(Claim, CLAIMS[name]).rows(name):
        assert judge(claim.measured(run.results, "toy"), claim) == "reproduced", row


def classes():
    signal, background = (np.asarray(events)[:, 0] for events in SAMPLES["line_first"]())
    return signal, background


def test_best_of_hard_cuts(run):
    signal, background = classes()
    grid = GRIDS["notebook"]
    kept, left = (np.array([(events > cut).sum() for cut in grid]) for events in (signal, background))
    values = kept / np.sqrt(left, where=left > 0, out=np.full(len(grid), np.inf))
    best = int(values.argmax())
    arguments = {"function": "hard", "sample": "line_first", "loss": "significance", "grid": "notebook"}
    expected = {
        "value": values[best],
        "cut": grid[best],
        "signal": kept[best] / len(signal),
        "background": left[best] / len(background),
    }
    for quantity, value in expected.items():
        found = best_scanned(run.results, quantity=quantity, **arguments)
        assert found == (pytest.approx(value), None)
    # Losses other than the significance are best where they are least.
    squares = (len(signal) - kept) + left
    found = best_scanned(run.results, **arguments | {"loss": "squares", "quantity": "value"})
    assert found.value == pytest.approx(squares.min())


def slopes(margins):
    """The derivative of (1 + erf(m)) / 2."""
    return np.exp(-(margins**2)) / math.sqrt(math.pi)


def erf(values):
    return np.array([math.erf(value) for value in values])


def test_gradient_of_a_cut(run):
    signal, background = classes()
    kept, left = (((1 + erf(events - 1.0)) / 2).sum() for events in (signal, background))
    by_kept, by_left = (-slopes(events - 1.0).sum() for events in (signal, background))
    expected = by_kept / math.sqrt(left) - kept / 2 / left**1.5 * by_left
    found = scanned_gradient(run.results, function="erf", sample="line_first", loss="significance", cut=1.0)
    assert found == (pytest.approx(expected), None)


def test_part_of_the_gradient_from_events_nearby(run):
    """Of the sum of squares, by a cut at 0."""
    signal, background = classes()
    events, labels = np.concatenate([signal, background]), np.repeat([1, 0], [len(signal), len(background)])
    parts = -2 * ((1 + erf(events)) / 2 - labels) * slopes(events)
    for window in (0.5, 2.5):
        found = gradient_within(run.results, sample="line_first", window=window)
        assert found == (pytest.approx(parts[np.abs(events) <= window].sum()), None)


def test_largest_gradient_of_any_loss(run):
    assert largest_scanned_gradient(run.results, function="hard", sample="line_first").value == 0
    grid = GRIDS["notebook"]
    found = largest_scanned_gradient(run.results, function="erf", sample="line_first").value
    each = [
        scanned_gradient(run.results, function="erf", sample="line_first", loss=loss, cut=float(cut)).value
        for loss in ("cross_entropy", "squares")
        for cut in grid[::9]
    ]
    assert found >= np.abs(each).max()


def test_the_notebooks_rule_for_signal(run):
    """The sigmoid of an output is above 1/2 where the output is above 0, or next to it in float32."""
    scores = {"label": [1, 1, 1, 1, 0, 1], "split": ["train"] * 5 + ["test"]}
    run.write(scores=scores | {"score": [0.3, 1e-5, 0.0, 1e-9, 0.0, 0.0]})
    assert run("sigmoid_above_half", network="net", label=1) == 0.5
    assert run("sigmoid_above_half", network="net", label=0) == 0.0


def test_sum_of_squares_of_the_exact_probabilities(run, monkeypatch):
    events = pd.DataFrame({"x0": [0.1, 0.6, 0.9, 0.5], "x1": 0.0, "weight": 1.0})
    run.write(features=events.assign(label=[0, 1, 1, 0], split=["train"] * 3 + ["test"]))
    monkeypatch.setattr("scripts.sources.watts.signal_probability", lambda features: features[:, 0])
    squares = np.array([0.1, 0.4, 0.1]) ** 2
    spread = squares.std() * math.sqrt(3)
    assert run("best_sum_of_squares") == pytest.approx((squares.sum(), spread))
