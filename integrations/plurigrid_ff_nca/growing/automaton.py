"""A growing automaton: it steps, and can be asked how well it grows, keeps and regrows."""

import math

import torch
from torch import Tensor, nn

from plurigrid_ff.errors import TrainingError
from plurigrid_ff_nca.growing.cells import (
    advance,
    alive,
    kernels,
    perceive,
    seed_state,
    target_state,
)
from plurigrid_ff_nca.growing.config import GrowConfig, GrowScores
from plurigrid_ff_nca.growing.updates import build_update

SCORED = (64, 96, 300)
REGROWTH = 64


class Automaton(nn.Module):
    """Cells that follow one learned update.

    Args:
        image: Target, shape ``(4, size, size)``, alpha premultiplied.
        config: How it is built.

    Attributes:
        target: What all channels aim at, shape ``(channels, size, size)``.
        seed: The grid that it grows from, the same shape.
    """

    image: Tensor
    target: Tensor
    seed: Tensor
    kernel: Tensor

    def __init__(self, image: Tensor, config: GrowConfig) -> None:
        super().__init__()
        expected = (4, config.size, config.size)
        if tuple(image.shape) != expected:
            raise ValueError(f"image must have shape {expected}, got {tuple(image.shape)}")
        self.config = config
        self.update = build_update(config)
        self.register_buffer("image", image)
        self.register_buffer("target", target_state(image, config))
        self.register_buffer("seed", seed_state(self.target, config))
        self.register_buffer("kernel", kernels(config))

    def perceived(self, state: Tensor, fires: Tensor) -> tuple[Tensor, Tensor]:
        """Return which cells change, the living and their neighbours that fire, and what they see.

        Returns:
            A mask ``(batch, height, width)`` and rows ``(cells, perceived)``.
        """
        changing = (alive(state) & fires).squeeze(1)
        rows = perceive(state, self.config).permute(0, 2, 3, 1)[changing]
        return changing, rows

    def fires(self, state: Tensor, generator: torch.Generator) -> Tensor:
        """Draw which cells fire, ``(batch, 1, height, width)``."""
        batch, _, height, width = state.shape
        return torch.rand(batch, 1, height, width, generator=generator) < self.config.fire_rate

    def apply_update(self, state: Tensor, changing: Tensor, delta: Tensor) -> Tensor:
        """Return the states one step later, given the update of the cells that change."""
        update = torch.zeros_like(state).permute(0, 2, 3, 1).contiguous()
        update[changing] = delta
        return advance(state, update.permute(0, 3, 1, 2), clamp=self.config.clamp)

    def step(self, state: Tensor, generator: torch.Generator) -> Tensor:
        """Return the states one step later, ``(batch, channels, height, width)``."""
        changing, rows = self.perceived(state, self.fires(state, generator))
        return self.apply_update(state, changing, self.delta(rows, self.update(rows)))

    def delta(self, rows: Tensor, said: Tensor) -> Tensor:
        """Return the update that follows from what cells perceive and what they make of it.

        Args:
            rows: Shape ``(cells, perceived)``.
            said: What the network makes of them, shape ``(cells, channels)``.
        """
        if not self.config.aims:
            return said
        return self.config.gain * (said - rows[:, :: self.config.kernels])

    @torch.no_grad()
    def run(self, state: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Return the states some steps later."""
        for _ in range(steps):
            state = self.step(state, generator)
        return state

    def errors(self, state: Tensor) -> Tensor:
        """Return the mean squared error of every state's red, green, blue, alpha, ``(batch,)``."""
        return (state[:, :4] - self.image).square().mean(dim=(1, 2, 3))

    @torch.no_grad()
    def score(self, *, seed: int = 0, runs: int = 4) -> GrowScores:
        """Grow from the seed, and again after half was erased; average over runs.

        The first half of the runs loses its left half, the others their right one.

        Raises:
            TrainingError: States overflow, as they may without the clamp.
        """
        generator = torch.Generator().manual_seed(seed)
        state = self.seed.repeat(runs, 1, 1, 1)
        errors, done = {}, 0
        for steps in SCORED:
            state = self.run(state, steps - done, generator)
            errors[f"steps_{steps}"], done = self.errors(state).mean().item(), steps
        middle = self.config.size // 2
        state[: runs // 2, :, :, :middle] = 0
        state[runs // 2 :, :, :, middle:] = 0
        state = self.run(state, REGROWTH, generator)
        regrown = self.errors(state).mean().item()
        if not math.isfinite(regrown):
            raise TrainingError(
                "the automaton's states overflow as it runs; train it with clamp = true"
            )
        return GrowScores(
            **errors,
            regrown=regrown,
            empty=self.image.square().mean().item(),
        )
