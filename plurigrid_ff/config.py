"""Settings of a run, parsed once at the edge. A misspelt key is an error."""

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import (
    Discriminator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from plurigrid_ff.layer_config import (
    AnyLayer,
    AnyLayerConfig,
    BlockConfig,
    ConvConfig,
    LayerConfig,
    LinearConfig,
    as_layer,
)
from plurigrid_ff.recurrent_config import RecurrentConfig
from plurigrid_ff.settings import Settings
from plurigrid_ff.society_config import SocietyConfig
from plurigrid_ff.toml_files import read_toml
from plurigrid_ff.warm_start_config import WarmStartConfig

__all__ = [
    "AnyLayerConfig",
    "AugmentationConfig",
    "BlockConfig",
    "ConvConfig",
    "DataConfig",
    "Decay",
    "Device",
    "EngineName",
    "LayerConfig",
    "LinearConfig",
    "NetworkConfig",
    "OptimizerName",
    "OptionValue",
    "Precision",
    "RecurrentConfig",
    "RunConfig",
    "Settings",
    "SocietyConfig",
    "TrainingConfig",
    "Triad",
    "WarmStartConfig",
    "format_toml",
    "read_toml",
]

SKILL_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Device = Literal["auto", "cpu", "cuda"]
ReadoutKind = Literal["goodness", "probe", "head"]
OptionValue = bool | int | float | str
Schedule = Literal["simultaneous", "greedy", "staggered"]
OptimizerName = Literal["adam", "adamw", "sgd"]
Decay = Literal["cosine", "linear", "step", "none"]
Precision = Literal["float32", "bfloat16"]
EngineName = Literal["auto", "closed-form", "autograd"]

# What stands for all layers, or for each: the tags keep pydantic from trying one after the other.
_one_or_each = Discriminator(lambda value: "each" if isinstance(value, list | tuple) else "one")
PerLayerRate = Annotated[
    Annotated[PositiveFloat, Tag("one")]
    | Annotated[tuple[PositiveFloat, ...], Len(min_length=1), Tag("each")],
    _one_or_each,
]
PerLayerOptimizer = Annotated[
    Annotated[OptimizerName, Tag("one")]
    | Annotated[tuple[OptimizerName, ...], Len(min_length=1), Tag("each")],
    _one_or_each,
]


def _read_layers(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Say in one sentence what a range of layers may be."""
    try:
        layers = handler(value)
    except ValidationError:
        layers = (1, 0)
    if isinstance(layers, tuple) and layers[0] > layers[1]:
        raise PydanticCustomError(
            "readout_layers", "expected 'all', 'validated' or [first, last], counted from 1"
        )
    return layers


ReadoutLayers = Annotated[
    Literal["all", "validated"] | tuple[PositiveInt, PositiveInt], WrapValidator(_read_layers)
]


class DataConfig(Settings):
    """Which data set, and how it is split."""

    source: str = Field(
        "digits",
        description="'digits', 'mnist', 'cifar10', 'fsdd', or a path: an .npz file, a .csv file, a "
        "folder of idx files, or a folder or tar of images or .wav files in one folder per class.",
    )
    label_column: str | None = Field(
        None, description="CSV column with the labels; 'label' where there is one, else the last."
    )
    image_size: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="Height and width that images of a folder or tar are resized to; none: they "
        "have one size already.",
    )
    sample_rate: int = Field(
        8000, ge=4000, le=48_000, description="Samples per second that recordings are brought to."
    )
    mel_bands: int = Field(32, ge=3, le=128, description="Features of a recording per frame.")
    frames: int = Field(
        32, ge=1, le=1000, description="Frames that every recording is stretched or compressed to."
    )
    test_fraction: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Share held out for testing where the source has no test split.",
    )
    validation_fraction: float = Field(
        0.1, gt=0, lt=1, description="Share of the training samples held out for probes."
    )


class NetworkConfig(Settings):
    """A stack of locally trained layers."""

    hidden: Annotated[tuple[AnyLayer, ...], Len(min_length=1, max_length=1024)] = Field(
        (500, 500),
        description="The layers, first layer first: the features of a linear one, or a table, "
        "as in {kind = 'conv2d', features = 32, kernel = 3, pool = 2}.",
    )
    objective: str = Field("projection", description="Local objective of every layer.")
    negatives: str = Field(
        "auto",
        description="What positives are told from: 'wrong-label', 'hardest-label', 'hybrid', "
        "'shuffled-features', 'shuffled-rows', 'noise', 'learned', 'other-sample' or 'none'; "
        "'auto' is the objective's own.",
    )
    readout: ReadoutKind = Field(
        "goodness",
        description="What predicts: 'goodness' summed over layers, a linear 'probe' of all "
        "layers, or a softmax 'head' on the last one.",
    )
    readout_layers: ReadoutLayers = Field(
        "all",
        description="Layers whose goodness is summed: 'all', [first, last] counted from 1, or "
        "'validated': the range that is best on the validation samples.",
    )
    scaling: Literal["auto", "none", "standard"] = Field(
        "auto",
        description="'standard' shifts and scales every input feature to mean 0 and variance 1, "
        "by the training samples; 'auto' does so for .csv tables, whose columns have units.",
    )
    locality: Literal[1, 2] = Field(
        1,
        description="How many layers a layer's loss may move: its own, or the one below as well, "
        "as in the pairs of Distance-Forward.",
    )
    options: dict[str, OptionValue] = Field(
        default_factory=dict, description="Options of the objective, by name."
    )
    recurrent: RecurrentConfig | None = Field(
        None,
        description="Time steps in which layers hear the layer above too, as in {steps = 8}; none: "
        "one pass upwards.",
    )

    @property
    def layers(self) -> tuple[AnyLayerConfig, ...]:
        """The layers, written out."""
        return tuple(as_layer(layer) for layer in self.hidden)


class AugmentationConfig(Settings):
    """How training samples are changed, anew in every epoch. Nothing is, at the defaults.

    Images have shape (height, width) or (channels, height, width); of a time series or a
    spectrogram the last axis is time, the one before it frequency.
    """

    shift: NonNegativeInt = Field(
        0, description="Pixels by which images move at most, in both directions; 0 moves in."
    )
    rotate: float = Field(0.0, ge=0, le=180, description="Degrees of rotation at most, both ways.")
    scale: float = Field(
        0.0, ge=0, lt=1, description="Share by which images grow or shrink at most."
    )
    elastic: NonNegativeFloat = Field(
        0.0,
        description="Pixels at most by which each of 4 x 4 control points moves, along either "
        "axis; what lies between follows smoothly.",
    )
    flip: bool = Field(False, description="Mirror one image in two, left to right.")
    erase: float = Field(
        0.0, ge=0, lt=1, description="Share of an image at most that a rectangle sets to 0."
    )
    time_shift: NonNegativeInt = Field(0, description="Frames by which a series moves at most.")
    time_mask: NonNegativeInt = Field(0, description="Frames in a row at most that are set to 0.")
    frequency_mask: NonNegativeInt = Field(
        0, description="Bands in a row at most that are set to 0."
    )
    noise: NonNegativeFloat = Field(
        0.0, description="Standard deviation of the noise added to every feature."
    )


class TrainingConfig(Settings):
    """How the layers learn."""

    epochs: PositiveInt = Field(20, description="Passes over the training samples.")
    epochs_per_round: PositiveInt = Field(
        2, description="Passes per round of a triad: generate, coordinate, validate."
    )
    batch_size: PositiveInt = Field(128, description="Samples per update.")
    schedule: Schedule = Field(
        "simultaneous",
        description="'simultaneous': every layer in every epoch. 'greedy': one layer after the "
        "other, each in an equal share of the epochs. 'staggered': layer l from epoch l * stagger "
        "on, all for equally many epochs.",
    )
    stagger: NonNegativeInt = Field(
        1, description="Epochs between the starts of neighbouring layers under 'staggered'."
    )
    optimizer: PerLayerOptimizer = Field(
        "adam", description="'adam', 'adamw' or 'sgd', of all layers; or a list, one per layer."
    )
    learning_rate: PerLayerRate = Field(
        2e-3, description="Step size at its highest, of all layers; or a list, one per layer."
    )
    weight_decay: NonNegativeFloat = Field(
        0.0, description="Pull of every parameter towards 0; decoupled from the step by 'adamw'."
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of 'sgd'.")
    clip: PositiveFloat | None = Field(
        None, description="Largest norm of a layer's gradient; a longer one is shortened to it."
    )
    warmup: NonNegativeFloat = Field(
        0.0, description="Epochs in which a layer's step size rises, when it begins to learn."
    )
    decay: Decay = Field(
        "cosine",
        description="How a layer's step size falls over the epochs in which it learns; 'step' "
        "falls after a half and after three quarters of them.",
    )
    final_rate: float = Field(
        0.01, ge=0, le=1, description="Share of the step size where warm-up begins and decay ends."
    )
    patience: PositiveInt | None = Field(
        None,
        description="Rounds without a better validation accuracy after which the run ends; the "
        "weights of the best round are kept. None: off.",
    )
    precision: Precision = Field(
        "float32",
        description="Of the layers' matrix products and convolutions in training, on a GPU also of "
        "activities; weights, goodness and loss are always float32.",
    )
    engine: EngineName = Field(
        "auto",
        description="Where a layer's gradient comes from: its closed form, or torch's autograd "
        "over that layer; 'auto' takes the closed form where there is one.",
    )
    chunk_size: PositiveInt | None = Field(
        None,
        description="Samples of a batch whose temporary tensors exist at once; none: by memory, "
        "and never fewer than 256.",
    )
    workers: PositiveInt = Field(
        1,
        le=64,
        description="Threads that share the layers, each with some that follow one another; what "
        "is learned does not depend on it.",
    )
    augmentation: AugmentationConfig = AugmentationConfig()

    @property
    def rounds(self) -> int:
        """Number of rounds that make up all epochs; the last may be shorter."""
        return -(-self.epochs // self.epochs_per_round)


class Triad(Settings):
    """Names of three skills, one per role.

    Slots are named by role rather than checked by sum alone: three generators also sum
    to 0 (mod 3), and they validate nothing.
    """

    name: str = Field(pattern=SKILL_NAME, max_length=200)
    validator: str = Field(pattern=SKILL_NAME, max_length=64)
    coordinator: str = Field(pattern=SKILL_NAME, max_length=64)
    generator: str = Field(pattern=SKILL_NAME, max_length=64)


class RunConfig(Settings):
    """Everything that determines a run. The run folder's run.toml is this, resolved."""

    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    training: TrainingConfig = TrainingConfig()
    society: SocietyConfig = SocietyConfig()
    triad: Triad | None = Field(
        None, description="Skills that coordinate and validate; none: the generator alone."
    )
    warm_start: WarmStartConfig | None = Field(
        None, description="A finished run that this one begins with; none: initial weights."
    )
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw of the run derives from it.")
    device: Device = Field("auto", description="'auto' takes CUDA where there is one.")
    skills: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="One table of settings per skill, by skill name."
    )


def format_toml(config: RunConfig) -> str:
    """Write a config as TOML; keys that are unset are left out."""
    import tomli_w

    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))
