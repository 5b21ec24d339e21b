"""What a network computes, without its weights; and what this backend does not have."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from plurigrid_ff import layer_config
from plurigrid_ff.config import LinearConfig, NetworkConfig, ReadoutKind
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.jax_backend.layers import Layer, Norm
from plurigrid_ff.jax_backend.objectives import OBJECTIVES, build_objective
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.objectives import parse_options

NEGATIVES = ("wrong-label", "hardest-label", "other-sample")
INSTEAD = "train it with plurigrid_ff.Trainer, in torch"


@dataclass(frozen=True)
class Model:
    """The fixed part of a network: hashable, so it can be a static argument of ``jax.jit``.

    Two are equal if they compute the same.

    Attributes:
        layers: First layer first.
        feature_shape: Shape of one sample; samples are flattened.
        num_classes: Number of classes.
        negatives: Where negatives come from; None where the objective needs none.
        readout: What predicts.
        range: First and last layer whose goodness is summed, from 1; None: as the weights say.
        standard: Features are brought to mean 0 and variance 1, not samples to unit RMS.
        config: The settings that this was built from.
    """

    layers: tuple[Layer, ...]
    feature_shape: tuple[int, ...]
    num_classes: int
    negatives: str | None
    readout: ReadoutKind
    range: tuple[int, int] | None
    standard: bool
    config: NetworkConfig = field(compare=False, repr=False)

    @property
    def labelled(self) -> bool:
        """Whether the first layer reads a label beside the sample."""
        return self.negatives in ("wrong-label", "hardest-label")

    @property
    def has_probe(self) -> bool:
        """Whether a linear read-out learns beside the layers."""
        return self.readout != "goodness"


def build_model(config: NetworkConfig, feature_shape: tuple[int, ...], num_classes: int) -> Model:
    """Describe a network.

    Args:
        config: Its settings.
        feature_shape: Shape of one sample.
        num_classes: Number of classes.

    Raises:
        ConfigError: What of the settings this backend does not have, and what it has.
    """
    require_supported(config)
    kind = find_negatives(config)
    options = parse_options(config.objective, config.options)
    objective = build_objective(config.objective, num_classes, options)
    asked = config.readout_layers
    depth = len(config.layers)
    return Model(
        layers=tuple(
            Layer(objective, _norm(layer.norm, first=index == 0))
            for index, layer in enumerate(config.layers)
        ),
        feature_shape=tuple(feature_shape),
        num_classes=num_classes,
        negatives=kind.name if kind else None,
        readout=config.readout,
        range=None if asked == "validated" else (1, depth) if asked == "all" else asked,
        standard=config.scaling == "standard",
        config=config,
    )


def require_supported(config: NetworkConfig) -> None:
    """Refuse what this backend does not have.

    Raises:
        ConfigError: The first such setting, by name.
    """
    for number, layer in enumerate(config.layers, start=1):
        where = f"network.hidden: layer {number}"
        if not isinstance(layer, LinearConfig):
            raise _lacking(f"{where} is {layer.kind!r}", "'linear' layers")
        if layer.peer:
            raise _lacking(f"{where} has peer normalisation", "layers without it (peer = 0)")
        if layer.shortcut != "none":
            raise _lacking(f"{where} has a shortcut", "layers without one (shortcut = 'none')")
    if config.objective not in OBJECTIVES:
        raise _lacking(f"network.objective is {config.objective!r}", _listed(OBJECTIVES))
    if config.recurrent is not None:
        raise _lacking("network.recurrent is set", "networks of one pass upwards")
    if config.locality != 1:
        raise _lacking(f"network.locality is {config.locality}", "a locality of 1")
    kind = find_negatives(config)
    if kind is not None and kind.name not in NEGATIVES:
        raise _lacking(f"network.negatives is {kind.name!r}", _listed(NEGATIVES))


def _lacking(found: str, held: str) -> ConfigError:
    """Say what was found, what this backend has, and what to do."""
    return ConfigError(f"{found}, but the JAX backend has {held} only; {INSTEAD}")


def _listed(names: Iterable[str]) -> str:
    """Write names with commas."""
    return ", ".join(map(repr, names))


def _norm(asked: layer_config.Norm, *, first: bool) -> Norm:
    """Resolve ``auto``: the first layer's input is scaled already."""
    if asked == "auto":
        return "none" if first else "rms"
    return asked
