import numpy as np
import pytest
import torch

from plurigrid_ff.config import AugmentationConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.learning.backprop import BackpropNetwork, backprop_accuracy, train_backprop
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.rivals import batches, stream
from plurigrid_ff.learning.trainer import Trainer

CPU = torch.device("cpu")


def watch(trainer: Trainer, note) -> list:
    """Return a list that takes a note of every batch on its way to the first layer."""
    seen, rails = [], trainer.feed.rails

    def watched(x, batch, epoch):
        seen.append(note(x, batch))
        return rails(x, batch, epoch)

    trainer.feed.rails = watched
    return seen


@pytest.mark.parametrize("decay", ["cosine", "none"])
def test_the_rival_sees_the_batches_and_step_sizes_of_a_trainer(blobs, decay):
    training = TrainingConfig(epochs=3, batch_size=50, decay=decay)
    network = FFNetwork(NetworkConfig(hidden=(8,)), (12,), 3, seed=4)
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    trainer = Trainer(network, x, y, training, seed=4)
    group = trainer.optimizers[0].param_groups[0]
    seen = watch(trainer, lambda x, batch: (group["lr"], batch.ids.tolist()))
    trainer.train_epochs(3)

    theirs = [(rate, ids.tolist()) for rate, ids in batches(len(y), training, seed=4)]

    assert theirs == seen


def test_the_rival_sees_the_augmentation_of_a_trainer_anew_in_every_epoch(blobs):
    training = TrainingConfig(epochs=2, batch_size=50, augmentation=AugmentationConfig(noise=0.5))
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    network = FFNetwork(NetworkConfig(hidden=(8,)), (12,), 3, seed=4)
    trainer = Trainer(network, x, y, training, seed=4)
    seen = watch(trainer, lambda x, batch: x.clone())
    trainer.train_epochs(2)
    theirs = [samples for _, samples, _ in stream(x, y, training, seed=4)]

    assert all(torch.equal(a, b) for a, b in zip(seen, theirs, strict=True))


def test_the_rival_has_the_hidden_layers_of_the_network_and_a_read_out(blobs):
    before = torch.get_rng_state()

    rival = BackpropNetwork(NetworkConfig(hidden=(10, 6)), (12,), 3, seed=0)

    assert [tuple(weight.shape) for weight in rival.parameters if weight.ndim == 2] == [
        (10, 12),
        (6, 10),
        (3, 6),
    ]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_rival_learns_and_its_seed_decides(blobs):
    training = TrainingConfig(epochs=20, batch_size=32, learning_rate=1e-2)

    scores = [
        backprop_accuracy(blobs, NetworkConfig(hidden=(16,)), training, seed=seed, device=CPU)
        for seed in (0, 0, 1)
    ]

    assert min(scores) > 0.9
    assert scores[0] == scores[1]


def test_the_rival_sees_features_at_the_scale_the_network_sees_them(blobs):
    # One feature is a million times the others: only `standard` lets anything else be seen.
    huge = np.ones(12, np.float32)
    huge[0] = 1e6
    noise = np.random.default_rng(0)

    def spoilt(split: Split) -> Split:
        x = split.x * huge
        x[:, 0] = noise.normal(size=len(x)) * 1e6
        return Split(x.astype(np.float32), split.y)

    data = Dataset(
        "spoilt",
        spoilt(blobs.train),
        spoilt(blobs.validation),
        spoilt(blobs.test),
        ("a", "b", "c"),
        "digest",
    )
    training = TrainingConfig(epochs=20, batch_size=32, learning_rate=1e-2)

    accuracy = {
        scaling: backprop_accuracy(
            data, NetworkConfig(hidden=(16,), scaling=scaling), training, seed=0, device=CPU
        )
        for scaling in ("none", "standard")
    }

    assert accuracy["standard"] > 0.9 > accuracy["none"]


@pytest.mark.parametrize("block", ["residual", "perceptron"])
def test_the_rival_trains_blocks_from_their_own_weights_as_torch_would(blobs, block):
    layer = {"kind": "block", "block": block, "dimensions": 2 if block == "residual" else 0}
    config = NetworkConfig.parse({"hidden": [layer, 9]}, where="test")
    x, y = torch.from_numpy(blobs.train.x).reshape(-1, 3, 4), torch.from_numpy(blobs.train.y)
    training = TrainingConfig(epochs=10, batch_size=32, learning_rate=1e-2)
    fresh = FFNetwork(config, (3, 4), 3, seed=0)
    first, second = (BackpropNetwork(config, (3, 4), 3, seed=0) for _ in range(2))

    for name, parameter in first.layers.stack[0].transform.named_parameters():
        assert torch.equal(parameter, fresh.stack[0].transform.get_parameter(name))
    torch.manual_seed(1)
    train_backprop(first, x, y, training, seed=0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    train_backprop(second, x, y, training, seed=0)

    assert torch.equal(torch.get_rng_state(), before)
    torch.testing.assert_close(
        first.layers.state_dict(), second.layers.state_dict(), rtol=0, atol=0
    )
    states = first.layers.state_dict(), fresh.state_dict()
    for name in states[0]:  # batch statistics are among what is learned
        if name.startswith("layers.0.transform.module"):
            assert not torch.equal(states[0][name], states[1][name]), name
    scores = first(x)
    assert torch.equal(first(x), scores)  # in evaluation mode
    assert (scores.argmax(dim=1) == y).float().mean() > 0.9
