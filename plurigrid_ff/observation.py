"""What a trained network makes of samples, as arrays that need no torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plurigrid_ff.learning.network import FFNetwork


@dataclass(frozen=True, slots=True)
class Observation:
    """Activities and scores of a network on samples.

    Attributes:
        inputs: What the first layer reads, shape ``(samples, in_features)``, float32.
        layers: One ``(samples, out_features)`` float32 array per layer.
        goodness: The read-out's score of every class, shape ``(samples, classes)``, float64.
    """

    inputs: "NDArray[np.float32]"
    layers: "tuple[NDArray[np.float32], ...]"
    goodness: "NDArray[np.float64]"

    @property
    def predicted(self) -> "NDArray[np.intp]":
        """The class of highest goodness, shape ``(samples,)``."""
        best: NDArray[np.intp] = self.goodness.argmax(axis=1)
        return best


def observe(network: "FFNetwork", x: "NDArray[np.float32]") -> Observation:
    """Show samples to a network, in batches, without any gradient.

    Args:
        network: The network, on the CPU.
        x: Samples, shape ``(samples, *feature_shape)``, at least one.
    """
    import numpy as np
    import torch

    from plurigrid_ff.learning.assessment import measure

    samples = torch.from_numpy(np.ascontiguousarray(x))
    parts = [network.activities(part) for part in torch.split(samples, network.rows_per_pass)]
    return Observation(
        inputs=network.scale(samples).flatten(1).numpy(),
        layers=tuple(torch.cat(layer).numpy() for layer in zip(*parts, strict=True)),
        goodness=measure(network, samples).total.double().numpy(),
    )
