"""A colour for every class: the scheme's colours in order, less those too near to one before."""

import numpy as np

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.schemes import Scheme, SeededColor, color_at
from plurigrid_ff.colors.spaces import distances, oklab_from_srgb
from plurigrid_ff.errors import ConfigError

MAX_DRAWS = 200


def draw_class_colors(
    seed: int, num_classes: int, scheme: Scheme, least_distance: float
) -> tuple[SeededColor, ...]:
    """Draw colours that part.

    Args:
        seed: The run's.
        num_classes: How many.
        scheme: How a seed and an index give a colour.
        least_distance: Least OkLab distance of any two.

    Raises:
        ConfigError: The first 200 colours hold fewer that far apart.
    """
    chosen: list[SeededColor] = []
    known = np.empty((0, 3))
    for index in range(1, MAX_DRAWS + 1):
        color = color_at(seed, index, scheme)
        lab = oklab_from_srgb(srgb_of([color.hex]))
        if not len(known) or distances(lab, known).min() >= least_distance:
            chosen.append(color)
            known = np.concatenate([known, lab])
        if len(chosen) == num_classes:
            return tuple(chosen)
    raise ConfigError(
        f"skills.gay-mcp.least_distance: only {len(chosen)} of the first {MAX_DRAWS} colours of "
        f"seed {seed} are {least_distance:g} apart, and there are {num_classes} classes; lower it"
    )
