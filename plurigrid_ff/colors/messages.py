"""What goes in and out of the colour hooks: plain data, one JSON document each."""

from typing import Annotated, Literal, Self

from annotated_types import Len
from pydantic import Field, model_validator

from plurigrid_ff.settings import Settings

Hex = Annotated[str, Field(pattern=r"^#[0-9A-F]{6}$")]
PROFILE_FORMAT: Literal["plurigrid-ff-colors"] = "plurigrid-ff-colors"
PROFILE_VERSION: Literal[1] = 1
MAX_ANSWERS = 10_000

PriorName = Literal["synthetic", "none"]
PaletteKind = Literal[
    "distinct",
    "monochromatic",
    "analogous",
    "complementary",
    "split-complementary",
    "triadic",
    "tetradic",
]


class ColorAnswer(Settings):
    """One choice of a user: a colour is liked, disliked, or preferred over another."""

    verdict: Literal["like", "dislike", "prefer"]
    color: Hex
    over: Hex | None = Field(None, description="The colour that was passed over, of `prefer`.")

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.over is not None) != (self.verdict == "prefer"):
            raise ValueError("`prefer` needs a colour under `over`, and the others have none")
        if self.over == self.color:
            raise ValueError("a colour is not preferred over itself")
        return self


class ColorProfile(Settings):
    """Everything that a learner of preferences knows of a user. What it learned follows from it.

    The same profile gives the same ratings, so undoing an answer is leaving it out.
    """

    format: Literal["plurigrid-ff-colors"] = PROFILE_FORMAT
    version: Literal[1] = PROFILE_VERSION
    seed: int = Field(0, ge=0, lt=2**63, description="Of initial weights and of drawn pairs.")
    prior: PriorName = Field(
        "synthetic", description="The population whose tastes set what is easy to learn."
    )
    answers: Annotated[tuple[ColorAnswer, ...], Len(max_length=MAX_ANSWERS)] = Field(
        (), description="All answers, oldest first."
    )


class RatedColor(Settings):
    """A colour and how it is rated."""

    color: Hex
    score: float = Field(description="Goodness above (liked) or below (disliked) the middle.")
    uncertainty: float = Field(description="Standard deviation of the score over the ensemble.")


class PaletteRequest(Settings):
    """What a palette should be."""

    kind: PaletteKind = Field("distinct", description="How the colours relate to each other.")
    count: int = Field(5, ge=1, le=24, description="Number of colours.")
    seed: int = Field(0, ge=0, lt=2**63, description="Every draw derives from it.")
    base: Hex | None = Field(None, description="The first colour; harmonies start from its hue.")
    background: Hex | None = Field(None, description="What the colours lie on.")
    contrast: float = Field(
        3.0, ge=1, le=21, description="Least WCAG contrast with the background, where there is one."
    )
    color_blind_safe: bool = Field(
        False, description="Count the least distance over protan, deutan and tritan eyes too."
    )
    keep: float = Field(
        0.3,
        gt=0,
        le=1,
        description="Share of all colours, those rated best, that a profile lets into a palette.",
    )


class Palette(Settings):
    """Colours that go together, and what was measured of them."""

    kind: PaletteKind
    colors: tuple[Hex, ...]
    least_distance: float | None = Field(
        description="Least OkLab distance of two colours; None for one. 0.02 is just noticeable."
    )
    least_distance_for_all: float | None = Field(
        description="The same over full, protan, deutan and tritan colour vision."
    )
    background: Hex | None = None
    contrasts: tuple[float, ...] = Field(
        (), description="WCAG contrast of each colour with the background."
    )
