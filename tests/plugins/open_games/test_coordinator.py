import json
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_open_games import SKILL, OpenGamesConfig, register_skills
from plurigrid_ff_open_games.budget import BudgetGame
from plurigrid_ff_open_games.coordinator import BudgetCoordinator
from plurigrid_ff_open_games.estimates import GAIN_ESTIMATES

from plurigrid_ff.errors import ConfigError, PluginError
from plurigrid_ff.host.ports import GAINS, SCHEDULE, Inbox, LayerGain, LayerSchedule
from plurigrid_ff.host.skill import Coordinator, Role
from plurigrid_ff.host.society import Society


def inbox(**values):
    society = Society(nx.Graph(), np.zeros((0, 1), np.float32), np.zeros(0, np.int64), 2, seed=0)
    return Inbox("open-games", 0, society, values)


def gain(per_update, updates=1):
    return LayerGain(updates=updates, margin_before=0.0, margin_after=per_update * updates)


def first_round(*per_update, **config):
    gains = {"agent-0": tuple(map(gain, per_update))}
    return BudgetCoordinator(OpenGamesConfig(**config)).coordinate(inbox(gains=gains))


def play_rounds(true_gains, rounds, **config):
    """Let layers with fixed true gains be coordinated; return every round's schedule."""
    coordinator = BudgetCoordinator(OpenGamesConfig(**config))
    trains, fed_back, history = (True,) * len(true_gains), {}, []
    for _ in range(rounds):
        gains = tuple(gain(g, updates=int(t)) for g, t in zip(true_gains, trains, strict=True))
        outbox = coordinator.coordinate(inbox(gains={"agent-0": gains}, **fed_back))
        fed_back = dict(outbox.values)
        trains = outbox.values["schedule"]["agent-0"].trains
        history.append(trains)
    return history


def test_layers_that_gain_too_little_sit_out():
    outbox = first_round(1.0, 0.6, 0.1)

    assert outbox.values["schedule"] == {"agent-0": LayerSchedule(trains=(True, True, False))}
    assert outbox.summary["equilibrium"] == {"agent-0": [1, 1, 0]}
    assert outbox.summary["cost"] == 0.25


def test_at_most_one_plus_one_over_price_measured_layers_train():
    outbox = first_round(*[1.0] * 20, price=0.25)

    assert outbox.summary["training"] == 5


def test_at_price_zero_every_layer_that_gains_trains():
    outbox = first_round(1.0, 1e-9, -1e-9, price=0)

    assert outbox.values["schedule"]["agent-0"].trains == (True, True, False)


def test_one_unlucky_round_does_not_stop_training():
    outbox = first_round(-0.3, -0.1, -0.2)

    assert outbox.values["schedule"]["agent-0"].trains == (False, True, False)
    assert outbox.summary["forced"] == ["agent-0", 1]
    assert outbox.summary["equilibrium"] == {"agent-0": [0, 0, 0]}


def test_training_stops_for_good_where_it_may():
    history = play_rounds((-0.3, -0.1), rounds=4, may_stop=True)

    assert set(history) == {(False, False)}


def test_layers_of_all_agents_share_one_budget():
    gains = {"b": (gain(1.0), gain(1.0)), "a": (gain(1.0), gain(0.01))}
    outbox = BudgetCoordinator(OpenGamesConfig(price=0.5)).coordinate(inbox(gains=gains))

    trains = [t for schedule in outbox.values["schedule"].values() for t in schedule.trains]
    assert sum(trains) == 3
    assert not outbox.values["schedule"]["a"].trains[1]
    assert set(outbox.values["gain-estimates"]) == {"a", "b"}


def test_summary_is_json_and_counts_every_deviation():
    summary = json.loads(json.dumps(first_round(1.0, 0.6, 0.1).summary, allow_nan=False))

    assert summary["regret"] == 0
    assert summary["deviations_checked"] == 3
    assert summary["estimates"] == {"agent-0": [1.0, 0.6, 0.1]}
    assert summary["bids"] == {"agent-0": [1.0, 0.6, 0.1]}


def test_regret_is_computed_from_the_game(monkeypatch):
    monkeypatch.setattr(BudgetGame, "regret", lambda game, profile: 42.0)

    assert first_round(1.0).summary["regret"] == 42.0


def test_the_same_inbox_gives_the_same_outbox():
    assert first_round(1.0, 0.6, 0.1) == first_round(1.0, 0.6, 0.1)


@given(
    gains=st.lists(st.floats(-1, 1), min_size=1, max_size=6),
    price=st.sampled_from([0.0, 0.1, 0.25, 1.0, 5.0]),
    memory=st.sampled_from([0.0, 0.5, 0.9]),
)
def test_no_layer_sits_out_for_more_rounds_than_there_are_layers(gains, price, memory):
    layers = len(gains)

    history = np.array(play_rounds(gains, rounds=3 * layers + 3, price=price, memory=memory))

    assert history.any(axis=1).all()
    for layer in range(layers):
        trained_at = np.flatnonzero(np.append(history[:, layer], True))
        assert np.diff(trained_at, prepend=-1).max() - 1 <= layers


@pytest.mark.parametrize(
    ("port", "value"),
    [
        (SCHEDULE.name, {"agent-0": LayerSchedule(trains=(True,))}),
        (SCHEDULE.name, {}),
        (GAIN_ESTIMATES.name, {"agent-0": ()}),
    ],
)
def test_feedback_that_speaks_of_other_layers_is_refused(port, value):
    box = inbox(gains={"agent-0": (gain(1.0), gain(1.0))}, **{port: value})

    with pytest.raises(PluginError, match=rf"port '{port}' must hold 2 layers of agent 'agent-0'"):
        BudgetCoordinator(OpenGamesConfig()).coordinate(box)


def test_gains_that_are_missing_are_refused():
    with pytest.raises(PluginError, match="gains"):
        BudgetCoordinator(OpenGamesConfig()).coordinate(inbox())


def test_card_names_every_port_that_the_coordinator_uses():
    outbox = first_round(1.0)

    assert SKILL.card.role is Role.COORDINATOR
    assert SKILL.card.consumes == (GAINS.name,)
    assert set(SKILL.card.produces) == set(outbox.values)
    assert set(SKILL.card.feedback) == {SCHEDULE.name, GAIN_ESTIMATES.name}


def test_skill_builds_a_coordinator_from_its_defaults():
    offered = []
    register_skills(offered.append)

    built = SKILL.build(SKILL.config(), None)

    assert offered == [SKILL]
    assert isinstance(built, Coordinator)


def test_a_negative_price_is_refused():
    with pytest.raises(ConfigError, match=r"price.*greater than or equal to 0"):
        SKILL.parse_config({"open-games": {"price": -1}}, where="run.toml")


def test_importing_the_plugin_loads_no_heavy_library():
    code = "import sys, plurigrid_ff_open_games; print({'numpy', 'torch'} & set(sys.modules))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "set()"


def test_agents_play_with_all_their_layers():
    gains = {"b": (gain(0.9), gain(1.1)), "a": (gain(0.1), gain(0.1)), "c": (gain(1.0),)}
    config = OpenGamesConfig(players="agents", price=0.5)

    outbox = BudgetCoordinator(config).coordinate(inbox(gains=gains))

    trains = {agent: plan.trains for agent, plan in outbox.values["schedule"].items()}
    assert trains == {"a": (False, False), "b": (True, True), "c": (True,)}
    assert outbox.summary["equilibrium"] == {"a": [0], "b": [1], "c": [1]}
    assert outbox.summary["deviations_checked"] == 3


def test_an_agent_that_sat_out_returns_as_one():
    config = OpenGamesConfig(players="agents", price=0.5)
    coordinator = BudgetCoordinator(config)
    true, fed_back, out = {"a": 0.1, "b": 1.0, "c": 1.0}, {}, []
    trains = dict.fromkeys(true, True)
    for _ in range(6):
        gains = {a: (gain(g, updates=int(trains[a])),) * 2 for a, g in true.items()}
        outbox = coordinator.coordinate(inbox(gains=gains, **fed_back))
        fed_back = dict(outbox.values)
        trains = {a: plan.trains[0] for a, plan in outbox.values["schedule"].items()}
        assert all(len(set(plan.trains)) == 1 for plan in outbox.values["schedule"].values())
        out.append(trains["a"])

    assert out[0] is False
    assert True in out


def test_regrets_tell_what_the_round_just_played_gave_away():
    outbox = first_round(1.0, 0.6, 0.1)

    game = BudgetGame((1.0, 0.6, 0.1), 0.25)
    expected = [max(0.0, gained) for gained in game.improvements((1, 1, 1))]
    assert outbox.summary["regrets"] == {"agent-0": expected}
    assert expected[2] == pytest.approx(0.4)
    assert outbox.summary["epsilon"] == 0


def test_a_forced_layer_shows_in_epsilon():
    outbox = first_round(-0.3, -0.1, -0.2)

    assert outbox.summary["regret"] == 0
    assert outbox.summary["epsilon"] == pytest.approx(0.1)
