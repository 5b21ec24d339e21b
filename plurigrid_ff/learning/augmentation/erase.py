"""Rectangles, runs of frames and runs of bands that are set to 0."""

import torch
from torch import Tensor


def within(starts: Tensor, lengths: Tensor, extent: int) -> Tensor:
    """Mark runs, ``(batch, extent)``, bool.

    Args:
        starts: First place of each run, shape ``(batch,)``.
        lengths: Places in it, shape ``(batch,)``; 0 marks none.
        extent: Number of places.
    """
    places = torch.arange(extent, device=starts.device)
    starts = starts.unsqueeze(1)
    return (places >= starts) & (places < starts + lengths.unsqueeze(1))


def draw_rectangles(drawn: Tensor, share: float, height: int, width: int) -> Tensor:
    """Mark a rectangle in each image, ``(batch, height, width)``, bool.

    Args:
        drawn: Uniform on ``[0, 1)``, shape ``(batch, 4)``.
        share: Of the image's area, at most.
        height: Rows.
        width: Columns.

    Reference:
        Zhong et al. (2020), "Random Erasing Data Augmentation", arXiv:1708.04896. Here the
        area starts from nothing instead of every second image being spared.
    """
    area, aspect = drawn[:, 0] * share, 4 ** (drawn[:, 1] - 0.5)  # aspect in [1/2, 2)
    rows = (height * (area * aspect).sqrt()).long()
    columns = (width * (area / aspect).sqrt()).long()
    top = (drawn[:, 2] * (height - rows + 1)).long()
    left = (drawn[:, 3] * (width - columns + 1)).long()
    inside = within(top, rows, height).unsqueeze(2)
    return inside & within(left, columns, width).unsqueeze(1)


def draw_runs(drawn: Tensor, most: int, extent: int) -> Tensor:
    """Mark a run of at most ``most`` places in each sample, ``(batch, extent)``, bool.

    Args:
        drawn: Uniform on ``[0, 1)``, shape ``(batch, 2)``.
        most: Places in a run at most; any number up to it is equally likely.
        extent: Number of places, at least ``most``.

    Reference:
        Park et al. (2019), "SpecAugment", arXiv:1904.08779: time and frequency masking.
    """
    lengths = (drawn[:, 0] * (most + 1)).long()
    starts = (drawn[:, 1] * (extent - lengths + 1)).long()
    return within(starts, lengths, extent)
