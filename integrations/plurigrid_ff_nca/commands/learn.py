"""``plurigrid-ff nca learn``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli.output import clean_errors, json_option, print_json
from plurigrid_ff.errors import ConfigError

if TYPE_CHECKING:
    from plurigrid_ff_nca.rules.learning import LearnedRule
    from plurigrid_ff_nca.rules.observations import Observations
    from plurigrid_ff_nca.rules.rule import Rule


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rule", "notation", help="Watch this rule on random grids instead of FILES.")
@click.option("--transitions", default=8, show_default=True, type=click.IntRange(1, 4096))
@click.option(
    "--size", default=32, show_default=True, type=click.IntRange(1, 4096), help="Of random grids."
)
@click.option(
    "--noise",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the observed cells that are falsified, with --rule.",
)
@click.option(
    "--scale", default=1, show_default=True, type=click.IntRange(1), help="Pixels a cell."
)
@click.option("--states", type=click.IntRange(2, 256), help="States of a cell; as seen by default.")
@click.option("--radius", type=click.IntRange(1, 10), help="How far a cell sees; 1 by default.")
@click.option("--shape", type=click.Choice(["moore", "von-neumann"]))
@click.option("--family", type=click.Choice(["auto", "any", "outer-totalistic", "totalistic"]))
@click.option("--border", type=click.Choice(["periodic", "dead"]))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--out", type=click.Path(path_type=Path), help="Write the rule here, for `nca run`.")
@json_option
def learn(
    files: tuple[Path, ...],
    notation: str | None,
    transitions: int,
    size: int,
    noise: float,
    scale: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Learn a rule from FILES that show it step by step, or from --rule on random grids.

    FILES are consecutive: frames of a GIF or of PNG files, .rle or .cells patterns, or arrays
    in .npy with time first. With --rule, `exact` says whether what was learned is that rule.

    \b
    Example:
      plurigrid-ff nca learn life.gif --scale 4 --out life.json
      plurigrid-ff nca learn --rule B36/S23 --transitions 8 --size 32 --seed 0 --json
    """
    with clean_errors(as_json):
        if bool(files) == bool(notation):
            raise ConfigError("nca learn: expected FILES or --rule, and not both; give one")
        from plurigrid_ff_nca.rules.config import RuleConfig
        from plurigrid_ff_nca.rules.learning import learn_rule
        from plurigrid_ff_nca.rules.notation import parse_rule
        from plurigrid_ff_nca.rules.written import save_rule

        given = {name: value for name, value in options.items() if value is not None}
        rule = parse_rule(notation) if notation else None
        if rule is None:
            seen: Any = _watched(files, scale)
        else:
            given = {**_known(rule), **given}
            seen = _random(rule, transitions, size, seed, given, noise)
        learned = learn_rule(seen, RuleConfig.parse({**given, "seed": seed}, where="nca learn"))
        if out is not None:
            save_rule(learned.rule, out)
        if as_json:
            print_json(_summary(learned, rule))
        else:
            _tell(learned, rule, out)


def _known(rule: "Rule") -> dict[str, Any]:
    """What the notation of a rule says of its space."""
    space = rule.space
    known: dict[str, Any] = {"states": space.states, "radius": space.radius, "shape": space.shape}
    if rule.family.name != "any":
        known["family"] = rule.family.name
    return known


def _random(
    rule: "Rule", transitions: int, size: int, seed: int, given: dict[str, Any], noise: float
) -> "Observations":
    """Watch a rule on random grids."""
    from plurigrid_ff_nca.rules.observations import observe

    return observe(
        rule,
        transitions=transitions,
        extents=(size,) * rule.space.dimensions,
        seed=seed,
        border=given.get("border", "periodic"),
        noise=noise,
    )


def _watched(files: tuple[Path, ...], scale: int) -> list[Any]:
    """Read consecutive grids from files and pair them."""
    from plurigrid_ff_nca.rules.files import read_film
    from plurigrid_ff_nca.rules.observations import transitions_of

    return transitions_of(read_film(files, scale=scale))


def _summary(learned: "LearnedRule", rule: "Rule | None") -> dict[str, Any]:
    """What ``--json`` prints: the report, and how it compares with the rule that was watched."""
    summary = learned.report.model_dump(mode="json")
    if rule is not None:
        right = _right(learned, rule)
        summary["exact"] = right == learned.report.neighbourhoods
        summary["neighbourhoods_right"] = right
    return summary


def _right(learned: "LearnedRule", rule: "Rule") -> int:
    """Count the neighbourhoods that are answered as the rule does."""
    if learned.rule.family.name != "any" and rule.family.name == "any":
        return int((learned.rule.told_apart(rule.family) == rule.table).sum())
    return int((learned.rule.table == rule.told_apart(learned.rule.family)).sum())


def _tell(learned: "LearnedRule", rule: "Rule | None", out: Path | None) -> None:
    """Print what was learned, and from how much."""
    report = learned.report
    of = report.neighbourhoods
    click.echo(f"rule          {report.name or 'has no name in the notations known here'}")
    click.echo(f"seen          {report.seen} of {of} neighbourhoods, {report.seen_right} right")
    if report.held_out:
        click.echo(
            f"unseen        {report.held_out_right} of {report.held_out} right that were held back "
            f"from it at first; confidence in the rest {report.unseen_confidence:.0%}"
        )
    if report.first_contradiction is not None:
        first = report.first_contradiction
        click.echo(
            f"contradicted  by {report.contradictory} cells, the first in transition "
            f"{first.transition} at {first.place}"
        )
    if rule is not None:
        right = _right(learned, rule)
        click.echo(f"exact         {'yes' if right == of else 'no'}, {right} of {of} right")
    if not report.converged:
        click.echo("converged     no: more transitions or a larger radius may help")
    click.echo(f"learning      {report.steps} steps, {report.cpu_seconds:.2f} CPU-seconds")
    if out is not None:
        click.echo(f"written       {out}")
