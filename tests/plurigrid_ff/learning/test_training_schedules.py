"""Schedules at work: which layers learn when, and that none feels a later one."""

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives import known_objectives
from plurigrid_ff.learning.trainer import Trainer

SCHEDULES = ("simultaneous", "greedy", "staggered")
OBJECTIVES = sorted(known_objectives())
TRAINING = {"epochs": 3, "batch_size": 60, "learning_rate": 5e-3}


def build(data, schedule, *, objective="projection", **settings):
    contrast = known_objectives()[objective].contrast
    config = NetworkConfig(
        hidden=(18, 12, 9),
        objective=objective,
        readout="probe" if contrast == "pairs" else "goodness",
    )
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=0)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    training = TrainingConfig(**{**TRAINING, "schedule": schedule, **settings})
    return Trainer(network, x, y, training, seed=0)


def state(layer):
    return {name: value.clone() for name, value in layer.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_perturbing_a_later_layer_changes_no_earlier_update(blobs, schedule, objective):
    plain = build(blobs, schedule, objective=objective)
    perturbed = build(blobs, schedule, objective=objective)
    begun = [state(layer) for layer in plain.network.stack]
    with torch.no_grad():
        for parameter in perturbed.network.stack[2].parameters():
            parameter.add_(1.0)

    plain.train_epochs(3)
    perturbed.train_epochs(3)

    layers = zip(begun, plain.network.stack, perturbed.network.stack, strict=True)
    for index, (before, one, other) in enumerate(layers):
        assert not same(before, state(one))
        assert same(state(one), state(other)) == (index < 2)


@pytest.mark.parametrize(
    ("schedule", "learning"),
    [
        ("simultaneous", [{0, 1, 2}, {0, 1, 2}, {0, 1, 2}]),
        ("greedy", [{0}, {1}, {2}]),
        ("staggered", [{0}, {1}, {2}]),
    ],
)
def test_layers_change_in_their_own_epochs_only(blobs, schedule, learning):
    trainer = build(blobs, schedule)

    for expected in learning:
        before = [state(layer) for layer in trainer.network.stack]
        progress = trainer.train_epochs(1)
        after = [state(layer) for layer in trainer.network.stack]
        changed = {i for i, pair in enumerate(zip(before, after, strict=True)) if not same(*pair)}
        assert changed == expected
        assert {i for i, layer in enumerate(progress) if layer.updates} == expected
        assert {i for i, layer in enumerate(progress) if layer.loss is not None} == expected


def test_layers_above_the_last_that_learns_are_not_run(blobs):
    trainer = build(blobs, "greedy")
    trainer.network.stack[2].register_forward_pre_hook(lambda *_: pytest.fail("it was run"))
    trainer.network.stack[2].transform.register_forward_pre_hook(
        lambda *_: pytest.fail("it was run")
    )

    trainer.train_epochs(2)

    assert trainer.updates == [4, 4, 0]


def test_a_layer_learns_where_schedule_and_coordinator_both_say_so(blobs):
    trainer = build(blobs, "staggered", epochs=4)

    updates = [
        [layer.updates for layer in trainer.train_epochs(1, trains=trains)]
        for trains in ([True, True, True], [False, True, True], [True, True, False])
    ]

    assert updates == [[4, 0, 0], [0, 4, 0], [0, 4, 0]]


def test_a_stretch_over_several_windows_tells_the_last_loss_of_each(blobs):
    whole, parts = build(blobs, "greedy"), build(blobs, "greedy")

    progress = whole.train_epochs(3)
    steps = [parts.train_epochs(1) for _ in range(3)]

    assert progress == [steps[index][index] for index in range(3)]
    assert whole.updates == parts.updates == [4, 4, 4]


def test_greedy_trains_a_layer_as_if_it_were_alone(blobs):
    greedy = build(blobs, "greedy", decay="none")
    alone = build(blobs, "simultaneous", decay="none")

    greedy.train_epochs(1)
    alone.train_epochs(1, trains=[True, False, False])

    assert same(state(greedy.network), state(alone.network))


def test_beyond_the_planned_epochs_the_last_layers_go_on(blobs):
    trainer = build(blobs, "greedy")
    trainer.train_epochs(3)

    progress = trainer.train_epochs(1)

    assert [layer.updates for layer in progress] == [0, 0, 4]


def test_all_have_begun_once_the_last_has_had_an_epoch(blobs):
    trainer = build(blobs, "greedy")

    begun = []
    for _ in range(3):
        trainer.train_epochs(1)
        begun.append(trainer.all_have_begun)

    assert begun == [False, False, True]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_learns(blobs, schedule):
    trainer = build(blobs, schedule, epochs=15, batch_size=32)

    trainer.train_epochs(15)

    predicted = trainer.network.predict(torch.from_numpy(blobs.test.x))
    assert (predicted == torch.from_numpy(blobs.test.y)).double().mean() >= 0.95
