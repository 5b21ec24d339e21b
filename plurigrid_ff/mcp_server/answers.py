"""What tools answer where the library has no model of its own: lists, mostly."""

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.data.found import DataSource
from plurigrid_ff.host.listing import ListedSkill
from plurigrid_ff.host.triad import TriadCheck
from plurigrid_ff.inference import Prediction
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.recipes import RecipeCard
from plurigrid_ff.results import ObjectiveCard


class SkillList(Settings):
    """Skills that make up triads."""

    skills: tuple[ListedSkill, ...]


class TriadList(Settings):
    """Shipped triads, and whether each can run here."""

    triads: tuple[TriadCheck, ...]


class RecipeList(Settings):
    """Shipped recipes."""

    recipes: tuple[RecipeCard, ...]


class RecipeText(RecipeCard):
    """One recipe with its file."""

    toml: str = Field(description="The file. Saved and changed, it is a recipe again.")


class ObjectiveList(Settings):
    """Local objectives, those of plugins included."""

    objectives: tuple[ObjectiveCard, ...]


class DatasetList(Settings):
    """Data sets that have a name."""

    datasets: tuple[DataSource, ...]


class Predictions(Settings):
    """Labels of samples; all of them are counted, some are shown."""

    samples: int = Field(description="How many were labelled.")
    counts: dict[str, int] = Field(description="Samples per label, the most frequent first.")
    predictions: tuple[Prediction, ...] = Field(description="The first of them.")
    out: str | None = Field(description="The .csv file that has all of them.")

    @classmethod
    def of(cls, found: Sequence[Prediction], *, show: int, out: str | None) -> "Predictions":
        """Count all predictions and keep the first ``show``."""
        counts = Counter(item.label for item in found)
        return cls(
            samples=len(found),
            counts=dict(counts.most_common()),
            predictions=tuple(found[:show]),
            out=out,
        )


class Work(Settings):
    """Calls of one kind that run and that wait."""

    running: int
    waiting: int


class ServerState(Settings):
    """What this server allows and is doing."""

    folder: str = Field(description="The working folder: every path is inside it.")
    limits: Limits
    training: Work
    computing: Work
    plugins: bool = Field(description="Whether installed plugins may load.")
