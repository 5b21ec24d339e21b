"""The colours that mark roles and agents wherever they are drawn.

Both start from Okabe & Ito's palette, whose colours part for all common kinds of eyes. No mark
should differ by colour alone: charts add dashes, markers and hatches.

Reference:
    Okabe & Ito (2002), "Color Universal Design", https://jfly.uni-koeln.de/color/.
"""

import re
from collections.abc import Iterable
from functools import cache

from plurigrid_ff.gf3 import Trit

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
OKABE_ITO = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

_ROLES: dict[Trit, str] = {-1: VERMILLION, 0: GREEN, 1: BLUE}
MAX_AGENTS = 24
_LIGHTNESS = (0.45, 0.8)


def role_color(trit: Trit) -> str:
    """Return ``#RRGGBB`` of a role: validator -1, coordinator 0, generator +1."""
    return _ROLES[trit]


def agent_colors(names: Iterable[str]) -> dict[str, str]:
    """Return ``#RRGGBB`` of every agent; the same names always get the same colours.

    Agents are taken in natural order (``agent-2`` before ``agent-10``), so that one that joins
    at the end leaves the others as they are. Beyond 24 agents colours repeat.
    """
    ordered = sorted(set(names), key=_natural)
    colors = mark_colors(min(len(ordered), MAX_AGENTS))
    return {name: colors[place % MAX_AGENTS] for place, name in enumerate(ordered)}


def mark_colors(count: int) -> tuple[str, ...]:
    """Return distinct colours: Okabe and Ito's, then whatever is farthest from all before.

    Far is meant for the worst of four kinds of eyes; the colours are neither too light for a
    white page nor too dark for a black one.
    """
    return OKABE_ITO[:count] if count <= len(OKABE_ITO) else _extended(count)


@cache
def _extended(count: int) -> tuple[str, ...]:
    """Go on where Okabe and Ito's palette ends."""
    import numpy as np

    from plurigrid_ff.colors.gamut import hex_of, srgb_of
    from plurigrid_ff.colors.spaces import oklab_from_srgb
    from plurigrid_ff.colors.vision import views

    levels = np.linspace(0, 1, 9)
    candidates = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    lightness = oklab_from_srgb(candidates)[:, 0]
    candidates = candidates[(lightness > _LIGHTNESS[0]) & (lightness < _LIGHTNESS[1])]
    seen = views(candidates)
    chosen = list(OKABE_ITO)
    nearest = np.min(
        [
            np.linalg.norm(seen - known[:, None], axis=-1).min(axis=0)
            for known in views(srgb_of(chosen)).swapaxes(0, 1)
        ],
        axis=0,
    )
    while len(chosen) < count:
        best = int(nearest.argmax())
        chosen.append(hex_of(candidates[best]))
        apart = np.linalg.norm(seen - seen[:, best][:, None], axis=-1).min(axis=0)
        nearest = np.minimum(nearest, apart)
    return tuple(chosen)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Order texts by their numbers, where they have some."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"([0-9]+)", name)
    ]
