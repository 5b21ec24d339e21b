"""Colours, for agents: seeded colours, a user's taste in a profile, palettes."""

from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Len
from pydantic import Field, model_validator

from plurigrid_ff.colors.messages import (
    ColorProfile,
    Palette,
    PaletteRequest,
    PriorName,
    RatedColor,
)
from plurigrid_ff.colors.schemes import MAX_INDEX, Scheme, SeededColor, color_at
from plurigrid_ff.host.agent_tools import AgentTool, ReadPath, ToolContext, UpdatePath
from plurigrid_ff.settings import Settings
from plurigrid_ff_color.notation import parse_color
from plurigrid_ff_color.palettes import make_palette
from plurigrid_ff_color.preference import PreferenceModel

Color = Annotated[str, Len(1, 100)]
NOTATION = "As #RRGGBB, rgb(), a CSS name, oklab() or oklch()."
PROFILE = "File with everything the user has said, such as 'color-profile.json'."


class AtArguments(Settings):
    """Which colour."""

    index: int = Field(ge=1, le=MAX_INDEX, description="Which colour of the seed; the first is 1.")
    seed: int = Field(0, ge=0, lt=1 << 63, description="Where the colours come from.")
    scheme: Scheme = Field("gay_mcp", description="How a seed and an index give a colour.")


class AnswerArguments(Settings):
    """What the user said."""

    profile: UpdatePath = Field(description=f"{PROFILE} The first answer makes it.")
    verdict: Literal["like", "dislike", "pair", "undo"] = Field(
        description="'like' or 'dislike' color; 'pair': like color more than over; 'undo' the last."
    )
    color: Color | None = Field(None, description=f"{NOTATION} None for undo.")
    over: Color | None = Field(None, description="The colour that was passed over, of a pair.")
    seed: int = Field(0, ge=0, lt=1 << 63, description="Of a new profile.")
    prior: PriorName = Field("synthetic", description="Of a new profile.")

    @model_validator(mode="after")
    def _check_colors(self) -> Self:
        if (self.color is None) != (self.verdict == "undo"):
            raise ValueError("every verdict but 'undo' needs a color, and 'undo' has none")
        if (self.over is None) != (self.verdict != "pair"):
            raise ValueError("'pair' needs a colour under over, and the others have none")
        return self


class ProfileState(Settings):
    """What a profile has come to."""

    profile: str
    answers: int = Field(description="How many answers it holds.")


class RankArguments(Settings):
    """Which colours, by whose taste."""

    profile: ReadPath = Field(description=PROFILE)
    colors: Annotated[tuple[Color, ...], Len(1, 1000)] = Field(description=NOTATION)


class Ranking(Settings):
    """Colours, best first."""

    colors: tuple[RatedColor, ...]


class NextArguments(Settings):
    """Whose taste."""

    profile: ReadPath = Field(description=f"{PROFILE} It need not be there yet.")


class NextColor(Settings):
    """The colour to ask about."""

    hex: str = Field(description="#RRGGBB")


class PaletteArguments(PaletteRequest):
    """What a palette should be."""

    base: Color | None = Field(
        None, description=f"The first colour; harmonies start from its hue. {NOTATION}"
    )
    background: Color | None = Field(None, description=f"What the colours lie on. {NOTATION}")
    profile: ReadPath | None = Field(
        None, description=f"{PROFILE} With it only well-rated colours are taken."
    )


def _at(asked: AtArguments, context: ToolContext) -> SeededColor:
    return color_at(asked.seed, asked.index, asked.scheme)


def _answer(asked: AnswerArguments, context: ToolContext) -> ProfileState:
    path = Path(asked.profile)
    new = ColorProfile(seed=asked.seed, prior=asked.prior)
    model = _load_or(path, new) if asked.verdict != "undo" else PreferenceModel.load(path)
    if asked.color is None:
        model.undo()
    elif asked.over is not None:
        model.prefer(asked.color, asked.over)
    elif asked.verdict == "like":
        model.like(asked.color)
    else:
        model.dislike(asked.color)
    model.save(path)
    return ProfileState(profile=asked.profile, answers=len(model.profile.answers))


def _rank(asked: RankArguments, context: ToolContext) -> Ranking:
    return Ranking(colors=PreferenceModel.load(asked.profile).rank(asked.colors))


def _next(asked: NextArguments, context: ToolContext) -> NextColor:
    return NextColor(hex=_load_or(Path(asked.profile), ColorProfile()).next_color())


def _palette(asked: PaletteArguments, context: ToolContext) -> Palette:
    values = asked.model_dump(exclude={"profile"})
    for name in ("base", "background"):
        values[name] = parse_color(values[name]) if values[name] is not None else None
    request = PaletteRequest.parse(values, where="color_palette")
    model = PreferenceModel.load(asked.profile) if asked.profile is not None else None
    return make_palette(request, model)


def _load_or(path: Path, new: ColorProfile) -> PreferenceModel:
    """Learn from a profile that is there, or start one."""
    return PreferenceModel.load(path) if path.exists() else PreferenceModel(new)


COLOR_AT = AgentTool(
    title="Colour of a seed",
    description="The colour, and its trit, that a seed has at an index; the same everywhere.",
    arguments=AtArguments,
    result=SeededColor,
    call=_at,
)
COLOR_ANSWER = AgentTool(
    title="Answer about a colour",
    description="Note that the user likes or dislikes a colour, or likes one more than another; or "
    "undo the last answer. Only what the user said: never answer for the user.",
    arguments=AnswerArguments,
    result=ProfileState,
    call=_answer,
    writes=True,
)
COLOR_RANK = AgentTool(
    title="Rank colours",
    description="Sort colours by how much the user should like them, best first, each with a score "
    "and its uncertainty.",
    arguments=RankArguments,
    result=Ranking,
    call=_rank,
)
COLOR_NEXT = AgentTool(
    title="Colour to ask about",
    description="The colour about which an answer of the user would tell most.",
    arguments=NextArguments,
    result=NextColor,
    call=_next,
)
COLOR_PALETTE = AgentTool(
    title="Make a palette",
    description="Make a palette whose colours are as far apart as what is asked for allows, and "
    "measure it: distances, also for colour-blind eyes, and contrast with a background.",
    arguments=PaletteArguments,
    result=Palette,
    call=_palette,
)
