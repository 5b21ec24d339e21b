import sys

import numpy as np
import pytest
from plurigrid_ff_jaxlife_open_ended import SKILL, JaxlifeConfig, build
from plurigrid_ff_jaxlife_open_ended.generator import LifeGenerator

from plurigrid_ff.config import RunConfig, SocietyConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError, MissingExtraError, TrainingError
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    MARGINS,
    SCHEDULE,
    Inbox,
    LayerSchedule,
)
from plurigrid_ff.host.skill import Role, RunContext
from plurigrid_ff.host.society import build_society
from plurigrid_ff.host.wiring import wiring_faults
from plurigrid_ff.learning.checkpoint import load_network
from plurigrid_ff.testing import check_skill

SMALL = {"population": 8, "hidden": 6, "max_births": 2}


@pytest.fixture
def living(blobs):
    """Build a generator over three blobs."""

    def build(agents=1, **settings):
        run = RunConfig(
            training=TrainingConfig(epochs=3, epochs_per_round=1),
            society=SocietyConfig(agents=agents),
        )
        context = RunContext(run, blobs, build_society(run, blobs))
        return LifeGenerator(JaxlifeConfig(**(SMALL | settings)), context), context

    return build


def inbox(context, round=0, **values):
    return Inbox("jaxlife-open-ended", round, context.society, values)


def test_the_skill_keeps_the_contract():
    check_skill(SKILL, settings=SMALL)


def test_it_fits_with_the_installed_validator_and_coordinator():
    import plurigrid_ff_open_games
    import plurigrid_ff_persistent_homology

    cards = {
        Role.GENERATOR: SKILL.card,
        Role.COORDINATOR: plurigrid_ff_open_games.SKILL.card,
        Role.VALIDATOR: plurigrid_ff_persistent_homology.SKILL.card,
    }

    assert wiring_faults(cards) == []


def test_a_population_learns_classes_from_being_fed(living, tmp_path, blobs):
    generator, context = living()

    rounds = [generator.generate(inbox(context, round)) for round in range(3)]

    assert [outbox.done for outbox in rounds] == [False, False, True]
    assert rounds[-1].summary["fed"] > rounds[0].summary["fed"]
    assert rounds[-1].summary["validation_accuracy"] > 0.8
    gain = rounds[0].values[GAINS.name]["agent-0"][0]
    assert gain.updates == 240
    assert gain.margin_after > gain.margin_before
    margins = rounds[-1].values[MARGINS.name]["agent-0"]
    assert np.mean(margins > 0) == rounds[-1].summary["validation_accuracy"]
    generator.save_network(tmp_path / "network")
    network, card = load_network(tmp_path / "network")
    assert network.num_parameters == generator.num_parameters == 6 * 15 + 6
    assert card.class_names == blobs.class_names
    assert generator.assess().accuracy > 0.8


def test_initial_activities_are_those_of_the_founder(living):
    generator, context = living(mutation=0.0)
    generator.generate(inbox(context))
    colony = generator._colonies["agent-0"]

    outbox = generator.generate(
        inbox(context, 1, **{SCHEDULE.name: {"agent-0": LayerSchedule(trains=(False,))}})
    )

    initial = outbox.values[INITIAL_ACTIVITIES.name]["agent-0"]
    now = outbox.values[ACTIVITIES.name]["agent-0"]
    assert initial.layers[0].shape == now.layers[0].shape == (60, 6)
    assert not np.allclose(initial.layers[0], now.layers[0])
    first = int(colony.people.founder[int(colony.people.energy.argmax())])
    weight = colony.founder().stack[0].transform.weight.detach().numpy()
    np.testing.assert_array_equal(weight, colony._founders().weight[first])


def test_a_schedule_that_rests_the_layer_freezes_brains(living):
    generator, context = living()
    before = np.array(generator._colonies["agent-0"].people.brains.weight)
    rest = {SCHEDULE.name: {"agent-0": LayerSchedule(trains=(False,))}}

    outbox = generator.generate(inbox(context, **rest))

    people = generator._colonies["agent-0"].people
    assert outbox.values[GAINS.name]["agent-0"][0].updates == 0
    np.testing.assert_array_equal(people.brains.weight, people.innate.weight)
    assert before.shape == people.brains.weight.shape


def test_agents_of_a_society_have_populations_of_their_own(living):
    generator, context = living(agents=3)

    outbox = generator.generate(inbox(context))

    assert set(outbox.values[GAINS.name]) == set(context.society.graph)
    networks = generator.networks
    first, second = (networks[name].parameters() for name in list(networks)[:2])
    assert not np.array_equal(*(p["layers.0.transform.weight"] for p in (first, second)))


def test_a_population_that_starves_ends_the_run_with_a_remedy(living):
    generator, context = living(food_energy=1, newborn_energy=2)

    with pytest.raises(TrainingError, match=r"raise skills.jaxlife-open-ended.food_energy"):
        generator.generate(inbox(context))


def test_settings_that_cannot_live_are_refused():
    with pytest.raises(ConfigError, match="max_births must be at most population"):
        JaxlifeConfig.parse({"population": 3}, where="skills")


def test_without_jax_the_extra_is_named(monkeypatch, living):
    _, context = living()
    for name in list(sys.modules):
        if name.startswith("plurigrid_ff_jaxlife_open_ended."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[jax\]'"):
        build(JaxlifeConfig(), context)
