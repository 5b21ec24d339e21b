"""No layer feels one above it: every objective and source of negatives, every kind of layer.

Linear layers stand in test_trainer.py, and schedules beside them.
"""

import weakref
from dataclasses import replace

import pytest
import torch

from plurigrid_ff.config import (
    BlockConfig,
    ConvConfig,
    LinearConfig,
    NetworkConfig,
    TrainingConfig,
)
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

CONV = {"kind": "conv2d", "features": 6}
STACKS = {
    "convolutions-with-shortcuts": (
        ConvConfig(**CONV, peer=0.03),
        ConvConfig(**CONV, norm="group", pool=2, grid=1),
        ConvConfig(**CONV, norm="layer", shortcut="concat"),
        ConvConfig(kind="conv2d", features=12, norm="group", shortcut="add", span=1),
    ),
    "local-receptive-fields": (
        ConvConfig(kind="local2d", features=3, stride=2, peer=0.1),
        ConvConfig(kind="local2d", features=3, norm="layer"),
        LinearConfig(features=9, norm="layer"),
        LinearConfig(features=9, shortcut="add", span=1),
    ),
    "over-time": (
        ConvConfig(kind="conv1d", features=6, pool=2, pooling="average"),
        ConvConfig(kind="conv1d", features=6, norm="layer", grid=1),
        LinearConfig(features=9),
    ),
    "blocks": (
        BlockConfig(block="residual", dimensions=2, grid=1, peer=0.03),
        BlockConfig(block="residual", shortcut="add", span=1, norm="group"),
        BlockConfig(block="perceptron", dimensions=0),
        LinearConfig(features=9),
    ),
    "blocks-with-attention": (
        BlockConfig(block="encoder"),
        BlockConfig(block="encoder", shortcut="concat", span=1, norm="layer"),
        LinearConfig(features=9),
    ),
}
SHAPE = (3, 4)  # an image, or three bands over four frames


@pytest.fixture(params=STACKS)
def stack(request) -> str:
    return request.param


@pytest.fixture
def shaped(blobs) -> Dataset:
    """Return a few samples in a shape that every stack can read."""

    def part(split: Split, count: int) -> Split:
        return Split(split.x[:count].reshape(-1, *SHAPE), split.y[:count])

    return replace(
        blobs,
        train=part(blobs.train, 96),
        validation=part(blobs.validation, 32),
        test=part(blobs.test, 32),
    )


def build(data: Dataset, way: NetworkConfig, stack: str, layers: int | None = None) -> Trainer:
    config = way.model_copy(update={"hidden": STACKS[stack][:layers]})
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    training = TrainingConfig(epochs=2, batch_size=32, learning_rate=5e-3)
    return Trainer(network, x, y, training, seed=0)


def learned(trainer: Trainer, layers: int) -> dict[str, torch.Tensor]:
    """Weights of the first layers, and of the source of negatives."""
    parts = {f"layers.{i}": trainer.network.stack[i].state_dict() for i in range(layers)}
    if trainer.negatives is not None:
        parts["negatives"] = trainer.negatives.state_dict()
    return {f"{p}.{k}": v.clone() for p, state in parts.items() for k, v in state.items()}


def test_perturbing_a_later_layer_changes_no_update_of_an_earlier_one(shaped, way, stack):
    plain, perturbed = build(shaped, way, stack), build(shaped, way, stack)
    top = len(plain.network.stack) - 1
    with torch.no_grad():
        for parameter in perturbed.network.stack[top].parameters():
            parameter.add_(1.0)
    before = learned(plain, top)

    plain.train_epochs(1)
    perturbed.train_epochs(1)

    after = learned(plain, top)
    torch.testing.assert_close(learned(perturbed, top), after, rtol=0, atol=0)
    for index in range(top):  # and every layer did learn
        place = f"layers.{index}.transform."
        weights = [name for name in before if name.startswith(place) and "weight" in name]
        assert weights
        assert not any(torch.equal(before[name], after[name]) for name in weights)


def test_a_layer_learns_the_same_whether_or_not_others_stand_on_it(shaped, way, stack):
    deep, shallow = build(shaped, way, stack), build(shaped, way, stack, layers=2)

    deep.train_epochs(1)
    shallow.train_epochs(1)

    torch.testing.assert_close(learned(deep, 2), learned(shallow, 2), rtol=0, atol=0)


def test_no_graph_outlives_a_step(shaped, way, stack):
    kept = weakref.WeakSet()

    class Held:
        """Stands for a tensor that a graph keeps; it dies with the graph."""

        def __init__(self, tensor):
            self.tensor = tensor
            kept.add(self)

    trainer = build(shaped, way, stack)
    with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
        trainer.train_epochs(1)

    assert len(kept) == 0
