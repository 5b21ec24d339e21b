"""Pipelines: where the stages of a network learn. Here, in one thread or in several."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.learning.batches import Batches
from plurigrid_ff.learning.channels import BrokenChannelError, Channel
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.partition import balanced, layer_cost
from plurigrid_ff.learning.stage import Plan, Progress, Stage


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to train.

    Attributes:
        network: The network, prepared, on its device.
        x: Training samples, shape ``(samples, *feature_shape)``, on the same device.
        y: Their labels, shape ``(samples,)``, int64, on the same device.
        training: How to train.
        seed: The run's seed.
        role: Whose draws these are.
    """

    network: FFNetwork
    x: Tensor
    y: Tensor
    training: TrainingConfig
    seed: int
    role: str

    def cut(self, count: int) -> list[range]:
        """Cut the layers into ``count`` stages that take about equally long."""
        batch = self.training.batch_size
        return balanced([layer_cost(layer, batch) for layer in self.network.stack], count)

    def batches(self, part: tuple[int, int] = (0, 1)) -> Batches:
        """Return the batches of every epoch, or one replica's part of them."""
        size = self.training.batch_size
        return Batches(self.y, size, seed=self.seed, role=self.role, part=part)


class Pipeline(Protocol):
    """Runs the stages of a network, all of them or, beside others, the first.

    Attributes:
        stages: Those that are in this process, first layers first.
    """

    stages: Sequence[Stage]

    def learn(self, first: int, plan: Plan, losses: Tensor, progress: Progress) -> None:
        """Train all layers for a stretch of epochs, as :meth:`Stage.learn` does its own."""

    def state(self) -> dict[str, Tensor]:
        """Return what must be saved beside the network's weights, by name."""

    def load(self, tensors: dict[str, Tensor], path: Path) -> None:
        """Take up what :meth:`state` returned, out of ``tensors``."""


BuildPipeline = Callable[[Work], Pipeline]


class LocalPipeline:
    """All stages in this process: a single one, or one per thread of ``training.workers``.

    A stage in a thread of its own learns from batch t while the one above learns from batch
    t - 1. Every product is the same as in one thread, so what is learned is the same, bit for
    bit, where torch uses as many threads within a product.

    Args:
        work: What there is to train.
    """

    def __init__(self, work: Work) -> None:
        batches = work.batches()
        cuts = work.cut(work.training.workers)
        channels = [Channel() for _ in cuts[1:]]
        self._channels = channels
        self.stages: Sequence[Stage] = [
            Stage(
                work.network,
                batches,
                work.training,
                places,
                x=work.x if not below else None,
                below=below,
                above=above,
            )
            for places, below, above in zip(cuts, [None, *channels], [*channels, None], strict=True)
        ]

    def learn(self, first: int, plan: Plan, losses: Tensor, progress: Progress) -> None:
        """Train for a stretch of epochs; the last stage runs in the thread that calls."""
        *others, last = self.stages
        if not others:
            last.learn(first, plan, losses, progress)
            return
        for channel in self._channels:
            channel.renew()  # an earlier stretch may have failed
        threads = torch.get_num_threads()
        each = max(1, threads // len(self.stages))

        def run(stage: Stage, progress: Progress) -> None:
            torch.set_num_threads(each)  # of this thread
            try:
                stage.learn(first, plan, losses, progress)
            except BaseException:
                for channel in self._channels:
                    channel.break_off()
                raise

        failed: list[BaseException] = []
        with ThreadPoolExecutor(len(others)) as pool:
            running = [pool.submit(run, stage, lambda share: None) for stage in others]
            try:
                run(last, progress)
            except BaseException as error:  # that of another stage may be the cause
                failed.append(error)
            finally:
                torch.set_num_threads(threads)
            failed = [*filter(None, (future.exception() for future in running)), *failed]
        if failed:
            raise min(failed, key=lambda error: isinstance(error, BrokenChannelError))

    def state(self) -> dict[str, Tensor]:
        """Return the state of every optimizer."""
        return {name: value for stage in self.stages for name, value in stage.state()}

    def load(self, tensors: dict[str, Tensor], path: Path) -> None:
        """Take up the state of every optimizer."""
        for stage in self.stages:
            stage.load(tensors, path)
