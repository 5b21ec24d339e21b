"""Another sample, to make a pair with: the negatives of self-contrastive learning."""

from torch import Tensor

from plurigrid_ff.learning.draws import draw_others
from plurigrid_ff.learning.negatives.base import SampleNegatives


class OtherSample(SampleNegatives):
    """Any other training sample; the layer compares [x, x] with [x, x'].

    It may be of the same class, since no label is read.

    Reference:
        Chen, Liu, Laydevant & Grollier (2025), "Self-Contrastive Forward-Forward
        algorithm", Nature Communications 16, arXiv:2409.11593.
    """

    name = "other-sample"
    contrast = "pairs"
    summary = "the sample paired with another instead of with itself"

    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Draw another sample for each, shape ``(batch, *feature_shape)``."""
        return self.partners(draw_others(key, sample_ids, len(self.pool)))
