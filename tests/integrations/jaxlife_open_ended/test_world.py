from itertools import pairwise

import numpy as np
import pytest
from plurigrid_ff_jaxlife_open_ended.world import (
    advance,
    begin,
    named_arrays,
    no_fate,
    world_rules,
)


def copied(world):
    """Return a world's arrays as copies: the next step takes its buffers."""
    return {name: np.array(array) for name, array in named_arrays(world).items()}


@pytest.fixture(scope="module")
def lived(config):
    """Arrays of a world and of its shadow before and after each of 80 steps."""
    world, shadow = begin(config), begin(config)
    rules, neutral = world_rules(config), world_rules(config, neutral=True)
    states = [(copied(world), copied(shadow))]
    for _ in range(80):
        world, fate = advance(world, rules, no_fate(), max_births=config.max_births)
        shadow, _ = advance(shadow, neutral, fate, max_births=config.max_births)
        states.append((copied(world), copied(shadow)))
    return states


def counts(before, after):
    names = ("agent_steps", "eaten", "grown", "deaths", "births", "buried")
    return {name: int(after[f"tally.{name}"] - before[f"tally.{name}"]) for name in names}


def test_energy_and_food_balance_in_every_step(lived, config):
    happened = set()
    for which in (0, 1):
        for before, after in pairwise(lived):
            old, new = before[which], after[which]
            step = counts(old, new)
            gained = config.food_energy * step["eaten"] - step["agent_steps"] - step["buried"]
            assert new["energy"].sum() - old["energy"].sum() == gained
            assert int(new["food"].sum()) - int(old["food"].sum()) == step["grown"] - step["eaten"]
            born = step["births"] - step["deaths"]
            assert int(new["alive"].sum()) - int(old["alive"].sum()) == born
            assert step["agent_steps"] == old["alive"].sum()
            happened |= {name for name, count in step.items() if count}

    assert happened == {"agent_steps", "eaten", "grown", "deaths", "births", "buried"}


def test_the_empty_have_no_energy_and_the_living_have_some(lived):
    for world, _ in lived:
        assert (world["energy"][~world["alive"]] == 0).all()
        assert (world["energy"][world["alive"]] > 0).all()
        assert (world["age"][world["alive"]] < 60).all()


def test_as_many_live_in_the_shadow_whose_brains_only_births_change(lived):
    for world, shadow in lived:
        assert world["alive"].sum() == shadow["alive"].sum()
        np.testing.assert_array_equal(shadow["brains.weight"], shadow["innate.weight"])
    for (_, before), (_, after) in pairwise(lived):
        moved = np.abs(after["brains.weight"] - before["brains.weight"]).max(axis=(1, 2)) > 0
        assert (after["age"][moved] == 0).all()


def test_agents_learn_while_they_live(lived):
    world, _ = lived[20]
    learned = np.abs(world["brains.weight"] - world["innate.weight"]).max(axis=(1, 2))

    assert (learned[world["alive"] & (world["age"] > 5)] > 0).all()


@pytest.mark.parametrize(("inheritance", "which"), [("learned", "brains"), ("innate", "innate")])
def test_a_child_is_its_parent_as_learned_or_as_born(config, inheritance, which):
    config = config.model_copy(update={"inheritance": inheritance, "mutation": 0.0})
    world, rules = begin(config), world_rules(config)
    found = 0
    for _ in range(40):
        before = copied(world)
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
        after = copied(world)
        for child in np.flatnonzero(after["alive"] & (after["age"] == 0)):
            # A parent's brain may have learned in this very step; what it was born with has not.
            source = after["brains.weight"] if which == "brains" else before["innate.weight"]
            others = np.delete(source, child, axis=0)
            found += 1
            assert (np.abs(others - after["innate.weight"][child]).max(axis=(1, 2)) == 0).any()
    assert found


def test_the_seed_determines_a_world(config, lived):
    def end(config, steps):
        world, rules = begin(config), world_rules(config)
        for _ in range(steps):
            world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
        return copied(world)

    again, other = end(config, 20), end(config.model_copy(update={"seed": 1}), 20)

    for name, array in lived[20][0].items():
        np.testing.assert_array_equal(again[name], array)
    assert not np.array_equal(other["place"], again["place"])


def test_frozen_brains_stay_as_they_were_born(config):
    config = config.model_copy(update={"learning": False})
    world, rules = begin(config), world_rules(config)
    for _ in range(10):
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)

    held = copied(world)
    np.testing.assert_array_equal(held["brains.weight"], held["innate.weight"])
