import numpy as np
import pytest
import torch
from plurigrid_ff_jaxlife_open_ended.checkpoint import load_simulation
from plurigrid_ff_jaxlife_open_ended.exchange import brain_of, load_brain, save_brain, to_network
from plurigrid_ff_jaxlife_open_ended.folder import REPORT_FILE, STATE_FILE, go_on, open_world, start
from plurigrid_ff_jaxlife_open_ended.openness import choose_watched, draw_situations
from plurigrid_ff_jaxlife_open_ended.records import Report
from plurigrid_ff_jaxlife_open_ended.simulation import look
from plurigrid_ff_jaxlife_open_ended.world import world_rules

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import CheckpointError, ConfigError, RunFolderError
from plurigrid_ff.learning.checkpoint import load_network, save_network
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.tensors import read_metadata, read_tensors, write_tensors


def test_a_resumed_world_is_that_of_an_uninterrupted_run_byte_for_byte(tmp_path, config, whole):
    def interrupt(record):
        if record.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "cut", config, watch=interrupt)
    assert open_world(tmp_path / "cut").steps == 20
    go_on(tmp_path / "cut")

    for name in (STATE_FILE, REPORT_FILE):
        assert (tmp_path / "cut" / name).read_bytes() == (whole / name).read_bytes()


def test_a_world_that_is_done_is_left_as_it_is(whole):
    before = (whole / STATE_FILE).read_bytes()

    report = go_on(whole)

    assert report == Report.model_validate_json((whole / REPORT_FILE).read_text())
    assert (whole / STATE_FILE).read_bytes() == before


def test_the_report_sums_the_late_records_up(whole, config):
    simulation = open_world(whole)
    report, last = simulation.report(), simulation.history[-1]

    assert [record.step for record in simulation.history] == [10, 20, 30, 40]
    assert report.food_per_agent_step == last.eaten / last.agent_steps
    assert report.deaths_per_1000_agent_steps == 1000 * last.deaths / last.agent_steps
    both = [record.world.product for record in simulation.history[1:]]
    assert report.openness == pytest.approx(sum(both) / 3)
    assert not report.extinct


def test_nobody_left_ends_a_world(tmp_path, config):
    starving = config.model_copy(update={"start_food": 0.0, "regrowth": 0.0, "steps": 1000})

    report = start(tmp_path / "bare", starving)

    assert report.extinct
    assert report.steps == 30  # as long as what founders begin with
    assert report.alive == report.founders == 0


def test_a_brain_in_torch_does_what_it_does_in_the_world(whole, tmp_path):
    simulation = open_world(whole)
    world, config = simulation.world, simulation.config
    alive = np.flatnonzero(world.people.alive)
    watched = choose_watched(np.asarray(world.people.alive), 0, 0)
    situations = draw_situations(0)

    sight = look(world, world_rules(config), situations, watched)

    answers = np.asarray(sight.answers)
    for slot in alive[:6]:
        save_brain(brain_of(world.people, int(slot)).brain, config, tmp_path / "b", updates=3)
        network, card = load_network(tmp_path / "b")
        predicted = network.predict(torch.from_numpy(situations)).numpy()
        np.testing.assert_array_equal(answers[list(watched).index(slot)], predicted)
        assert card.class_names[5] == "eat"


def test_a_brain_comes_back_from_torch_bit_for_bit_and_founds_a_world(whole, tmp_path, config):
    found = brain_of(open_world(whole).world.people)
    save_brain(found.brain, config, tmp_path / "brain", updates=1)

    brain = load_brain(tmp_path / "brain", config.hidden)
    short = config.model_copy(update={"steps": 1, "window": 1, "learning": False})
    start(tmp_path / "again", short, brain=tmp_path / "brain")

    np.testing.assert_array_equal(brain.weight, found.brain.weight)
    np.testing.assert_array_equal(brain.bias, found.brain.bias)
    people = open_world(tmp_path / "again").world.people
    grown = np.flatnonzero(np.asarray(people.alive) & (np.asarray(people.age) > 0))
    for slot in grown:
        np.testing.assert_array_equal(people.brains.weight[slot], brain.weight)


def test_the_best_fed_is_chosen_and_the_dead_have_no_brain(whole):
    people = open_world(whole).world.people

    assert brain_of(people).energy == int(people.energy.max())
    with pytest.raises(ConfigError, match="expected a living agent, got slot 99"):
        brain_of(people, 99)


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        ({"hidden": (4,)}, 52),
        ({"hidden": (4, 4), "objective": "threshold"}, 52),
        ({"hidden": (4,), "objective": "threshold", "scaling": "standard"}, 52),
        ({"hidden": (5,), "objective": "threshold"}, 52),
        ({"hidden": (4,), "objective": "threshold"}, 51),
        ({"hidden": (4,), "objective": "threshold", "options": {"goodness": "plain"}}, 52),
    ],
)
def test_other_networks_are_no_brains(tmp_path, settings, features):
    network = FFNetwork(NetworkConfig(**settings), (features,), 6, seed=0)
    save_network(network, tmp_path / "n", class_names=tuple("abcdef"), data="none")

    with pytest.raises(CheckpointError, match="expected one linear layer of 4 units"):
        load_brain(tmp_path / "n", 4)


def test_a_network_has_the_slope_and_threshold_of_the_world(config):
    brain = (np.ones((4, 58), np.float32), np.zeros(4, np.float32))

    objective = (
        to_network(type("Brain", (), {"weight": brain[0], "bias": brain[1]}), config)
        .stack[0]
        .objective
    )

    assert (objective.threshold, objective.sharpness) == (config.threshold, config.sharpness)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t, m: t.pop("world.energy"), "'world.energy' must have shape"),
        (lambda t, m: t.update({"world.energy": t["world.energy"].float()}), "has type float32"),
        (lambda t, m: t["world.brains.weight"].fill_(float("nan")), "is not finite"),
        (lambda t, m: t["world.step"].fill_(7), "at the step of its last record, got step 7"),
        (lambda t, m: m.update({"format": "nca-1"}), "expected a world"),
    ],
)
def test_a_damaged_world_says_so(whole, tmp_path, damage, message):
    tensors, metadata = read_tensors(whole / STATE_FILE)
    damage(tensors, metadata)
    write_tensors(tmp_path / STATE_FILE, tensors, metadata)

    with pytest.raises(CheckpointError, match=message):
        load_simulation(tmp_path / STATE_FILE)


def test_folders_that_are_taken_or_hold_no_world_are_refused(whole, tmp_path, config):
    with pytest.raises(RunFolderError, match="world resume"):
        start(whole, config)
    with pytest.raises(RunFolderError, match=r"not a world \(no world.safetensors\)"):
        open_world(tmp_path)
    assert read_metadata(whole / STATE_FILE)[0]["format"] == "world-1"
