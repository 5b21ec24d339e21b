"""Cross-entropy of a softmax, with its gradient."""

import torch
from torch import Tensor
from torch.nn import functional as F


def softmax_loss(scores: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and ``p - onehot(y)``, which is batch times its gradient.

    Args:
        scores: Shape ``(batch, classes)``.
        y: True classes, shape ``(batch,)``, int64.

    Returns:
        A scalar, and a new tensor of shape ``(batch, classes)``.
    """
    log_p = F.log_softmax(scores, dim=1)
    index = y.unsqueeze(1)
    excess = log_p.exp()
    excess.scatter_add_(1, index, torch.full_like(index, -1, dtype=excess.dtype))
    return -log_p.gather(1, index).mean(), excess
