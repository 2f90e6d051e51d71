"""Between the steps of a training: multipliers from the whole sample, cuts kept in order."""

import pytest
import torch

from cabin_core import CutLoss, EfficiencyScanNetwork, EventSums, TrainingSettings, train


@pytest.mark.parametrize("batch_size", [None, 6])
def test_multipliers_change_after_every_tenth_epoch_by_the_whole_training_sample(make_sample, batch_size):
    sample = make_sample(12, 12)
    network = EfficiencyScanNetwork(2, [0.6], [1.0, 1.0], 2.0).double()
    loss = CutLoss([0.6], constraint=2.0)
    settings = TrainingSettings(20, learning_rate=0.01, batch_size=batch_size)
    constraint = loss.terms["constraint"].constraint
    efficiencies = []

    def log_efficiency():
        return EventSums.from_sample(network, sample).signal_efficiency().log().item()

    def watch(_):
        efficiencies.append(log_efficiency())
        return {"multiplier": constraint.multipliers.item()}

    history = train(network, loss, sample, None, settings, watch=watch)
    efficiencies.append(log_efficiency())
    # A full batch has the sums already, those before the update; after mini-batches they are computed anew.
    updates = (9, 19) if batch_size is None else (10, 20)
    first, second = (2 * (torch.tensor(0.6).double().log().item() - efficiencies[at]) for at in updates)
    assert first > 0
    assert [row["multiplier"] for row in history] == pytest.approx([0.0] * 10 + [first] * 10)
    assert constraint.multipliers.tolist() == pytest.approx([first + second])


def test_a_monotone_scan_is_in_order_after_every_step(make_sample):
    sample = make_sample(30, 30)
    targets = (0.9, 0.3, 0.6)
    orders = {}
    for monotone in (False, True):
        network = EfficiencyScanNetwork(2, targets, [1.0, -1.0], 3.0, monotone=monotone).double()
        # Backwards: the cut of the highest target is the tightest.
        network.bias.data = torch.tensor([[[-1.0], [1.0], [0.0]]], dtype=torch.float64).repeat(1, 1, 2)
        seen = []

        def watch(net, seen=seen):
            seen.append(net.bias.detach()[0, [1, 2, 0]])
            return {}

        loss = CutLoss(targets, efficiency=1.0)
        train(network, loss, sample, None, TrainingSettings(4, learning_rate=0.05), watch=watch)
        # A larger bias is a looser cut.
        orders[monotone] = [bool((bias.diff(dim=0) >= 0).all()) for bias in seen]
    assert orders == {False: [False] * 4, True: [False] + [True] * 3}
