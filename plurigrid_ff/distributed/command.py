"""``python -m plurigrid_ff.distributed``: parse, meet, and lead or follow."""

import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    clean_errors,
    fail,
    json_option,
)
from plurigrid_ff.cli.settings import Destination, gather, run_options
from plurigrid_ff.errors import PlurigridError, StageLostError
from plurigrid_ff.settings import flat_settings

if TYPE_CHECKING:
    from plurigrid_ff.config import RunConfig
    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.distributed.fleet import Fleet
    from plurigrid_ff.host.plugins import Host


@click.command()
@click.argument("run_file", type=click.Path(path_type=Path))
@run_options
@click.option(
    "--replicas",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes per stage, each with its part of every batch.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Seconds that a process waits for another.",
)
@json_option
def main(run_file: Path, replicas: int, timeout_s: float, as_json: bool, **options: Any) -> None:
    """Train the network that RUN_FILE describes, its layers divided among processes.

    Every process runs the same command; the first writes the run folder.

    \b
    Example:
      torchrun --nproc-per-node 2 -m plurigrid_ff.distributed run.toml --out runs/mine
    """
    with clean_errors(as_json):
        run(run_file, replicas, timeout_s, as_json, options)


def run(
    run_file: Path, replicas: int, timeout_s: float, as_json: bool, options: dict[str, Any]
) -> None:
    """Parse the settings, meet the other processes, and lead or follow."""
    from plurigrid_ff.host.triad import parse_run

    to = Destination.take(options)
    values = gather(run_file, to.out, resume=False, assignments=to.assignments, options=options)
    config = parse_run(values, where=str(run_file))

    from plurigrid_ff.distributed.fleet import Fleet
    from plurigrid_ff.distributed.meeting import Launch
    from plurigrid_ff.distributed.worker import work
    from plurigrid_ff.host.plugins import load_host
    from plurigrid_ff.learning.devices import resolve_device  # torch loads here
    from plurigrid_ff.run_settings import join_plugins

    host = load_host()
    join_plugins(host)
    settings = flat_settings(config.model_dump(mode="json")) | {"--replicas": replicas}
    cuda = resolve_device(config.device).type == "cuda"
    fleet = Fleet(Launch.read(), settings, replicas=replicas, timeout_s=timeout_s, cuda=cuda)
    try:
        if fleet.rank:
            work(fleet)
            return
        lead(fleet, config, host, to, as_json=as_json)
    finally:
        fleet.close()


def lead(
    fleet: "Fleet",
    config: "RunConfig",
    host: "Host",
    to: Destination,
    *,
    as_json: bool,
) -> None:
    """Run as ``plurigrid-ff train`` does, with the layers in the whole fleet."""
    from plurigrid_ff import runs
    from plurigrid_ff.callbacks import joined
    from plurigrid_ff.cli.watching import tell_outcome, watching
    from plurigrid_ff.distributed.leader import Leader

    writers = to.writers()
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with watching(quiet=as_json) as watcher:
            checks = runs.Watcher(on_data=partial(_require, fleet, config))
            report = runs.train(
                config,
                to.out,
                host=host,
                resume=to.resume,
                overwrite=to.overwrite,
                watcher=joined(watcher, checks, *writers),
                pipeline=partial(Leader, fleet),
            )
    except StageLostError as error:
        fail("StageLostError", f"{error}; {saved_so_far(config, to.out)}", as_json=as_json)
    except PlurigridError as error:
        fleet.report(error)
        raise
    except KeyboardInterrupt:
        # A launcher ends us when it misses another process, which may be known by now.
        message = f"{fleet.failure() or 'interrupted'}; {saved_so_far(config, to.out)}"
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)
    fleet.dismiss()
    tell_outcome(report, to.out, as_json=as_json)


def _require(fleet: "Fleet", config: "RunConfig", data: "Dataset") -> None:
    """Refuse what cannot be divided, before anything is written."""
    import torch

    from plurigrid_ff.distributed.requirements import require_divisible
    from plurigrid_ff.learning.network import FFNetwork

    with torch.device("meta"):
        network = FFNetwork(config.network, data.feature_shape, data.num_classes, seed=0)
    require_divisible(
        network,
        config.training,
        len(data.train),
        stages=fleet.stages,
        replicas=fleet.replicas,
    )


def saved_so_far(config: "RunConfig", out: Path) -> str:
    """Say how far the run is saved, and how it goes on."""
    from plurigrid_ff.host.checkpoints import list_checkpoints
    from plurigrid_ff.host.folder import RunFolder

    saved = list_checkpoints(RunFolder(out).partial)
    if not saved:
        return "no round was complete, so nothing was saved; start again"
    rounds = int(saved[-1].name.rpartition("-")[2])
    epochs = min(rounds * config.training.epochs_per_round, config.training.epochs)
    return (
        f"all stages are saved as they were after round {rounds} (epoch {epochs}): the same "
        f"command with --resume goes on from there, on any number of stages ({out})"
    )


def _interrupt(number: int, frame: Any) -> None:
    """Treat the launcher's wish that we end as the user's."""
    raise KeyboardInterrupt
