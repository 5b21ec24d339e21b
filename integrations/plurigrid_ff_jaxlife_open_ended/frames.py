"""What a world looks like: food on dark ground, agents in the colour of their founder."""

import colorsys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
from plurigrid_ff_jaxlife_open_ended.world import World, advance, no_fate, world_rules

GROUND, FOOD = (24, 24, 28), (52, 96, 52)
GOLDEN_ANGLE = 0.6180339887498949  # of a turn: neighbours in number are far apart in hue

Pixels = NDArray[np.uint8]


def palette(founders: int) -> Pixels:
    """Return a colour per founder, ``(founders, 3)``."""
    hues = (np.arange(founders) * GOLDEN_ANGLE) % 1
    colours = [colorsys.hsv_to_rgb(float(hue), 0.55, 1.0) for hue in hues]
    return np.round(np.array(colours) * 255).astype(np.uint8)


def draw(world: World, colours: Pixels) -> Pixels:
    """Draw a world, one pixel a cell, ``(size, size, 3)``.

    Where several agents are, the one in the highest slot is seen.
    """
    food, alive = np.asarray(world.food), np.asarray(world.people.alive)
    pixels = np.where(food[..., None], np.array(FOOD, np.uint8), np.array(GROUND, np.uint8))
    place, founder = np.asarray(world.place)[alive], np.asarray(world.people.founder)[alive]
    pixels[place[:, 0], place[:, 1]] = colours[founder]
    return pixels


def film(
    world: World,
    config: WorldConfig,
    *,
    steps: int,
    every: int = 1,
    progress: Callable[[int], None] = lambda step: None,
) -> list[Pixels]:
    """Run a world and return what it looks like, from before the first step.

    Args:
        world: Where it begins; its buffers are taken over and cannot be used again.
        config: Its settings.
        steps: How long.
        every: Steps between frames.
        progress: Told of every step.
    """
    colours, rules = palette(config.agents), world_rules(config)
    frames = [draw(world, colours)]
    for step in range(1, steps + 1):
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
        if step % every == 0:
            frames.append(draw(world, colours))
        progress(step)
    return frames
