"""Signal efficiencies held by the method of multipliers, and schedules of a training."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    EfficiencyConstraint,
    EfficiencyScanNetwork,
    EventSample,
    EventSums,
    ExpectedYields,
    OneToOneLinear,
    Schedule,
    TrainingSettings,
    train,
)
from cabin_core.constraint import LARGEST_MULTIPLIER, LARGEST_STEP

EVENTS = 1500  # of each class


def efficiencies(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_term_by_hand():
    constraint = EfficiencyConstraint([0.5, 0.9], stiffness=4.0)
    short = math.log(0.5 / 0.25)
    assert constraint.shortfall(efficiencies(0.25, 0.9)).tolist() == pytest.approx([short, 0.0])
    # Without multipliers: half the stiffness times the shortfall squared, nothing for what is above its goal.
    assert constraint(efficiencies(0.25, 0.95)).item() == pytest.approx(2 * short**2)
    constraint.update(efficiencies(0.25, 0.95))
    assert constraint.multipliers.tolist() == pytest.approx([4 * short, 0.0])
    assert constraint(efficiencies(0.5, 0.95)).item() == pytest.approx(0.0)
    slope = torch.autograd.functional.jacobian(constraint, efficiencies(0.5, 0.95))
    assert slope.tolist() == pytest.approx([-4 * short / 0.5, 0.0])


def test_two_sided_term_by_hand():
    constraint = EfficiencyConstraint([0.5, 0.9], stiffness=4.0, two_sided=True)
    short, over = math.log(0.5 / 0.25), math.log(0.9 / 0.95)
    # What is above its goal costs as much as what is below.
    assert constraint(efficiencies(0.25, 0.95)).item() == pytest.approx(2 * (short**2 + over**2))
    constraint.update(efficiencies(0.25, 0.95))
    assert constraint.multipliers.tolist() == pytest.approx([4 * short, 4 * over])
    # At the goals only the multipliers pull, one of them down.
    assert constraint(efficiencies(0.5, 0.9)).item() == pytest.approx(0.0)
    slope = torch.autograd.functional.jacobian(constraint, efficiencies(0.5, 0.9))
    assert slope.tolist() == pytest.approx([-4 * short / 0.5, -4 * over / 0.9])


def test_two_sided_multipliers_are_bounded_on_both_sides():
    constraint = EfficiencyConstraint([0.1], stiffness=1e6, two_sided=True)
    for _ in range(100):
        constraint.update(efficiencies(0.9))
    assert constraint.multipliers.item() == -LARGEST_MULTIPLIER
    constraint.update(efficiencies(0.01))
    assert constraint.multipliers.item() == LARGEST_STEP - LARGEST_MULTIPLIER


@given(st.floats(0.05, 0.95), st.floats(-100.0, 100.0), st.floats(0.01, 0.99))
def test_two_sided_gradient(goal, multiplier, efficiency):
    constraint = EfficiencyConstraint([goal], stiffness=7.0, two_sided=True)
    constraint.multipliers = efficiencies(multiplier)
    assert torch.autograd.gradcheck(constraint, efficiencies(efficiency).requires_grad_())


def test_multipliers_are_bounded():
    constraint = EfficiencyConstraint([0.9], stiffness=1e6)
    constraint.update(efficiencies(1e-3))
    assert constraint.multipliers.item() == LARGEST_STEP
    for _ in range(100):
        constraint.update(efficiencies(1e-3))
    assert constraint.multipliers.item() == LARGEST_MULTIPLIER
    for _ in range(100):
        constraint.update(efficiencies(0.95))
    assert constraint.multipliers.item() == 0.0


def test_goals_move_down_from_their_own_and_up_from_the_first():
    constraint = EfficiencyConstraint([0.2, 0.9], stiffness=1.0)
    at_one = efficiencies(1.0, 1.0)
    for share, goals in (
        (0.0, (0.2, 0.5)),
        (-1.0, (0.2, 0.5)),
        (0.5, (0.2, math.sqrt(0.45))),
        (1.0, (0.2, 0.9)),
    ):
        constraint.move_goals(share, 0.5)
        assert constraint.shortfall(at_one).exp().tolist() == pytest.approx(goals)


def test_an_underflowing_efficiency_stays_finite():
    constraint = EfficiencyConstraint([0.9], stiffness=10.0)
    efficiency = torch.zeros(1, requires_grad=True)
    constraint(efficiency).backward()
    assert constraint(efficiency).isfinite()
    assert efficiency.grad.isfinite().all()


@given(st.floats(0.05, 0.95), st.floats(0.0, 100.0), st.floats(0.01, 0.99))
def test_gradient(goal, multiplier, efficiency):
    constraint = EfficiencyConstraint([goal], stiffness=7.0)
    constraint.multipliers = efficiencies(multiplier)
    x = efficiencies(efficiency).requires_grad_()
    if abs(multiplier + 7.0 * constraint.shortfall(x).item()) > 1e-3:  # not at the kink
        assert torch.autograd.gradcheck(constraint, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EfficiencyConstraint([], 1.0), "needs efficiencies between 0 and 1"),
        (lambda: EfficiencyConstraint([1.0], 1.0), "between 0 and 1"),
        (lambda: EfficiencyConstraint([0.5], 1.0).move_goals(0.5, 0.0), "between 0 and 1, not 0.0"),
        (lambda: EfficiencyConstraint([0.5], 0.0), "stiffness of the constraint must be positive"),
        (lambda: EfficiencyConstraint([0.5], 1.0)(efficiencies(0.1, 0.2)), "1 goals for 2 rows"),
        (
            lambda: EfficiencyConstraint([0.5], 1.0, at_most=True, two_sided=True),
            "upper bounds or two-sided, not both",
        ),
        (
            lambda: CutLoss([0.5], constraint=1.0, constraint_form="x"),
            "unknown constraint_form 'x': one of at_least, equal, equal_together",
        ),
        (
            lambda: CutLoss([0.5], bce=1.0, constraint_form="equal"),
            "constraint_form equal needs the constraint term of the loss",
        ),
        (
            lambda: CutLoss(
                constraint=1.0,
                constraint_form="equal",
                yields=ExpectedYields(5.0, 5.0, minimum_signal=1.0),
            ),
            "constraint_form equal needs the constraint term of the loss and targets",
        ),
        (
            lambda: CutLoss([0.5], constraint=1.0, constraint_form="equal_together"),
            "constraint_form equal_together needs bins of a property",
        ),
        (lambda: CutLoss(constraint=1.0), "needs target efficiencies or a minimum signal"),
        (lambda: CutLoss(significance=1.0), "needs the yields"),
        (
            lambda: CutLoss(significance=1.0, yields=ExpectedYields(5.0, 5.0, minimum_signal=1.0)),
            "a minimum signal is kept by the constraint",
        ),
        (lambda: Schedule(first_activation_scale=0.0), "first_activation_scale must be positive"),
        (lambda: Schedule(first_goal=1.0), "first_goal must lie between 0 and 1"),
        (lambda: Schedule(goals_move=(0.5, 0.2)), "goals_move must be two shares"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- training with them ----


@pytest.fixture(scope="module")
def shifted():
    """Signal around +1, background around 0, in one feature: the best cut is known."""
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(1.0, 1.0, EVENTS), rng.normal(0.0, 1.0, EVENTS)])[:, None]
    return EventSample.from_arrays(values, np.repeat([1, 0], EVENTS), dtype=torch.float64)


def hard_efficiencies(network, sample):
    passed = (sample.features[:, 0, None] > network.cuts()[:, 0]).double()
    return passed[sample.is_signal].mean(dim=0), passed[~sample.is_signal].mean(dim=0)


def test_targets_are_met_where_the_penalty_of_the_paper_stops_short(shifted):
    targets = [0.5, 0.9]
    settings = TrainingSettings(
        300,
        "adam",
        0.05,
        schedule=Schedule(first_activation_scale=5.0, last_learning_rate=0.002),
    )
    reached = {}
    for name, loss in (
        ("constraint", CutLoss(targets, log_background=1.0, constraint=1000.0)),
        ("penalty", CutLoss(targets, log_background=1.0, efficiency=10.0)),
    ):
        network = EfficiencyScanNetwork(1, targets, [1.0], activation_scale=50.0, start=2.0).double()
        train(
            network,
            loss,
            shifted,
            shifted,
            settings if name == "constraint" else TrainingSettings(300, "adam"),
        )
        reached[name] = hard_efficiencies(network, shifted)[0]
        assert network.activation_scale == 50.0
    assert reached["constraint"].tolist() == pytest.approx(targets, abs=0.004)
    assert (reached["penalty"] - torch.tensor(targets)).abs().max() > 0.03


def test_an_efficiency_above_its_target_comes_down_only_two_sided(shifted):
    """Nothing else in the loss wants the cut tighter: a lower bound leaves it loose."""
    settings = TrainingSettings(200, "adam", 0.05)
    reached = {}
    for form in ("at_least", "equal"):
        network = EfficiencyScanNetwork(1, [0.7], [1.0], activation_scale=50.0, start=1.0).double()
        loss = CutLoss([0.7], constraint=1000.0, constraint_form=form)
        train(network, loss, shifted, shifted, settings)
        reached[form] = hard_efficiencies(network, shifted)[0].item()
    assert reached["at_least"] > 0.95
    assert reached["equal"] == pytest.approx(0.7, abs=0.005)


def test_schedule_of_sharpness_and_learning_rate(shifted):
    seen = []

    class Spy(OneToOneLinear):
        def forward(self, features):
            if torch.is_grad_enabled():
                seen.append(self.activation_scale)
            return super().forward(features)

    network = Spy(1, [1.0], activation_scale=8.0).double()
    schedule = Schedule(first_activation_scale=0.5, last_learning_rate=1e-12)
    train(network, CutLoss(bce=1.0), shifted, shifted, TrainingSettings(4, "sgd", 1.0, schedule=schedule))
    assert seen == pytest.approx([1.0, 2.0, 4.0, 8.0])
    moved = network.bias.detach().clone()
    train(network, CutLoss(bce=1.0), shifted, shifted, TrainingSettings(1, "sgd", 1.0, schedule=schedule))
    assert network.bias.item() == pytest.approx(moved.item(), abs=1e-9)  # the last learning rate is tiny


def test_trained_significance_is_the_best_of_a_scan_by_hand(shifted):
    yields = ExpectedYields(50.0, 1000.0, 0.1, minimum_signal=5.0)
    network = OneToOneLinear(1, [1.0], activation_scale=50.0, start=1.0).double()
    schedule = Schedule(first_activation_scale=3.0, last_learning_rate=0.001)
    loss = CutLoss(significance=1.0, constraint=100.0, yields=yields)
    train(network, loss, shifted, shifted, TrainingSettings(300, "adam", 0.05, schedule=schedule))
    grid = EfficiencyScanNetwork(1, np.linspace(0.01, 0.99, 80), [1.0]).double()
    grid.bias.data = -torch.linspace(-1, 3, 80, dtype=torch.float64)[None, :, None]
    signal, background = hard_efficiencies(grid, shifted)
    best = yields.significance(signal, background)[signal >= 0.1].max()
    at = hard_efficiencies(network, shifted)
    assert yields.significance(*at).item() > 0.97 * best.item()
    assert at[0].item() >= 0.1 - 0.005


def test_minimum_signal_holds(shifted):
    """Where tighter is always better, the cut stops where the signal is the least allowed."""
    yields = ExpectedYields(10.0, 1000.0, 0.5, minimum_signal=6.0)
    network = OneToOneLinear(1, [1.0], activation_scale=50.0, start=1.0).double()
    schedule = Schedule(first_activation_scale=3.0, last_learning_rate=0.001)
    loss = CutLoss(significance=1.0, constraint=100.0, yields=yields)
    train(network, loss, shifted, shifted, TrainingSettings(300, "adam", 0.05, schedule=schedule))
    assert hard_efficiencies(network, shifted)[0].item() == pytest.approx(0.6, abs=0.005)


def test_gradients_of_the_terms(shifted):
    sample = shifted.take(range(EVENTS - 10, EVENTS + 10))
    loss = CutLoss(
        [0.5],
        log_background=1.0,
        constraint=3.0,
        significance=2.0,
        yields=ExpectedYields(50.0, 100.0, 0.2),
    )
    network = OneToOneLinear(1, [1.0], activation_scale=2.0).double()
    assert torch.autograd.gradcheck(
        lambda *_: loss(EventSums.from_sample(network, sample), network.cuts()).total, network.bias
    )
