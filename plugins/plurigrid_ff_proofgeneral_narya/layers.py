"""The first layer of a network in integers, and test samples as it reads them."""

from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.onchip.arithmetic import INPUT_BITS
from plurigrid_ff.onchip.quantise import quantise
from plurigrid_ff_proofgeneral_narya.certificate import SAMPLE_BITS, CertifiedLayer, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.onchip.network import IntegerNetwork

FINER_BITS = SAMPLE_BITS - INPUT_BITS  # beyond what a device reads: 1/64 is four steps


def integer_layer(network: "FFNetwork", calibration: "NDArray[np.float32]") -> CertifiedLayer:
    """Round the first layer as an export to a device does; sums and squares stay exact.

    Args:
        network: A trained network of linear layers.
        calibration: Training samples that the rounding's scales are chosen on.

    Raises:
        QuantisationError: The network has no integer form; which part, and what to change.
    """
    quantised = quantise(network, calibration).network
    layer = quantised.layers[0]
    offsets, factors = _parts(quantised)
    weights = layer.weight[:, : quantised.inputs]
    return CertifiedLayer(
        index=1,
        objective=quantised.objective,
        weight_bits=layer.weight_bits,
        power=1 if quantised.objective == "projection" or not quantised.squares else 2,
        classes=quantised.classes,
        units=tuple(
            Unit(weights=tuple(row), bias=bias << FINER_BITS, offsets=tuple(o), factors=tuple(f))
            for row, bias, o, f in zip(
                weights.tolist(),
                layer.bias.tolist(),
                offsets.tolist(),
                factors.tolist(),
                strict=True,
            )
        ),
    )


def _parts(network: "IntegerNetwork") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Return what each class makes of each unit: offsets and factors, ``(units, classes)``."""
    layer = network.layers[0]
    units, classes = layer.out_features, network.classes
    zeros = np.zeros((units, classes), dtype=np.int64)
    if network.objective == "threshold":
        columns = layer.weight[:, network.inputs :].astype(np.int64)
        return columns * (network.label_input << FINER_BITS), zeros + 1
    if network.objective == "projection":
        return zeros, layer.directions.T.astype(np.int64)
    owners = np.arange(units) // (units // classes)
    return zeros, (owners[:, None] == np.arange(classes)).astype(np.int64)


def integer_samples(network: "FFNetwork", samples: "NDArray[np.float32]") -> "NDArray[np.int64]":
    """Return what the first layer reads, ``(samples, inputs)``, in steps of 2**-SAMPLE_BITS.

    Args:
        network: Scales each sample as in training.
        samples: Shape ``(samples, *feature_shape)``.
    """
    import torch

    with torch.no_grad():
        scaled = network.scale(torch.from_numpy(samples)).flatten(1).double().numpy()
    steps: NDArray[np.int64] = np.rint(scaled * 2**SAMPLE_BITS).astype(np.int64)
    return steps
