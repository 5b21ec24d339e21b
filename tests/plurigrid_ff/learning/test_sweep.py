import pytest
import torch

from plurigrid_ff.config import (
    BlockConfig,
    ConvConfig,
    LinearConfig,
    NetworkConfig,
    TrainingConfig,
)
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.batches import Batch
from plurigrid_ff.learning.labelled import as_rows
from plurigrid_ff.learning.learners import Learner
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives import known_objectives
from plurigrid_ff.learning.trainer import Trainer

HIDDEN = (
    ConvConfig(kind="conv2d", features=6, pool=2, grid=2),
    ConvConfig(kind="conv2d", features=6, norm="group"),
    LinearConfig(features=9, norm="layer"),
    LinearConfig(features=9),
)
BLOCKS = (
    BlockConfig(block="residual", dimensions=2, grid=2),
    BlockConfig(block="residual", norm="group", grid=1),
    *HIDDEN[2:],
)
PAIRED = sorted(n for n, kind in known_objectives().items() if kind.contrast != "pairs")


def build(
    objective: str = "projection", locality: int = 2, rate: float = 1e-3, hidden=HIDDEN
) -> Trainer:
    config = NetworkConfig(hidden=hidden, objective=objective, locality=locality)
    network = FFNetwork(config, (6, 6), 3, seed=0)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(24, 6, 6, generator=generator), torch.arange(24) % 3
    training = TrainingConfig(epochs=2, batch_size=24, learning_rate=rate, optimizer="sgd")
    return Trainer(network, x, y, training, seed=0)


@pytest.mark.parametrize("hidden", [HIDDEN, BLOCKS], ids=["closed forms", "blocks"])
@pytest.mark.parametrize("objective", PAIRED)
def test_a_pair_descends_the_sum_of_both_losses_and_of_no_other(objective, hidden, monkeypatch):
    trainer = build(objective, hidden=hidden)
    trainer.network.double()
    trainer.feed.x = trainer.x.double()
    stack = trainer.network.stack
    batch = Batch(0, torch.arange(24), trainer.y, 1.0)
    rails = as_rows(trainer.feed.rails(trainer.feed.x, batch, 0))
    inputs = [rails]
    for layer in stack[:-1]:
        a = layer.transform.traced(layer.read(inputs[-1]))
        inputs.append(layer.respond(a).detach())
    expected = []
    for index, layer in enumerate(stack):
        own = list(layer.transform.parameters())
        a = layer.transform.traced(layer.read(inputs[index]))
        h = layer.respond(a)
        loss = layer.objective.loss(layer.summary(h), trainer.y)
        if index + 1 < len(stack):
            above = stack[index + 1]
            read = above.normalise(h).reshape(len(h), *above.in_shape)
            over = above.respond(above.transform.traced(read))
            loss = loss + above.objective.loss(above.summary(over), trainer.y)
        expected.append(torch.autograd.grad(loss, own))

    followed = {}

    def recorded(learner, share):
        own = learner.module.transform.parameters()
        followed[learner.module] = [parameter.grad.clone() for parameter in own]

    monkeypatch.setattr(Learner, "step", recorded)
    losses = torch.zeros(4, 1, dtype=torch.float64)
    trainer.pipeline.learn(0, [[True] * 4], losses, lambda share: None)

    for layer, gradients in zip(stack, expected, strict=True):
        for found, gradient in zip(followed[layer], gradients, strict=True):
            torch.testing.assert_close(found, gradient, rtol=1e-9, atol=1e-11)


def test_in_one_step_a_layer_feels_the_next_and_no_other():
    plain, perturbed = build(), build()
    with torch.no_grad():
        perturbed.network.stack[3].transform.weight.add_(1.0)

    for trainer in (plain, perturbed):
        trainer.train_epochs(1)  # of a single batch

    felt = [
        not torch.equal(first.transform.weight, second.transform.weight)
        for first, second in zip(plain.network.stack, perturbed.network.stack, strict=True)
    ]
    assert felt == [False, False, True, True]


def test_a_layer_that_sits_out_hands_no_error_down():
    both, alone = build(), build(locality=1)

    both.train_epochs(1, trains=[True, False, True, False])
    alone.train_epochs(1, trains=[True, False, True, False])

    for first, second in zip(both.network.stack, alone.network.stack, strict=True):
        assert torch.equal(first.transform.weight, second.transform.weight)


def test_a_pair_keeps_no_graph():
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        trainer = build()
        trainer.train_epochs(1)

    assert saved  # one graph per pair, one layer deep
    assert all(p.grad_fn is None and p.grad is None for p in trainer.network.parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objective": "self-contrastive", "readout": "probe"}, "judges pairs of samples"),
        (
            {"hidden": (6, LinearConfig(features=6, shortcut="add", span=1))},
            "layer 2 has a shortcut, by which",
        ),
    ],
)
def test_pairs_are_refused_where_an_error_has_no_single_way_down(changes, message):
    with pytest.raises(ConfigError, match=f"^network.locality: .*{message}"):
        FFNetwork(NetworkConfig(**{"locality": 2} | changes), (4,), 3, seed=0)
