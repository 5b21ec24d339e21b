"""Hybrid images: two samples through a blurred random mask."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.draws import draw_others, draw_rows
from plurigrid_ff.learning.negatives.base import SampleNegatives

BLURS = 3  # one pass of [1/4, 1/2, 1/4] per so many pixels of the shorter side


class Hybrid(SampleNegatives):
    """``x_neg = m x + (1 - m) x'`` with a mask of large regions and another sample x'.

    Short-range statistics are those of real images, long-range ones are not. The mask is a
    random image, blurred and cut at its median, so half of the pixels come from either.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.2.
    """

    name = "hybrid"
    summary = "an image that is half the sample and half another, in large patches"

    @classmethod
    def require(cls, feature_shape: tuple[int, ...]) -> None:
        """Require images."""
        if len(feature_shape) not in (2, 3) or min(feature_shape[-2:]) < 2:
            raise ConfigError(
                "network.negatives: 'hybrid' cuts images of shape (height, width) or (channels, "
                f"height, width), got samples of shape {feature_shape}; use 'shuffled-rows' or "
                "'noise', or reshape the samples in an .npz file"
            )

    def masks(self, *, key: int, sample_ids: Tensor) -> Tensor:
        """Draw a mask for each sample, ``(batch, height, width)``, bool, half of it True."""
        height, width = self.pool.shape[-2:]
        drawn = draw_rows(key, sample_ids, height * width).reshape(-1, 1, height, width)
        line = drawn.new_tensor([0.25, 0.5, 0.25])
        kernel = torch.outer(line, line)[None, None]
        for _ in range(max(1, min(height, width) // BLURS)):
            drawn = F.conv2d(F.pad(drawn, (1, 1, 1, 1), mode="replicate"), kernel)
        flat = drawn.flatten(1)
        upper = flat.argsort(dim=1, stable=True).argsort(dim=1) >= flat.shape[1] // 2
        return upper.reshape(-1, height, width)

    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Mix each sample with another, shape ``(batch, *feature_shape)``."""
        other = self.partners(draw_others(key, sample_ids, len(self.pool)))
        mask = self.masks(key=derive_key(key, "mask"), sample_ids=sample_ids)
        if x.ndim == 4:
            mask = mask.unsqueeze(1)  # all channels share a mask
        return torch.where(mask, x, other)
