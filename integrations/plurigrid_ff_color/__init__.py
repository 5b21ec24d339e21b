"""Colours: preferences learned by Forward-Forward layers, palettes, and the command ``color``.

Nothing heavy loads before it is asked for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from plurigrid_ff.colors.messages import (
    ColorAnswer,
    ColorProfile,
    Palette,
    PaletteRequest,
    RatedColor,
)
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.lazy_names import lazy_names

if TYPE_CHECKING:
    from plurigrid_ff_color.exports import export_palette
    from plurigrid_ff_color.notation import parse_color
    from plurigrid_ff_color.palettes import make_palette
    from plurigrid_ff_color.preference import PreferenceModel
    from plurigrid_ff_color.sketch import ff_color_learning

REQUIRES_HOOKS = "1.3"

__all__ = [
    "PreferenceModel",
    "export_palette",
    "ff_color_learning",
    "make_palette",
    "parse_color",
]

_HOMES = {
    "PreferenceModel": "preference",
    "export_palette": "exports",
    "ff_color_learning": "sketch",
    "make_palette": "palettes",
    "parse_color": "notation",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)


@hookimpl
def register_commands(register: Callable[[str, str, str], None]) -> None:
    """Offer ``plurigrid-ff color``."""
    register(
        "color",
        "plurigrid_ff_color.command:command",
        "Draw colours from seeds, learn which ones you like, make palettes.",
    )


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer colours, preferences and palettes to agents."""
    for name in ("color_at", "color_answer", "color_rank", "color_next", "color_palette"):
        register(name, f"plurigrid_ff_color.tools:{name.upper()}")


@hookimpl
def color_update(profile: ColorProfile, answers: tuple[ColorAnswer, ...]) -> ColorProfile:
    """Take the answers into the profile; what is learned follows from it."""
    return ColorProfile.model_validate(
        {**profile.model_dump(), "answers": (*profile.answers, *answers)}
    )


@hookimpl
def color_rank(profile: ColorProfile, colors: tuple[str, ...]) -> tuple[RatedColor, ...]:
    """Rank by the goodness that the profile's answers teach."""
    from plurigrid_ff_color.preference import PreferenceModel

    return PreferenceModel(profile).rank(colors)


@hookimpl
def color_palette(request: PaletteRequest, profile: ColorProfile | None) -> Palette:
    """Make a palette, from what is liked where there is a profile."""
    from plurigrid_ff_color.palettes import make_palette
    from plurigrid_ff_color.preference import PreferenceModel

    return make_palette(request, PreferenceModel(profile) if profile is not None else None)
