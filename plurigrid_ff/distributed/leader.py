"""The first process: it trains the first stage, and hands the others their layers."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.memory import require_stage_memory, within_memory
from plurigrid_ff.distributed.pieces import build_stage, state_of, take_up, weights_of
from plurigrid_ff.distributed.requirements import require_divisible
from plurigrid_ff.learning.pipeline import Work
from plurigrid_ff.learning.stage import Plan, Progress, Stage


class Leader:
    """A pipeline over the processes of a fleet, as rank 0 sees it.

    Weights go down before every stretch of epochs and come back after it, so whoever holds the
    network may read or replace them in between, and a checkpoint of it is that of all stages.

    Args:
        fleet: The processes; this is its rank 0, and the others are in :func:`work`.
        work: What there is to train.

    Attributes:
        seconds: Of the last stretch, of each stage: by the clock and of the CPU.
    """

    def __init__(self, fleet: Fleet, work: Work) -> None:
        require_divisible(
            work.network,
            work.training,
            len(work.y),
            stages=fleet.stages,
            replicas=fleet.replicas,
        )
        self._fleet = fleet
        self._network = work.network
        fleet.cuts = work.cut(fleet.stages)
        require_stage_memory(fleet, work.network, work.y.device)
        fleet.tell(
            {
                "do": "begin",
                "network": work.network.config.model_dump(mode="json"),
                "training": work.training.model_dump(mode="json"),
                "feature_shape": work.network.feature_shape,
                "num_classes": work.network.num_classes,
                "seed": work.seed,
                "role": work.role,
                "device": work.y.device.type,
                "cuts": [[cut.start, cut.stop] for cut in fleet.cuts],
            }
        )
        for rank in fleet.others:
            samples = {"x": work.x} if rank < fleet.replicas else {}
            fleet.send(samples | {"y": work.y}, rank)
        self.stages: Sequence[Stage] = [build_stage(fleet, work)]
        self.seconds: list[tuple[float, float]] = []

    def learn(self, first: int, plan: Plan, losses: Tensor, progress: Progress) -> None:
        """Train all layers for a stretch of epochs.

        Raises:
            TrainingError: A layer's loss is not finite, or no unit of it is active any more.
            StageLostError: A process is gone; weights here are those of no single moment.
        """
        fleet = self._fleet
        fleet.tell({"do": "learn", "first": first, "plan": [list(active) for active in plan]})
        for rank in fleet.others:
            fleet.send(weights_of(self._network, fleet.cuts[rank // fleet.replicas]), rank)
        self.seconds = [timed(fleet, self.stages[0], first, plan, losses, progress)]
        for stage in range(1, fleet.stages):
            found = fleet.receive(fleet.rank_of(stage, 0))
            own = fleet.cuts[stage]
            losses[own.start : own.stop] = found.pop("losses").to(losses.device)
            clock, cpu = found.pop("seconds").tolist()
            self.seconds.append((clock, cpu))
            take_up(self._network, found)

    def state(self) -> dict[str, Tensor]:
        """Return what must be saved beside the weights, of all stages."""
        self._fleet.tell({"do": "state"})
        tensors = dict(self.stages[0].state())
        for stage in range(1, self._fleet.stages):
            tensors |= self._fleet.receive(self._fleet.rank_of(stage, 0))
        return tensors

    def load(self, tensors: dict[str, Tensor], path: Path) -> None:
        """Take up what :meth:`state` returned, on the same stages or on others."""
        fleet = self._fleet
        fleet.tell({"do": "load", "path": str(path)})
        for rank in fleet.others:
            fleet.send(state_of(tensors, fleet.cuts[rank // fleet.replicas]), rank)
        self.stages[0].load(tensors, path)


def timed(
    fleet: Fleet, stage: Stage, first: int, plan: Plan, losses: Tensor, progress: Progress
) -> tuple[float, float]:
    """Let a stage learn; return the seconds it took, by the clock and of the CPU.

    Raises:
        StageLostError: It ran out of memory.
    """
    clock, cpu = time.perf_counter(), time.process_time()
    with within_memory(fleet):
        stage.learn(first, plan, losses, progress)
    if losses.device.type == "cuda":
        torch.cuda.synchronize(losses.device)
    return time.perf_counter() - clock, time.process_time() - cpu
