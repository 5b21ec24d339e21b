"""Shifts by whole places, and mirror images: samples are copied, never interpolated."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.learning.draws import draw_row_integers


def draw_shifts(key: int, sample_ids: Tensor, most: int) -> Tensor:
    """Draw a shift in each of two directions, ``(batch, 2)``, in ``[-most, most]``."""
    return draw_row_integers(key, sample_ids, 2, 2 * most + 1) - most


def shift(x: Tensor, rows: Tensor, columns: Tensor, *, reach: tuple[int, int]) -> Tensor:
    """Move images by whole pixels; zeros move in.

    Args:
        x: Images, shape ``(batch, channels, height, width)``.
        rows: How far down each moves, shape ``(batch,)``, int64.
        columns: How far to the right, shape ``(batch,)``, int64.
        reach: The most that any moves down or up, and right or left.
    """
    height, width = x.shape[2:]
    down, right = reach  # given, because asking ``rows`` would make a GPU wait for the host
    padded = F.pad(x, (right, right, down, down))
    # Every window of the image's size is a view; each sample copies the one it needs.
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    places = torch.arange(len(x), device=x.device)
    return windows[places, :, down - rows, right - columns]


def flip(x: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the chosen images left to right.

    Args:
        x: Images, shape ``(batch, channels, height, width)``.
        chosen: Shape ``(batch,)``, bool.
    """
    return torch.where(chosen[:, None, None, None], x.flip(3), x)
