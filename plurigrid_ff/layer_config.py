"""Settings of one layer: what maps its input, and what else it does. No torch in here."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, NonNegativeFloat, PositiveInt, Tag

from plurigrid_ff.settings import Settings

Norm = Literal["auto", "none", "rms", "layer", "group"]
Features = Annotated[
    PositiveInt, Field(description="Units: features of a row, channels of an image.")
]
Grid = Annotated[
    int,
    Field(
        ge=0,
        le=256,
        description="The objective reads averages over a grid of this many cells a side; 0: every "
        "place.",
    ),
]


class LayerConfig(Settings):
    """What layers of every kind have."""

    norm: Norm = Field(
        "auto",
        description="How the input is normalised: 'rms' and 'layer' over a sample, 'group' over "
        "every class's channels; 'auto' is 'rms', and 'none' for the first layer, whose input is "
        "scaled already.",
    )
    peer: NonNegativeFloat = Field(
        0.0,
        description="Strength of peer normalisation, which keeps units from falling silent: 0.03 "
        "in Hinton (2022).",
    )
    shortcut: Literal["none", "add", "concat"] = Field(
        "none",
        description="What joins the activity on its way up: 'add' an earlier one, or 'concat' it "
        "within every class's channels.",
    )
    span: PositiveInt = Field(2, description="How many layers back the shortcut starts.")


class LinearConfig(LayerConfig):
    """A dense layer; it flattens what it reads."""

    kind: Literal["linear"] = "linear"
    features: Features


class ConvConfig(LayerConfig):
    """A convolution, over images or recordings, or a local receptive field.

    ``local2d`` is a convolution whose weights differ from place to place.
    """

    kind: Literal["conv1d", "conv2d", "local2d"]
    features: Features
    kernel: int = Field(3, ge=1, le=31, description="Extent of the receptive field.")
    stride: int = Field(1, ge=1, le=31, description="Places from one field to the next.")
    padding: Literal["same", "valid"] = Field(
        "same", description="'same' pads with zeros so that only the stride shrinks the map."
    )
    pool: int = Field(1, ge=1, le=31, description="Extent and stride of the pooling; 1: none.")
    pooling: Literal["max", "average"] = Field("max", description="What a pool keeps.")
    grid: Grid = 0


class BlockConfig(LayerConfig):
    """A module of your own, by the name it is registered under; its width follows from it."""

    kind: Literal["block"] = "block"
    block: str = Field(description="Name given to register_block, by you or by a plugin.")
    dimensions: Literal[0, 1, 2] | None = Field(
        None,
        description="How it reads samples: 0 flat, 1 as (channels, length), 2 as (channels, "
        "height, width); none: in the shape they have.",
    )
    grid: Grid = 0


AnyLayerConfig = LinearConfig | ConvConfig | BlockConfig


_MODELS = {
    "linear": "linear",
    "conv1d": "conv",
    "conv2d": "conv",
    "local2d": "conv",
    "block": "block",
}


def _model(value: Any) -> str | None:
    """Tell which model a layer's settings belong to; None where the kind is none of ours."""
    if isinstance(value, int | float | str):
        return "width"
    kind = value.get("kind", "linear") if isinstance(value, dict) else getattr(value, "kind", None)
    return _MODELS.get(kind) if isinstance(kind, str) else None


AnyLayer = Annotated[
    Annotated[PositiveInt, Tag("width")]
    | Annotated[LinearConfig, Tag("linear")]
    | Annotated[ConvConfig, Tag("conv")]
    | Annotated[BlockConfig, Tag("block")],
    Discriminator(
        _model,
        custom_error_type="layer",
        custom_error_message=f"expected a width or a table with one of the kinds "
        f"{', '.join(map(repr, _MODELS))}",
    ),
]


def as_layer(layer: "AnyLayer") -> AnyLayerConfig:
    """Write out a layer that is given as a mere width."""
    return LinearConfig(features=layer) if isinstance(layer, int) else layer
