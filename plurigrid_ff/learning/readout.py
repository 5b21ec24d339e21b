"""The read-out: from the scores of single layers to one score per class."""

import torch
from torch import Tensor, nn

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError


class Readout(nn.Module):
    """Sums the scores of consecutive layers.

    Which layers: all, or a range that the settings name, or one that :meth:`choose` found on
    validation samples. A chosen range is a buffer, so it is saved with the network; until
    one is chosen it is all layers. A softmax head reads the last layer, a probe all of them.

    Scores are summed as they are. Normalising each layer's goodness to log-probabilities
    first takes the same number from every class, so it would change no prediction.

    Args:
        config: The network's settings.
        num_layers: Number of layers.

    Raises:
        ConfigError: A range that this network, or this read-out, does not have.

    Reference:
        Sun et al. (2025), "DeeperForward", ICLR: goodness summed over a layer range that is
        chosen on validation samples.
    """

    def __init__(self, config: NetworkConfig, num_layers: int) -> None:
        super().__init__()
        asked = config.readout_layers
        if config.readout != "goodness" and asked != "all":
            raise ConfigError(
                f"network.readout_layers: is for the read-out 'goodness', got {asked!r} with "
                f"{config.readout!r}, which knows its layers; leave it out"
            )
        self.first, self.last = 1, num_layers
        self.validated = asked == "validated"
        if config.readout == "head":
            self.first = num_layers
        elif isinstance(asked, tuple):
            self.first, self.last = asked
        if self.last > num_layers:
            raise ConfigError(
                f"network.readout_layers: expected layers from 1 to {num_layers}, got "
                f"{[self.first, self.last]}; the network has {num_layers}"
            )
        if self.validated:
            self.register_buffer("bounds", torch.tensor([1, num_layers]))

    @property
    def layers(self) -> tuple[int, int]:
        """First and last layer that are summed, counted from 1."""
        if not self.validated:
            return self.first, self.last
        first, last = self.get_buffer("bounds").tolist()
        return first, last

    def forward(self, scores: Tensor) -> Tensor:
        """Sum ``(layers, batch, classes)`` over the layers, ``(batch, classes)``."""
        first, last = self.layers
        return scores[first - 1 : last].sum(dim=0)

    def choose(self, scores: Tensor, y: Tensor) -> None:
        """Take the range that is best on samples which no layer was trained or tested on.

        Args:
            scores: Goodness of every layer, shape ``(layers, samples, classes)``.
            y: True labels, shape ``(samples,)``.
        """
        bounds = self.get_buffer("bounds")
        bounds.copy_(torch.tensor(best_range(scores, y)))


def best_range(scores: Tensor, y: Tensor) -> tuple[int, int]:
    """Return first and last layer, from 1, whose summed scores get most samples right.

    Of ranges that are equally good the widest, which is the nearest to not choosing at all;
    of equally wide ones the deepest.

    Args:
        scores: Shape ``(layers, samples, classes)``.
        y: True labels, shape ``(samples,)``.

    Cost: time O(layers² samples classes).
    """
    found = []
    for first in range(len(scores)):
        sums = scores[first:].cumsum(dim=0)
        right = (sums.argmax(dim=2) == y.to(scores.device)).sum(dim=1)
        found += [(count, width, first) for width, count in enumerate(right.tolist())]
    _, width, first = max(found)
    return first + 1, first + 1 + width
