"""Train a growing automaton on states that its own rollouts visit, from a pool."""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.errors import TrainingError
from plurigrid_ff_nca.growing.automaton import Automaton
from plurigrid_ff_nca.growing.cells import MAX_UPDATE, damaged, partly_grown
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
        automaton: What is trained.
        rollouts: How many were done.
        cpu_seconds: Process time that they took.

    Raises:
        LimitError: Training would not fit the memory.
    """

    def __init__(self, image: Tensor, config: GrowConfig) -> None:
        check_memory(config, free_memory())
        self.config = config
        self.automaton = Automaton(image, config)
        self.pool = self.automaton.seed.repeat(config.pool_size, 1, 1, 1)
        self.optimizer = torch.optim.Adam(
            self.automaton.update.parameters(), lr=config.learning_rate, fused=True
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
        share = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * (share if self.config.decay else 1.0)

    @torch.no_grad()
    def _rollout(self) -> float:
        """Take a batch from the pool, learn while it steps, and put it back."""
        config = self.config
        chosen = torch.randperm(config.pool_size, generator=self.generator)[: config.batch_size]
        state = self.pool[chosen]
        order = self.automaton.errors(state).argsort(descending=True)
        chosen, state = chosen[order], state[order]
        # On average the share that was asked for, and always the worst of the batch.
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
        config, automaton = self.config, self.automaton
        total = torch.zeros(())
        for _ in range(config.rollout):
            changing, rows = automaton.perceived(state, automaton.fires(state, self.generator))
            wanted = config.gain * (automaton.target - state)
            if config.clamp:
                wanted = wanted.clamp(-MAX_UPDATE, MAX_UPDATE)
            goal = wanted.permute(0, 2, 3, 1)[changing]
            # With the weights of before the update: the step was taken before it was learned from.
            moved = automaton.apply_update(state, changing, automaton.update(rows))
            if len(rows):
                drawn = self._drawn(changing)
                total += automaton.update.learn(rows[drawn], goal[drawn])
                self.optimizer.step()
            state = moved
        return state, (total / config.rollout).item()

    def _drawn(self, changing: Tensor) -> Tensor:
        """Draw the cells to learn from, as many of every state that has any.

        Drawn evenly from all cells, the few of a state that has just begun to grow would hardly
        count, and growth from the seed is forgotten.

        Args:
            changing: Mask of the cells, shape ``(batch, height, width)``.

        Returns:
            Places among the cells that the mask marks, in their order, shape ``(rows,)``.
        """
        counts = changing.sum(dim=(1, 2))
        starts = counts.cumsum(0) - counts
        starts, counts = starts[counts > 0], counts[counts > 0]
        each = max(1, self.config.rows // len(counts))
        share = torch.rand(len(counts), each, generator=self.generator)
        # A share just below 1 times a count may round up to the count.
        within = (share * counts.unsqueeze(1)).long().minimum(counts.unsqueeze(1) - 1)
        return (starts.unsqueeze(1) + within).flatten()

    def _through_time(self, state: Tensor) -> tuple[Tensor, float]:
        """Learn once, from the last state of the rollout, through all of its steps."""
        automaton = self.automaton
        self.optimizer.zero_grad()
        with torch.enable_grad():
            for _ in range(self.config.rollout):
                state = automaton.step(state, self.generator)
            aimed = 4 if not self.config.position_code else self.config.channels
            error = F.mse_loss(
                state[:, :aimed], automaton.target[:aimed].expand_as(state[:, :aimed])
            )
            error.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(automaton.update.parameters(), LARGEST_NORM)
        self.optimizer.step()
        return state.detach(), error.item()


def _whole(expected: float, generator: torch.Generator) -> int:
    """Round up or down at random, so that the mean is what is expected."""
    return math.floor(expected + torch.rand((), generator=generator).item())
