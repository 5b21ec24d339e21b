"""How the features of a sample become the int8 numbers that an integer network reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.onchip.arithmetic import INPUT_BITS, INT8_MAX

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork


@dataclass(frozen=True, slots=True)
class InputScaling:
    """``int8 = round((feature - offset) / step)``, clamped to [-127, 127].

    Attributes:
        offset: Shape ``(inputs,)``.
        step: Shape ``(inputs,)``, positive. Where the network scales each sample itself all
            steps are one power of two, so a sensor's own integers often serve as they are.
    """

    offset: NDArray[np.float64]
    step: NDArray[np.float64]

    @classmethod
    def fit(cls, network: "FFNetwork", samples: NDArray[np.float32]) -> "InputScaling":
        """Choose offset and step for a network's input.

        Raises:
            QuantisationError: The samples hold nothing but zeros.
        """
        flat = samples.reshape(len(samples), -1)
        if network.config.scaling == "standard":
            mean = network.get_buffer("input_mean").double().cpu().numpy()
            deviation = network.get_buffer("input_deviation").double().cpu().numpy()
            return cls(mean, deviation / (1 << INPUT_BITS))
        largest = float(np.abs(flat).max())
        if not largest:
            raise QuantisationError("the samples hold nothing but zeros, so no scale fits them")
        step = 2.0 ** np.ceil(np.log2(largest / INT8_MAX))
        width = flat.shape[1]
        return cls(np.zeros(width), np.full(width, step))

    def apply(self, samples: NDArray[np.float32]) -> NDArray[np.int8]:
        """Map samples ``(batch, *feature_shape)`` to ``(batch, inputs)``, int8."""
        flat = samples.reshape(len(samples), -1)
        whole = np.rint((flat - self.offset) / self.step)
        return np.clip(whole, -INT8_MAX, INT8_MAX).astype(np.int8)
