"""Any process but the first: it trains its stage as it is told to."""

from pathlib import Path
from typing import Any

import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.leader import timed
from plurigrid_ff.distributed.memory import require_stage_memory, within_memory
from plurigrid_ff.distributed.pieces import build_stage, materialise, take_up, weights_of
from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import Work
from plurigrid_ff.learning.stage import Stage


def work(fleet: Fleet) -> None:
    """Do what rank 0 tells, until it says that it was all.

    Raises:
        PlurigridError: This process had to stop, or another is gone; the others know.
    """
    try:
        message = fleet.hear()
        while message["do"] == "begin":
            message = _serve(fleet, _begin(fleet, message))
    except PlurigridError as error:
        fleet.report(error)
        raise


def _begin(fleet: Fleet, message: dict[str, Any]) -> Stage:
    """Build this process's stage; its weights come later."""
    fleet.cuts = [range(start, stop) for start, stop in message["cuts"]]
    own = fleet.cuts[fleet.stage]
    device = torch.device(message["device"])
    with torch.device("meta"):
        network = FFNetwork(
            NetworkConfig.parse(message["network"], where="rank 0"),
            tuple(message["feature_shape"]),
            message["num_classes"],
            seed=message["seed"],
        )
    require_stage_memory(fleet, network, device)
    samples = fleet.receive(0)
    with within_memory(fleet):
        materialise(network, own, device)
        return build_stage(
            fleet,
            Work(
                network,
                samples.get("x", torch.empty(0)).to(device),
                samples["y"].to(device),
                TrainingConfig.parse(message["training"], where="rank 0"),
                message["seed"],
                message["role"],
            ),
        )


def _serve(fleet: Fleet, stage: Stage) -> dict[str, Any]:
    """Train, save and load as told; return the first message that is about something else."""
    network, own = stage.network, stage.places
    while True:
        message = fleet.hear()
        if message["do"] == "learn":
            take_up(network, fleet.receive(0))
            rows = torch.zeros(
                len(network.stack), len(stage.batches), device=stage.batches.y.device
            )
            seconds = timed(
                fleet, stage, message["first"], message["plan"], rows, lambda share: None
            )
            if fleet.replica == 0 and fleet.stage > 0:
                found = {"losses": rows[own.start : own.stop], "seconds": torch.tensor(seconds)}
                fleet.send(weights_of(network, own) | found, 0)
        elif message["do"] == "state":
            if fleet.replica == 0 and fleet.stage > 0:
                fleet.send(dict(stage.state()), 0)
        elif message["do"] == "load":
            stage.load(fleet.receive(0), Path(message["path"]))
        else:
            return message
