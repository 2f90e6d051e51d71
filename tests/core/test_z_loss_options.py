"""Options of the Lovász Z loss, and the sign of its slopes."""

import pytest
import torch

from cabin_core import LinearNetwork, LovaszZLoss
from cabin_core.lovasz import weighted_lovasz_z


@pytest.mark.parametrize("exponent", [0.0, 1.0, 3.5])
def test_exponent_of_the_focal_error(make_sample, exponent):
    sample = make_sample()
    torch.manual_seed(1)
    network = LinearNetwork(2).double()
    logits = network.logits(sample.features).squeeze(1).detach()
    of_truth = torch.sigmoid(torch.where(sample.is_signal, logits, -logits))
    errors = -of_truth.log() * (1 - of_truth) ** exponent
    loss = LovaszZLoss("focal", epsilon=2.0, focal_exponent=exponent).evaluate(network, sample)
    expected = weighted_lovasz_z(errors, sample.is_signal, sample.weights, 2.0)
    assert loss.total.item() == pytest.approx(expected.item())


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_falls_with_no_error_however_the_sums_are_rounded(seed):
    """With all signal mistaken nothing is kept, and background that is mistaken too costs nothing more."""
    generator = torch.Generator().manual_seed(seed)
    is_signal = torch.arange(3000) < 2000
    weights = torch.rand(3000, generator=generator, dtype=torch.float64)
    errors = (torch.rand(3000, generator=generator, dtype=torch.float64) + is_signal).requires_grad_()
    weighted_lovasz_z(errors, is_signal, weights, 1.0).backward()
    assert (errors.grad >= 0).all()
    assert errors.grad[~is_signal].max() < 1e-9
