import copy
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning import precision
from plurigrid_ff.learning.kernels import projection as kernels
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.precision import products_of, require_precision
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.learning.transforms import Conv1d, Conv2d, Linear, Local2d


@pytest.fixture
def x():
    return torch.randn(32, 20, generator=torch.Generator().manual_seed(0))


def build(data, products, chunk_size=None, **network):
    config = NetworkConfig(**{"hidden": (18, 12), **network})
    made = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    training = TrainingConfig(
        epochs=15,
        batch_size=32,
        learning_rate=5e-3,
        precision=products,
        chunk_size=chunk_size,
    )
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    return Trainer(made, x, y, training, seed=0)


def test_a_product_is_that_of_rounded_operands_in_float32(x):
    transform = Linear(20, 7, key=1)
    rounded = (x.bfloat16().double() @ transform.weight.bfloat16().double().T).float()

    with torch.no_grad(), products_of([transform], "bfloat16"):
        found = transform(x)

    assert found.dtype == torch.float32
    assert not torch.equal(found, transform(x))
    # The result is rounded once more, to the eight bits of bfloat16.
    torch.testing.assert_close(found, rounded, rtol=2**-7, atol=1e-2)


KINDS = {
    "linear": lambda: Linear(20, 7, key=1),
    "conv1d": lambda: Conv1d((5, 4), 7, kernel=3, stride=1, padding="same", key=1),
    "conv2d": lambda: Conv2d((5, 2, 2), 7, kernel=2, stride=1, padding="same", key=1),
    "local2d": lambda: Local2d((5, 2, 2), 7, kernel=2, stride=1, padding="same", key=1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_transform_maps_and_pulls_near_float32(x, kind):
    low, plain = KINDS[kind](), KINDS[kind]()
    x = x.reshape(32, *low.in_shape)

    with products_of([low], "bfloat16"):
        a, pull = low.with_pullback(x)
        da = torch.randn(a.shape, generator=torch.Generator().manual_seed(1))
        pull(da)
    exact, exact_pull = plain.with_pullback(x)
    exact_pull(da)

    pairs = {"activity": (a, exact)}
    pairs |= {n: (p.grad, getattr(plain, n).grad) for n, p in low.named_parameters()}
    for name, (found, expected) in pairs.items():
        assert found.dtype == torch.float32
        error = (found - expected).abs().max() / expected.abs().max()
        assert error < 2e-2, name
        assert name == "bias" or error > 0  # nothing is multiplied for the bias of a dense layer


def test_afterwards_a_transform_is_as_it_was(x):
    transform = Linear(20, 7, key=1)
    before, names = transform(x), set(vars(transform))

    with pytest.raises(KeyError), products_of([transform], "bfloat16"):
        raise KeyError

    assert torch.equal(transform(x), before)
    assert set(vars(transform)) == names


def test_float32_changes_nothing(x):
    transform = Linear(20, 7, key=1)

    with products_of([transform], "float32"):
        assert "forward" not in vars(transform)


@pytest.mark.parametrize("objective", ["projection", "threshold", "hierarchical"])
def test_bfloat16_learns_with_float32_weights_and_losses(blobs, objective):
    trainer = build(blobs, "bfloat16", objective=objective)
    plain = build(blobs, "float32", objective=objective)

    first, last = trainer.train_epochs(1), trainer.train_epochs(14)
    plain.train_epochs(15)

    predicted = trainer.network.predict(torch.from_numpy(blobs.test.x))
    assert (predicted == torch.from_numpy(blobs.test.y)).double().mean() >= 0.95
    assert {value.dtype for value in trainer.network.state_dict().values()} == {torch.float32}
    assert last[0].loss < first[0].loss
    weights = [t.network.stack[0].transform.weight for t in (trainer, plain)]
    assert not torch.equal(*weights)


LAYERS = {
    "linear": (18, 12),
    "conv1d": ({"kind": "conv1d", "features": 18, "kernel": 3, "pool": 2}, 18),
    "local2d": ({"kind": "local2d", "features": 6, "kernel": 2}, 18),
    "shortcut": (18, 18, {"kind": "linear", "features": 18, "shortcut": "add", "span": 2}),
    "peers": ({"kind": "linear", "features": 18, "peer": 0.03}, 18),
}


@pytest.fixture
def low_activities(monkeypatch):
    """Keep activities in bfloat16, as a GPU does."""
    monkeypatch.setattr(precision, "low_activities", lambda device: True)


@pytest.mark.usefixtures("low_activities")
def test_every_way_learns_from_activities_in_bfloat16(data, way):
    trainer = build(data, "bfloat16", **way.model_dump(exclude_unset=True))
    assert_low(trainer)

    first, last = trainer.train_epochs(1), trainer.train_epochs(14)

    assert last[0].loss < first[0].loss
    assert {value.dtype for value in trainer.network.state_dict().values()} == {torch.float32}


@pytest.mark.usefixtures("low_activities")
@pytest.mark.parametrize("objective", ["projection", "class-goodness", "threshold"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_learns_from_activities_in_bfloat16(blobs, kind, objective):
    def image(split):
        return Split(split.x.reshape(-1, *{"conv1d": (3, 4), "local2d": (3, 2, 2)}[kind]), split.y)

    if kind in ("conv1d", "local2d"):
        parts = {name: image(getattr(blobs, name)) for name in ("train", "validation", "test")}
        blobs = replace(blobs, **parts)
    trainer = build(blobs, "bfloat16", objective=objective, hidden=LAYERS[kind])
    assert_low(trainer)

    trainer.train_epochs(15)

    predicted = trainer.network.predict(torch.from_numpy(blobs.test.x))
    assert (predicted == torch.from_numpy(blobs.test.y)).double().mean() >= 0.9


@pytest.mark.usefixtures("low_activities")
@pytest.mark.parametrize("objective", ["hierarchical", "projection"])
def test_layers_that_move_by_the_one_above_learn_in_bfloat16(blobs, objective):
    trainer = build(blobs, "bfloat16", objective=objective, locality=2)

    first, last = trainer.train_epochs(1), trainer.train_epochs(14)

    assert last[0].loss < first[0].loss


@pytest.mark.usefixtures("low_activities")
@pytest.mark.parametrize("chunk_size", [8, 512])
def test_a_layer_of_one_kernel_learns_as_one_of_products_and_passes(blobs, monkeypatch, chunk_size):
    def costs(h, directions, y):  # what the kernels do
        scores = h.float() @ directions.to(h.dtype).float().T
        dg = (scores.softmax(dim=1) - F.one_hot(y, scores.shape[1])) / len(y)
        return F.cross_entropy(scores, y, reduction="none"), dg.to(h.dtype)

    def outer(dg, directions, h):
        da = (dg @ directions.to(h.dtype)) * (h > 0)
        return da, da.float().sum(dim=0), dg.float().T @ h.float()

    monkeypatch.setattr(kernels, "projected_costs", costs)
    monkeypatch.setattr(kernels, "rectified_outer", outer)
    found = []
    for fused in (True, False):
        parts = (lambda layer: (layer.transform, layer.objective)) if fused else lambda layer: None
        monkeypatch.setattr(FFLayer, "_fused", lambda layer, x, parts=parts: parts(layer))
        trainer = build(blobs, "bfloat16", chunk_size=chunk_size)
        trainer.train_epochs(2)
        found.append(trainer.network.state_dict())

    ours, theirs = found
    assert any(not torch.equal(ours[name], theirs[name]) for name in theirs)
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=0.05, atol=5e-3)


def assert_low(trainer):
    """Require that what a layer reads is in bfloat16, once training has begun."""
    layer = trainer.network.stack[-1]
    evaluate = layer.evaluate

    def checked(x, y):
        samples = getattr(x, "samples", x)
        assert samples.dtype == torch.bfloat16
        return evaluate(x, y)

    layer.evaluate = checked


def test_the_objective_reads_and_multiplies_in_float32(blobs, monkeypatch):
    trainer = build(blobs, "bfloat16", hidden=(18,))
    objective, seen = trainer.network.stack[0].objective, []
    evaluate = objective.evaluate

    def recorded(h, y):
        found = evaluate(h, y)
        exact = copy.deepcopy(objective).double().goodness(h.double())
        seen.append((objective.goodness(h) - exact).abs().max().item())
        return found

    monkeypatch.setattr(type(objective), "evaluate", lambda self, h, y: recorded(h, y))
    trainer.train_epochs(1)

    assert max(seen) < 1e-5  # bfloat16 would be off by a hundredth


def test_a_device_without_bfloat16_is_refused(monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)

    with pytest.raises(ConfigError, match="training.precision: 'bfloat16' needs a device .* cpu"):
        require_precision("bfloat16", torch.device("cpu"))
    require_precision("float32", torch.device("cpu"))
