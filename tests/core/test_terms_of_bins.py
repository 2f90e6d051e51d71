"""Terms of the loss of cuts that follow a property, and goals of its constraint, by hand."""

import pytest
import torch

from cabin_core import CutLoss, EventSums, ExpectedYields

#: Of two bins with one row each: three quarters of the signal and half of the background in the first.
SUMS = EventSums(
    signal_score=torch.tensor([3.0, 0.8]),
    background_score=torch.tensor([1.0, 0.5]),
    cross_entropy=torch.tensor([2.0, 2.0]),
    signal_weight=torch.tensor([6.0, 2.0]),
    background_weight=torch.tensor([5.0, 5.0]),
)


def test_a_bin_counts_by_its_share_of_the_signal():
    # Shares times the number of bins: 3 / 2 and 1 / 2.
    terms = CutLoss([0.7], efficiency=1.0, background=1.0, bce=1.0, n_bins=2)(SUMS)
    assert terms["background"].item() == pytest.approx(1.5 * 0.2 + 0.5 * 0.1)
    assert terms["efficiency"].item() == pytest.approx(1.5 * 0.2**2 + 0.5 * 0.3**2)
    assert terms["bce"].item() == pytest.approx(1.5 * 2 / 11 + 0.5 * 2 / 7)


def test_smoothness_from_target_to_target_adds_up_over_bins():
    # One feature, targets 0.2, 0.4 and 0.9 in two bins: 0.5 and 1 off the middle of neighbours 1 and 0 apart.
    cuts = torch.tensor([[0.0], [1.0], [1.0], [2.0], [1.0], [2.0]])
    ones = torch.ones(6)
    loss = CutLoss([0.2, 0.4, 0.9], smoothness=3.0, n_bins=2)
    terms = loss(EventSums(ones, ones, ones, ones, ones), cuts)
    assert terms["smoothness"].item() == pytest.approx(3 * (0.25 / 1.1 + 1.0 / 0.1))


def test_no_goal_of_a_constraint_is_below_the_minimum_signal():
    yields = ExpectedYields(10.0, 10.0, minimum_signal=3.0)
    loss = CutLoss([0.5, 0.1], constraint=1.0, significance=1.0, yields=yields)
    assert loss.terms["constraint"].constraint.goals == (0.5, 0.3)
