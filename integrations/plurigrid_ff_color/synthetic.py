"""Made-up users of six kinds, for benchmarks and for the population prior. They are no people."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plurigrid_ff.colors.spaces import Array, oklab_from_srgb, oklch_from_oklab

KINDS = ("hue", "lightness", "chroma", "favourite", "two hues", "hue and lightness")
LIKED_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class SyntheticUser:
    """Likes the colours whose taste is above a limit: two fifths of sRGB.

    Attributes:
        kind: One of ``KINDS``.
        taste: Maps OkLab ``(n, 3)`` to ``(n,)``.
        limit: Where liking begins.
    """

    kind: str
    taste: Callable[[Array], Array]
    limit: float

    def likes(self, rgb: Array) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """Say of each sRGB colour ``(n, 3)`` whether it is liked, ``(n,)``."""
        return self.taste(oklab_from_srgb(rgb)) > self.limit


def make_user(kind: str, rng: np.random.Generator) -> SyntheticUser:
    """Make a user of one of ``KINDS``, with hues, signs and favourites drawn at random."""
    taste = _taste(kind, rng)
    reference = oklab_from_srgb(np.random.default_rng(0).uniform(size=(4000, 3)))
    return SyntheticUser(kind, taste, float(np.quantile(taste(reference), 1 - LIKED_SHARE)))


def _taste(kind: str, rng: np.random.Generator) -> Callable[[Array], Array]:
    """Draw the taste of a kind."""
    hue = rng.uniform(-math.pi, math.pi)
    other = hue + rng.uniform(1.5, math.pi)
    sign = rng.choice([-1.0, 1.0])
    favourite = oklab_from_srgb(rng.uniform(size=3))
    lightness = rng.uniform(0.45, 0.75)

    def towards(lab: Array, angle: float) -> Array:
        return np.cos(np.radians(oklch_from_oklab(lab)[:, 2]) - angle)

    def chroma(lab: Array) -> Array:
        return oklch_from_oklab(lab)[:, 1]

    tastes: dict[str, Callable[[Array], Array]] = {
        "hue": lambda lab: chroma(lab) * towards(lab, hue),
        "lightness": lambda lab: sign * lab[:, 0] + 0.3 * chroma(lab) * towards(lab, hue),
        "chroma": lambda lab: sign * chroma(lab),
        "favourite": lambda lab: -np.linalg.norm(lab - favourite, axis=1),
        "two hues": lambda lab: (
            np.maximum(towards(lab, hue), towards(lab, other)) * np.minimum(chroma(lab) / 0.1, 1)
        ),
        "hue and lightness": lambda lab: np.minimum(
            towards(lab, hue) * chroma(lab) / 0.15, sign * (lab[:, 0] - lightness) / 0.2
        ),
    }
    return tastes[kind]
