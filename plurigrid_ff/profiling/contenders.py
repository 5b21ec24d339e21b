"""Ways of training the layers of a run file, an epoch at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.config import RunConfig
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.learning.chunks import chunk_samples
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate
from plurigrid_ff.learning.rivals import stream
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.profiling.results import ContenderName


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that trains.

    Attributes:
        epoch: Trains for a pass over the samples.
        parameters: All that is trained.
        optimizers: What steps it.
        chunk_size: Samples whose activities exist at once.
    """

    epoch: Callable[[], None]
    parameters: Sequence[nn.Parameter]
    optimizers: Sequence[torch.optim.Optimizer]
    chunk_size: int

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the parameters."""
        return sum(parameter.nbytes for parameter in self.parameters)

    @property
    def optimizer_bytes(self) -> int:
        """Bytes of what the optimizers remember."""
        states = (state for one in self.optimizers for state in one.state.values())
        return sum(value.nbytes for state in states for value in state.values())


def build_contender(
    name: ContenderName, run: RunConfig, x: Tensor, y: Tensor, num_classes: int
) -> Contender:
    """Build one, untrained, on the device of the samples.

    Args:
        name: Which.
        run: Network and training; all layers learn in every epoch, whatever the schedule.
        x: Samples, shape ``(samples, *feature_shape)``.
        y: Labels, shape ``(samples,)``.
        num_classes: Number of classes.
    """
    training = run.training.model_copy(update={"schedule": "simultaneous"})
    run = run.model_copy(update={"training": training})
    shape = tuple(x.shape[1:])
    if name == "engine":
        network = FFNetwork(run.network, shape, num_classes, seed=run.seed).to(x.device)
        trainer = Trainer(network, x, y, training, seed=run.seed)
        return Contender(
            lambda: _one_epoch(trainer),
            [parameter for one in trainer.learners for parameter in one.module.parameters()],
            [one.optimizer for one in trainer.learners],
            min(trainer.engine.chunk, training.batch_size),
        )
    rival = BackpropNetwork(run.network, shape, num_classes, seed=run.seed)
    rival.to(x.device)
    rival.layers.fit_scaling(x)
    rival.layers.train()
    parts = training.batch_size
    if name == "backprop_accumulated":
        # What the engine takes at once, or a quarter of a batch that the engine does not divide.
        chunk = chunk_samples(rival.layers.stack, training.chunk_size)
        parts = chunk if chunk < parts else -(-parts // 4)
    score = rival.checkpointed if name == "backprop_checkpointed" else rival.__call__
    optimizer = plan_rival(training).build(rival.parameters)
    return Contender(
        lambda: _backprop_epoch(rival, optimizer, score, run, x, y, parts),
        rival.parameters,
        [optimizer],
        parts,
    )


def _one_epoch(trainer: Trainer) -> None:
    """Train all layers for an epoch."""
    trainer.train_epochs(1)


def _backprop_epoch(
    rival: BackpropNetwork,
    optimizer: torch.optim.Optimizer,
    score: Callable[[Tensor], Tensor],
    run: RunConfig,
    x: Tensor,
    y: Tensor,
    parts: int,
) -> None:
    """Train end to end for an epoch, ``parts`` samples of a batch at a time."""
    clip = run.training.clip
    for rate, samples, labels in _batches(run, x, y):
        set_rate(optimizer, rate)
        optimizer.zero_grad(set_to_none=True)
        for some, classes in zip(
            torch.split(samples, parts), torch.split(labels, parts), strict=True
        ):
            loss = F.cross_entropy(score(some), classes) * (len(classes) / len(labels))
            loss.backward()  # type: ignore[no-untyped-call]
        if clip is not None:
            nn.utils.clip_grad_norm_(rival.parameters, clip)
        optimizer.step()


def _batches(run: RunConfig, x: Tensor, y: Tensor) -> Iterator[tuple[float, Tensor, Tensor]]:
    """Yield the batches of one epoch, as a trainer of this seed has them."""
    once = run.training.model_copy(update={"epochs": 1, "warmup": 0.0})
    return stream(x, y, once, seed=run.seed)
