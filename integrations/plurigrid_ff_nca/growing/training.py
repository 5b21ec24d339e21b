"""Train a growing automaton on states that its own rollouts visit, from a pool."""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.errors import TrainingError
from plurigrid_ff_nca.growing.automaton import Automaton
from plurigrid_ff_nca.growing.cells import damaged, littered, partly_grown
from plurigrid_ff_nca.growing.config import GrowConfig
from plurigrid_ff_nca.growing.target import check_memory, free_memory

LARGEST_NORM = 1.0  # of a gradient through time
Report = Callable[[int, float], None]


class Grower:
    """An automaton in training: its pool, its optimizer, its draws.

    Everything that the next rollout depends on is in :meth:`state`, so a training that goes on
    from it equals one that was never interrupted.

    Args:
        image: Target, shape ``(4, size, size)``, alpha premultiplied.
        config: How to build and train.

    Attributes:
        automaton: What grows, with the mean of the weights over the last rollouts. A body moves
            a little with every step, since nothing but its birth tells it its place; the mean
            moves least.
        learner: The automaton that learns, and that rolls out.
        rollouts: How many were done.
        cpu_seconds: Process time that they took.

    Raises:
        LimitError: Training would not fit the memory.
    """

    def __init__(self, image: Tensor, config: GrowConfig) -> None:
        check_memory(config, free_memory())
        self.config = config
        self.automaton = Automaton(image, config)
        self.learner = Automaton(image, config)
        self.pool = self.automaton.seed.repeat(config.pool_size, 1, 1, 1)
        self.optimizer = torch.optim.Adam(
            self.learner.update.parameters(), lr=config.learning_rate, fused=True
        )
        self.generator = torch.Generator().manual_seed(config.seed)
        self.rollouts = 0
        self.cpu_seconds = 0.0

    def train(self, report: Report | None = None, *, seconds: float = math.inf) -> None:
        """Do the rollouts that are left.

        Args:
            report: Told, after every rollout, how many were done and the last one's error.
            seconds: End after so much process time in all, also of earlier calls; the step size
                then follows the time instead of the number of rollouts.

        Raises:
            TrainingError: A weight is no longer finite.
        """
        while self.rollouts < self.config.rollouts and self.cpu_seconds < seconds:
            started = time.process_time()
            done = self.rollouts / self.config.rollouts
            if seconds < math.inf:
                done = self.cpu_seconds / seconds
            self._set_rate(done)
            error = self._rollout()
            self.rollouts += 1
            self._average()
            self.cpu_seconds += time.process_time() - started
            if not math.isfinite(error):
                raise TrainingError(
                    f"rollout {self.rollouts}: the error is {error}; choose a smaller "
                    "learning_rate, or clamp = true"
                )
            if report:
                report(self.rollouts, error)

    def _set_rate(self, done: float) -> None:
        """Take up the step size of a time, from 0 to 1."""
        share = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * (share if self.config.decay else 1.0)

    @torch.no_grad()
    def _average(self) -> None:
        """Move what grows towards what learns; the first rollouts soon count no longer."""
        kept = min(self.config.average, (1 + self.rollouts) / (10 + self.rollouts))
        for mean, learned in zip(
            self.automaton.update.parameters(), self.learner.update.parameters(), strict=True
        ):
            mean.lerp_(learned, 1 - kept)

    @torch.no_grad()
    def _rollout(self) -> float:
        """Take a batch from the pool, learn while it steps, and put it back."""
        config = self.config
        chosen = torch.randperm(config.pool_size, generator=self.generator)[: config.batch_size]
        state = self.pool[chosen]
        if torch.rand((), generator=self.generator).item() < config.worst:
            order = self.automaton.errors(state).argsort(descending=True)
            chosen, state = chosen[order], state[order]
        # On average the share that was asked for.
        fresh = _whole(config.reseed * len(state), self.generator)
        state[:fresh] = self.automaton.seed
        begun = min(_whole(config.partial * len(state), self.generator), len(state) - fresh)
        if begun:
            state[fresh : fresh + begun] = partly_grown(
                self.automaton.target, begun, self.generator
            )
        rest = len(state) - fresh - begun
        hurt = min(_whole(config.damage * len(state), self.generator), rest)
        if hurt:
            state[-hurt:] = damaged(state[-hurt:], self.generator)
        target = self.automaton.target
        state[fresh:] = littered(state[fresh:], target, config.litter, self.generator)
        dead = ~(state[:, 3] > 0.1).any(dim=(1, 2))
        state[dead] = self.automaton.seed
        if config.learner == "backprop-through-time":
            state, error = self._through_time(state)
        else:
            state, error = self._step_by_step(state)
        self.pool[chosen] = state
        return error

    def _step_by_step(self, state: Tensor) -> tuple[Tensor, float]:
        """Learn at every step from that step alone."""
        learner = self.learner
        target = learner.target.permute(1, 2, 0)
        total = torch.zeros(())
        for _ in range(self.config.rollout):
            changing, rows = learner.perceived(state, learner.fires(state, self.generator))
            said, error = learner.update.learn(
                rows,
                target.expand(len(state), -1, -1, -1)[changing],
                weights=_even(changing),
                scale=self.config.scale,
            )
            self.optimizer.step()
            total += error
            # What was said before it was learned from.
            state = learner.apply_update(state, changing, learner.delta(rows, said))
        return state, (total / self.config.rollout).item()

    def _through_time(self, state: Tensor) -> tuple[Tensor, float]:
        """Learn once, from the last state of the rollout, through all of its steps."""
        automaton = self.learner
        self.optimizer.zero_grad()
        with torch.enable_grad():
            for _ in range(self.config.rollout):
                state = automaton.step(state, self.generator)
            aimed = 4 if not self.config.position_code else self.config.channels
            error = F.mse_loss(
                state[:, :aimed], automaton.target[:aimed].expand_as(state[:, :aimed])
            )
            torch.autograd.backward(error)
        torch.nn.utils.clip_grad_norm_(automaton.update.parameters(), LARGEST_NORM)
        self.optimizer.step()
        return state.detach(), error.item()


def _even(changing: Tensor) -> Tensor:
    """Weigh cells so that every state counts alike, however few of its cells change.

    Otherwise a state that has just begun to grow would hardly count, and growth from the seed is
    forgotten.

    Args:
        changing: Mask of the cells, shape ``(batch, height, width)``.

    Returns:
        Weights of those that it marks, 1 in all, shape ``(cells, 1)``.
    """
    counts = changing.sum(dim=(1, 2))
    each = 1 / (counts.clamp(min=1) * (counts > 0).sum().clamp(min=1))
    return each.repeat_interleave(counts).unsqueeze(1)


def _whole(expected: float, generator: torch.Generator) -> int:
    """Round up or down at random, so that the mean is what is expected."""
    return math.floor(expected + torch.rand((), generator=generator).item())
