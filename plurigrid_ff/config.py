"""Settings of a run, parsed once at the edge. A misspelt key is an error."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from annotated_types import Len
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.files import read_text

MAX_CONFIG_BYTES = 1 << 20
SKILL_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Device = Literal["auto", "cpu", "cuda"]
ReadoutKind = Literal["goodness", "probe", "head"]
OptionValue = bool | int | float | str


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


class Settings(BaseModel):
    """Base of every config: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: dict[str, Any], *, where: str) -> Self:
        """Validate raw values, naming ``where`` and the key in the error.

        Raises:
            ConfigError: The first key that is unknown, missing or out of range.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_first_complaint(error, cls, where)) from error


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

    hidden: Annotated[tuple[PositiveInt, ...], Len(min_length=1, max_length=1024)] = Field(
        (500, 500), description="Features after each layer."
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
    options: dict[str, OptionValue] = Field(
        default_factory=dict, description="Options of the objective, by name."
    )


class TrainingConfig(Settings):
    """How the layers learn."""

    epochs: PositiveInt = Field(20, description="Passes over the training samples.")
    epochs_per_round: PositiveInt = Field(
        2, description="Passes per round of a triad: generate, coordinate, validate."
    )
    batch_size: PositiveInt = Field(128, description="Samples per update.")
    learning_rate: PositiveFloat = Field(2e-3, description="Adam step size at the start.")
    decay: Literal["cosine", "none"] = Field(
        "cosine", description="How the step size falls over the epochs."
    )

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
    triad: Triad | None = Field(
        None, description="Skills that coordinate and validate; none: the generator alone."
    )
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw of the run derives from it.")
    device: Device = Field("auto", description="'auto' takes CUDA where there is one.")
    skills: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="One table of settings per skill, by skill name."
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of at most 1 MiB.

    Raises:
        ConfigError: The file is missing, too large, not UTF-8, or not TOML.
    """
    try:
        return tomllib.loads(read_text(path, max_bytes=MAX_CONFIG_BYTES))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; is it a run file?") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def format_toml(config: RunConfig) -> str:
    """Write a config as TOML; keys that are unset are left out."""
    import tomli_w

    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def _first_complaint(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Say in one sentence what is wrong with the first offending key."""
    import difflib

    first = error.errors()[0]
    key = ".".join(map(str, first["loc"])) or "(top level)"
    message = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] != "extra_forbidden":
        return f"{where}: {key}: {message}, got {first['input']!r:.80}"
    owner: Any = model
    for part in first["loc"][:-1]:
        field = owner.model_fields.get(part) if hasattr(owner, "model_fields") else None
        owner = field.annotation if field else None
    known = sorted(owner.model_fields) if hasattr(owner, "model_fields") else []
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    others = f"known keys: {', '.join(known)}" if known else "there are none to set"
    hint = f"did you mean {near[0]!r}?" if near else others
    return f"{where}: {key}: unknown key; {hint}"
