import numpy as np
import pytest
from plurigrid_ff_forward_forward_learning import SKILL

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import PluginError, TrainingError
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    MARGINS,
    MIXED_PARAMETERS,
    PARAMETERS,
    VERDICT,
    Inbox,
)
from plurigrid_ff.host.skill import RunContext, Settles, TrainedSociety
from plurigrid_ff.host.society import build_society
from plurigrid_ff.results import Verdict
from plurigrid_ff.testing import check_skill

FEW = {"agents": 3, "graph": "complete"}
WEIGHT = "layers.0.transform.weight"


@pytest.fixture
def make(blobs):
    def build(training=None, network=None, **society):
        run = RunConfig.model_validate(
            {
                "network": {"hidden": (12, 9), "objective": "class-goodness", **(network or {})},
                "training": {"epochs": 4, "epochs_per_round": 1, "batch_size": 32}
                | (training or {}),
                "society": FEW | society,
                "device": "cpu",
            }
        )
        context = RunContext(run, blobs, build_society(run, blobs))
        return SKILL.build(SKILL.config(), context), context.society

    return build


def inbox(society, round=1, mixed=None, passed=None, judged=True):
    values = {}
    if mixed is not None:
        values[MIXED_PARAMETERS.name] = mixed
        if judged:
            told = Verdict(passed=passed, measure=None, limit=0.0, reason="as told")
            values[VERDICT.name] = told
    return Inbox(SKILL.name, round, society, values)


def halved(parameters):
    return {
        name: {key: value / np.float32(2) for key, value in own.items()}
        for name, own in parameters.items()
    }


def weights(generator):
    return {name: agent.parameters() for name, agent in generator.networks.items()}


def test_every_agent_writes_every_port(make):
    generator, society = make()
    outbox = generator.generate(inbox(society))

    assert isinstance(generator, TrainedSociety)
    assert isinstance(generator, Settles)
    for port in (PARAMETERS, ACTIVITIES, GAINS, MARGINS):
        assert set(outbox.values[port.name]) == set(society.agents)
    assert set(outbox.summary["agents"]) == set(society.agents)


def test_margins_are_positive_where_the_agent_is_right(make):
    generator, society = make(training={"epochs_per_round": 4})
    outbox = generator.generate(inbox(society))

    for name, margins in outbox.values[MARGINS.name].items():
        assert margins.shape == (60,)
        assert margins.dtype == np.float32
        told = outbox.summary["agents"][name]["validation_accuracy"]
        assert (margins > 0).mean() == pytest.approx(told)


def test_parameters_are_what_trains_and_stay_what_they_were(make):
    generator, society = make(network={"objective": "projection"})
    first = generator.generate(inbox(society)).values[PARAMETERS.name]
    kept = first["agent-1"][WEIGHT].copy()
    generator.generate(inbox(society, 2))

    assert set(first["agent-1"]) == {
        f"layers.{layer}.{what}"
        for layer in (0, 1)
        for what in ("transform.weight", "transform.bias", "objective.directions")
    }
    np.testing.assert_array_equal(first["agent-1"][WEIGHT], kept)


@pytest.mark.parametrize(
    ("passed", "judged", "taken"),
    [(True, True, True), (None, True, True), (None, False, True), (False, True, False)],
)
def test_mixed_weights_are_taken_up_unless_the_verdict_is_no(make, passed, judged, taken):
    generator, society = make()
    own = generator.generate(inbox(society)).values[PARAMETERS.name]

    generator.settle(inbox(society, 1, halved(own), passed, judged))

    expected = halved(own) if taken else own
    for name, held in weights(generator).items():
        for key, value in held.items():
            np.testing.assert_array_equal(value, expected[name][key])


def test_training_goes_on_from_the_mixed_weights(make):
    generator, society = make()
    other, _ = make()
    for each in (generator, other):
        own = each.generate(inbox(society)).values[PARAMETERS.name]
    taken = generator.generate(inbox(society, 2, halved(own), True)).values
    refused = other.generate(inbox(society, 2, halved(own), False)).values

    assert taken[GAINS.name]["agent-0"] != refused[GAINS.name]["agent-0"]
    alone, _ = make()
    alone.generate(inbox(society))
    plain = alone.generate(inbox(society, 2)).values
    np.testing.assert_array_equal(
        refused[PARAMETERS.name]["agent-2"][WEIGHT], plain[PARAMETERS.name]["agent-2"][WEIGHT]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda own: own.pop(WEIGHT), r"must have shape \(12, 12\), .* got none"),
        (lambda own: own.update(more=own[WEIGHT]), r"'more' of agent .* absent, .* \(12, 12\)"),
        (lambda own: own.update({WEIGHT: own[WEIGHT].T[:5]}), r"got \(5, 12\)"),
        (lambda own: own.update({WEIGHT: own[WEIGHT] * np.float32("nan")}), r"not finite"),
    ],
)
def test_mixed_weights_that_do_not_fit_are_refused(make, change, message):
    generator, society = make()
    own = generator.generate(inbox(society)).values[PARAMETERS.name]
    change(own["agent-1"])
    before = weights(generator)

    with pytest.raises(PluginError, match=f"port 'mixed-parameters': .*{message}"):
        generator.settle(inbox(society, 1, {"agent-1": own["agent-1"]}, True))
    np.testing.assert_array_equal(weights(generator)["agent-1"][WEIGHT], before["agent-1"][WEIGHT])


@pytest.mark.parametrize("start", ["different", "common"])
def test_agents_start_from_weights_of_their_own_or_the_same(make, start):
    generator, _ = make(start=start)
    first, second = (generator.networks[name].parameters()[WEIGHT] for name in FIRST_TWO)

    assert (first == second).all() == (start == "common")


FIRST_TWO = ("agent-0", "agent-1")


def test_each_agent_learns_from_its_shard_alone(make):
    generator, society = make(start="common", shards="classes:2")
    seen = {name: set(generator.networks[name].trainer.y.tolist()) for name in society.agents}

    assert all(len(classes) == 2 for classes in seen.values())
    assert set.union(*seen.values()) == {0, 1, 2}


def raise_foreign(*args, **kwargs):
    raise ZeroDivisionError("in a block of a plugin")


def raise_known(*args, **kwargs):
    raise TrainingError("loss of layer 1 is nan in epoch 1")


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (raise_foreign, "ZeroDivisionError: in a block of a plugin"),
        (raise_known, "loss of layer 1 is nan in epoch 1"),
    ],
)
def test_an_agent_that_raises_is_excluded_and_the_others_go_on(make, monkeypatch, fail, reason):
    generator, society = make()
    monkeypatch.setattr(generator.networks["agent-1"].trainer, "train_epochs", fail)

    outbox = generator.generate(inbox(society))

    assert outbox.excluded == {"agent-1": reason}
    assert all(set(value) == {"agent-0", "agent-2"} for value in outbox.values.values())
    rest = society.without(outbox.excluded)
    again = generator.generate(inbox(rest, 2))
    assert again.excluded == {}
    assert set(again.values[PARAMETERS.name]) == {"agent-0", "agent-2"}


def test_an_agent_with_weights_that_are_not_finite_is_excluded(make, monkeypatch):
    generator, society = make()
    agent = generator.networks["agent-2"]
    real = agent.trainer.train_epochs

    def poison(*args, **kwargs):
        layers = real(*args, **kwargs)
        agent.network.stack[1].transform.weight.data[0, 0] = float("nan")
        return layers

    monkeypatch.setattr(agent.trainer, "train_epochs", poison)

    excluded = generator.generate(inbox(society)).excluded

    assert list(excluded) == ["agent-2"]
    assert "'layers.1.transform.weight' is not finite after round 1" in excluded["agent-2"]


def test_the_error_of_a_single_agent_ends_the_run(make, monkeypatch):
    generator, society = make(agents=1)
    monkeypatch.setattr(generator.networks["agent-0"].trainer, "train_epochs", raise_known)

    with pytest.raises(TrainingError, match="loss of layer 1"):
        generator.generate(inbox(society))


def test_a_network_that_took_up_a_merge_is_not_that_of_its_best_round(make):
    generator, society = make(training={"patience": 3})
    for round in range(1, 5):
        own = generator.generate(inbox(society, round)).values[PARAMETERS.name]
    agent = generator.networks["agent-0"]
    assert agent.kept_round is not None

    generator.settle(inbox(society, 4, halved(own), True))

    assert agent.kept_round is None
    np.testing.assert_array_equal(agent.parameters()[WEIGHT], halved(own)["agent-0"][WEIGHT])


def test_the_skill_keeps_the_contract_in_a_society():
    check_skill(SKILL, agents=3)
