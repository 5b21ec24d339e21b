"""``plurigrid-ff evolve``: run, resume, show, tree, rollback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    clean_errors,
    fail,
    json_option,
    print_json,
    print_table,
)
from plurigrid_ff.cli.settings import parse_widths
from plurigrid_ff_self_evolving_agent.archive import Archive
from plurigrid_ff_self_evolving_agent.evolution_settings import (
    EvolutionSettings,
    archive_path,
    read_settings,
)

if TYPE_CHECKING:
    from plurigrid_ff_self_evolving_agent.record import Record
    from plurigrid_ff_self_evolving_agent.recovery import Recovery

FOLDER = click.argument("folder", type=click.Path(path_type=Path))
WORKERS = click.option(
    "--workers",
    type=click.Choice(["here", "ray"]),
    default="here",
    show_default=True,
    help="Who evaluates: this machine, one after the other, or the Ray cluster at RAY_ADDRESS.",
)
UNSAID = {"right"}
"""Scores that only the next test reads."""


@click.group("evolve")
def evolve() -> None:
    """Evolve the settings and weights of networks in an archive that only grows.

    \b
    Example:
      plurigrid-ff evolve run --data digits --generations 5 --out runs/evolved
    """


@evolve.command("run")
@click.option("--data", help="Data set, as for train.  [default: digits]")
@click.option("--hidden", callback=parse_widths, help="Widths to begin with.  [default: 60]")
@click.option("--objective", help="Objective to begin with.  [default: projection]")
@click.option("--objectives", help="Objectives that children may change to, with commas.")
@click.option("--learning-rate", type=float, help="Step size to begin with.  [default: 0.002]")
@click.option("--epochs", type=int, help="Passes of every individual.  [default: 2]")
@click.option("--generations", type=int, help="After the first individuals.  [default: 5]")
@click.option("--islands", type=int, help="Populations that breed apart.  [default: 2]")
@click.option("--children", type=int, help="Per island and generation.  [default: 4]")
@click.option("--noise", type=float, help="Strongest noise on weights, a share.  [default: 0.1]")
@click.option("--level", type=float, help="Level of the paired test.  [default: 0.05]")
@click.option("--seconds", type=float, help="Limit of an evaluation.  [default: 120]")
@click.option("--memory", type=int, help="Limit of an evaluation in MiB.  [default: 4096]")
@click.option("--seed", type=int, help="Every draw derives from it.  [default: 0]")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@WORKERS
@json_option
def run(out: Path, workers: str, as_json: bool, **options: Any) -> None:
    """Begin an evolution in a new folder and run it.

    \b
    Example:
      plurigrid-ff evolve run --data digits --objectives class-goodness --out runs/evolved
    """
    with clean_errors(as_json), resumable(out, as_json):
        from plurigrid_ff_self_evolving_agent.running import start

        settings = EvolutionSettings.parse(_gather(options), where="evolve run")
        best = start(out, settings, _watch(quiet=as_json), on_cluster=workers == "ray")
        _print_best(best, out, as_json)


@evolve.command("resume")
@FOLDER
@WORKERS
@json_option
def resume(folder: Path, workers: str, as_json: bool) -> None:
    """Go on with the evolution in FOLDER; its archive will be that of an uninterrupted one.

    An archive that was cut short or damaged is brought back to its last complete record first;
    the damaged file stays beside it.

    \b
    Example:
      plurigrid-ff evolve resume runs/evolved
    """
    with clean_errors(as_json), resumable(folder, as_json):
        from plurigrid_ff_self_evolving_agent.running import go_on, workers_for

        chosen = workers_for(read_settings(folder), on_cluster=workers == "ray")
        with chosen as evaluate_all:
            best = go_on(folder, _watch(quiet=as_json), evaluate_all, _tell_recovery)
        _print_best(best, folder, as_json)


@evolve.command("show")
@FOLDER
@click.argument("name", required=False)
@json_option
def show(folder: Path, name: str | None, as_json: bool) -> None:
    """List the individuals in FOLDER, best first, or tell all of the one called NAME.

    \b
    Example:
      plurigrid-ff evolve show runs/evolved 3-0-2
    """
    with clean_errors(as_json), opened(folder) as archive:
        if name is not None:
            told = {**archive[name].model_dump(mode="json")}
            told["config_digest"] = archive[name].config_digest
            told["children"] = archive.children(name)
            print_json(told)
            return
        records = sorted(archive.records, key=lambda r: (not r.accepted, -(r.fitness or 0.0)))
        if as_json:
            print_json([_brief(record) for record in records])
            return
        rows = [tuple(map(str, _brief(record).values())) for record in records]
        print_table(tuple(_brief(records[0])) if records else ("name",), rows)


@evolve.command("tree")
@FOLDER
@click.option("--out", type=click.Path(path_type=Path), help="Write an SVG instead.")
@json_option
def tree(folder: Path, out: Path | None, as_json: bool) -> None:
    """Show who descends from whom.

    \b
    Example:
      plurigrid-ff evolve tree runs/evolved --out lineage.svg
    """
    with clean_errors(as_json), opened(folder) as archive:
        from plurigrid_ff_self_evolving_agent.picture import draw_lineage, text_tree
        from plurigrid_ff_self_evolving_agent.record import lineage_of

        if out is not None:
            out.write_bytes(draw_lineage(archive))
        if as_json:
            print_json(lineage_of(archive.records).model_dump(mode="json"))
        elif out is not None:
            click.echo(f"{len(archive)} individuals -> {out}")
        else:
            click.echo("\n".join(text_tree(archive)))


@evolve.command("rollback")
@FOLDER
@click.argument("name")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@json_option
def rollback(folder: Path, name: str, out: Path, as_json: bool) -> None:
    """Begin anew from NAME and its ancestors, in a folder of its own; FOLDER stays as it is.

    \b
    Example:
      plurigrid-ff evolve rollback runs/evolved 2-0-1 --out runs/again
    """
    with clean_errors(as_json):
        settings = read_settings(folder)
        with opened(folder) as archive:
            from plurigrid_ff_self_evolving_agent.evolution import roll_back

            roll_back(settings, archive, name, out)
        if as_json:
            print_json({"folder": str(out), "begins_with": name})
        else:
            click.echo(f"{out} begins with {name}; go on: plurigrid-ff evolve resume {out}")


@contextmanager
def opened(folder: Path) -> Iterator[Archive]:
    """Open the archive of a folder."""
    archive = Archive(archive_path(folder))
    try:
        yield archive
    finally:
        archive.close()


@contextmanager
def resumable(folder: Path, as_json: bool) -> Iterator[None]:
    """Say how to go on after an interrupt."""
    try:
        yield
    except KeyboardInterrupt:
        message = f"interrupted; nothing is lost: `plurigrid-ff evolve resume {folder}` goes on"
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)


def _gather(options: dict[str, Any]) -> dict[str, Any]:
    """Turn options that were given into settings."""
    network = {"hidden": options.pop("hidden") or [60], "objective": options.pop("objective")}
    training = {"learning_rate": options.pop("learning_rate"), "epochs": options.pop("epochs") or 2}
    objectives = options.pop("objectives")
    values: dict[str, Any] = {
        "data": _given({"source": options.pop("data")}),
        "network": _given(network),
        "training": _given(training),
        "objectives": [name.strip() for name in objectives.split(",")] if objectives else [],
    }
    return values | _given(options)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not given."""
    return {key: value for key, value in values.items() if value is not None}


def _watch(*, quiet: bool) -> Any:
    """Return what prints a line per individual."""

    def watch(record: "Record", done: int, planned: int) -> None:
        if quiet:
            return
        found = record.scores.get("failure") or f"{record.fitness:.2%}"
        change = record.scores.get("gene", "first")
        sign = "+" if record.accepted else "-"
        click.echo(f"{done:>{len(str(planned))}}/{planned} {sign} {record.name}  {change}  {found}")

    return watch


def _tell_recovery(recovery: "Recovery") -> None:
    """Say what was kept of a damaged archive, and what was dropped."""
    kept = f"{recovery.kept} individuals, up to {recovery.last}" if recovery.kept else "none"
    click.echo(
        f"the archive was damaged: kept {kept}; those after it are bred again, because "
        f"{recovery.reason}; the damaged file is {recovery.damaged}",
        err=True,
    )


def _brief(record: "Record") -> dict[str, Any]:
    """Return the columns of a list of individuals."""
    test = record.scores.get("against_parent") or record.scores.get("against_own") or {}
    return {
        "name": record.name,
        "parent": record.parents[0] if record.parents else None,
        "origin": record.origin,
        "change": record.scores.get("gene"),
        "fitness": None if record.fitness is None else round(record.fitness, 4),
        "p": round(test["p"], 4) if test else None,
        "accepted": record.accepted,
        "failure": record.scores.get("failure"),
    }


def _print_best(best: "Record", folder: Path, as_json: bool) -> None:
    """Say who is best."""
    told = best.model_dump(mode="json", exclude={"scores": UNSAID})
    if as_json:
        print_json(told)
        return
    network, training = told["config"]["network"], told["config"]["training"]
    click.echo(
        f"best {best.name}: {best.fitness:.2%} on the probes for selection, "
        f"{best.scores['test_accuracy']:.2%} on those of the test; {network['objective']}, "
        f"hidden {network['hidden']}, learning rate {training['learning_rate']:.2g}"
    )
    click.echo(f"lineage {folder / 'lineage.svg'}")
