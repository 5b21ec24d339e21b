"""Labels written into the input, for objectives that compare samples with labels."""

import torch
from torch import Tensor
from torch.nn import functional as F


def embed_labels(x: Tensor, y: Tensor, num_classes: int) -> Tensor:
    """Append each sample's label to its features.

    The label part has the same root mean square as the features of a sample scaled to
    unit RMS, so that neither drowns the other.

    Args:
        x: Features at unit RMS, shape ``(batch, features)``.
        y: Labels, shape ``(batch,)``, int64.
        num_classes: Number of classes.

    Returns:
        Shape ``(batch, features + num_classes)``.
    """
    one_hot = F.one_hot(y, num_classes).to(x.dtype)
    return torch.cat([x, one_hot * num_classes**0.5], dim=1)


def embed_neutral(x: Tensor, num_classes: int) -> Tensor:
    """Append a label part that favours no class, as in Hinton (2022), sec. 3.3."""
    neutral = x.new_full((len(x), num_classes), num_classes**-0.5)
    return torch.cat([x, neutral], dim=1)
