import json

import numpy as np
import pytest
from plurigrid_ff_jaxlife_open_ended import register_tools, tools, world_step
from plurigrid_ff_jaxlife_open_ended.checkpoint import load_simulation

from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.host.agent_tools import ToolContext, check_agent_tool
from plurigrid_ff.host.plugins import Host

SMALL = {"agents": 24, "size": 12, "hidden": 4, "max_births": 4}


def test_a_world_goes_on_through_plain_data():
    whole = world_step({"config": SMALL, "steps": 6})

    half = world_step({"config": SMALL, "steps": 2})
    again = world_step({"state": json.loads(json.dumps(half))["state"], "steps": 4})

    assert again["state"] == whole["state"]
    assert again["agents"] == whole["agents"]
    assert again["step"] == 6
    counts = {name: half["counts"][name] + again["counts"][name] for name in whole["counts"]}
    assert counts == whole["counts"]


def test_the_answer_shows_who_lives_and_where_food_is():
    answer = world_step({"config": SMALL, "steps": 1})

    assert np.array(answer["food"]).shape == (12, 12)
    agent = answer["agents"][0]
    assert agent["would"] in ("rest", "north", "east", "south", "west", "eat")
    assert len(answer["agents"]) == 24 - answer["counts"]["deaths"] + answer["counts"]["births"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"config": {"agents": 1}}, "world_step: config.agents"),
        ({"steps": 0}, "world_step: steps"),
        ({"config": SMALL, "state": {"config": SMALL, "arrays": ""}}, "and not both"),
    ],
)
def test_a_bad_question_names_the_key(request_, message):
    with pytest.raises(ConfigError, match=message):
        world_step(request_)


def test_a_damaged_state_says_so():
    state = world_step({"config": SMALL})["state"]

    with pytest.raises(CheckpointError, match="expected what an answer gave"):
        world_step({"state": {**state, "arrays": state["arrays"][:-8]}})
    with pytest.raises(CheckpointError, match="of a world of state.config"):
        world_step({"state": {**state, "config": {**SMALL, "size": 13}}})


def test_tools_are_described_and_work_within_bounds(tmp_path):
    offered = {}
    register_tools(lambda name, home: offered.update({name: home}))
    assert {home.split(":")[1] for home in offered.values()} == {"WORLD_RUN", "WORLD_STEP"}
    for name in offered:
        check_agent_tool(getattr(tools, name.upper()), name)
    told = []
    context = ToolContext(Host(), 100, lambda share, words: told.append(share))
    config = {**SMALL, "steps": 40, "window": 20}

    ran = tools.WORLD_RUN.call(tools.RunArguments(config=config), context)
    file = tmp_path / "world.safetensors"
    for _ in range(2):
        asked = tools.StepArguments(file=str(file), config=config, steps=20)
        stepped = tools.WORLD_STEP.call(asked, context)

    assert told == [0.5, 1, 1, 1]
    assert [record.step for record in stepped.history] == [40]
    assert stepped.history[-1] == ran.history[-1]
    assert load_simulation(file).steps == 40
    with pytest.raises(ConfigError, match="agents"):
        tools.RunArguments.parse({"config": {"agents": 5000}}, where="world_run")
