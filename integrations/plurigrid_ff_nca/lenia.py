"""Lenia, a continuous automaton, and its local rule learned by a goodness difference.

A cell changes by ``growth(U) / 10``, where U is the mean of its neighbourhood, weighted by a
ring, and growth is a narrow bump; states are cut to [0, 1]. Under these numbers lives Orbium,
a glider.

Reference:
    Chan (2019), "Lenia: Biology of Artificial Life", Complex Systems 28(3), arXiv:1812.05433.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key
from plurigrid_ff_nca.growing.updates import GoodnessDifference

RADIUS = 13
TIME_STEP = 0.1
MU, SIGMA = 0.15, 0.015
SIZE = 64
Field = NDArray[np.float64]

NEURONS = 32
LEARNING_RATE = 0.01
ORBIUM_SEED = 37  # of the first 300, those whose blob became a glider: 37, 169, 243
SETTLED = 400  # steps until it moves without changing


def potential(field: Field) -> Field:
    """Return every cell's weighted neighbourhood on a torus, ``(size, size)``."""
    size = len(field)
    y, x = np.ogrid[-size // 2 : size // 2, -size // 2 : size // 2]
    distance = np.sqrt(x**2 + y**2) / RADIUS
    inside = (distance > 0) & (distance < 1)
    safe = np.where(inside, distance, 0.5)
    ring = np.where(inside, np.exp(4 - 1 / (safe * (1 - safe))), 0)
    spectrum = np.fft.rfft2(np.fft.ifftshift(ring / ring.sum()))
    found: Field = np.fft.irfft2(spectrum * np.fft.rfft2(field), s=field.shape)
    return found


def growth(u: Field) -> Field:
    """Return how a cell grows at a potential, from -1 to 1."""
    bump: Field = 2 * np.exp(-((u - MU) ** 2) / (2 * SIGMA**2)) - 1
    return bump


def step(field: Field) -> Field:
    """Return a field one step later."""
    return np.asarray(np.clip(field + TIME_STEP * growth(potential(field)), 0, 1))


def orbium(*, settled: int = SETTLED) -> Field:
    """Return a field of 64 x 64 with one Orbium.

    It is not drawn: it is what becomes of a blob of four bells, found by trying seeds.
    """
    rng = np.random.default_rng(ORBIUM_SEED)
    y, x = np.ogrid[-SIZE // 2 : SIZE // 2, -SIZE // 2 : SIZE // 2]
    rng.random((20, 20))  # the search drew these first
    rng.random()
    centres, widths = rng.uniform(-6, 6, (4, 2)), rng.uniform(3, 7, 4)
    heights = rng.uniform(-0.5, 1, 4)
    bells = [
        height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
        for (row, column), width, height in zip(centres, widths, heights, strict=True)
    ]
    field: Field = np.clip(sum(bells), 0, 1)
    for _ in range(settled):
        field = step(field)
    return field


class LearnedLenia:
    """A local rule of Lenia: state and potential in, change out.

    The ring is given; the growth, and that states stay in [0, 1], are learned.

    Args:
        fields: Consecutive fields, shape ``(times, size, size)``.
        steps: Updates of the layer.
        batch: Cells per update.
        seed: Every draw derives from it.
    """

    def __init__(
        self, fields: Field, *, steps: int = 3000, batch: int = 512, seed: int = 0
    ) -> None:
        self.update = GoodnessDifference(2, 1, NEURONS, key=derive_key(seed, "lenia"))
        before = fields[:-1]
        x = torch.cat([_perceived(field) for field in before])
        change = (fields[1:] - before).reshape(-1, 1) / TIME_STEP
        wanted = torch.from_numpy(change.astype(np.float32))
        generator = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.Adam(self.update.parameters(), lr=LEARNING_RATE, fused=True)
        # Most of the field is empty and stays so: half of each batch is where it does not.
        busy = torch.nonzero(x[:, 0] > -1).squeeze(1)
        for done in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (1 - done / steps)
            anywhere = torch.randint(len(x), (batch // 2,), generator=generator)
            there = busy[torch.randint(len(busy), (batch // 2,), generator=generator)]
            rows = torch.cat([anywhere, there])
            self.update.learn(x[rows], wanted[rows])
            optimizer.step()

    @torch.no_grad()
    def step(self, field: Field) -> Field:
        """Return a field one step later, as it was learned."""
        change = self.update(_perceived(field)).numpy().reshape(field.shape)
        return np.asarray(np.clip(field + TIME_STEP * change.astype(np.float64), 0, 1))


def _perceived(field: Field) -> torch.Tensor:
    """Return what every cell perceives, ``(size, size) -> (cells, 2)``, about -1 to 1."""
    scaled_potential = (potential(field) - MU) / (4 * SIGMA)
    x = np.stack([2 * field - 1, np.clip(scaled_potential, -3, 3)], axis=-1)
    return torch.from_numpy(x.reshape(-1, 2).astype(np.float32))
