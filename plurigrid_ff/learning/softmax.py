"""Cross-entropy of a softmax, with its gradient."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.learning.kernels import softmax as kernel


def softmax_loss(scores: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and its gradient, ``(p - onehot(y)) / batch``.

    Computed class by class, over all samples at once: a softmax over a few neighbouring numbers
    is many times slower on a CPU.

    Args:
        scores: Shape ``(batch, classes)``, best laid out class by class.
        y: True classes, shape ``(batch,)``, int64.

    Returns:
        A scalar, and a new tensor of shape ``(batch, classes)``, laid out class by class.
    """
    if kernel.suits(scores):
        costs, gradient = kernel.softmax_costs(scores, y)
        return costs.mean(), gradient
    log_p = F.log_softmax(scores.T.contiguous(), dim=0)  # (classes, batch)
    index, share = y.unsqueeze(0), 1 / len(y)
    gradient = log_p.exp().mul_(share)
    gradient.scatter_add_(0, index, torch.full_like(index, -share, dtype=gradient.dtype))
    return -log_p.gather(0, index).mean(), gradient.T
