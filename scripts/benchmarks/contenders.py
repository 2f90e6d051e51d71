"""What is timed: epochs of the efficiency scan, by this project and by the authors' package."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: The settings of arXiv:2502.08615, Table 1.
SHARPNESS, LEARNING_RATE, BCE = 15.0, 0.5, 1e-3
LOSS = {"efficiency": 10.0, "background": 0.1, "cut_size": 1e-5, "smoothness": 1.0}
PAPER_TARGETS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.93, 0.95]
#: Events made at once; more would need memory beside the table.
BLOCK = 65_536
SEED, PAPER_SEED = 1, 123

#: Epochs after which a training of the package starts anew: with the paper's settings it diverges.
ANEW = 10

#: Runs a number of epochs from the start and returns the time that they take [s].
Epochs = Callable[[int], float]


class Task(NamedTuple):
    """What a worker is to time.

    Parameters
    ----------
    contender : str
        A key of :data:`CONTENDERS`.
    events, features, targets, threads : int
    bce : bool
    package : str
        Folder of the authors' package.
    memory : int, optional
        Most memory that the worker may have [bytes].
    """

    contender: str
    events: int
    features: int
    targets: int
    threads: int
    bce: bool
    package: str = ""
    memory: int | None = None

    @property
    def target_efficiencies(self) -> list[float]:
        """The paper's ten targets, or another number of them at equal distances."""
        if self.targets == len(PAPER_TARGETS):
            return PAPER_TARGETS
        return [float(target) for target in np.linspace(0.02, 0.98, self.targets)]

    @property
    def distributions(self) -> NDArray[np.float64]:
        """Means and widths of the Gaussian features, shape (n_features, class, 2), signal first.

        The first ten are those of the paper's dataset.
        """
        drawn = np.random.RandomState(PAPER_SEED).randn(max(self.features, len(PAPER_TARGETS)), 2, 2)
        drawn[..., 1] = 2 * np.abs(drawn[..., 1])
        return drawn[: self.features]

    @property
    def directions(self) -> list[float]:
        """Signs of the cuts."""
        means = self.distributions[..., 0]
        return [float(sign) for sign in np.sign(means[:, 0] - means[:, 1])]


def make_events(task: Task, dtype: type) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Return scaled features, shape (n_events, n_features), and labels; signal first.

    They are made block by block, so that the table is all that needs memory.
    """
    random = np.random.default_rng(SEED)
    features: NDArray[Any] = np.empty((task.events, task.features), dtype)
    labels = np.zeros(task.events, np.int8)
    labels[: task.events // 2] = 1
    means, widths = np.moveaxis(task.distributions, 2, 0)
    middle = means.mean(axis=1)
    # Of both classes together: within and between them.
    scale = np.sqrt((widths**2).mean(axis=1) + np.diff(means, axis=1)[:, 0] ** 2 / 4)
    for start in range(0, task.events, BLOCK):
        block = features[start : start + BLOCK]
        random.standard_normal(block.shape, dtype=dtype, out=block)
        of_class = 1 - labels[start : start + BLOCK]
        block *= (widths / scale[:, None]).T.astype(dtype)[of_class]
        block += ((means - middle[:, None]) / scale[:, None]).T.astype(dtype)[of_class]
    return features, labels


def _ours(task: Task, dtype: type) -> Epochs:
    import torch

    from cabin_core import CutLoss, EfficiencyScanNetwork, EventSample, TrainingSettings, train

    torch.set_num_threads(task.threads)
    features, labels = make_events(task, dtype)
    real = torch.from_numpy(features[:0]).dtype
    sample = EventSample.from_arrays(features, labels, dtype=real)
    terms: dict[str, Any] = LOSS | ({"bce": BCE} if task.bce else {})
    loss = CutLoss(task.target_efficiencies, **terms)

    def run(epochs: int) -> float:
        network = EfficiencyScanNetwork(
            task.features, task.target_efficiencies, task.directions, SHARPNESS
        ).to(real)
        settings = TrainingSettings(epochs, learning_rate=LEARNING_RATE)
        started = time.perf_counter()
        train(network, loss, sample, None, settings)
        return time.perf_counter() - started

    return run


def _package(task: Task, *, without_entropy: bool = False) -> Epochs:
    """Return the loop of the authors' notebooks without their look at the test sample.

    Their loss computes the cross-entropy even if its coefficient is zero; ``without_entropy`` takes it out.
    """
    sys.path.insert(0, task.package)
    import torch

    cabin = importlib.import_module("cabin")
    if without_entropy:
        zero = torch.zeros(())
        cabin.LossFunctions.torch.nn.BCELoss = lambda: lambda scores, labels: zero
    torch.set_num_threads(task.threads)
    made, labels = make_events(task, np.float32)
    features, is_signal = torch.from_numpy(made), torch.from_numpy(labels.astype(np.float32))
    # In the order of effic_loss_fn: alpha, beta, gamma, delta, epsilon of the paper.
    coefficients = (
        LOSS["efficiency"],
        LOSS["background"],
        LOSS["cut_size"],
        BCE if task.bce else 0.0,
        LOSS["smoothness"],
    )

    def train(epochs: int) -> float:
        network = cabin.EfficiencyScanNetwork(
            task.features, task.target_efficiencies, task.directions, SHARPNESS
        )
        started = time.perf_counter()
        optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
        for _ in range(epochs):
            optimizer.zero_grad()
            scores = network(features)
            loss = cabin.effic_loss_fn(scores, is_signal, task.features, network, *coefficients).totalloss()
            loss.backward()
            optimizer.step()
            loss.item()
        return time.perf_counter() - started

    return lambda epochs: sum(train(min(ANEW, epochs - done)) for done in range(0, epochs, ANEW))


CONTENDERS: dict[str, Callable[[Task], Epochs]] = {
    "float32": lambda task: _ours(task, np.float32),
    "float64": lambda task: _ours(task, np.float64),
    "package": _package,
    "package_without_entropy": lambda task: _package(task, without_entropy=True),
}
