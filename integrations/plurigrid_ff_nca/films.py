"""Films of growing automata."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plurigrid_ff.films import write_film
from plurigrid_ff_nca.growing.automaton import Automaton

__all__ = ["film", "to_pixels", "write_film"]

Frames = list[NDArray[np.uint8]]


def film(
    automaton: Automaton, *, steps: int, erase_at: int | None = None, every: int = 2, seed: int = 0
) -> Frames:
    """Grow from the seed and return frames over white, ``(height, width, 3)`` each.

    Args:
        automaton: What grows.
        steps: How long.
        erase_at: Erase the left half after so many steps.
        every: Steps between frames.
        seed: Of the draws.
    """
    generator = torch.Generator().manual_seed(seed)
    state = automaton.seed.unsqueeze(0)
    frames = [to_pixels(state[0])]
    for step in range(1, steps + 1):
        state = automaton.run(state, 1, generator)
        if step == erase_at:
            state[..., : automaton.config.size // 2] = 0
        if step % every == 0:
            frames.append(to_pixels(state[0]))
    return frames


def to_pixels(state: Tensor) -> NDArray[np.uint8]:
    """Return a state ``(channels, height, width)`` as bytes over white, ``(height, width, 3)``."""
    alpha = state[3].clamp(0, 1)
    rgb = (state[:3] + 1 - alpha).clamp(0, 1)
    pixels: NDArray[np.uint8] = (rgb * 255).round().byte().permute(1, 2, 0).numpy()
    return pixels
