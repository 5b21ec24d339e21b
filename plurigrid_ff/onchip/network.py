"""A network of int8 weights: numbers and scales, no arithmetic."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.onchip.arithmetic import GOODNESS_BITS, INPUT_BITS, INT8_MAX, Integers

Objective = Literal["projection", "class-goodness", "threshold"]
OBJECTIVES: tuple[Objective, ...] = ("projection", "class-goodness", "threshold")

# Labels carry few weights that grow large: those are kept with so many fraction bits less
# than the rest of their row, read with so many more, and learn with so many less.
LABEL_GAIN_BITS = 3
FNV_OFFSET = 0x811C9DC5
FNV_PRIME = 0x01000193


@dataclass(frozen=True, slots=True)
class Ratio:
    """A positive factor as ``multiplier / 2 ** shift``, the multiplier of 15 bits."""

    multiplier: int
    shift: int

    @classmethod
    def near(cls, value: float) -> "Ratio":
        """Return the ratio nearest to a positive factor below 2 ** 14."""
        shift = 14 - math.floor(math.log2(value))
        return cls(round(value * 2.0**shift), shift)

    def times(self, values: Integers) -> Integers:
        """Multiply and round down."""
        return (values * self.multiplier) >> self.shift


@dataclass(slots=True)
class IntegerLayer:
    """One layer. Real value = integer / 2 ** bits.

    Attributes:
        weight: Shape ``(out_features, in_features)``, int8. Where the network reads labels,
            the first layer's last ``classes`` columns belong to them.
        bias: Shape ``(out_features,)``, int32, ``weight_bits + INPUT_BITS`` fraction bits.
        directions: Shape ``(classes, out_features)``, int8, for projection; empty otherwise.
        weight_bits: Fraction bits of the weights.
        activity_bits: Fraction bits of the activity, which is int8 in [0, 127].
        direction_bits: Fraction bits of the directions.
        goodness: Factor from summed (squared) integers to 1/256 nat; not for projection.
        threshold: Goodness at probability 1/2, in 1/256 nat.
        rate_shift: Bits dropped from a unit's gradient: the step size, as a power of two.
        direction_shift: The same for the directions.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    directions: NDArray[np.int8]
    weight_bits: int
    activity_bits: int
    direction_bits: int = 0
    goodness: Ratio = Ratio(1 << 14, 14)
    threshold: int = 0
    rate_shift: int = 0
    direction_shift: int = 0

    @property
    def in_features(self) -> int:
        """Width of the input, label columns included."""
        return int(self.weight.shape[1])

    @property
    def out_features(self) -> int:
        """Number of units."""
        return int(self.weight.shape[0])

    @property
    def activity_shift(self) -> int:
        """Bits dropped from the accumulator to make an activity."""
        return self.weight_bits + INPUT_BITS - self.activity_bits

    @property
    def projection_shift(self) -> int:
        """Bits dropped from a projection to make goodness; negative: bits gained."""
        return self.direction_bits + self.activity_bits - GOODNESS_BITS


@dataclass(slots=True)
class IntegerNetwork:
    """Layers that learn with integers, and the state of their learning.

    Attributes:
        objective: What every layer learns from.
        squares: Whether class goodness averages squares or plain activity.
        inputs: Number of features a sample has, each an int8.
        classes: Number of classes.
        normalises: Whether a sample is scaled to unit RMS first; otherwise it is read as
            it is, with INPUT_BITS fraction bits.
        layers: First layer first.
        hardest: Whether a negative has the wrong label that the first layer rates highest;
            otherwise any wrong label. For the threshold objective.
        key: All draws are functions of it and of ``step``.
        step: Samples learned from so far.
        halvings: How often the step size has been halved.
    """

    objective: Objective
    squares: bool
    inputs: int
    classes: int
    normalises: bool
    layers: list[IntegerLayer]
    key: int
    hardest: bool = False
    step: int = 0
    halvings: int = 0

    @property
    def saturated(self) -> int:
        """Number of weights that have reached the end of their range."""
        arrays = [part for layer in self.layers for part in (layer.weight, layer.directions)]
        return sum(int((np.abs(part) == INT8_MAX).sum()) for part in arrays)

    @property
    def label_step(self) -> int:
        """What a label's column learns with: sqrt(classes) with LABEL_GAIN_BITS bits less."""
        return round((1 << INPUT_BITS - LABEL_GAIN_BITS) * math.sqrt(self.classes))

    @property
    def label_input(self) -> int:
        """What a label's column reads: sqrt(classes) with LABEL_GAIN_BITS bits more."""
        return self.label_step << 2 * LABEL_GAIN_BITS

    @property
    def label_columns(self) -> int:
        """Columns of the first layer that belong to labels."""
        return self.classes if self.objective == "threshold" else 0

    def copy(self) -> "IntegerNetwork":
        """Return a network that learns on its own."""
        layers = [
            replace(
                layer,
                weight=layer.weight.copy(),
                bias=layer.bias.copy(),
                directions=layer.directions.copy(),
            )
            for layer in self.layers
        ]
        return replace(self, layers=layers)

    def digest(self) -> int:
        """FNV-1a, 32 bits, over the step and everything that learns, little-endian.

        Weights go in input by input, as they lie on the device; directions class by class.
        """
        parts = [np.array(self.step, dtype="<u4").tobytes()]
        for layer in self.layers:
            parts += [
                layer.weight.T.tobytes(),
                layer.bias.astype("<i4").tobytes(),
                layer.directions.tobytes(),
            ]
        value = FNV_OFFSET
        for byte in b"".join(parts):
            value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFF
        return value
