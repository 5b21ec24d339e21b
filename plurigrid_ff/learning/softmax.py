"""Cross-entropy of a softmax, with its gradient."""

from torch import Tensor
from torch.nn import functional as F


def softmax_loss(scores: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and ``p - onehot(y)``, which is batch times its gradient.

    Computed class by class, over all samples at once: a softmax over a few neighbouring numbers
    is many times slower on a CPU.

    Args:
        scores: Shape ``(batch, classes)``, best laid out class by class.
        y: True classes, shape ``(batch,)``, int64.

    Returns:
        A scalar, and a new tensor of shape ``(batch, classes)``, laid out class by class.
    """
    log_p = F.log_softmax(scores.T.contiguous(), dim=0)  # (classes, batch)
    index = y.unsqueeze(0)
    excess = log_p.exp()
    excess.scatter_add_(0, index, excess.new_full((), -1).expand(index.shape))
    return -log_p.gather(0, index).mean(), excess.T
