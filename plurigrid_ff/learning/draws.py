"""Draws on tensors: the same numbers as :mod:`plurigrid_ff.derivation`, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from plurigrid_ff.derivation import GAMMA, MIX_1, MIX_2


def _signed(value: int) -> int:
    """Reinterpret 64 unsigned bits as the int64 that torch computes with."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _shift_right(z: Tensor, count: int) -> Tensor:
    """Shift right and fill with zeros; torch's own shift on int64 copies the sign."""
    return (z >> count) & ((1 << (64 - count)) - 1)


def draw_bits(key: int, indices: Tensor) -> Tensor:
    """Return 64 random bits per item, int64, the shape and device of ``indices``."""
    z = (indices + 1) * _signed(GAMMA) + _signed(key)
    z = (z ^ _shift_right(z, 30)) * _signed(MIX_1)
    z = (z ^ _shift_right(z, 27)) * _signed(MIX_2)
    return z ^ _shift_right(z, 31)


def draw_integers(key: int, indices: Tensor, bound: int) -> Tensor:
    """Return one integer in ``[0, bound)`` per item, int64.

    The modulus favours small values by less than ``bound / 2**63``.
    """
    return _shift_right(draw_bits(key, indices), 1) % bound


def draw_uniform(key: int, shape: tuple[int, ...], bound: float) -> Tensor:
    """Return float32 draws, uniform on ``[-bound, bound)``, of the given shape, on the CPU."""
    count = 1
    for extent in shape:
        count *= extent
    # 24 bits are what a float32 holds exactly.
    unit = _shift_right(draw_bits(key, torch.arange(count)), 40).float() * 2.0**-24
    return ((2 * unit - 1) * bound).reshape(shape)


def draw_permutation(key: int, indices: Tensor) -> Tensor:
    """Return positions that put ``indices`` into the order of their draws."""
    return torch.argsort(draw_bits(key, indices), stable=True)


def draw_row_bits(key: int, indices: Tensor, count: int) -> Tensor:
    """Return ``count`` draws of 64 bits per item, ``(items,) -> (items, count)``, int64."""
    places = torch.arange(count, device=indices.device)
    return draw_bits(key, indices.unsqueeze(1) * count + places)


def draw_row_integers(key: int, indices: Tensor, count: int, bound: int) -> Tensor:
    """Return ``count`` integers in ``[0, bound)`` per item, ``(items, count)``, int64."""
    return _shift_right(draw_row_bits(key, indices, count), 1) % bound


def draw_rows(key: int, indices: Tensor, count: int) -> Tensor:
    """Return ``count`` draws per item, uniform on ``[0, 1)``, ``(items, count)``, float32."""
    return _shift_right(draw_row_bits(key, indices, count), 40).float() * 2.0**-24


def draw_others(key: int, indices: Tensor, count: int) -> Tensor:
    """Return, for each of ``count`` items, another one, all equally likely.

    Args:
        key: Derived from what the draw is for.
        indices: Places in ``[0, count)``.
        count: Number of items, at least 2.
    """
    if count < 2:
        raise ValueError(f"another sample needs at least 2, got {count}")
    return (indices + 1 + draw_integers(key, indices, count - 1)) % count


@contextmanager
def drawing_by(key: int, device: torch.device) -> Iterator[None]:
    """Let torch's own generators draw by a key for a while, and leave them as they were.

    For code that is not ours; all else draws from a key itself.

    Args:
        key: Derived from what the draws are for.
        device: Where they are made; the generator of the CPU is set beside its own.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(key)
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(key)
        yield
