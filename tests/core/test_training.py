import math

import pytest
import torch

from cabin_core import (
    CutLoss,
    EfficiencyScanNetwork,
    EventSample,
    EventSums,
    FullyConnectedNetwork,
    OneToOneLinear,
    TrainingSettings,
    train,
)
from cabin_core.terms import known_terms

TERMS = ("total", *known_terms())
TARGETS = (0.9, 0.3, 0.6)
LOSS = CutLoss(TARGETS, efficiency=10, background=0.1, cut_size=1e-3, bce=1e-2, smoothness=1)
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def new_scan():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return EfficiencyScanNetwork(2, TARGETS, None, 3.0).double()


def loss_on(network, sample):
    sums = EventSums.from_scores(network(sample.features), sample.is_signal, sample.weights)
    return LOSS(sums, network.cuts())


def parameters_of(network):
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def replay(batches, settings):
    """Train by hand on these batches; return the network and the loss of each batch before its update."""
    network = new_scan()
    optimizer = OPTIMIZERS[settings.optimizer](network.parameters(), lr=settings.learning_rate)
    values = []
    for batch in batches:
        terms = loss_on(network, batch)
        values.append(terms.values())
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
    return network, values


class Recorder(OneToOneLinear):
    """A network that remembers which events it learned from, by their first feature."""

    def __init__(self):
        super().__init__(2, [1.0, 1.0])
        self.seen = []

    def forward(self, features):
        if torch.is_grad_enabled():
            self.seen.append(features[:, 0].int().tolist())
        return super().forward(features)


def batches_seen(sample, settings):
    """Return the numbers of the events in each mini-batch, epoch by epoch."""
    numbered = EventSample(
        torch.stack([torch.arange(len(sample)), torch.zeros(len(sample))], dim=1).float(),
        sample.is_signal,
        sample.weights.float(),
    )
    network = Recorder()
    train(network, CutLoss(background=1.0), numbered, numbered, settings)
    per_epoch = len(network.seen) // settings.epochs
    return [network.seen[start : start + per_epoch] for start in range(0, len(network.seen), per_epoch)]


# ---- full batch ----


@pytest.mark.parametrize(("optimizer", "learning_rate"), [("sgd", 0.2), ("adam", 0.05)])
@pytest.mark.parametrize("batch_size", [None, 20, 1000])
def test_full_batch_training_is_a_plain_loop(make_sample, optimizer, learning_rate, batch_size):
    sample, test = make_sample(12, 8), make_sample(5, 6, seed=1)
    settings = TrainingSettings(6, optimizer, learning_rate, batch_size)
    network, rows = new_scan(), []
    history = train(network, LOSS, sample, test, settings, rows.append)
    by_hand, values = replay([sample] * 6, settings)
    torch.testing.assert_close(parameters_of(network), parameters_of(by_hand), rtol=1e-12, atol=1e-14)
    assert (parameters_of(network) != parameters_of(new_scan())).all()
    assert [row["epoch"] for row in history] == list(range(6))
    for row, expected in zip(history, values, strict=True):
        assert {name: row[f"train_{name}"] for name in TERMS} == pytest.approx(expected, rel=1e-12)
        assert set(row) == {"epoch"} | {f"{part}_{name}" for part in ("train", "test") for name in TERMS}
    assert rows == history


def test_history_has_the_test_loss_before_each_update(make_sample):
    sample, test = make_sample(12, 8), make_sample(5, 6, seed=1)
    history = train(new_scan(), LOSS, sample, test, TrainingSettings(4, learning_rate=0.2))
    for epoch, row in enumerate(history):
        network, _ = replay([sample] * epoch, TrainingSettings(1, learning_rate=0.2))
        assert {name: row[f"test_{name}"] for name in TERMS} == pytest.approx(loss_on(network, test).values())


def test_each_row_is_reported_as_soon_as_it_is_known(make_sample):
    network, sample, biases = new_scan(), make_sample(), []
    settings = TrainingSettings(3, learning_rate=0.1)
    train(network, LOSS, sample, sample, settings, lambda _: biases.append(network.bias.detach().clone()))
    assert len(biases) == 3
    assert not torch.equal(biases[0], biases[1])
    assert torch.equal(biases[2], network.bias)


@pytest.mark.parametrize(("optimizer", "learning_rate"), [("sgd", 0.1), ("adam", 0.05)])
@pytest.mark.parametrize("batch_size", [None, 40])
def test_training_lowers_the_loss(make_sample, optimizer, learning_rate, batch_size):
    sample = make_sample(100, 100)
    settings = TrainingSettings(40, optimizer, learning_rate, batch_size)
    history = train(new_scan(), LOSS, sample, sample, settings)
    assert history[-1]["train_total"] < 0.5 * history[0]["train_total"]
    assert history[-1]["test_total"] < 0.5 * history[0]["test_total"]


def test_fixed_weights_stay(make_sample):
    network, sample = OneToOneLinear(2, [1.0, -1.0]).double(), make_sample()
    train(network, CutLoss(bce=1.0), sample, sample, TrainingSettings(3))
    assert network.weight.tolist() == [1.0, -1.0]
    assert (network.bias != 0).all()


@pytest.mark.parametrize("batch_size", [None, 5])
def test_the_test_sample_is_never_learned_from(make_sample, batch_size):
    sample = make_sample(12, 8)
    settings = TrainingSettings(5, "adam", 0.1, batch_size)
    networks, histories = [new_scan(), new_scan()], []
    for network, test in zip(networks, (make_sample(3, 3, seed=1), make_sample(50, 9, seed=2)), strict=True):
        histories.append(train(network, LOSS, sample, test, settings))
    assert torch.equal(*map(parameters_of, networks))
    for first, second in zip(*histories, strict=True):
        assert first["train_total"] == second["train_total"]
        assert first["test_total"] != second["test_total"]


def test_event_without_weight_is_like_no_event(make_sample):
    sample, test = make_sample(12, 8), make_sample(seed=1)
    kept = torch.arange(20) % 3 != 0
    unweighted = EventSample(sample.features, sample.is_signal, sample.weights * kept)
    settings = TrainingSettings(5, learning_rate=0.2)
    networks = [new_scan(), new_scan()]
    histories = [
        train(network, LOSS, events, test, settings)
        for network, events in zip(
            networks, (unweighted, sample.take(kept.nonzero().squeeze(1))), strict=True
        )
    ]
    torch.testing.assert_close(*map(parameters_of, networks), rtol=1e-10, atol=1e-12)
    for first, second in zip(*histories, strict=True):
        assert first == pytest.approx(second, rel=1e-10)


# ---- mini-batches ----


@pytest.mark.parametrize(
    ("n_signal", "n_background", "batch_size"), [(10, 10, 4), (23, 9, 8), (7, 30, 36), (9, 4, 5)]
)
def test_mini_batches_use_each_event_once_an_epoch(make_sample, n_signal, n_background, batch_size):
    sample = make_sample(n_signal, n_background)
    is_signal, n_events = sample.is_signal.tolist(), n_signal + n_background
    n_batches = math.ceil(n_events / batch_size)
    for epoch in batches_seen(sample, TrainingSettings(3, batch_size=batch_size)):
        assert sorted(event for batch in epoch for event in batch) == list(range(n_events))
        assert len(epoch) == n_batches > 1
        for n_class, wanted in ((n_signal, True), (n_background, False)):
            counts = [sum(is_signal[event] == wanted for event in batch) for batch in epoch]
            assert {n_class // n_batches, math.ceil(n_class / n_batches)} >= set(counts)
            assert min(counts) >= 1


def test_order_of_mini_batches_is_fixed_by_the_seed(make_sample):
    sample = make_sample(20, 20)
    first, again, other = (
        batches_seen(sample, TrainingSettings(2, batch_size=8, seed=seed)) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    assert first[0] != first[1]  # the next epoch has another order


def test_mini_batches_leave_the_generator_of_the_caller_alone(make_sample):
    state = torch.get_rng_state()
    batches_seen(make_sample(20, 20), TrainingSettings(2, batch_size=8))
    assert torch.equal(torch.get_rng_state(), state)


def test_mini_batch_training_is_a_plain_loop_over_its_batches(make_sample):
    sample, settings = make_sample(12, 8), TrainingSettings(3, "sgd", 0.2, batch_size=5, seed=7)
    epochs = batches_seen(sample, settings)
    network = new_scan()
    history = train(network, LOSS, sample, sample, settings)
    by_hand, values = replay([sample.take(batch) for epoch in epochs for batch in epoch], settings)
    torch.testing.assert_close(parameters_of(network), parameters_of(by_hand), rtol=1e-10, atol=1e-12)
    for epoch, row in enumerate(history):
        batches = values[4 * epoch : 4 * epoch + 4]
        assert row["train_total"] == pytest.approx(sum(value["total"] for value in batches) / 4)
        assert row["train_bce"] == pytest.approx(sum(value["bce"] for value in batches) / 4)


@pytest.mark.parametrize(("counts", "name"), [((3, 20), "signal"), ((20, 3), "background")])
def test_more_mini_batches_than_events_of_a_class_are_refused(make_sample, counts, name):
    sample = make_sample(*counts)
    with pytest.raises(ValueError, match=f"3 {name} events do not fill 5 mini-batches: raise batch_size"):
        train(new_scan(), LOSS, sample, sample, TrainingSettings(1, batch_size=5))


# ---- errors ----


@pytest.mark.parametrize("batch_size", [None, 5])
def test_diverging_loss_is_refused(make_sample, batch_size):
    sample, rows = make_sample(12, 8), []
    network = OneToOneLinear(2, [1.0, 1.0]).double()
    loss = CutLoss([0.5], efficiency=1, cut_size=1)
    settings = TrainingSettings(50, learning_rate=1e10, batch_size=batch_size)
    with pytest.raises(ValueError, match=r"not finite at epoch \d+: lower the learning rate"):
        train(network, loss, sample, sample, settings, rows.append)
    assert all(math.isfinite(row["train_total"]) for row in rows)


def test_diverging_scores_are_refused(make_sample):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FullyConnectedNetwork(2, (3,))
    sample = make_sample(dtype=torch.float32)
    with pytest.raises(ValueError, match="scores are NaN: the training has diverged, lower"):
        train(network, CutLoss(bce=1.0), sample, sample, TrainingSettings(20, learning_rate=1e30))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"epochs": 1, "optimizer": "newton"}, "unknown optimizer 'newton': one of sgd, adam, lbfgs"),
        ({"epochs": 1, "learning_rate": 0.0}, "learning_rate must be positive, not 0.0"),
        ({"epochs": 1, "learning_rate": math.nan}, "learning_rate must be positive, not nan"),
        ({"epochs": 1, "batch_size": 1}, "batch_size must be at least 2, one event of each class: 1"),
    ],
)
def test_training_settings_refuse(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**settings)


def test_lbfgs_ends_where_many_steps_down_the_gradient_do(make_sample):
    sample = make_sample(200, 200, 2)
    ends = {}
    for optimizer, rate, epochs in (("lbfgs", 1.0, 10), ("sgd", 0.5, 3000)):
        network = OneToOneLinear(2, [1.0, 1.0], 2.0).double()
        train(network, CutLoss(bce=1.0), sample, None, TrainingSettings(epochs, optimizer, rate))
        ends[optimizer] = network.bias.detach()
    torch.testing.assert_close(ends["lbfgs"], ends["sgd"], rtol=1e-5, atol=1e-6)


def test_polishing_follows_the_other_epochs(make_sample):
    sample = make_sample(200, 200, 2)
    first, whole, last = (OneToOneLinear(2, [1.0, 1.0], 2.0).double() for _ in range(3))
    train(first, CutLoss(bce=1.0), sample, None, TrainingSettings(5, "adam", 0.1))
    settings = TrainingSettings(8, "adam", 0.1, polish_epochs=3)
    history = train(whole, CutLoss(bce=1.0), sample, None, settings)
    last.load_state_dict(first.state_dict())
    train(last, CutLoss(bce=1.0), sample, None, TrainingSettings(3, "lbfgs", 1.0))
    assert len(history) == 8
    assert torch.equal(whole.bias, last.bias)
    assert not torch.equal(whole.bias, first.bias)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "lbfgs", "batch_size": 5}, "one full batch"),
        ({"polish_epochs": 2, "classifier_learning_rate": 0.1}, "one learning rate"),
        ({"polish_epochs": 4}, "fewer than the 4 epochs"),
        ({"polish_epochs": -1}, "fewer than the 4 epochs"),
        ({"test_every": 0}, "test_every must be at least 1"),
    ],
)
def test_wrong_settings_of_an_epoch(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(4, **changes)


def test_the_test_sample_can_be_looked_at_now_and_then(make_sample):
    sample, seen = make_sample(20, 20, 2), []

    class Watched(CutLoss):
        def evaluate(self, network, events):
            seen.append(events is sample)
            return super().evaluate(network, events)

    histories = {}
    for every in (1, 3):
        seen.clear()
        network = OneToOneLinear(2, [1.0, 1.0]).double()
        settings = TrainingSettings(6, learning_rate=0.1, test_every=every)
        histories[every] = train(network, Watched(bce=1.0), make_sample(30, 30, 2), sample, settings)
        assert sum(seen) == (6 if every == 1 else 3)
    for epoch, (all_of_them, some) in enumerate(zip(histories[1], histories[3], strict=True)):
        assert some["train_total"] == all_of_them["train_total"]
        assert some.keys() == all_of_them.keys()
        if epoch in (0, 3, 5):
            assert some["test_total"] == all_of_them["test_total"]
        else:
            assert math.isnan(some["test_total"])
            assert math.isnan(some["test_bce"])
