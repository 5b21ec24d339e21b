"""How a layer normalises what it reads, so that goodness cannot be passed on."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

Normalise = Callable[[Tensor], Tensor]

# Added to the mean square. Torch's default follows the dtype, so that a network asked in
# float64 would be another function wherever an activity is small.
EPSILON = torch.finfo(torch.float32).eps


def unit_rms(x: Tensor) -> Tensor:
    """Scale each sample to a root mean square of 1; zeros stay zeros."""
    if x.is_cuda or x.dtype == torch.bfloat16:
        return F.rms_norm(x, x.shape[1:], eps=EPSILON)
    # Torch's own writes the squares out before it averages them, unless it is on a GPU.
    length: Tensor = torch.linalg.vector_norm(x, dim=tuple(range(1, x.ndim)), keepdim=True)
    return x * (length.square() / prod(x.shape[1:]) + EPSILON).rsqrt()


def unit_variance(x: Tensor) -> Tensor:
    """Bring each sample to mean 0 and variance 1, as Ba et al. (2016), arXiv:1607.06450."""
    return F.layer_norm(x, x.shape[1:], eps=EPSILON)


def unit_groups(groups: int) -> Normalise:
    """Bring every group of channels to mean 0 and variance 1, sample by sample.

    With one group per class, what class goodness reads is gone from what the next layer
    reads, as in Sun et al. (2025), "DeeperForward", ICLR.

    Reference:
        Wu & He (2018), "Group Normalization", arXiv:1803.08494, without the affine map.
    """

    def normalise(x: Tensor) -> Tensor:
        return F.group_norm(x, groups, eps=EPSILON)

    return normalise


def unchanged(x: Tensor) -> Tensor:
    """Leave samples as they are."""
    return x
