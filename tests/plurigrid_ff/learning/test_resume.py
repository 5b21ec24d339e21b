"""An interrupted training ends in the bits of an uninterrupted one, whatever the settings."""

from dataclasses import replace

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.tensors import read_tensors
from plurigrid_ff.learning.trainer import STATE_FILE, Trainer

WAYS = {
    "sgd": {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-3},
    "sgd without momentum": {"optimizer": "sgd", "momentum": 0.0},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1, "clip": 0.5},
    "an optimizer per layer": {"optimizer": ["adam", "sgd"], "learning_rate": [2e-3, 1e-2]},
    "greedy": {"schedule": "greedy", "warmup": 1.5, "decay": "linear"},
    "staggered": {"schedule": "staggered", "decay": "step"},
    "augmentation": {
        "augmentation": {"shift": 1, "rotate": 10.0, "elastic": 0.5, "flip": True, "noise": 0.1}
    },
    "bfloat16": {"precision": "bfloat16"},
}


@pytest.fixture
def images(blobs):
    def image(split):
        return Split(split.x.reshape(-1, 3, 4), split.y)

    return replace(blobs, train=image(blobs.train))


def build(data, settings, objective="projection"):
    training = TrainingConfig(epochs=4, batch_size=64, **settings)
    readout = "probe" if objective == "self-contrastive" else "goodness"
    config = NetworkConfig(hidden=(18, 12), objective=objective, readout=readout)
    network = FFNetwork(config, (3, 4), 3, seed=0)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    return Trainer(network, x, y, training, seed=0)


@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize("settings", WAYS.values(), ids=WAYS)
def test_a_resumed_trainer_ends_in_the_same_bits(images, settings, stop, tmp_path):
    whole, first, second = (build(images, settings) for _ in range(3))
    whole.train_epochs(4)
    first.train_epochs(stop)
    first.save_state(tmp_path)

    second.network.load_state_dict(first.network.state_dict())
    second.load_state(tmp_path)
    second.train_epochs(4 - stop)
    second.save_state(tmp_path)
    whole.save_state(tmp_path / "whole")

    expected = whole.network.state_dict() | read_tensors(tmp_path / "whole" / STATE_FILE)[0]
    found = second.network.state_dict() | read_tensors(tmp_path / STATE_FILE)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("objective", ["projection", "self-contrastive"])
def test_augmentation_changes_what_is_learned(images, objective):
    plain, augmented = build(images, {}, objective), build(images, WAYS["augmentation"], objective)

    plain.train_epochs(1)
    augmented.train_epochs(1)

    weights = [t.network.stack[0].transform.weight for t in (plain, augmented)]
    assert not torch.equal(*weights)


def test_the_partner_of_a_sample_is_augmented_as_that_sample_is(images):
    trainer = build(images, WAYS["augmentation"], "self-contrastive")
    seen = {}
    view = trainer.feed.augmentation

    def recorded(x, sample_ids, *, key):
        found = view(x, sample_ids, key=key)
        for sample, shown in zip(sample_ids.tolist(), found, strict=True):
            seen.setdefault(sample, []).append(shown)
        return found

    trainer.feed.augmentation = recorded
    trainer.train_epochs(1)

    # Each sample is learned from once, and is the partner of some others.
    assert sum(map(len, seen.values())) == 2 * 240
    assert all(torch.equal(shown, one[0]) for one in seen.values() for shown in one)
