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
from plurigrid_ff.host.skill import Generator, RunContext, Stateful, Trained
from plurigrid_ff.host.society import build_society

RUN = RunConfig(
    network=NetworkConfig(hidden=(16, 12)),
    training=TrainingConfig(epochs=5, epochs_per_round=2, batch_size=32, learning_rate=5e-3),
    device="cpu",
)


@pytest.fixture
def context(blobs):
    return RunContext(RUN, blobs, build_society(RUN, blobs))


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
    society = build_society(RUN, blobs)
    context = RunContext(RUN, blobs, society, shares.append)

    SKILL.build(SKILL.config(), context).generate(inbox(context))

    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.fixture
def patient(blobs):
    """Build a generator that waits for one round, on probes whose labels say little."""

    def make(**training):
        settings = RUN.training.model_dump() | {"epochs": 40, "epochs_per_round": 1, "patience": 1}
        run = RUN.model_copy(update={"training": TrainingConfig(**(settings | training))})
        society = build_society(run, blobs)
        context = RunContext(run, blobs, society)
        return SKILL.build(SKILL.config(), context), context

    return make


def rounds(generator, context, first=1, last=40):
    """Run rounds until the generator is done; return their outboxes."""
    found = []
    for round in range(first, last + 1):
        found.append(generator.generate(inbox(context, round)))
        if found[-1].done:
            break
    return found


def weights(generator, tmp_path):
    generator.save_network(tmp_path / "n.safetensors")
    return (tmp_path / "n.safetensors").read_bytes()


def test_patience_ends_the_run_with_the_weights_of_the_best_round(patient, tmp_path):
    generator, context = patient()
    found = rounds(generator, context)
    scores = [outbox.summary["validation_accuracy"] for outbox in found]
    best = scores.index(max(scores)) + 1

    until_best, same_context = patient(patience=None)
    rounds(until_best, same_context, last=best)

    assert len(found) == best + 1 < 40
    assert found[-1].summary["kept_round"] == best
    assert found[-1].summary["stopped"] is True
    assert "kept_round" not in found[0].summary
    assert weights(generator, tmp_path) == weights(until_best, tmp_path)
    kept = values(found[best - 1], ACTIVITIES), values(found[-1], ACTIVITIES)
    for a, b in zip(*(activities.layers for activities in kept), strict=True):
        np.testing.assert_array_equal(a, b)
    assert generator.assess().kept_round == best
    assert [layer.updates for layer in generator.assess().layers] == [8 * best] * 2


def test_the_last_round_goes_back_to_the_best_too(patient):
    generator, context = patient(epochs=3, patience=30)

    found = rounds(generator, context)

    scores = [outbox.summary["validation_accuracy"] for outbox in found]
    assert [outbox.done for outbox in found] == [False, False, True]
    assert found[-1].summary["kept_round"] == scores.index(max(scores)) + 1
    assert found[-1].summary["stopped"] is False


def test_patience_waits_until_every_layer_has_begun(patient):
    generator, context = patient(schedule="greedy", epochs=10)

    found = rounds(generator, context)

    assert len(found) > 5
    assert found[-1].summary["kept_round"] > 5


@pytest.mark.parametrize("left", [1, 3])
def test_a_restored_generator_stops_where_it_would_have(patient, tmp_path, left):
    whole, context = patient(patience=2)
    first, _ = patient(patience=2)
    second, _ = patient(patience=2)
    expected = rounds(whole, context)
    stop = len(expected) - left  # before the best round, and after it
    rounds(first, context, last=stop)
    first.save_state(tmp_path)

    second.load_state(tmp_path)
    found = rounds(second, context, first=stop + 1)

    assert [outbox.summary for outbox in found] == [o.summary for o in expected[stop:]]
    assert weights(second, tmp_path) == weights(whole, tmp_path)
