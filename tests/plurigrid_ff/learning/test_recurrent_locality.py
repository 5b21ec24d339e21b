"""Activity crosses layers and steps in a recurrent network; no gradient does."""

import weakref
from functools import partial

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, RecurrentConfig, TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.sweep import Sweep
from plurigrid_ff.learning.trainer import Trainer

RECURRENT = {
    "static": RecurrentConfig(steps=3),
    "frames": RecurrentConfig(input="frames", lateral=True, order="alternating"),
}
TRAINING = TrainingConfig(epochs=1, batch_size=32, learning_rate=5e-3)


@pytest.fixture(params=RECURRENT)
def recurrent(request) -> RecurrentConfig:
    return RECURRENT[request.param]


@pytest.fixture
def trainer(data, way, recurrent) -> Trainer:
    """Return a trainer of three layers, the highest of which has a label above it or nothing."""
    config = way.model_copy(update={"hidden": (12, 9, 6), "recurrent": recurrent})
    x, y = torch.from_numpy(data.train.x[:64]), torch.from_numpy(data.train.y[:64])
    if way.objective == "self-contrastive" or way.negatives == "learned":
        with pytest.raises(ConfigError, match=r"network\.recurrent"):
            FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
        pytest.skip("recurrent networks do not have it")
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    return Trainer(network, x, y, TRAINING, seed=0)


@pytest.fixture
def visits(monkeypatch):
    """Record what every layer was given at every step, and what it said."""
    found = []

    def visit(self, index, layer, x, whole=Sweep.visit):
        h = whole(self, index, layer, x)
        found.append((index, x, h))
        return h

    monkeypatch.setattr(Sweep, "visit", visit)
    return found


def test_a_layer_feels_the_others_through_their_activities_alone(trainer, visits):
    """Each layer, given the recorded activities of its neighbours, learns alone, bit for bit."""
    network = trainer.network
    twin = FFNetwork(network.config, network.feature_shape, network.num_classes, seed=0)
    plans = plan_steps(TRAINING, 3)

    trainer.train_epochs(1)

    batches = trainer.num_batches
    for index, layer in enumerate(twin.stack):
        rows = [x for place, x, _ in visits if place == index]
        assert len(rows) == batches * network.flow.visits
        alone = learner(f"layers.{index}", layer, plans[index])
        for number, row in enumerate(rows):
            batch = number // network.flow.visits
            alone.set_rate(batch / batches)
            layer.learn(row, targets_of(trainer, batch))
            alone.step()
        torch.testing.assert_close(
            layer.state_dict(), network.stack[index].state_dict(), rtol=0, atol=0
        )


def targets_of(trainer: Trainer, batch: int) -> torch.Tensor:
    """Return the labels of a batch of the first epoch."""
    order = draw_permutation(derive_key(0, "agent-0", "order", 0), torch.arange(len(trainer.y)))
    return trainer.y[torch.split(order, TRAINING.batch_size)[batch]]


def test_what_crosses_a_layer_or_a_step_is_a_constant(trainer, visits):
    trainer.train_epochs(1)

    assert {index for index, _, _ in visits} == {0, 1, 2}
    assert not any(x.requires_grad or h.requires_grad for _, x, h in visits)


def test_no_graph_outlives_a_step_of_a_layer(trainer, monkeypatch):
    kept, alive_after = weakref.WeakSet(), []

    class Held:
        """Stands for a tensor that a graph keeps; it dies with the graph."""

        def __init__(self, tensor):
            self.tensor = tensor
            kept.add(self)

    def visit(self, index, layer, x, whole):
        h = whole(self, index, layer, x)
        alive_after.append(len(kept))
        return h

    whole = Sweep.visit
    monkeypatch.setattr(Sweep, "visit", lambda *args: visit(*args, whole=whole))
    with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
        trainer.train_epochs(1)

    assert len(alive_after) == 3 * trainer.num_batches * trainer.network.flow.visits
    assert not any(alive_after)


def test_activity_does_come_down():
    """The lowest layer hears the highest: that is what recurrence is for."""
    config = NetworkConfig(hidden=(12, 9, 6), recurrent=RecurrentConfig())
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    build = partial(FFNetwork, config, (4,), 3, seed=0)
    plain, moved = build(), build()
    with torch.no_grad():
        moved.stack[2].transform.weight.add_(torch.eye(6, moved.stack[2].in_features))

    before, after = plain.activities(x), moved.activities(x)

    assert not torch.equal(before[0], after[0])
