"""A stream of events gives what the same events give in memory."""

import threading

import numpy as np
import pytest
import torch

from cabin_core import (
    CutLoss,
    EfficiencyScanNetwork,
    EventBlock,
    EventSample,
    EventStream,
    EventSums,
    FullyConnectedNetwork,
    JointLoss,
    LinearNetwork,
    OneToOneLinear,
    TrainingSettings,
    train,
)
from cabin_core.stream import read_ahead

TARGETS = (0.5, 0.9, 0.2, 0.7)
ALL_TERMS = {"efficiency": 10.0, "background": 0.1, "cut_size": 0.01, "bce": 0.1, "smoothness": 1.0}
EDGES = (0.0, 1.0, 2.0)


def sample_of(n_events: int = 500, dtype: torch.dtype = torch.float64) -> EventSample:
    """Return events, first all signal, with three features and a property from 0 to 2."""
    generator = torch.Generator().manual_seed(7)
    is_signal = torch.arange(n_events) < 0.4 * n_events
    features = torch.randn(n_events, 3, generator=generator, dtype=torch.float64)
    features += is_signal[:, None].double() - 0.5
    followed = 2 * torch.rand(n_events, 1, generator=generator, dtype=torch.float64)
    weights = 0.5 + torch.rand(n_events, generator=generator, dtype=torch.float64)
    return EventSample(torch.cat([features, followed], dim=1).to(dtype), is_signal, weights.to(dtype))


def stream_of(sample: EventSample, size: int = 150, **options) -> EventStream:
    """Return blocks of a sample, of which the first has no background."""
    columns = (sample.features, sample.is_signal, sample.weights)

    def blocks():
        return (EventBlock(*parts) for parts in zip(*(column.split(size) for column in columns), strict=True))

    return EventStream(blocks, sample.n_features, sample.features.dtype, **options)


def scan(dtype: torch.dtype = torch.float64, **options):
    weights = None if options.get("windows") else [1.0, -1.0, 0.7]
    return EfficiencyScanNetwork(3, TARGETS, weights, 5.0, **{"start": 0.5} | options).to(dtype)


CASES = {
    "scan": lambda: (scan(), CutLoss(TARGETS, constraint=2.0, **ALL_TERMS)),
    "windows": lambda: (scan(windows=True, start=1.5), CutLoss(TARGETS, **ALL_TERMS)),
    "bins": lambda: (scan(bin_edges=EDGES), CutLoss(TARGETS, n_bins=2, **ALL_TERMS)),
    "torch": lambda: (scan(cut_function="erf", bin_edges=EDGES), CutLoss(TARGETS, n_bins=2, **ALL_TERMS)),
    "learned": lambda: (
        OneToOneLinear(3, None, 3.0).double(),
        CutLoss((0.6,), efficiency=10.0, background=0.1, bce=1.0),
    ),
    "linear": lambda: (LinearNetwork(3, bias=True).double(), CutLoss(bce=1.0)),
    "fully_connected": lambda: (FullyConnectedNetwork(3, [8, 8]).double(), CutLoss(bce=1.0)),
}


def without_property(sample: EventSample) -> EventSample:
    return EventSample(sample.features[:, :3], sample.is_signal, sample.weights)


def trained(case: str, train_on, test_on):
    torch.manual_seed(3)
    network, loss = CASES[case]()
    settings = TrainingSettings(epochs=12, learning_rate=0.05, optimizer="adam")
    return network, train(network, loss, train_on, test_on, settings)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_stream_trains_as_the_events_in_memory(case, kept):
    sample = sample_of() if case in ("bins", "torch") else without_property(sample_of())
    few = sample.take(torch.arange(0, len(sample), 2))
    expected, history = trained(case, sample, few)
    streams = [stream_of(one, kept=[] if kept else None) for one in (sample, few)]
    found, rows = trained(case, *streams)
    for name, value in expected.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], value, rtol=1e-10, atol=1e-10)
    for row, other in zip(rows, history, strict=True):
        assert row == pytest.approx(other, rel=1e-10, abs=1e-12)


def test_sums_by_hand():
    """Of a cut at zero half of each event passes where its feature is zero."""
    blocks = [
        EventBlock(torch.zeros(2, 1), torch.tensor([True, True]), torch.tensor([1.0, 3.0])),
        EventBlock(torch.zeros(0, 1), torch.zeros(0, dtype=torch.bool), torch.zeros(0)),
        EventBlock(torch.zeros(1, 1), torch.tensor([False]), torch.tensor([5.0])),
    ]
    network = OneToOneLinear(1, [1.0])
    sums = EventSums.from_sample(network, EventStream(lambda: blocks, 1))
    assert sums.signal_score.tolist() == [2.0]
    assert sums.background_score.tolist() == [2.5]
    assert sums.cross_entropy.tolist() == pytest.approx([9 * np.log(2)])
    assert (sums.signal_weight.item(), sums.background_weight.item()) == (4.0, 5.0)
    sums.signal_score.sum().backward()
    assert network.bias.grad.item() == pytest.approx(4 * 15 / 4)  # weight times a p (1 - p)


@pytest.mark.parametrize("network", [OneToOneLinear(3, [1.0] * 3), LinearNetwork(3)])
def test_two_processes_add_up_what_each_has(network):
    """Here the other process is one that has the same sums."""
    network.double()
    sample = without_property(sample_of())
    alone = EventSums.from_sample(network, sample)
    both = EventSums.from_sample(network, stream_of(sample, add_up=lambda vector: 2 * vector))
    for name in ("signal_score", "background_score", "cross_entropy", "signal_weight", "background_weight"):
        torch.testing.assert_close(getattr(both, name), 2 * getattr(alone, name))


def test_kept_blocks_are_read_once():
    sample, passes = without_property(sample_of()), []
    columns = (sample.features, sample.is_signal, sample.weights)

    def blocks():
        passes.append(1)
        yield EventBlock(*columns)

    network = scan()
    for kept, expected in (([], 1), (None, 3)):
        passes.clear()
        stream = EventStream(blocks, 3, torch.float64, kept=kept)
        for _ in range(3):
            EventSums.from_sample(network, stream)
        assert len(passes) == expected


def test_blocks_of_other_bins_do_not_replace_those_that_are_kept():
    sample = sample_of()
    stream, kept = stream_of(sample), stream_of(sample, kept=[])
    networks = [scan(bin_edges=EDGES), scan(bin_edges=(0.0, 0.5, 2.0))]
    for _ in range(2):
        for network in networks:
            found, expected = (EventSums.from_sample(network, one).signal_score for one in (kept, stream))
            assert torch.equal(found, expected)


def test_the_next_block_is_made_while_one_is_in_use():
    made = [threading.Event() for _ in range(3)]

    def items():
        for number, event in enumerate(made):
            event.set()
            yield number

    reader = read_ahead(items())
    assert next(reader) == 0
    assert made[1].wait(10)
    assert list(reader) == [1, 2]


def faulty(**changes) -> EventStream:
    block = {
        "features": torch.zeros(4, 2),
        "is_signal": torch.tensor([True, True, False, False]),
        "weights": torch.ones(4),
    } | changes
    return EventStream(lambda: [EventBlock(**block)], 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": torch.tensor([[0.0, float("nan")]] * 4)}, r"not finite, \{column: events\} = \{1: 4\}"),
        ({"weights": torch.tensor([1.0, torch.inf, 1.0, 1.0])}, "weights must be finite"),
        ({"is_signal": torch.zeros(4, dtype=torch.bool)}, "no signal event with a positive weight"),
        ({"weights": torch.tensor([1.0, 1.0, 0.0, 0.0])}, "no background event with a positive weight"),
        ({"features": torch.zeros(4, 3)}, r"a block needs features of shape \(4, 2\)"),
    ],
)
@pytest.mark.parametrize("network", [OneToOneLinear(2, [1.0, 1.0]), LinearNetwork(2)])
def test_faults_of_blocks(network, changes, message):
    with pytest.raises(ValueError, match=message):
        EventSums.from_sample(network, faulty(**changes))


def test_what_a_stream_cannot_train():
    network, settings = scan(), TrainingSettings(epochs=1)
    stream = stream_of(without_property(sample_of()))
    with pytest.raises(ValueError, match=r"^JointLoss needs all events in memory"):
        train(network, JointLoss([0.5]), stream, None, settings)
    with pytest.raises(ValueError, match=r"leave out batch_size$"):
        train(network, CutLoss(TARGETS, **ALL_TERMS), stream, None, TrainingSettings(epochs=1, batch_size=10))
