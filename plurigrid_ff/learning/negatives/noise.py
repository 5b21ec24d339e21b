"""Noise within the range of the data."""

from torch import Tensor

from plurigrid_ff.learning.draws import draw_rows
from plurigrid_ff.learning.negatives.base import SampleNegatives


class Noise(SampleNegatives):
    """Every feature uniform between its lowest and highest value in the training set."""

    name = "noise"
    summary = "every feature drawn uniformly from its range"

    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Draw noise, shape ``(batch, *feature_shape)``."""
        low, high = self.value_range()
        drawn = draw_rows(key, sample_ids, x[0].numel()).reshape(x.shape)
        return low + (high - low) * drawn
