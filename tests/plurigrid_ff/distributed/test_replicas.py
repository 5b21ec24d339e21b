"""A fleet of two stages and two replicas of each."""

from functools import partial

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.distributed.leader import Leader
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import LocalPipeline
from plurigrid_ff.learning.trainer import Trainer

pytestmark = pytest.mark.xdist_group("fleet")


def build(network, training, pipeline=LocalPipeline) -> Trainer:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(120, 64, generator=generator), torch.arange(120) % 3
    config = NetworkConfig.parse({"hidden": [18, 12, 12]} | network, where="test")
    settings = TrainingConfig.parse(
        {"epochs": 3, "batch_size": 33, "optimizer": "sgd", "clip": 0.5} | training, where="test"
    )
    model = FFNetwork(config, (64,), 3, seed=0)
    return Trainer(model, x, y, settings, seed=0, pipeline=pipeline)


def test_stages_of_replicas_learn_what_one_process_learns(replicas):
    fleet = replicas
    for network in ({}, {"objective": "threshold"}):
        alone, divided = build(network, {}), build(network, {}, partial(Leader, fleet))
        expected, found = alone.train_epochs(3), divided.train_epochs(3)

        # A sum over replicas is another order of summation: float32 rounding, a few steps deep.
        torch.testing.assert_close(
            divided.network.state_dict(), alone.network.state_dict(), rtol=1e-4, atol=1e-6
        )
        assert [layer.updates for layer in found] == [layer.updates for layer in expected]
        assert [layer.loss for layer in found] == pytest.approx(
            [layer.loss for layer in expected], rel=1e-5
        )
    with pytest.raises(ConfigError, match=r"layer 1 \(linear, hierarchical\) learns from whole"):
        build({"objective": "hierarchical"}, {}, partial(Leader, fleet))
    with pytest.raises(ConfigError, match="17 leaves 1 of 120 samples"):
        build({}, {"batch_size": 17}, partial(Leader, fleet))
