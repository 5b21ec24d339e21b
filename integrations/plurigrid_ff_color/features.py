"""What a learner of preferences reads of a colour: smooth functions of OkLab.

A fixed basis holds lightness, a, b, chroma, two harmonics of hue and a Gaussian round each of 32
colours. A population prior maps it to the few directions in which the tastes of that population
differ, each as long as they differ in it: what is common in the population is learned from few
answers.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Annotated

import numpy as np
from annotated_types import Len
from numpy.typing import ArrayLike
from pydantic import Field

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.messages import PriorName
from plurigrid_ff.colors.spaces import Array, distances, oklab_from_srgb, oklch_from_oklab
from plurigrid_ff.settings import Settings

MIDDLE: Array = np.array([0.63, 0.0, 0.0])  # mean of OkLab over sRGB, about
SPREAD: Array = np.array([0.17, 0.11, 0.11])  # and its standard deviation
WIDTH = 1.0  # of the Gaussians, in units of the spread
NUM_LANDMARKS = 32
FULL_CHROMA = 0.08  # above it, hue counts in full: that of a grey is rounding


class PopulationPrior(Settings):
    """A linear map of the basis, fitted to a population's tastes."""

    population: str = Field(description="Whose tastes these are.")
    command: str = Field(description="What made this file.")
    matrix: tuple[tuple[float, ...], ...] = Field(description="(basis, features)")
    middle: Annotated[tuple[float, ...], Len(min_length=1)] = Field(
        description="Mean of the mapped features over sRGB."
    )


class Features:
    """Maps sRGB to what the learner reads; the last feature is 1, for the bias.

    Args:
        prior: The population; None reads the basis itself.
    """

    def __init__(self, prior: PopulationPrior | None) -> None:
        self._matrix = np.array(prior.matrix) if prior else None
        self._middle = np.array(prior.middle) if prior else None

    def __call__(self, rgb: ArrayLike) -> Array:
        """Map sRGB ``(n, 3)`` to features ``(n, features)``."""
        mapped = basis(rgb)
        if self._matrix is not None:
            mapped = mapped @ self._matrix - self._middle
        return np.concatenate([mapped, np.ones((len(mapped), 1))], axis=1)


def basis(rgb: ArrayLike) -> Array:
    """Map sRGB ``(n, 3)`` to the fixed basis, ``(n, 40)``."""
    lab = oklab_from_srgb(rgb)
    _, chroma, degrees = np.moveaxis(oklch_from_oklab(lab), -1, 0)
    hue, share = np.radians(degrees), np.minimum(chroma / FULL_CHROMA, 1)
    waves = [share * wave(times * hue) for times in (1, 2) for wave in (np.cos, np.sin)]
    scaled = _scale(lab)
    near = np.exp(-(distances(scaled, _landmarks()) ** 2) / (2 * WIDTH**2))
    return np.column_stack([scaled, chroma / SPREAD[1] - 1, *waves, near])


def load_features(prior: PriorName) -> Features:
    """Return the features of a prior, by name."""
    return Features(load_prior() if prior == "synthetic" else None)


@cache
def load_prior() -> PopulationPrior:
    """Read the prior that is shipped: synthetic users, no people."""
    text = files("plurigrid_ff_color").joinpath("prior.json").read_text("utf-8")
    return PopulationPrior.parse(json.loads(text), where="prior.json")


def _scale(lab: Array) -> Array:
    """Bring OkLab to about mean 0 and variance 1 over sRGB."""
    scaled: Array = (lab - MIDDLE) / SPREAD
    return scaled


@cache
def _landmarks() -> Array:
    """Choose colours that cover sRGB: each as far as can be from those before."""
    levels = [0, 64, 128, 191, 255]
    grid = srgb_of([f"#{r:02X}{g:02X}{b:02X}" for r in levels for g in levels for b in levels])
    points = _scale(oklab_from_srgb(grid))
    chosen = [0]
    nearest = distances(points, points[:1])[:, 0]
    while len(chosen) < NUM_LANDMARKS:
        # Rounded, so that no machine's last bit decides between equals.
        chosen.append(int(nearest.round(9).argmax()))
        nearest = np.minimum(nearest, distances(points, points[chosen[-1:]])[:, 0])
    return points[chosen]
