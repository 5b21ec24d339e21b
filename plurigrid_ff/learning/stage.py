"""A stage: a run of consecutive layers that learns from what the stage below sends up."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import TrainingError
from plurigrid_ff.learning.batches import Batch, Batches
from plurigrid_ff.learning.beside import Beside
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.feed import Feed
from plurigrid_ff.learning.flows import FeedForward
from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.learners import Learner, learner
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.precision import lowered, products_of
from plurigrid_ff.learning.recording import Recorder
from plurigrid_ff.learning.schedules import Window
from plurigrid_ff.learning.sweep import Sweep

Plan = Sequence[Sequence[bool]]  # which layers learn in each epoch of a stretch
Progress = Callable[[float], None]


class Inlet(Protocol):
    """Where activity comes from that a stage below passes on."""

    def open(self, samples: Iterator[int]) -> None:
        """Expect batches of so many samples, one after the other."""

    def receive(self) -> Sequence[Tensor]:
        """Return what the layers below have passed on of the next batch, the nearest last."""


class Outlet(Protocol):
    """Where activity goes that a stage above reads. It holds a few batches and no more."""

    def send(self, passed_on: Sequence[Tensor]) -> None:
        """Hand over a batch; wait while too many have not been taken."""

    def close(self) -> None:
        """Wait until all batches have been taken."""


class Replicas(Protocol):
    """Others that learn the same layers, each from its part of every batch.

    Attributes:
        part: Which part is meant here, and of how many.
    """

    part: tuple[int, int]

    def agree(self, module: torch.nn.Module, share: float) -> None:
        """Make a module's gradients, means over a share of the batch, those of all of it."""

    def any(self, flags: Tensor) -> None:
        """Set every flag that is set with any replica."""

    def sum(self, values: Tensor) -> None:
        """Sum values over the replicas."""


class Stage:
    """Lets its layers learn from every batch, and passes their activity on.

    The ordinary case has all layers, reads samples and passes nothing on.

    Args:
        network: The network; layers of other stages are never touched.
        batches: The batches of every epoch.
        training: How to train.
        places: Which layers are here, counted from 0.
        x: Training samples; only where the first layer is here.
        below: Where activity comes from; None where the first layer is here.
        above: Where it goes; None where the last layer is here.
        replicas: Who learns the same layers.

    Attributes:
        learners: What learns here: layers by their places.
    """

    def __init__(
        self,
        network: FFNetwork,
        batches: Batches,
        training: TrainingConfig,
        places: range,
        *,
        x: Tensor | None = None,
        below: Inlet | None = None,
        above: Outlet | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self.network = network
        self.batches = batches
        self.training = training
        self.places = places
        self.below = below
        self.above = above
        self.replicas = replicas
        self.engine = Engine(network.stack, training, places)
        plans = plan_steps(training, len(network.stack))
        agree = replicas.agree if replicas else None
        self.learners: dict[int, Learner] = {
            place: learner(f"layers.{place}", network.stack[place], plans[place], agree=agree)
            for place in places
        }
        # A probe steps as the last layer does, a source of negatives as the first, which it
        # learns through; both in all epochs.
        every = Window(0, training.epochs)
        probe = network.probe
        self.probe = learner("probe", probe, plans[-1].during(every)) if probe else None
        self.feed: Feed | None = None
        if x is not None:
            self.feed = Feed(network, x, batches, training, plans[0].during(every))
        self.recorder = Recorder(self.learners.values()) if self._recordable() else None

    def _recordable(self) -> bool:
        """Whether a GPU can be told of a batch as a whole: nothing waits, draws or goes elsewhere.

        Only of closed forms: a graph that autograd builds belongs to one batch.
        """
        alone = self.feed is not None and self.above is None and self.replicas is None
        plain = isinstance(self.network.flow, FeedForward) and self.network.config.locality == 1
        layers = [self.network.stack[place] for place in self.places]
        on_gpu = all(p.is_cuda for layer in layers for p in layer.parameters())
        return (
            (alone and plain and on_gpu and not self.engine.by_autograd)
            and all(layer.transform.closed_form for layer in layers)
            and all(layer.objective.has_closed_form() for layer in layers)
        )

    @property
    def all_learners(self) -> list[Learner]:
        """All that learns here."""
        source = self.feed.source if self.feed else None
        return [*self.learners.values(), *filter(None, (self.probe, source))]

    def state(self) -> Iterator[tuple[str, Tensor]]:
        """Yield what must be saved beside the weights of the layers, by name."""
        for learning in self.all_learners:
            yield from learning.state()

    def load(self, tensors: dict[str, Tensor], path: Path) -> None:
        """Take up what :meth:`state` yielded, out of ``tensors``.

        Raises:
            CheckpointError: A tensor is missing or has another shape.
        """
        for learning in self.all_learners:
            learning.load(tensors, path)

    def learn(self, first: int, plan: Plan, losses: Tensor, progress: Progress) -> None:
        """Train for a stretch of epochs.

        Args:
            first: Number of the first epoch, from 0.
            plan: Which layers learn in each.
            losses: Takes the loss of every layer on every batch of its last epoch,
                ``(layers, batches)``, a probe's in a row of its own; rows of others stay.
            progress: Called with the share of the stretch that is done.

        Raises:
            TrainingError: A layer's loss is not finite, or no unit of it is active any more.
        """
        if self.below is not None:
            self.below.open(self._expected(plan))
        if self.recorder is not None:
            self.recorder.refresh()
        transforms = [self.network.stack[place].transform for place in self.places]
        with products_of(transforms, self.training.precision):
            for number, active in enumerate(plan):

                def share(part: float, done: int = number) -> None:
                    progress((done + part) / len(plan))

                self._learn_epoch(first + number, active, losses, share)
        if self.above is not None:
            self.above.close()
        if self.replicas is not None:
            self.replicas.sum(losses[self.places.start : self.places.stop])

    def _expected(self, plan: Plan) -> Iterator[int]:
        """Yield the samples of every batch that comes up from below."""
        for active in plan:
            if _last(active) >= self.places.start:
                yield from self.batches.rows()

    def _learn_epoch(
        self, epoch: int, active: Sequence[bool], losses: Tensor, progress: Progress
    ) -> None:
        """Go once over all batches."""
        last = _last(active)
        if last < self.places.start:
            return  # activity does not come so far
        own = range(self.places.start, min(self.places.stop, last + 1))
        losses[[place for place in own if active[place]]] = 0
        alive = torch.tensor([not learns for learns in active], device=losses.device)
        for batch in self.batches.epoch(epoch):
            for learning in self.all_learners:
                learning.set_rate(epoch + batch.number / len(self.batches))
            shown, entering = self._entering(batch, epoch)
            carry = partial(self._carry, active=active, own=own, share=batch.share)
            column = losses[:, batch.number]
            whole = len(batch.y) == self.batches.size  # a short one would replace its graph
            if self.recorder is not None and whole and not isinstance(entering, deque):
                kind = tuple(active), batch.share
                self.recorder(kind, carry, entering, batch.y, column, alive)
            else:
                carry(entering, batch.y, column, alive)
            if self.probe is not None and shown is not None:
                losses[-1, batch.number] = self._train_probe(self.probe, shown, batch.y)
            progress((batch.number + 1) / len(self.batches))
        if self.replicas is not None:
            self.replicas.any(alive)
        self._check_alive(epoch, own, alive)
        self._check_finite(epoch, losses)

    def _entering(self, batch: Batch, epoch: int) -> tuple[Tensor | None, Reading | deque[Tensor]]:
        """Return the samples if a probe reads them too, and what the layers here read."""
        precision = self.training.precision
        if self.feed is None:
            assert self.below is not None  # noqa: S101 - what is not fed has a stage below
            return None, deque(lowered(h, precision) for h in self.below.receive())
        x = self.feed.shown(batch, epoch)
        entering = lowered(self.feed.rails(x, batch, epoch), precision)
        return (x if self.probe is not None else None), entering

    def _carry(
        self,
        entering: Reading | deque[Tensor],
        y: Tensor,
        losses: Tensor,
        alive: Tensor,
        *,
        active: Sequence[bool],
        own: range,
        share: float,
        beside: Beside | None = None,
    ) -> None:
        """Carry a batch through the layers here, and beyond them if some learn there."""
        flow, stack = self.network.flow, self.network.stack
        sweep = Sweep(
            self.learners,
            self.engine,
            active,
            y,
            losses=losses,
            alive=alive,
            locality=self.network.config.locality,
            share=share,
            visits=flow.visits,
            forgets=flow.forgets,
            beside=beside,
        )
        if isinstance(flow, FeedForward):
            passed_on = flow.climb(stack, entering, sweep.visit, own)
            if self.above is not None and _last(active) >= self.places.stop:
                self.above.send(passed_on)
        else:
            assert not isinstance(entering, deque)  # noqa: S101 - other flows are never divided
            flow.sweep(stack, entering, sweep.visit, own[-1])
        sweep.finish()
        if beside is not None:
            beside.finish()

    def _train_probe(self, probe: Learner, x: Tensor, y: Tensor) -> Tensor:
        """Let the probe learn from what the layers now say of the samples; return its loss."""
        assert self.network.probe is not None  # noqa: S101 - there is a learner for it
        loss = self.network.probe.learn(self.network.activities(x), y)
        probe.step()
        return loss

    def _check_finite(self, epoch: int, losses: Tensor) -> None:
        """Stop on the first loss that is not finite.

        Checked once per epoch: a check per batch would make a GPU wait for the host.
        """
        bad = (~torch.isfinite(losses)).nonzero().tolist()
        own = [
            place for place in bad if place[0] in self.places or place[0] == len(self.network.stack)
        ]
        if own:
            layer, batch = min(own, key=lambda place: (place[1], place[0]))
            probed = layer == len(self.network.stack)
            who = "the probe" if probed else f"layer {layer + 1}"
            rate = self.probe if probed else self.learners[layer]
            assert rate is not None  # noqa: S101 - only what learns here has a loss here
            raise TrainingError(
                f"loss of {who} is {losses[layer, batch].item()} in epoch {epoch + 1}, batch "
                f"{batch + 1} of {len(self.batches)}; lower training.learning_rate (now "
                f"{rate.plan.rate.peak:g}) or check the data"
            )

    def _check_alive(self, epoch: int, own: range, alive: Tensor) -> None:
        """Stop when a layer no longer says anything: its gradient is 0 from now on."""
        dead = [place for place in own if not alive[place]]
        if dead:
            units = self.network.stack[dead[0]].out_features
            raise TrainingError(
                f"layer {dead[0] + 1} is exhausted: none of its {units} units was active in epoch "
                f"{epoch + 1}, so it can learn nothing more; lower "
                f"training.learning_rate (now {self.learners[dead[0]].plan.rate.peak:g}), or the "
                "threshold in network.options if there is one"
            )


def _last(active: Sequence[bool]) -> int:
    """Return the place of the last layer that learns; -1 if none does."""
    return max((place for place, learns in enumerate(active) if learns), default=-1)
