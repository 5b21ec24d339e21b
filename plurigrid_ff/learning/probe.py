"""Linear read-outs of activities, which no layer can feel."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from plurigrid_ff.config import ReadoutKind
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
        self.weight.grad = dg.T @ features
        self.bias.grad = dg.sum(dim=0)
        return loss


class Heads(nn.Module):
    """A softmax head for every layer, on that layer's activity alone; the last one predicts.

    The others say what their layers are worth. Each is a :class:`Probe` of one layer, so no
    layer can feel it, and no head another.

    Args:
        widths: Features of every layer.
        num_classes: Number of classes.

    Reference:
        Alain & Bengio (2017), "Understanding intermediate layers using linear classifier
        probes", arXiv:1610.01644.
    """

    def __init__(self, widths: Sequence[int], num_classes: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Probe([width], num_classes) for width in widths)

    def __getitem__(self, index: int) -> Probe:
        """Return the head of one layer."""
        return cast(Probe, self.heads[index])

    @torch.no_grad()
    def shares(self, activities: Sequence[Tensor]) -> Tensor:
        """Return the scores of every layer's head, ``(layers, batch, classes)``.

        Args:
            activities: One per layer, shape ``(batch, features)``.
        """
        return torch.cat([self[index].shares([h]) for index, h in enumerate(activities)])

    @torch.no_grad()
    def learn(self, activities: Sequence[Tensor], y: Tensor) -> Tensor:
        """Set the gradient of each head's cross-entropy at its own weights.

        Args:
            activities: One per layer, shape ``(batch, features)``.
            y: True labels, shape ``(batch,)``.

        Returns:
            The loss of the last layer's head.
        """
        return [self[index].learn([h], y) for index, h in enumerate(activities)][-1]


# Read-outs that learn, beside the layers, by their name in a run file.
PROBES: dict[ReadoutKind, type[Probe] | type[Heads]] = {"probe": Probe, "head": Heads}
