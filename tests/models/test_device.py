"""Trainings on a GPU, which need one, and on a pretended one, which shows what would stay on the processor.

The tests of the core need torch, numpy and pytest only, for machines with a GPU and little else.
"""

from collections import Counter
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventSample,
    ExpectedYields,
    FullyConnectedNetwork,
    JointLoss,
    JointNetwork,
    LinearNetwork,
    LovaszZLoss,
    OneToOneLinear,
    Schedule,
    TrainingSettings,
    WattsLoss,
    train,
)

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")

#: One more than the epochs between two updates of the multipliers of a constraint.
EPOCHS = 11
TARGETS = (0.5, 0.9, 0.2, 0.7)
EDGES = (0.0, 1.0, 2.0, 4.0)
YIELDS = ExpectedYields(30.0, 200.0, 0.1, 5.0, 0.5)
SCHEDULE = Schedule(first_activation_scale=2.0, last_learning_rate=0.01, first_goal=0.4)
TERMS = {
    "efficiency": 10.0,
    "background": 0.1,
    "cut_size": 0.01,
    "bce": 0.1,
    "smoothness": 1.0,
    "log_background": 0.1,
    "significance": 0.1,
    "constraint": 2.0,
}


def sample_of(dtype: torch.dtype, n_events: int = 1200) -> EventSample:
    """Return events with three features around +0.5 and -0.5, weights, and a property from 0 to 4."""
    generator = torch.Generator().manual_seed(7)
    is_signal = torch.rand(n_events, generator=generator) < 0.4
    features = torch.randn(n_events, 3, generator=generator, dtype=torch.float64)
    features += is_signal[:, None].double() - 0.5
    followed = 4 * torch.rand(n_events, 1, generator=generator, dtype=torch.float64)
    weights = 0.5 + torch.rand(n_events, generator=generator, dtype=torch.float64)
    return EventSample(torch.cat([features, followed], dim=1).to(dtype), is_signal, weights.to(dtype))


def scan(**options) -> EfficiencyScanNetwork:
    weights = None if options.get("windows") else [1.0, -1.0, 0.7]
    network = EfficiencyScanNetwork(3, TARGETS, weights, 5.0, **{"start": 0.5} | options)
    # Of equal cuts the smoothness is a difference of almost equal numbers.
    network.bias.data += 0.3 * torch.randn(network.bias.shape)
    return network


def joint(n_rows: int, cut_function: str = "sigmoid") -> JointNetwork:
    cuts = CutNetwork(3, n_rows, [1.0, 1.0, 1.0], 2.0, start=0.5, cut_function=cut_function)
    return JointNetwork(cuts, FullyConnectedNetwork(3, [6, 5], n_rows, events_innermost=True))


def own(cut_function: str = "sigmoid") -> OneToOneLinear:
    return OneToOneLinear(3, None, 3.0, start=0.5, cut_function=cut_function)


#: Network, loss, and further settings of the training. Without the property there are three features.
CASES = {
    "scan": lambda: (
        scan(),
        CutLoss(TARGETS, yields=YIELDS, constraint_form="equal", **TERMS),
        {"schedule": SCHEDULE},
    ),
    "monotone": lambda: (scan(monotone=True), CutLoss(TARGETS, efficiency=10.0, background=0.1), {}),
    "windows": lambda: (
        scan(windows=True, start=1.5),
        CutLoss(TARGETS, **TERMS | {"significance": 0.0}),
        {},
    ),
    "bins": lambda: (
        scan(bin_edges=EDGES),
        CutLoss(
            TARGETS,
            n_bins=3,
            yields=YIELDS,
            constraint_form="equal_together",
            bin_smoothness=5.0,
            **TERMS,
        ),
        {"schedule": SCHEDULE},
    ),
    "one_to_one": lambda: (own(), CutLoss((0.6,), efficiency=10.0, background=0.1, bce=1.0), {}),
    "linear": lambda: (LinearNetwork(3, bias=True), CutLoss(bce=1.0), {}),
    "fully_connected": lambda: (
        FullyConnectedNetwork(3, [8, 8]),
        CutLoss(bce=1.0),
        {"schedule": Schedule(last_learning_rate=0.01)},
    ),
    "joint": lambda: (joint(2), JointLoss([0.3, 0.6]), {"classifier_learning_rate": 0.02}),
    **{
        f"lovasz_{error}": lambda error=error: (
            FullyConnectedNetwork(3, [8, 8]),
            LovaszZLoss(error, 10.0, signal_yield=30.0, background_yield=200.0),
            {"learning_rate": 0.002},
        )
        for error in ("hinge", "sigmoid", "cross_entropy", "focal")
    },
    **{
        f"watts_{kind}": lambda kind=kind: (own("erf"), WattsLoss(kind), {"learning_rate": 1e-4})
        for kind in ("significance", "cross_entropy", "squares")
    },
    "watts_softmax": lambda: (joint(1), WattsLoss("softmax"), {"learning_rate": 1e-4}),
}


def trained(case: str, dtype: torch.dtype, device: str, **settings):
    """Return the final parameters and the columns of the history of a training, on the processor."""
    torch.manual_seed(3)
    network, loss, changes = CASES[case]()
    sample = sample_of(dtype)
    if case != "bins":
        sample = EventSample(sample.features[:, :3], sample.is_signal, sample.weights)
    few = sample.take(torch.arange(0, len(sample), 2))
    how = {"epochs": EPOCHS, "learning_rate": 0.05, "seed": 5} | changes | settings
    rows = train(
        network.to(dtype).to(device), loss, sample.to(device), few.to(device), TrainingSettings(**how)
    )
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return values | {
        name: value.detach().double().numpy() for name, value in network.to("cpu").named_parameters()
    }


def assert_close(found, expected, tolerance: float) -> None:
    """Compare each column and each parameter, relative to the largest of its values."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        difference = np.abs(found[name] - values).max()
        assert difference <= tolerance * np.abs(values).max(), f"{name} differs by {difference}"


PRECISIONS = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-3), (torch.float64, 1e-9)], ids=["float32", "float64"]
)


@needs_gpu
@PRECISIONS
@pytest.mark.parametrize("batch_size", [None, 250])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_trains_as_the_processor(case, optimizer, batch_size, dtype, tolerance):
    how = {"optimizer": optimizer, "batch_size": batch_size}
    assert_close(trained(case, dtype, "cuda", **how), trained(case, dtype, "cpu", **how), tolerance)


# ---- a pretended GPU ----

PRETENDED = torch.device("meta")
READS = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default}


class Remote(torch.Tensor):
    """A tensor that says that it is on another device; its values are in ``local``.

    An operation with a tensor of the processor is an error, as on a GPU; only a scalar may come from there.
    """

    reads: ClassVar[Counter] = Counter()

    @staticmethod
    def __new__(cls, local):
        return torch.Tensor._make_wrapper_subclass(
            cls, local.size(), strides=local.stride(), dtype=local.dtype, device=PRETENDED
        )

    def __init__(self, local):
        self.local = local

    def tolist(self):
        """Torch's own refuses every class derived from Tensor."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})


def dispatch(func, args, kwargs):
    tensors = [value for value in tree_iter((args, kwargs)) if isinstance(value, torch.Tensor)]
    remote = {id(value.local): value for value in tensors if isinstance(value, Remote)}
    device = kwargs.get("device")
    if remote and device is None and func is not torch.ops.aten.copy_.default:
        on_processor = [value for value in tensors if not isinstance(value, Remote) and value.dim()]
        assert not on_processor, f"{func} takes a tensor of the processor: {on_processor[0]}"
    masked = func is torch.ops.aten.index.Tensor and any(v.dtype == torch.bool for v in tensors[1:])
    if remote and (func in READS or masked or (device is not None and device.type == "cpu")):
        Remote.reads[str(func)] += 1
    args, kwargs = tree_map_only(Remote, lambda value: value.local, (args, dict(kwargs)))
    if device is not None:
        kwargs["device"] = torch.device("cpu")
    result = func(*args, **kwargs)
    if device == PRETENDED or (device is None and remote):
        # What changes a tensor in place returns that tensor.
        def back(value):
            return remote[id(value)] if id(value) in remote else Remote(value)

        return tree_map_only(torch.Tensor, back, result)
    return result


class PretendedDevice(TorchDispatchMode):
    """Within it tensors can be moved to the pretended device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})


class Numbers(TorchFunctionMode):
    """Within it numbers become a tensor in two steps, of which torch leaves out the second for ``meta``."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        device = kwargs.pop("device", None)
        if func is torch.Tensor.new_tensor:
            return torch.tensor(args[1], dtype=args[0].dtype).to(args[0].device)
        if func is torch.Tensor.__getitem__:
            at = args[1] if isinstance(args[1], tuple) else (args[1],)
            remote = args[0].device
            moved = (
                torch.tensor(i, dtype=None if i else torch.long).to(remote) if isinstance(i, list) else i
                for i in at
            )
            return func(args[0], tuple(moved))
        if func is torch.as_tensor and device == PRETENDED:
            return func(*args, **kwargs).to(device)
        return func(*args, **kwargs, **({} if device is None else {"device": device}))


@pytest.fixture
def pretended():
    Remote.reads = Counter()
    with PretendedDevice(), Numbers():
        yield Remote.reads


def test_the_pretended_device_refuses_what_a_gpu_does(pretended):
    x = torch.arange(3.0).to(PRETENDED)
    assert (x + torch.tensor(1.0)).sum().item() == 6.0
    assert pretended["aten._local_scalar_dense.default"] == 1
    with pytest.raises(AssertionError, match="takes a tensor of the processor"):
        x + torch.ones(3)


@pytest.mark.parametrize("case", CASES)
def test_a_training_stays_on_its_device(case, pretended, monkeypatch):
    # Each operation takes long here: everything has to happen in few epochs.
    monkeypatch.setattr("cabin_core.constraint.MULTIPLIERS_EVERY", 2)
    monkeypatch.setattr("cabin_core.events.GPU_CHUNK", 400)
    how = {"optimizer": "adam", "batch_size": 700, "epochs": 3}
    expected = trained(case, torch.float64, "cpu", **how)
    # Other chunks change the last digits.
    assert_close(trained(case, torch.float64, "meta", **how), expected, 1e-9)


def test_few_numbers_are_read_in_an_epoch(pretended):
    """Each of them makes a GPU finish all of its work before it gets more."""
    trained("monotone", torch.float32, "meta", epochs=1)
    once = sum(pretended.values())
    trained("monotone", torch.float32, "meta", epochs=4)
    # Of each sample: whether a score is NaN, whether both classes have events, and the history.
    assert sum(pretended.values()) - 2 * once <= 3 * 2 * 4


# ---- from the config to the model file; a machine without pydantic leaves these out ----


@pytest.fixture(scope="module")
def fit():
    """Return a function that fits a model of the small study, and the study's events."""
    for needed in ("pandas", "pydantic", "sklearn"):
        pytest.importorskip(needed)
    from scripts.models.base import TrainingTask
    from scripts.parsing import parse_kind
    from tests.studies import NETWORKS, make_study

    study = make_study()
    events = study.source.generate(study)

    def fit(model: str, **changes):
        task = TrainingTask("small/one", events, study.feature_names, study.directions)
        return parse_kind("model", NETWORKS[model] | changes).fit(task)

    return fit


JOINT = {"kept_fraction": 0.5, "loss": {"joint": {}}, "record_cuts": True}


def assert_same_fit(found, expected, tolerance: float = 0.0) -> None:
    """Compare models and histories."""
    (model, history), (expected_model, expected_history) = found, expected
    assert_close(
        *({name: one[name].to_numpy() for name in one} for one in (history, expected_history)), tolerance
    )
    values, expected_values = (one.trained.network.state_dict() for one in (model, expected_model))
    assert {value.device.type for value in values.values()} == {"cpu"}
    assert_close(*({name: one[name].numpy() for name in one} for one in (values, expected_values)), tolerance)
    # Where it was trained is no part of the model.
    assert model.trained.training == expected_model.trained.training


@pytest.mark.parametrize(("model", "changes"), [("scan", {}), ("joint", JOINT)])
def test_without_a_gpu_it_trains_on_the_processor(fit, model, changes, monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    expected = fit(model, **changes)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    found = fit(model, **changes, device="cuda")
    lines = [(r.name, r.getMessage()) for r in caplog.records if r.levelname == "WARNING"]
    line = "small/one: device is cuda, but torch finds no GPU: it trains on the CPU"
    assert lines == [("cabin.train_model", line)]
    assert found[0].path == expected[0].path
    assert_same_fit(found, expected)


@pytest.mark.parametrize(("model", "changes"), [("scan", {}), ("joint", JOINT)])
def test_a_model_comes_back_from_its_device(fit, model, changes, monkeypatch, tmp_path, request):
    expected = fit(model, **changes)
    monkeypatch.setattr("scripts.models.network_training.find_device", lambda wanted, name: PRETENDED)
    request.getfixturevalue("pretended")
    found = fit(model, **changes, device="cuda")
    assert found[0].path == "torch on meta"
    assert_same_fit(found, expected, 1e-5)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
@pytest.mark.parametrize(("model", "changes"), [("scan", {}), ("joint", JOINT)])
def test_a_model_file_needs_no_gpu(fit, model, changes, device, tmp_path):
    from cabin_core import load_network

    trained, history = fit(model, **changes, device=device)
    assert trained.path == ("kernel" if device == "cpu" else "torch on cuda")
    trained.save(tmp_path / "model.pt")
    # torch.load puts tensors back to where they were when they were saved.
    saved = torch.load(tmp_path / "model.pt", weights_only=True)["state"]
    assert {value.device.type for value in saved.values()} == {"cpu"}
    loaded = load_network(tmp_path / "model.pt")
    assert loaded.training == trained.trained.training
    assert "device" not in loaded.training
    assert_same_fit((trained, history), fit(model, **changes), 1e-4)


def test_events_that_do_not_fit_on_the_gpu(fit, monkeypatch):
    def train(*arguments, **options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr("scripts.models.network_training.train", train)
    with pytest.raises(ValueError, match=r"^200 events do not fit into the memory of the GPU: set a batch"):
        fit("scan", device="cuda")
