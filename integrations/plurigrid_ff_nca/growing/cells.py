"""What all growing automata share: perception, alive mask, masked update, seed, damage.

Reference:
    Mordvintsev, Randazzo, Niklasson & Levin (2020), "Growing Neural Cellular Automata",
    Distill.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff_nca.growing.config import GrowConfig

ALPHA = 3
ALIVE = 0.1
MAX_UPDATE = 0.35  # without these two bounds, runs of the goodness difference collapse
MAX_STATE = 1.1

_SOBEL = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
_IDENTITY = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
_LAPLACIAN = torch.tensor([[1.0, 2.0, 1.0], [2.0, -12.0, 2.0], [1.0, 2.0, 1.0]]) / 8


def kernels(config: GrowConfig) -> Tensor:
    """Return what every channel is convolved with, ``(channels * kernels, 1, 3, 3)``."""
    chosen = [_IDENTITY, _SOBEL, _SOBEL.T] + ([_LAPLACIAN] if config.laplacian else [])
    return torch.stack(chosen).repeat(config.channels, 1, 1).unsqueeze(1)


def perceive(state: Tensor, config: GrowConfig) -> Tensor:
    """Return what every cell perceives, ``(batch, c, h, w) -> (batch, c * kernels, h, w)``.

    The convolution with :func:`kernels`, by sums of shifted grids: all its kernels are made of
    ``[1, 2, 1]``, and a library's convolution of one channel each takes several times as long.
    """
    wide = F.pad(state, (1, 1, 1, 1))
    down = torch.add(wide[:, :, :-2] + wide[:, :, 2:], wide[:, :, 1:-1], alpha=2)
    across = torch.add(wide[..., :-2] + wide[..., 2:], wide[..., 1:-1], alpha=2)
    seen = [
        state,
        (down[..., 2:] - down[..., :-2]) / 8,
        (across[:, :, 2:] - across[:, :, :-2]) / 8,
    ]
    if config.laplacian:
        smooth = torch.add(down[..., :-2] + down[..., 2:], down[..., 1:-1], alpha=2)
        seen.append(torch.add(smooth / 8, state, alpha=-2))
    return torch.stack(seen, dim=2).flatten(1, 2)


def alive(state: Tensor) -> Tensor:
    """Mark cells near one whose alpha exceeds 0.1, ``(batch, c, h, w) -> (batch, 1, h, w)``."""
    return F.max_pool2d(state[:, ALPHA : ALPHA + 1], 3, stride=1, padding=1) > ALIVE


def advance(state: Tensor, update: Tensor, *, clamp: bool) -> Tensor:
    """Apply an update, and clear cells that are dead before or after.

    Args:
        state: Shape ``(batch, channels, height, width)``.
        update: The same shape, 0 where a cell does not fire.
        clamp: Bound updates and states.
    """
    before = alive(state)
    if clamp:
        moved = (state + update.clamp(-MAX_UPDATE, MAX_UPDATE)).clamp(-MAX_STATE, MAX_STATE)
    else:
        moved = state + update
    return moved * (before & alive(moved))


def position_code(image: Tensor, config: GrowConfig) -> Tensor:
    """Return what the hidden channels aim at, ``(channels - 4, height, width)``.

    Sines and cosines of both coordinates at rising frequencies, inside of the silhouette and 0
    outside. A cell that knows its place can look its colour up.

    Args:
        image: Target, shape ``(4, height, width)``.
        config: How many channels, and the amplitude.
    """
    _, height, width = image.shape
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    waves = [
        wave(math.pi * 2.0**octave * place)
        for octave in range(-1, math.ceil((config.channels - 4) / 4))
        for place in (x, y)
        for wave in (torch.sin, torch.cos)
    ]
    code = torch.stack(waves)[: config.channels - 4]
    return config.code_amplitude * code * (image[ALPHA] > ALIVE)


def target_state(image: Tensor, config: GrowConfig) -> Tensor:
    """Return what all channels aim at, ``(channels, height, width)``."""
    aimed = image.clone()
    aimed[ALPHA, image[ALPHA] == 0] = -config.margin
    if not config.position_code:
        return torch.cat([aimed, image.new_zeros(config.channels - 4, *image.shape[1:])])
    return torch.cat([aimed, position_code(image, config)])


def seed_place(target: Tensor) -> tuple[int, int]:
    """Return row and column of the living cell that is nearest to the middle of the silhouette."""
    y, x = _places(target)
    inside = target[ALPHA] > ALIVE
    centre = y[inside].float().mean(), x[inside].float().mean()
    distance = (y - centre[0]).square() + (x - centre[1]).square()
    return divmod(int(distance.masked_fill(~inside, torch.inf).argmin()), target.shape[2])


def _places(target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row and the column of every cell, ``(height, width)`` each."""
    _, height, width = target.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return y, x


def seed_state(target: Tensor, config: GrowConfig) -> Tensor:
    """Return a grid of one living cell at :func:`seed_place`, ``(channels, height, width)``.

    Its hidden channels hold the code of its place, or 1 where there is no code.
    """
    row, column = seed_place(target)
    state = torch.zeros_like(target)
    state[ALPHA:, row, column] = 1.0
    if config.position_code:
        state[ALPHA + 1 :, row, column] = target[ALPHA + 1 :, row, column]
    return state


def partly_grown(target: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return a target within a disc around its seed's place, or this side of a line.

    Discs are what growth goes through; lines, at any angle and place, what regrowth may start
    from.

    Args:
        target: Shape ``(channels, height, width)``.
        count: How many, each cut in a way of its own.
        generator: Draws the cuts; a fifth of the discs reach beyond the farthest living cell,
            since nothing but a whole target, at its place, tells that a body has to stay there.

    Returns:
        Shape ``(count, channels, height, width)``.
    """
    row, column = seed_place(target)
    y, x = _places(target)
    distance = ((y - row).square() + (x - column).square()).sqrt()
    farthest = distance[target[ALPHA] > ALIVE].max()
    kept = []
    for u, a, b in torch.rand(count, 3, generator=generator).tolist():
        if u < 0.5:
            kept.append(distance <= 1.25 * (farthest + 1) * a)
        else:
            kept.append(_this_side(target, a, -0.6 + 1.2 * b))
    return grown(target) * torch.stack(kept).unsqueeze(1)


def grown(target: Tensor) -> Tensor:
    """Return the state that a target stands for: nothing has an alpha below 0 outside."""
    state = target.clone()
    state[ALPHA].clamp_(min=0)
    return state


def damaged(states: Tensor, generator: torch.Generator) -> Tensor:
    """Erase a disc, or all beyond a line, of every state ``(batch, c, h, w)``."""
    y, x = _unit_places(states[0])
    kept = []
    for u, a, b, c in torch.rand(len(states), 4, generator=generator).tolist():
        if u < 0.5:
            kept.append((x - 1.4 * a + 0.7) ** 2 + (y - 1.4 * b + 0.7) ** 2 > (0.2 + 0.3 * c) ** 2)
        else:
            kept.append(_this_side(states[0], a, 0.6 * b))
    return states * torch.stack(kept).unsqueeze(1)


def littered(states: Tensor, target: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Strew scraps of the target around some bodies, where nothing has to be.

    Args:
        states: Shape ``(batch, channels, height, width)``.
        target: What they aim at, shape ``(channels, height, width)``.
        share: Of the states; each gets one scrap or two.
        generator: Draws which, and where a scrap is from and goes to, its radius of 1 to 4 cells
            and its strength.
    """
    alpha = target[ALPHA]
    near = F.max_pool2d((alpha > 0).float()[None, None], 3, stride=1, padding=1)[0, 0]
    sources, places = (alpha > ALIVE).nonzero(), (near == 0).nonzero()
    if not len(places):
        return states
    y, x = _places(target)
    states = states.clone()
    chosen = torch.rand(len(states), generator=generator) < share
    for index in chosen.nonzero().flatten().tolist():
        count = 1 + int(torch.randint(2, (), generator=generator))
        for u, v, a, b in torch.rand(count, 4, generator=generator).tolist():
            from_row, from_column = sources[int(u * len(sources))].tolist()
            row, column = places[int(v * len(places))].tolist()
            moved = torch.roll(grown(target), (row - from_row, column - from_column), (1, 2))
            disc = (y - row).square() + (x - column).square() <= (1 + 3 * a) ** 2
            states[index] = torch.where(disc & (near == 0), (0.3 + 0.7 * b) * moved, states[index])
    return states


def _this_side(grid: Tensor, turn: float, offset: float) -> Tensor:
    """Mark the cells this side of a line, ``(height, width)``, with the grid from -1 to 1.

    Args:
        grid: Shape ``(channels, height, width)``.
        turn: Direction of the line's normal, as a share of a full turn.
        offset: How far from the middle the line is.
    """
    y, x = _unit_places(grid)
    angle = 2 * math.pi * turn
    return math.cos(angle) * x + math.sin(angle) * y < offset


def _unit_places(grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column of every cell from -1 to 1, ``(height, width)`` each."""
    _, height, width = grid.shape
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    return y, x
