"""Settings of the joint loss that a variant keeps, and the fit of kept fractions on events by hand."""

import pytest
import torch

from cabin_core import CutNetwork, EventSample, JointLoss, fit_kept_fractions

SETTINGS = {"stiffness": 3.0, "order_share": 0.8, "handover": (0.1, 0.9), "coupling": 0.25}


def settings_of(loss):
    return {
        "fractions": loss.kept_fractions,
        "goals": loss.constraint.goals,
        "stiffness": loss.constraint.stiffness,
        "order_share": loss.order_share,
        "handover": loss.handover,
        "coupling": loss.coupling,
    }


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ({}, {}),
        ({"kept_fractions": [0.2, 0.3]}, {"fractions": (0.2, 0.3), "goals": (0.2, 0.3)}),
        ({"handover": (0.0, 0.0)}, {"handover": (0.0, 0.0)}),
        ({"coupling": 0.0}, {"coupling": 0.0}),
    ],
)
def test_a_variant_is_the_same_but_for_what_is_given(arguments, changed):
    loss = JointLoss([0.5], **SETTINGS)
    expected = SETTINGS | {"fractions": (0.5,), "goals": (0.5,)} | changed
    assert settings_of(loss.variant(**arguments)) == expected
    assert settings_of(loss) == SETTINGS | {"fractions": (0.5,), "goals": (0.5,)}


@pytest.mark.parametrize(
    ("fraction", "cut"),
    [
        (0.25, 1.5),  # exactly two of eight: halfway to the third
        (0.3, 1.5),
        (0.1, 3.5),  # less than one event: half a unit beyond the first
        (0.875, -5.5),
    ],
)
def test_fitted_cut_lies_halfway_between_two_events(fraction, cut):
    values = torch.tensor([3.0, 2.0, 1.0, 0.0, -2.0, -3.0, -4.0, -7.0, 9.0])[:, None]
    sample = EventSample(values, torch.arange(9) == 8, torch.ones(9))
    network = CutNetwork(1, 1, [1.0], 4.0, start=5.0)
    fit_kept_fractions(network, sample, [fraction])
    assert network.cuts().tolist() == [[pytest.approx(cut)]]


def test_fitted_cut_counts_weights_of_the_background_alone():
    values = torch.tensor([3.0, 2.0, 1.0, 0.0, 2.5])[:, None]
    sample = EventSample(values, torch.arange(5) == 4, torch.tensor([1.0, 3.0, 2.0, 2.0, 50.0]))
    network = CutNetwork(1, 1, [1.0])
    # 1 and 3 of 8.
    fit_kept_fractions(network, sample, [0.5])
    assert network.cuts().tolist() == [[pytest.approx(1.5)]]
