import numpy as np
import pytest
from plurigrid_ff_forward_forward_learning import SKILL

from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    SCHEDULE,
    Inbox,
    LayerSchedule,
)
from plurigrid_ff.host.rounds import society_of_one
from plurigrid_ff.host.skill import Generator, RunContext, Stateful, Trained

RUN = RunConfig(
    network=NetworkConfig(hidden=(16, 12)),
    training=TrainingConfig(epochs=5, epochs_per_round=2, batch_size=32, learning_rate=5e-3),
    device="cpu",
)


@pytest.fixture
def context(blobs):
    return RunContext(RUN, blobs, society_of_one(RUN, blobs.validation.x, blobs.validation.y, 3))


@pytest.fixture
def build(context):
    return lambda: SKILL.build(SKILL.config(), context)


def inbox(context, round=1, trains=None):
    values = {}
    if trains is not None:
        values[SCHEDULE.name] = {"agent-0": LayerSchedule(trains=trains)}
    return Inbox(SKILL.name, round, context.society, values)


def values(outbox, port):
    return outbox.values[port.name]["agent-0"]


def test_the_skill_builds_what_its_card_promises(build):
    generator = build()

    assert isinstance(generator, Generator)
    assert isinstance(generator, Stateful)
    assert isinstance(generator, Trained)


def test_a_round_writes_activities_and_gains_on_the_probes(build, context):
    outbox = build().generate(inbox(context))

    activities = values(outbox, ACTIVITIES)
    assert activities.inputs.shape == (60, 12)
    assert [layer.shape for layer in activities.layers] == [(60, 16), (60, 12)]
    assert all(layer.dtype == np.float32 for layer in activities.layers)
    gains = values(outbox, GAINS)
    assert [gain.updates for gain in gains] == [16, 16]
    assert all(gain.margin_after > gain.margin_before for gain in gains)


def test_initial_activities_stay_those_of_the_untrained_network(build, context):
    generator = build()
    untrained = generator.generate(inbox(context, trains=(False, False)))
    trained = generator.generate(inbox(context))

    for before, after in zip(
        values(untrained, ACTIVITIES).layers,
        values(trained, INITIAL_ACTIVITIES).layers,
        strict=True,
    ):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(
        values(trained, ACTIVITIES).layers[0], values(trained, INITIAL_ACTIVITIES).layers[0]
    )


def test_a_layer_that_the_schedule_leaves_out_takes_no_step(build, context):
    outbox = build().generate(inbox(context, trains=(True, False)))

    assert [gain.updates for gain in values(outbox, GAINS)] == [16, 0]
    assert outbox.summary["layers"][1]["loss"] is None


def test_the_last_round_does_what_is_left_of_the_epochs(build, context):
    generator = build()

    epochs = [generator.generate(inbox(context, r)).summary["epochs"] for r in (1, 2, 3)]

    assert epochs == [2, 2, 1]


def test_a_restored_generator_goes_on_as_if_nothing_had_happened(build, context, tmp_path):
    whole, first, second = build(), build(), build()
    whole.generate(inbox(context))
    first.generate(inbox(context))
    first.save_state(tmp_path)

    second.load_state(tmp_path)
    expected = whole.generate(inbox(context, 2))
    found = second.generate(inbox(context, 2))

    for port in (ACTIVITIES, INITIAL_ACTIVITIES):
        for a, b in zip(values(expected, port).layers, values(found, port).layers, strict=True):
            np.testing.assert_array_equal(a, b)
    assert values(expected, GAINS) == values(found, GAINS)
    assert expected.summary == found.summary


def test_the_assessment_is_of_the_test_split(build, context):
    generator = build()
    for round in (1, 2, 3):
        generator.generate(inbox(context, round))

    assessment = generator.assess()

    assert assessment.samples == 60
    assert assessment.accuracy >= 0.95
    assert [layer.updates for layer in assessment.layers] == [40, 40]
    assert assessment.class_names == ("a", "b", "c")


def test_progress_reaches_the_whole_round(blobs):
    shares = []
    society = society_of_one(RUN, blobs.validation.x, blobs.validation.y, 3)
    context = RunContext(RUN, blobs, society, shares.append)

    SKILL.build(SKILL.config(), context).generate(inbox(context))

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
