"""``plurigrid-ff color``: seeded colours, preferences and palettes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from plurigrid_ff.cli.output import clean_errors, console, json_option, print_json, print_table
from plurigrid_ff.colors.messages import PaletteKind
from plurigrid_ff.colors.schemes import SCHEMES, color_at

if TYPE_CHECKING:
    from plurigrid_ff.colors.messages import Palette, PriorName
    from plurigrid_ff_color.preference import PreferenceModel

profile_option = click.option(
    "--profile",
    "path",
    default="color-profile.json",
    show_default=True,
    envvar="PLURIGRID_FF_COLOR_PROFILE",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with everything you have said.",
)


@click.group("color")
def command() -> None:
    """Draw colours from seeds, learn which ones you like, and make palettes.

    A colour is #RRGGBB, rgb(), a CSS name, oklab() or oklch().

    \b
    Example:
      plurigrid-ff color at 1 --seed 1069
      plurigrid-ff color like teal navy
      plurigrid-ff color dislike orange
      plurigrid-ff color palette --background white --contrast 4.5
    """


@command.command("at")
@click.argument("index", type=int)
@click.option("--seed", default=0, show_default=True, type=int)
@click.option("--scheme", default="gay_mcp", show_default=True, type=click.Choice(SCHEMES))
@json_option
def at(index: int, seed: int, scheme: Any, as_json: bool) -> None:
    """Print the colour of a seed at INDEX, which starts at 1, and its trit.

    \b
    Example:
      plurigrid-ff color at 1 --seed 1069 --scheme gay_mcp --json
    """
    with clean_errors(as_json):
        found = color_at(seed, index, scheme)
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        from plurigrid_ff.gf3 import format_trit
        from plurigrid_ff_color.swatches import terminal_swatches

        line = terminal_swatches([found.hex])
        line.append(f"trit {format_trit(found.trit)}")
        console().print(line)


@command.command("like")
@click.argument("colors", nargs=-1, required=True)
@click.option("--over", multiple=True, help="Liked more than this one: a comparison.")
@click.option("--seed", default=0, show_default=True, help="Of a new profile.")
@click.option(
    "--prior",
    default="synthetic",
    show_default=True,
    type=click.Choice(["synthetic", "none"]),
    help="Of a new profile: the tastes that are easy to learn.",
)
@profile_option
@json_option
def like(
    colors: tuple[str, ...],
    over: tuple[str, ...],
    seed: int,
    prior: "PriorName",
    path: Path,
    as_json: bool,
) -> None:
    """Say that you like COLORS, or like them more than those after --over.

    \b
    Example:
      plurigrid-ff color like teal "#1b4f72"
      plurigrid-ff color like teal --over orange
    """
    with clean_errors(as_json):
        model = _open(path, seed, prior)
        for color in colors:
            for other in over:
                model.prefer(color, other)
            if not over:
                model.like(color)
        _keep(model, path, as_json)


@command.command("dislike")
@click.argument("colors", nargs=-1, required=True)
@click.option("--seed", default=0, show_default=True, help="Of a new profile.")
@profile_option
@json_option
def dislike(colors: tuple[str, ...], seed: int, path: Path, as_json: bool) -> None:
    """Say that you do not like COLORS.

    \b
    Example:
      plurigrid-ff color dislike orange "rgb(200 40 40)"
    """
    with clean_errors(as_json):
        model = _open(path, seed, "synthetic")
        for color in colors:
            model.dislike(color)
        _keep(model, path, as_json)


@command.command("undo")
@profile_option
@json_option
def undo(path: Path, as_json: bool) -> None:
    """Forget the last answer, as if you had never given it.

    \b
    Example:
      plurigrid-ff color undo
    """
    with clean_errors(as_json):
        model = _load(path)
        forgotten = model.undo()
        model.save(path)
        if as_json:
            print_json(forgotten.model_dump(mode="json"))
            return
        click.echo(f"forgotten: {forgotten.verdict} {forgotten.color}")


@command.command("rank")
@click.argument("colors", nargs=-1, required=True)
@profile_option
@json_option
def rank(colors: tuple[str, ...], path: Path, as_json: bool) -> None:
    """Sort COLORS by how much you should like them, best first.

    \b
    Example:
      plurigrid-ff color rank red green blue
    """
    with clean_errors(as_json):
        from plurigrid_ff_color.swatches import terminal_swatches

        rated = _load(path).rank(colors)
        if as_json:
            print_json([item.model_dump(mode="json") for item in rated])
            return
        for item in rated:
            line = terminal_swatches([item.color])
            line.append(f"{item.score:+.2f} ± {item.uncertainty:.2f}")
            console().print(line)


@command.command("next")
@profile_option
@json_option
def ask_next(path: Path, as_json: bool) -> None:
    """Print the colour that an answer would tell most about.

    \b
    Example:
      plurigrid-ff color next
    """
    with clean_errors(as_json):
        from plurigrid_ff_color.swatches import terminal_swatches

        color = _open(path, 0, "synthetic").next_color()
        if as_json:
            print_json({"hex": color})
            return
        console().print(terminal_swatches([color]))
        click.echo(f'plurigrid-ff color like "{color}"  or  plurigrid-ff color dislike "{color}"')


@command.command("explain")
@click.argument("color")
@profile_option
@json_option
def explain_color(color: str, path: Path, as_json: bool) -> None:
    """Say why COLOR is rated as it is: what would raise it, and which answers lie near.

    \b
    Example:
      plurigrid-ff color explain skyblue
    """
    with clean_errors(as_json):
        from plurigrid_ff_color.explanation import explain

        found = explain(_load(path), color)
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        click.echo(str(found))
        rows = [(effect.change, effect.color, f"{effect.gain:+.2f}") for effect in found.effects]
        print_table(("if it were", "it would be", "gain"), rows)


def palette_options(function: Any) -> Any:
    """Add the options that say what a palette should be."""
    for option in reversed(
        (
            click.option(
                "--kind",
                default="distinct",
                show_default=True,
                type=click.Choice(get_args(PaletteKind)),
            ),
            click.option("--count", default=5, show_default=True, help="Number of colours."),
            click.option("--seed", default=0, show_default=True),
            click.option("--base", help="First colour; harmonies start from its hue."),
            click.option("--background", help="What the colours lie on."),
            click.option(
                "--contrast",
                default=3.0,
                show_default=True,
                help="Least WCAG contrast with the background, where there is one.",
            ),
            click.option(
                "--color-blind-safe",
                is_flag=True,
                help="Keep the colours apart for protan, deutan and tritan eyes too.",
            ),
            click.option(
                "--liked", is_flag=True, help="Only from the best-rated colours of your profile."
            ),
            click.option(
                "--keep",
                default=0.3,
                show_default=True,
                help="Share of colours that --liked lets in.",
            ),
            profile_option,
        )
    ):
        function = option(function)
    return function


@command.command("palette")
@palette_options
@json_option
def palette(as_json: bool, **wanted: Any) -> None:
    """Make a palette whose colours are as far apart as what you ask for allows.

    \b
    Example:
      plurigrid-ff color palette --kind triadic --base teal --count 6
      plurigrid-ff color palette --background white --contrast 4.5 --color-blind-safe --liked
    """
    with clean_errors(as_json):
        from plurigrid_ff_color.swatches import terminal_swatches

        made = _make(**wanted)
        if as_json:
            print_json(made.model_dump(mode="json"))
            return
        console().print(terminal_swatches(made.colors))
        if made.least_distance is not None:
            click.echo(
                f"least OkLab distance {made.least_distance:.3f}, for protan, deutan and tritan "
                f"eyes too {made.least_distance_for_all:.3f}"
            )
        if made.contrasts:
            ratios = " ".join(f"{ratio:.2f}" for ratio in made.contrasts)
            click.echo(f"contrast with {made.background}: {ratios}")


@command.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@palette_options
@json_option
def export(out: Path, as_json: bool, **wanted: Any) -> None:
    """Write a palette to OUT, which ends with .css, .gpl, .ase or .svg.

    The options are those of `plurigrid-ff color palette`, and so are the colours.

    \b
    Example:
      plurigrid-ff color export brand.ase --kind analogous --base "#1b4f72"
    """
    with clean_errors(as_json):
        from plurigrid_ff_color.exports import export_palette

        made = _make(**wanted)
        export_palette(made, out)
        if as_json:
            print_json({"out": str(out), **made.model_dump(mode="json")})
            return
        click.echo(f"{len(made.colors)} colours in {out}")


def _make(
    *, liked: bool, path: Path, base: str | None, background: str | None, **wanted: Any
) -> "Palette":
    """Make the palette that the options ask for."""
    from plurigrid_ff.colors.messages import PaletteRequest
    from plurigrid_ff_color.notation import parse_color
    from plurigrid_ff_color.palettes import make_palette

    values = {
        **wanted,
        "base": parse_color(base) if base is not None else None,
        "background": parse_color(background) if background is not None else None,
    }
    request = PaletteRequest.parse(values, where="color palette")
    return make_palette(request, _load(path) if liked else None)


def _load(path: Path) -> "PreferenceModel":
    """Learn from a profile that must be there."""
    from plurigrid_ff_color.preference import PreferenceModel

    return PreferenceModel.load(path)


def _open(path: Path, seed: int, prior: "PriorName") -> "PreferenceModel":
    """Learn from a profile, or start one."""
    from plurigrid_ff.colors.messages import ColorProfile
    from plurigrid_ff_color.preference import PreferenceModel

    if path.exists():
        return PreferenceModel.load(path)
    profile = ColorProfile.parse({"seed": seed, "prior": prior}, where="color")
    return PreferenceModel(profile)


def _keep(model: "PreferenceModel", path: Path, as_json: bool) -> None:
    """Write the profile and say so."""
    model.save(path)
    answers = len(model.profile.answers)
    if as_json:
        print_json({"profile": str(path), "answers": answers})
        return
    click.echo(f"{answers} answers in {path}")
