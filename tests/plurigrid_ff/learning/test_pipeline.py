import threading

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError, TrainingError
from plurigrid_ff.learning.channels import DEPTH, BrokenChannelError, Channel
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

TRAINING = TrainingConfig(epochs=3, batch_size=32, learning_rate=5e-3)
SHORTCUTS = tuple(
    {"kind": "conv2d", "features": 6, "kernel": 3, **extra}
    for extra in ({}, {"pool": 2}, {"shortcut": "concat", "span": 2}, {}, {"shortcut": "concat"})
)


def build(data, way, *, workers, hidden=(18, 12, 12, 9), **training) -> Trainer:
    config = way.model_copy(update={"hidden": hidden})
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    settings = TRAINING.model_copy(update={"workers": workers, **training})
    return Trainer(network, x, y, settings, seed=0)


def everything(trainer: Trainer) -> dict[str, torch.Tensor]:
    return trainer.network.state_dict() | trainer.pipeline.state()


def test_threads_learn_what_one_thread_learns_bit_for_bit(data, way):
    if way.readout != "goodness":
        pytest.skip("a probe reads all layers")
    alone, divided = build(data, way, workers=1), build(data, way, workers=3)

    expected = alone.train_epochs(3)
    found = divided.train_epochs(3)

    assert len(divided.pipeline.stages) == 3
    assert found == expected
    torch.testing.assert_close(everything(divided), everything(alone), rtol=0, atol=0)


@pytest.mark.parametrize(
    "training",
    [{"chunk_size": 10}, {"schedule": "staggered"}, {"schedule": "greedy", "epochs": 4}],
    ids=["parts", "staggered", "greedy"],
)
def test_parts_and_schedules_make_no_difference(blobs, training):
    way = NetworkConfig()
    trainers = [
        build(blobs, way, workers=workers, **{"epochs": 5, **training}) for workers in (1, 4)
    ]

    expected, found = (trainer.train_epochs(4) for trainer in trainers)

    assert found == expected
    alone, divided = map(everything, trainers)
    torch.testing.assert_close(divided, alone, rtol=0, atol=0)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_shortcuts_cross_from_stage_to_stage(workers):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(96, 8, 8, generator=generator), torch.arange(96) % 3
    trainers = []
    for count in (1, workers):
        config = NetworkConfig.parse(
            {"hidden": list(SHORTCUTS), "objective": "class-goodness"}, where="test"
        )
        network = FFNetwork(config, (8, 8), 3, seed=0)
        settings = TRAINING.model_copy(update={"workers": count})
        trainers.append(Trainer(network, x, y, settings, seed=0))

    for trainer in trainers:
        trainer.train_epochs(2)

    alone, divided = map(everything, trainers)
    torch.testing.assert_close(divided, alone, rtol=0, atol=0)


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_the_error_of_any_stage_is_the_one_that_is_raised(blobs, layer):
    threads = threading.active_count()
    trainer = build(blobs, NetworkConfig(), workers=4)
    with torch.no_grad():
        trainer.network.stack[layer].transform.bias.fill_(-1e9)

    with pytest.raises(TrainingError, match=f"layer {layer + 1} is exhausted.*epoch 1"):
        trainer.train_epochs(2)

    assert threading.active_count() == threads
    with torch.no_grad():
        trainer.network.stack[layer].transform.bias.zero_()
    assert all(layer.loss is not None for layer in trainer.train_epochs(1))


@pytest.mark.parametrize(
    ("network", "workers", "message"),
    [
        ({}, 5, "training.workers: 5 stages, but the network has 4"),
        ({"locality": 2}, 2, "network.locality = 2"),
        ({"readout": "probe"}, 2, "network.readout = 'probe' reads all layers"),
        ({"recurrent": {"steps": 2}}, 2, "network.recurrent"),
    ],
)
def test_what_reads_across_stages_is_refused(blobs, network, workers, message):
    way = NetworkConfig.parse(network, where="test")

    with pytest.raises(ConfigError, match=message):
        build(blobs, way, workers=workers)


def test_a_channel_holds_a_few_batches_and_then_waits():
    channel = Channel()
    sent = []

    def send():
        for number in range(DEPTH + 3):
            channel.send([torch.tensor(number)])
            sent.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    received = [int(channel.receive()[0])]
    received += [int(channel.receive()[0]) for _ in range(DEPTH + 2)]
    sender.join()

    assert received == sent == list(range(DEPTH + 3))


def test_a_full_channel_lets_nobody_send_until_one_is_taken():
    channel = Channel()
    for _ in range(DEPTH):
        channel.send([])
    sender = threading.Thread(target=channel.send, args=([],))

    sender.start()
    sender.join(0.05)
    waited = sender.is_alive()
    channel.receive()
    sender.join()

    assert waited


@pytest.mark.parametrize(
    "use", [lambda channel: channel.receive(), lambda channel: channel.send([])]
)
def test_a_broken_channel_fails_at_both_ends(use):
    channel = Channel()
    channel.break_off()

    with pytest.raises(BrokenChannelError):
        use(channel)
