"""What each tool may be called with."""

from typing import Annotated, Any

from annotated_types import Len
from pydantic import Discriminator, Field, Tag

from plurigrid_ff.cards.results import Resolve
from plurigrid_ff.config import (
    DataConfig,
    Device,
    NetworkConfig,
    RunConfig,
    Settings,
    SocietyConfig,
    TrainingConfig,
    WarmStartConfig,
)
from plurigrid_ff.host.enumeration import TriadKind
from plurigrid_ff.host.expressions import MAX_LENGTH

Text = Annotated[str, Len(1, 1000)]
SkillNames = Annotated[tuple[Text, ...], Len(3, 3)]
# Told apart by type, so that a list of two is told what a list should be.
TriadReference = Annotated[
    Annotated[Text, Tag("name")] | Annotated[SkillNames, Tag("skills")],
    Discriminator(lambda value: "skills" if isinstance(value, list | tuple) else "name"),
]

TRIAD = "A triad's name, a .toml file in the working folder, or three skill names in any order."
OVERWRITE = "Replace what is there, once the new one is whole."


class NoArguments(Settings):
    """Nothing to say."""


class TriadArguments(Settings):
    """Which triad."""

    triad: TriadReference = Field(description=TRIAD)


class ComposeArguments(Settings):
    """Which skills, and where the triad is written."""

    skills: SkillNames = Field(
        description="A validator, a coordinator and a generator, in any order."
    )
    name: Text | None = Field(None, description="The three skill names, joined, by default.")
    out: Text | None = Field(None, description="Write it to this .toml file; none: only check it.")
    overwrite: bool = Field(False, description=OVERWRITE)


class EnumerateArguments(Settings):
    """Which triads of all that there are."""

    kind: TriadKind = Field(
        "balanced",
        description="'strict': one skill of each role; 'well-typed': their ports fit, too.",
    )
    absent: bool = Field(False, description="Take in known skills that are not installed.")


class SuggestArguments(Settings):
    """Which skills are there already."""

    skills: Annotated[tuple[Text, ...], Len(1, 100)] = Field(
        description="Names of skills, each once."
    )


class NestArguments(Settings):
    """What is put together, and where it is written."""

    expression: Annotated[str, Len(1, MAX_LENGTH)] = Field(
        description="'a * b * c' is a triad, 'x then y' a sequence, parentheses group. A name is a "
        "skill, a shipped triad or a .toml file in the working folder; NAME@-1, NAME@0 or NAME@+1 "
        "gives a name that is unknown its trit."
    )
    name: Text | None = Field(None, description="Name of the file's composition; goes with out.")
    out: Text | None = Field(None, description="Write it to this .toml file; none: only check it.")
    overwrite: bool = Field(False, description=OVERWRITE)


class LintArguments(Settings):
    """Which cards, and who decides between them."""

    path: Text = Field(".", description="A folder of skill cards in the working folder, or one.")
    resolve: Resolve | None = Field(
        None,
        description="Who decides a name's trit where claims differ: its card, the registry, or "
        "the role word on its card. By default nobody: it is a finding.",
    )
    pattern: Text = Field("SKILL.md", description="File names that are cards; * is any text.")
    show: int = Field(
        100, ge=0, le=1000, description="Findings in the answer; counts has all of them."
    )


class RecipeArguments(Settings):
    """Which recipe."""

    name: Text = Field(description="A shipped recipe, or a .toml file in the working folder.")


class RunSettings(Settings):
    """The tables of a run file. What is left out has its default, or the recipe's value."""

    data: DataConfig = Field(DataConfig(), description="Which data set, and how it is split.")
    network: NetworkConfig = Field(
        NetworkConfig(), description="The layers and what they learn by."
    )
    training: TrainingConfig = Field(TrainingConfig(), description="How long and how fast.")
    society: SocietyConfig = Field(
        SocietyConfig(), description="How many agents learn, from which samples, who knows whom."
    )
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw of the run derives from it.")
    device: Device = Field("auto", description="'auto' takes CUDA where there is one.")
    skills: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="One table of settings per skill, by skill name."
    )

    def asked(self) -> dict[str, Any]:
        """Return what the caller named, and no defaults, as a run file has it."""
        fields = {*RunSettings.model_fields, "warm_start"}
        return self.model_dump(mode="json", exclude_unset=True, include=fields)


class TrainArguments(RunSettings):
    """What to train, and where the run lies."""

    out: Text = Field(description="Folder of the run: new, unless resume or overwrite is set.")
    recipe: Text | None = Field(None, description="Start from this recipe's settings.")
    triad: TriadReference | None = Field(
        None, description=f"{TRIAD} Without one no validator can say no."
    )
    warm_start: WarmStartConfig | None = Field(
        None, description="A finished run whose networks go on; none: initial weights."
    )
    resume: bool = Field(
        False, description="Go on with an unfinished run, by default of its own settings."
    )
    overwrite: bool = Field(False, description=OVERWRITE)


class ReproduceArguments(RunSettings):
    """Which recipe, on how many seeds."""

    recipe: Text = Field(description="A shipped recipe, or a .toml file in the working folder.")
    out: Text = Field(description="Folder of the runs. Called again, it trains what is missing.")
    seeds: int = Field(3, ge=1, le=100, description="How many, from the settings' seed onwards.")


class EvaluateArguments(Settings):
    """Which run, and on what."""

    run: Text = Field(description="Folder of a finished run.")
    data: Text | None = Field(
        None, description="Another data set of the same shape; the run's own by default."
    )
    label_column: Text | None = Field(None, description="CSV column that holds the labels.")
    agent: Text | None = Field(
        None, description="Whose network, in a society; the best on validation samples by default."
    )
    device: Device = Field("auto", description="'auto' takes CUDA where there is one.")


class ReplayArguments(Settings):
    """Which run."""

    run: Text = Field(description="Folder of a finished run; it is not touched.")


class PredictArguments(Settings):
    """Which run, and which samples."""

    run: Text = Field(description="Folder of a finished run.")
    samples: Text = Field(
        description="In the working folder: an .npz or .csv file, an idx file, an image, a .wav "
        "file, or a folder or tar of images or recordings."
    )
    label_column: Text | None = Field(None, description="CSV column to leave out.")
    agent: Text | None = Field(
        None, description="Whose network, in a society; the best on validation samples by default."
    )
    device: Device = Field("auto", description="'auto' takes CUDA where there is one.")
    show: int = Field(100, ge=0, le=1000, description="Predictions in the answer; out has all.")
    out: Text | None = Field(None, description="Write all predictions to this .csv file.")
    overwrite: bool = Field(False, description=OVERWRITE)


class TrainJob(Settings):
    """A training that was found to be allowed."""

    config: RunConfig
    out: str
    resume: bool
    overwrite: bool


class ReproduceJob(Settings):
    """A reproduction that was found to be allowed."""

    recipe: str
    config: RunConfig
    out: str
    seeds: int


class PluginJob(Settings):
    """A call of a plugin's tool whose paths were found to be allowed."""

    tool: str
    arguments: dict[str, Any]
