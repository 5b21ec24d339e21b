"""The hardest wrong label: the one that the first layer believes most."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from plurigrid_ff.learning.labels import embed_labels, embed_nothing
from plurigrid_ff.learning.negatives.base import LabelNegatives
from plurigrid_ff.learning.norms import unchanged

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork


class HardestLabel(LabelNegatives):
    """The same sample with the wrong label of highest goodness in the first layer.

    In the first layer only: a choice that asked later layers would carry what they learn
    back into the layers before them.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.3, which
        picks hard negative labels with a pass through the network.
    """

    name = "hardest-label"
    summary = "the sample with the wrong label that the first layer rates highest"

    def labels(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Return the wrong label of highest goodness, shape ``(batch,)``."""
        goodness = first_goodness(network, x)
        return goodness.scatter_(1, y.unsqueeze(1), -torch.inf).argmax(dim=1)


def first_goodness(network: "FFNetwork", x: Tensor) -> Tensor:
    """Score every label in the first layer, ``(batch, classes)``.

    Where that layer is affine, the part of the sample is computed once and a label adds its
    own: ``a(x, k) = a(x, 0) + a(0, k) - a(0, 0)``.
    """
    first, classes = network.stack[0], network.num_classes
    scaled = network.scale(x)
    if not first.transform.affine or first.normalise is not unchanged:
        return torch.stack(
            [
                first.goodness(first.activity(embed_labels(scaled, y, classes)))
                for y in torch.arange(classes, device=x.device).unsqueeze(1).expand(-1, len(x))
            ],
            dim=1,
        )
    nothing = scaled.new_zeros(classes, *scaled.shape[1:])
    labels = torch.arange(classes, device=x.device)
    of_label = first.transform(embed_labels(nothing, labels, classes))
    of_label = of_label - first.transform(embed_nothing(nothing[:1], classes))
    of_sample = first.transform(embed_nothing(scaled, classes))
    scores = [first.goodness(first.respond(of_sample + part)) for part in of_label]
    return torch.stack(scores, dim=1)
