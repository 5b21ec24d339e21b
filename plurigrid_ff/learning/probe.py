"""A linear read-out of all layers, which none of them can feel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plurigrid_ff.learning.norms import unit_rms
from plurigrid_ff.learning.softmax import softmax_loss


class Probe(nn.Module):
    """Softmax regression on the activities of all layers, each scaled to unit RMS.

    It reads activities that are detached, so its error moves no layer. Its scores are a sum
    over layers, so each layer's share can be told.

    Args:
        widths: Features of every layer.
        num_classes: Number of classes.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.3: the
        one-pass read-out from the normalised activity of the layers.
    """

    def __init__(self, widths: Sequence[int], num_classes: int) -> None:
        super().__init__()
        self.widths = list(widths)
        self.weight = nn.Parameter(torch.zeros(num_classes, sum(widths)))
        self.bias = nn.Parameter(torch.zeros(num_classes))

    @torch.no_grad()
    def shares(self, activities: Sequence[Tensor]) -> Tensor:
        """Return each layer's share of the scores, ``(layers, batch, classes)``.

        Args:
            activities: One per layer, shape ``(batch, features)``.
        """
        parts = torch.split(self.weight, self.widths, dim=1)
        bias = self.bias / len(self.widths)
        scores = [
            torch.addmm(bias, unit_rms(h), part.T)
            for h, part in zip(activities, parts, strict=True)
        ]
        return torch.stack(scores)

    @torch.no_grad()
    def learn(self, activities: Sequence[Tensor], y: Tensor) -> Tensor:
        """Set the gradient of the cross-entropy at the probe's own weights; return the loss.

        Args:
            activities: One per layer, shape ``(batch, features)``.
            y: True labels, shape ``(batch,)``.
        """
        features = torch.cat([unit_rms(h) for h in activities], dim=1)
        loss, dg = softmax_loss(torch.addmm(self.bias, features, self.weight.T), y)
        dg /= len(y)
        self.weight.grad = dg.T @ features
        self.bias.grad = dg.sum(dim=0)
        return loss
