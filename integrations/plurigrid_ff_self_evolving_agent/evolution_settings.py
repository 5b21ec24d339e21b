"""Settings of an evolution, and the folder it lies in."""

from pathlib import Path

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from plurigrid_ff.config import DataConfig, NetworkConfig, Settings, TrainingConfig, read_toml
from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.files import write_text
from plurigrid_ff_self_evolving_agent.archive import ARCHIVE_FILE

SETTINGS_FILE = "evolution.toml"
PICTURE_FILE = "lineage.svg"


class EvolutionSettings(Settings):
    """Everything that determines an evolution."""

    data: DataConfig = DataConfig()
    network: NetworkConfig = Field(
        NetworkConfig(hidden=(60,)), description="Of the first individual of every island."
    )
    training: TrainingConfig = Field(
        TrainingConfig(epochs=2), description="How every individual learns before it is measured."
    )
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw derives from it.")
    generations: PositiveInt = Field(5, description="After that of the first individuals.")
    islands: PositiveInt = Field(2, le=64, description="Populations that breed apart, in a ring.")
    children: PositiveInt = Field(4, le=1000, description="Bred per island and generation.")
    migration: PositiveInt = Field(
        3, description="Every so many generations parents also come from the island before."
    )
    noise: PositiveFloat = Field(
        0.1, le=10, description="Strongest noise on inherited weights, as a share of their size."
    )
    level: float = Field(
        0.05, gt=0, lt=0.5, description="Level of the paired test of a child against its parent."
    )
    objectives: tuple[str, ...] = Field(
        (), description="Objectives that children may change to; none: they keep theirs."
    )
    seconds: PositiveFloat = Field(120.0, description="After which an evaluation is ended.")
    memory: PositiveInt = Field(
        4096, ge=256, description="MiB of data that an evaluation may hold, libraries included."
    )
    begins: NonNegativeInt = Field(
        0, description="Generation that is there to begin with; set by a rollback."
    )


def begin(folder: Path, settings: EvolutionSettings) -> None:
    """Make the folder of a new evolution.

    Raises:
        RunFolderError: Something lies there already.
    """
    import tomli_w

    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise RunFolderError(
            f"{folder}: exists already; choose another --out, or go on with "
            f"`plurigrid-ff evolve resume {folder}` if it is an evolution"
        )
    folder.mkdir(parents=True, exist_ok=True)
    values = settings.model_dump(mode="json", exclude_none=True)
    write_text(folder / SETTINGS_FILE, tomli_w.dumps(values))


def read_settings(folder: Path) -> EvolutionSettings:
    """Read the settings of an evolution.

    Raises:
        RunFolderError: The folder holds none.
        ConfigError: Its settings are damaged.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise RunFolderError(
            f"{folder}: not an evolution (no {SETTINGS_FILE}); make one with "
            "`plurigrid-ff evolve run`"
        )
    return EvolutionSettings.parse(read_toml(path), where=str(path))


def archive_path(folder: Path) -> Path:
    """Return the archive of an evolution, or of a run of the triad.

    Raises:
        RunFolderError: There is none.
    """
    path = folder / ARCHIVE_FILE
    if not path.is_file():
        raise RunFolderError(
            f"{folder}: holds no {ARCHIVE_FILE}; expected the folder of `plurigrid-ff evolve run` "
            "or of a triad with self-evolving-agent"
        )
    return path
