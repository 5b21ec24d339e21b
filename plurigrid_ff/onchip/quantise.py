"""From a float network to int8: choose power-of-two scales, round, and say what it costs."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.objectives import parse_options
from plurigrid_ff.onchip.arithmetic import (
    BIAS_MAX,
    ERROR_BITS,
    GOODNESS_BITS,
    INPUT_BITS,
    INT8_MAX,
    UPDATE_BITS,
    Integers,
    normalised,
)
from plurigrid_ff.onchip.forward import accumulated, activity, prepared, with_labels
from plurigrid_ff.onchip.inputs import InputScaling
from plurigrid_ff.onchip.network import OBJECTIVES, IntegerLayer, IntegerNetwork, Objective, Ratio
from plurigrid_ff.onchip.scales import fraction_bits, to_int8

if TYPE_CHECKING:
    from plurigrid_ff.learning.layers import FFLayer
    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.transforms import Linear

NEGATIVES = ("hardest-label", "wrong-label")
MAX_FEATURES = 1 << 14  # keeps every accumulator inside int32
MAX_CLASSES = 256
MAX_CALIBRATION = 2000  # samples; the scales are powers of two, so more change nothing
# Largest weight to leave room for, in units of the largest initial one. Finer weights make the
# noise of rounding smaller, coarser ones saturate later: on MNIST, validation, 3 epochs, threshold
# reaches 92.3 % with 10, 94.6 % with 5, 95.4 % with 2.5; projection 96.1, 97.2, 97.4 %.
HEADROOM = 2.5
GOODNESS_MAX = 1 << 27  # of a layer, in 1/256 nat
MAX_LAYERS = 15  # of that goodness stay inside int32
RATIO_MAX = 1 << 14  # see Ratio.near
MAX_ACTIVITY_BITS = 4
MAX_DIRECTION_BITS = 6
# Steps that learn from scratch undo what a trained network knows: docs/onchip.md has figures.
TRAINED_HALVINGS = 4
# Relative step size of each objective: docs/onchip.md says what it is and how it was chosen.
RATES: dict[Objective, float] = {"projection": 4.0, "class-goodness": 0.5, "threshold": 0.5}


@dataclass(frozen=True, slots=True)
class Quantised:
    """An integer network, how samples become its int8 input, and what rounding did.

    Attributes:
        network: The network.
        scaling: From a sample's features to int8.
        clipped_weights: Per layer, the share of weights outside the range of int8.
        clipped_activities: Per layer, the share of activities at the top of their range.
    """

    network: IntegerNetwork
    scaling: InputScaling
    clipped_weights: tuple[float, ...]
    clipped_activities: tuple[float, ...]


def quantise(
    network: "FFNetwork", samples: NDArray[np.float32], *, seed: int = 0, halvings: int = 0
) -> Quantised:
    """Make the integer form of a float network, ready to predict and to go on learning.

    Args:
        network: Linear layers that learn by projection, class goodness or threshold;
            trained or not.
        samples: Training samples, shape ``(samples, *feature_shape)``; the scales of input
            and activities are chosen on them.
        seed: The draws of later learning derive from it.
        halvings: How often the step size is halved before the first step; see
            ``TRAINED_HALVINGS``.

    Raises:
        QuantisationError: A layer or an objective without an integer form, or weights
            that no scale fits; which, and what to change.
    """
    objective = require_integer_form(network)
    options = parse_options(objective, network.config.options).model_dump()
    scaling = InputScaling.fit(network, samples)
    negatives = find_negatives(network.config)
    result = IntegerNetwork(
        objective=objective,
        squares=options.get("activity", "squares") == "squares",
        inputs=math.prod(network.feature_shape),
        classes=network.num_classes,
        normalises=network.config.scaling != "standard",
        layers=[],
        key=derive_key(seed, "onchip"),
        hardest=negatives is not None and negatives.name == "hardest-label",
        halvings=halvings,
    )
    rails = prepared(result, scaling.apply(samples[:MAX_CALIBRATION]))
    if result.label_columns:
        rails = with_labels(result, rails, np.arange(len(rails)) % result.classes)
    clipped_weights, clipped_activities = [], []
    for index, layer in enumerate(network.stack):
        made, share = _integer_layer(result, layer, index, rails)
        _set_goodness(result, made, layer, index, options)
        _set_rates(result, made)
        result.layers.append(made)
        h = activity(made, rails)
        clipped_weights.append(share)
        clipped_activities.append(float((h == INT8_MAX).mean()))
        rails = normalised(h)
    return Quantised(result, scaling, tuple(clipped_weights), tuple(clipped_activities))


def require_integer_form(network: "FFNetwork") -> Objective:
    """Return the objective of a network that has an integer form.

    Raises:
        QuantisationError: The first part that has none, named.
    """
    name = network.config.objective
    known = {objective: objective for objective in OBJECTIVES}
    if name not in known:
        raise QuantisationError(
            f"objective {name!r} has no integer form; train with one of {', '.join(OBJECTIVES)}"
        )
    _require_plain(network)
    if network.num_classes > MAX_CLASSES:
        raise QuantisationError(
            f"{network.num_classes} classes: the integer form holds at most {MAX_CLASSES}; train "
            "on fewer classes"
        )
    if len(network.stack) > MAX_LAYERS:
        raise QuantisationError(
            f"{len(network.stack)} layers: the integer form holds at most {MAX_LAYERS}; train with "
            "fewer widths in --hidden"
        )
    for index, layer in enumerate(network.stack):
        if layer.transform.kind != "linear":
            raise QuantisationError(
                f"layer {index + 1} is {layer.transform.kind!r}, which has no integer form; use "
                "linear layers"
            )
        settings = network.config.layers[index]
        if settings.norm != "auto" or settings.shortcut != "none":
            raise QuantisationError(
                f"layer {index + 1} has norm {settings.norm!r} and shortcut {settings.shortcut!r}: "
                "the integer form has neither; train without them"
            )
        if layer.transform.out_features > MAX_FEATURES:
            raise QuantisationError(
                f"layer {index + 1} is {layer.transform.out_features} wide: the integer form holds "
                f"at most {MAX_FEATURES}; train with a narrower --hidden"
            )
        if layer.transform.in_features > MAX_FEATURES:
            raise QuantisationError(
                f"layer {index + 1} reads {layer.transform.in_features} inputs: the integer form "
                f"holds at most {MAX_FEATURES}; train on smaller samples"
            )
    return known[name]


def _require_plain(network: "FFNetwork") -> None:
    """Require the forms of goodness, contrast and read-out that integers have.

    Raises:
        QuantisationError: The first that has none, named.
    """
    config = network.config
    negatives = find_negatives(config)
    if negatives is not None and negatives.name not in NEGATIVES:
        raise QuantisationError(
            f"network.negatives {negatives.name!r} have no integer form; train with "
            f"--negatives {' or '.join(NEGATIVES)}"
        )
    if config.recurrent is not None:
        raise QuantisationError(
            "network.recurrent: layers that hear the layer above have no integer form; train "
            "without it"
        )
    if config.readout != "goodness":
        raise QuantisationError(
            f"network.readout {config.readout!r} has no integer form; train with --readout goodness"
        )
    first, last = network.read_out.layers
    if (first, last) != (1, len(network.stack)):
        raise QuantisationError(
            f"network.readout_layers: goodness of layers {first} to {last} of {len(network.stack)} "
            "alone has no integer form; train with --set network.readout_layers=all"
        )
    goodness = parse_options(config.objective, config.options).model_dump().get("goodness")
    if goodness not in (None, "squares"):
        raise QuantisationError(
            f"network.options.goodness {goodness!r} has no integer form; train with 'squares'"
        )


def _integer_layer(
    network: IntegerNetwork, layer: "FFLayer", index: int, rails: Integers
) -> tuple[IntegerLayer, float]:
    """Round one layer; return it and the share of weights that was clamped."""
    transform = cast("Linear", layer.transform)
    weight = transform.weight.detach().double().cpu().numpy().copy()
    bias = transform.bias.detach().double().cpu().numpy()
    if index == 0 and network.label_columns:
        # Float labels read sqrt(classes); these read more and are kept smaller.
        factor = network.classes**0.5 * (1 << INPUT_BITS) / network.label_input
        weight[:, network.inputs :] *= factor
    bound = (6 / weight.shape[1]) ** 0.5
    most = int(np.floor(np.log2(INT8_MAX / (HEADROOM * bound))))
    weight_bits = fraction_bits(weight, most=most)
    if weight_bits < 0:
        raise QuantisationError(
            f"layer {index + 1}: weights reach {np.abs(weight).max():.3g}, but int8 with a "
            f"power-of-two scale holds at most {INT8_MAX}; scale the input features, or train "
            "with a lower training.learning_rate"
        )
    rounded_weight, share = to_int8(weight, weight_bits)
    whole_bias = np.rint(bias * 2.0 ** (weight_bits + INPUT_BITS))
    made = IntegerLayer(
        weight=rounded_weight,
        bias=np.clip(whole_bias, -BIAS_MAX, BIAS_MAX).astype(np.int32),
        directions=np.empty((0, len(bias)), dtype=np.int8),
        weight_bits=weight_bits,
        activity_bits=0,
    )
    real = np.maximum(accumulated(made, rails), 0) / 2.0 ** (weight_bits + INPUT_BITS)
    made.activity_bits = fraction_bits(real, most=min(MAX_ACTIVITY_BITS, weight_bits + 4))
    if made.activity_bits < 0:
        raise QuantisationError(
            f"layer {index + 1}: activities reach {real.max():.3g}, but int8 with a power-of-two "
            f"scale holds at most {INT8_MAX}; train with a lower training.learning_rate"
        )
    return made, share


def _set_goodness(
    network: IntegerNetwork,
    made: IntegerLayer,
    layer: "FFLayer",
    index: int,
    options: dict[str, Any],
) -> None:
    """Fill in what turns activities into goodness."""
    unit = 2.0**GOODNESS_BITS
    where = f"layer {index + 1}"
    highest = INT8_MAX / 2.0**made.activity_bits
    if network.objective == "projection":
        directions = layer.objective.get_parameter("directions").detach().double().cpu().numpy()
        made.direction_bits = fraction_bits(directions, most=MAX_DIRECTION_BITS)
        if made.direction_bits < 0:
            raise QuantisationError(
                f"{where}: directions reach {np.abs(directions).max():.3g}, but int8 with a "
                f"power-of-two scale holds at most {INT8_MAX}; train with a lower "
                "training.learning_rate"
            )
        made.directions, _ = to_int8(directions, made.direction_bits)
        most = unit * made.out_features * highest * INT8_MAX / 2.0**made.direction_bits
        _require_in_range(where, "training.learning_rate", 1.0, most)
        return
    if network.objective == "threshold":
        sharpness, threshold = options["sharpness"], options["threshold"]
        factor = unit * sharpness / made.out_features / 4**made.activity_bits
        most = unit * sharpness * max(highest**2, threshold)
        _require_in_range(where, "network.options.sharpness or threshold", factor, most)
        made.goodness = Ratio.near(factor)
        made.threshold = round(unit * sharpness * threshold)
        return
    power = 2 if network.squares else 1
    group = made.out_features // network.classes
    factor = unit * options["scale"] / group / 2 ** (power * made.activity_bits)
    most = unit * options["scale"] * highest**power
    _require_in_range(where, "network.options.scale", factor, most)
    made.goodness = Ratio.near(factor)


def _require_in_range(where: str, setting: str, factor: float, most: float) -> None:
    """Require goodness that integers hold in units of 1/256 nat.

    Args:
        where: The layer.
        setting: What to change.
        factor: From summed integers to goodness.
        most: The highest goodness that the layer can reach, whatever it learns.

    Raises:
        QuantisationError: It is too high or too low.
    """
    limit = min(GOODNESS_MAX, RATIO_MAX / factor * most)
    unit = 1 << GOODNESS_BITS
    if most > limit:
        raise QuantisationError(
            f"{where}: goodness may reach {most / unit:.3g} nat, but integers hold at most "
            f"{limit / unit:.3g} here; train with a lower {setting}"
        )
    if most < 1:
        raise QuantisationError(
            f"{where}: goodness reaches {most / unit:.3g} nat at most, but integers have steps of "
            f"1/{unit}; train with a higher {setting}"
        )


def _set_rates(network: IntegerNetwork, made: IntegerLayer) -> None:
    """Choose the bits to drop so that a unit moves by RATES times its gradient."""
    rate = RATES[network.objective]
    halvings = round(math.log2(made.in_features / rate))
    bits = {
        "projection": ERROR_BITS + made.direction_bits,
        "class-goodness": ERROR_BITS + made.activity_bits * network.squares,
        "threshold": ERROR_BITS + made.activity_bits,
    }[network.objective]
    shift = bits + halvings + INPUT_BITS - made.weight_bits - UPDATE_BITS
    made.rate_shift = max(shift, 0)
    halvings = round(math.log2(made.out_features / rate))
    shift = ERROR_BITS + halvings + made.activity_bits - made.direction_bits - UPDATE_BITS
    made.direction_shift = max(shift, 0)
