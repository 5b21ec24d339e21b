"""Samples taken apart: shuffled within themselves, or across the training set."""

import torch
from torch import Tensor

from plurigrid_ff.learning.draws import draw_row_bits, draw_row_integers
from plurigrid_ff.learning.negatives.base import SampleNegatives


class ShuffledFeatures(SampleNegatives):
    """The sample's own values in a random order, another one for every sample and epoch."""

    name = "shuffled-features"
    summary = "the sample's own values in a random order"

    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Permute each sample's features, shape ``(batch, *feature_shape)``."""
        flat = x.flatten(1)
        order = draw_row_bits(key, sample_ids, flat.shape[1]).argsort(dim=1, stable=True)
        return flat.gather(1, order).reshape(x.shape)


class ShuffledRows(SampleNegatives):
    """Every feature from a training sample of its own: right alone, wrong together."""

    name = "shuffled-rows"
    summary = "every feature taken from another training sample"

    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Draw each feature from the pool, shape ``(batch, *feature_shape)``."""
        flat = self.pool.flatten(1)
        rows = draw_row_integers(key, sample_ids, flat.shape[1], len(flat))
        return flat[rows, torch.arange(flat.shape[1], device=x.device)].reshape(x.shape)
