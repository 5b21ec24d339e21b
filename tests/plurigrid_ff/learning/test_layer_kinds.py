"""Every kind of layer learns the gradient of its own loss, under every objective."""

import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.construction import build_stack
from plurigrid_ff.learning.layers import FFLayer, join_pairs
from plurigrid_ff.learning.objectives import known_objectives

CLASSES = 3
KINDS = {
    "linear": ((12,), {"features": 6}),
    "linear-layer-norm": ((12,), {"features": 6, "norm": "layer"}),
    "linear-reads-a-map": ((3, 2, 2), {"features": 6, "norm": "group"}),
    "conv1d-pooled": (
        (3, 10),
        {"kind": "conv1d", "features": 6, "pool": 2, "grid": 2, "norm": "rms"},
    ),
    "conv2d": ((3, 5, 4), {"kind": "conv2d", "features": 3, "norm": "none"}),
    "conv2d-max-pool": ((3, 6, 7), {"kind": "conv2d", "features": 6, "pool": 2, "norm": "group"}),
    "conv2d-average-pool-grid": (
        (3, 8, 6),
        {
            "kind": "conv2d",
            "features": 6,
            "kernel": 4,
            "pool": 2,
            "pooling": "average",
            "grid": 2,
            "norm": "layer",
        },
    ),
    "conv2d-stride": (
        (3, 7, 7),
        {"kind": "conv2d", "features": 6, "stride": 2, "padding": "valid", "grid": 1},
    ),
    "local2d": ((3, 6, 5), {"kind": "local2d", "features": 3, "stride": 2, "norm": "rms"}),
    "block-with-batch-statistics": (
        (3, 5, 4),
        {"kind": "block", "block": "residual", "dimensions": 2, "norm": "layer", "grid": 2},
    ),
    "block-with-attention": ((4, 5), {"kind": "block", "block": "encoder", "norm": "rms"}),
    "block-with-dropout": (
        (3, 2, 2),
        {"kind": "block", "block": "perceptron", "dimensions": 0, "norm": "rms"},
    ),
}


def build(kind: str, objective: str) -> FFLayer:
    shape, settings = KINDS[kind]
    config = NetworkConfig.parse({"hidden": [settings], "objective": objective}, where="test")
    (layer,) = build_stack(config, shape, CLASSES, seed=1, role="test").layers
    return layer.double()


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("objective", sorted(known_objectives()))
@pytest.mark.parametrize("kind", KINDS)
def test_learn_sets_the_gradient_of_the_layer_s_own_loss(kind, objective):
    layer = build(kind, objective)
    x = drawn(4 * layer.objective.rails, *KINDS[kind][0])
    y = torch.tensor([0, 2, 1, 1])
    own = dict(layer.named_parameters())

    h, loss = layer.learn(x, y)
    a = layer.transform.traced(layer.read(x))
    expected_h = layer.respond(a)
    judged = layer.respond(join_pairs(a)) if layer.objective.contrast == "pairs" else expected_h
    expected = layer.objective.loss(layer.summary(judged), y)
    gradients = torch.autograd.grad(expected, list(own.values()))

    assert h.shape[1:] == layer.out_shape
    assert h.grad_fn is None
    torch.testing.assert_close(h, expected_h.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-10, atol=1e-10)
    for (name, parameter), gradient in zip(own.items(), gradients, strict=True):
        torch.testing.assert_close(
            parameter.grad, gradient, rtol=1e-10, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}"
        )


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_at_the_input_is_that_of_the_step_that_was_taken(kind):
    layer = build(kind, "projection")
    x, y = drawn(4, *KINDS[kind][0]), torch.tensor([0, 2, 1, 1])

    step = layer.evaluate(x, y)
    leaf = x.clone().requires_grad_()
    a = layer.transform.traced(layer.normalise(leaf).reshape(len(x), *layer.in_shape))
    loss = layer.objective.loss(layer.summary(layer.respond(a)), y)
    (expected,) = torch.autograd.grad(loss, leaf)

    torch.testing.assert_close(loss.detach(), step.loss, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(step.input_gradient(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_layer_reads_is_detached(kind):
    layer = build(kind, "projection")
    below = drawn(2, *KINDS[kind][0]).requires_grad_()

    assert not layer.read(below * 2).requires_grad
    h, _ = layer.learn(below * 2, torch.tensor([0, 1]))

    assert below.grad is None
    assert not h.requires_grad


def test_peers_add_their_gradient_before_the_way_back_through_the_pool():
    shape, settings = KINDS["conv2d-max-pool"]
    layers = []
    for peer in (0.0, 0.5):
        values = {"hidden": [settings | {"peer": peer}], "objective": "class-goodness"}
        config = NetworkConfig.parse(values, where="test")
        layers.append(build_stack(config, shape, CLASSES, seed=1, role="test").layers[0].double())
    plain, peered = layers
    x, y = drawn(4, *shape), torch.tensor([0, 2, 1, 1])

    for layer in layers:
        h, _ = layer.learn(x, y)
    da = torch.zeros_like(h)
    before = peered.peers.mean.clone()
    peered.peers.mean.copy_((before - 0.1 * h.mean(dim=(0, 2, 3))) / 0.9)  # undo its own update
    peered.peers.add_gradient(da, h, 4)
    a, pull = plain.transform.with_pullback(plain.read(x))
    _, unpool = plain.pool.with_pullback(a)
    without = plain.transform.weight.grad.clone()
    pull(unpool(da))

    torch.testing.assert_close(peered.transform.weight.grad, without + plain.transform.weight.grad)
    assert plain.transform.weight.grad.abs().max() > 0
