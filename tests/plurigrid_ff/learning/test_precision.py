import copy

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.precision import LowProducts, products_of, require_precision
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.learning.transforms import Linear


@pytest.fixture
def x():
    return torch.randn(32, 20, generator=torch.Generator().manual_seed(0))


def build(data, precision, **network):
    config = NetworkConfig(**{"hidden": (18, 12), **network})
    made = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    training = TrainingConfig(epochs=15, batch_size=32, learning_rate=5e-3, precision=precision)
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


def test_gradients_are_float32_and_near_those_of_float32(x):
    transform, plain = Linear(20, 7, key=1), Linear(20, 7, key=1)
    da = torch.randn(32, 7, generator=torch.Generator().manual_seed(1))

    with torch.no_grad(), products_of([transform], "bfloat16"):
        transform.write_gradient(x, da)
    plain.write_gradient(x, da)

    assert transform.weight.grad.dtype == transform.weight.dtype == torch.float32
    torch.testing.assert_close(transform.weight.grad, plain.weight.grad, rtol=2e-2, atol=0.1)
    assert not torch.equal(transform.weight.grad, plain.weight.grad)


def test_convolutions_are_products_too():
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)

    with LowProducts():
        found = torch.nn.functional.conv2d(x, weight)
        gradient = torch.nn.grad.conv2d_weight(x, weight.shape, found)

    plain = torch.nn.functional.conv2d(x, weight)
    assert found.dtype == gradient.dtype == torch.float32
    assert not torch.equal(found, plain)
    torch.testing.assert_close(found, plain, rtol=5e-2, atol=0.2)


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
