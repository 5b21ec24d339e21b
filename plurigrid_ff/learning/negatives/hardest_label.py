"""The hardest wrong label: the one that the layer which reads labels believes most."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from plurigrid_ff.learning.negatives.base import LabelNegatives

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork


class HardestLabel(LabelNegatives):
    """The same sample with the wrong label of highest goodness in the layer that reads labels.

    That is the first layer, and no other is asked: a choice that asked later layers would carry
    what they learn back into the layers before them. In a recurrent network the label stands
    above the last layer, which is asked one step after a pass upwards.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.3 and 3.4,
        which pick hard negative labels with a pass through the network.
    """

    name = "hardest-label"
    summary = "the sample with the wrong label that the first layer rates highest"

    def labels(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Return the wrong label of highest goodness, shape ``(batch,)``."""
        goodness = network.label_goodness(x)
        return goodness.scatter_(1, y.unsqueeze(1), -torch.inf).argmax(dim=1)
