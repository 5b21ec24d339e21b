"""One fleet of two stages learns everything in here, one network after the other."""

from functools import partial

import pytest
import torch

from plurigrid_ff import runs
from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.distributed.command import saved_so_far
from plurigrid_ff.distributed.leader import Leader
from plurigrid_ff.errors import ConfigError, StageLostError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import LocalPipeline
from plurigrid_ff.learning.trainer import Trainer

pytestmark = pytest.mark.xdist_group("fleet")

TRAINING = {"epochs": 4, "batch_size": 50, "learning_rate": 5e-3, "augmentation": {"noise": 0.1}}
IMAGES = [
    {"kind": "conv2d", "features": 6, "kernel": 3, "pool": 2},
    {"kind": "conv2d", "features": 6, "kernel": 3},
    {"kind": "conv2d", "features": 6, "kernel": 3, "shortcut": "concat", "span": 2},
    12,
]
WAYS = {
    "one rail": ({}, {}),
    "labels apart": ({"objective": "threshold", "scaling": "standard"}, {}),
    "parts of a batch": ({"objective": "distance"}, {"chunk_size": 16}),
    "greedy": ({"objective": "class-goodness"}, {"schedule": "greedy"}),
    "shortcuts between images": ({"hidden": IMAGES, "objective": "class-goodness"}, {}),
    "a class tree": ({"objective": "hierarchical", "options": {"tree": 1.0}}, {}),
}


def build(network, training, pipeline=LocalPipeline) -> Trainer:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(120, 1, 8, 8, generator=generator), torch.arange(120) % 3
    config = NetworkConfig.parse({"hidden": [18, 12, 12, 9]} | network, where="test")
    model = FFNetwork(config, (1, 8, 8), 3, seed=0)
    settings = TrainingConfig.parse(TRAINING | training, where="test")
    return Trainer(model, x, y, settings, seed=0, pipeline=pipeline)


def everything(trainer: Trainer) -> dict[str, torch.Tensor]:
    return trainer.network.state_dict() | trainer.pipeline.state()


@pytest.mark.parametrize("way", WAYS)
def test_two_processes_learn_what_one_learns_bit_for_bit(stages, way):
    alone, divided = build(*WAYS[way]), build(*WAYS[way], partial(Leader, stages))

    for trainer in (alone, divided):
        trainer.progress = trainer.train_epochs(4)

    assert divided.progress == alone.progress
    torch.testing.assert_close(everything(divided), everything(alone), rtol=0, atol=0)
    assert [len(cut) > 0 for cut in stages.cuts] == [True, True]


@pytest.mark.parametrize("saving", ["divided", "alone"])
def test_a_checkpoint_goes_on_with_another_number_of_stages(stages, tmp_path, saving):
    pipelines = {"alone": LocalPipeline, "divided": partial(Leader, stages)}
    whole = build({}, {})
    first = build({}, {}, pipelines.pop(saving))
    second = build({}, {}, *pipelines.values())

    whole.train_epochs(4)
    first.train_epochs(2)
    first.save_state(tmp_path)
    second.network.load_state_dict(first.network.state_dict())
    second.load_state(tmp_path)
    second.train_epochs(2)

    assert second.updates == whole.updates
    torch.testing.assert_close(everything(second), everything(whole), rtol=0, atol=0)


def test_stages_are_refused_before_anything_is_sent(stages):
    with pytest.raises(ConfigError, match="torchrun's processes: 2 stages, but the network has 1"):
        build({"hidden": [12]}, {}, partial(Leader, stages))
    with pytest.raises(ConfigError, match="training.workers: 2 threads"):
        build({}, {"workers": 2}, partial(Leader, stages))
    with pytest.raises(ConfigError, match="2 stages pass activity upwards.*'probe'"):
        build({"readout": "probe"}, {}, partial(Leader, stages))


def test_each_stage_tells_how_long_it_took(stages):
    trainer = build({}, {}, partial(Leader, stages))

    trainer.train_epochs(1)

    assert all(clock > 0 and cpu > 0 for clock, cpu in trainer.pipeline.seconds)
    assert len(trainer.pipeline.seconds) == 2


def test_a_lost_stage_stops_the_run_which_goes_on_alone(two_stages, tmp_path):
    # The last test of this file: the other process is gone afterwards.
    fleet, other = two_stages
    config = RunConfig.parse(
        {
            "network": {"hidden": [20, 20]},
            "training": {"epochs": 6, "epochs_per_round": 2, "batch_size": 256},
            "device": "cpu",
        },
        where="test",
    )

    def lose(entry):
        if entry.round == 2:  # the second round is over, and not saved yet
            other.kill()
            other.join()

    with pytest.raises(StageLostError, match=r"stage 2 of 2 \(layers 2 to 2, rank 1 on .*was lost"):
        runs.train(
            config,
            tmp_path / "lost",
            watcher=runs.Watcher(on_entry=lose),
            pipeline=partial(Leader, fleet),
        )
    saved = saved_so_far(config, tmp_path / "lost")
    resumed = runs.train(config, tmp_path / "lost", resume=True)
    whole = runs.train(config, tmp_path / "whole")

    assert "after round 1 (epoch 2)" in saved
    assert resumed.layers == whole.layers
    written = [tmp_path / name / "network.safetensors" for name in ("lost", "whole")]
    assert written[0].read_bytes() == written[1].read_bytes()
