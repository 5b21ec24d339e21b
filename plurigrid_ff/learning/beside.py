"""Optimizers on a GPU, beside the products of the next layer."""

from collections import deque

import torch
from torch import Tensor

from plurigrid_ff.learning.learners import Learner

WORKSPACES = 2  # a layer writes its gradient while the one below it steps by its own


class Beside:
    """Lets layers step on a stream of their own; for one batch.

    The step of a layer is independent of all that comes after it in the batch, and too small to
    keep a GPU busy.
    """

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._done: deque[torch.cuda.Event] = deque()
        self._turn = -1
        # Memory that is freed would be used again by the layers, which do not wait for a step.
        self._held: list[Tensor] = []

    def workspace(self) -> int:
        """Return which of the workspaces is free, once it is."""
        if len(self._done) == WORKSPACES:
            torch.cuda.current_stream().wait_event(self._done.popleft())
        self._turn += 1
        return self._turn % WORKSPACES

    def step(self, learner: Learner, share: float) -> None:
        """Step by the gradient that the module has set."""
        gradients = (parameter.grad for parameter in learner.parameters)
        self._held.extend(gradient for gradient in gradients if gradient is not None)
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            learner.step(share)
            self._done.append(self._stream.record_event())

    def finish(self) -> None:
        """Let what comes next wait for all steps."""
        torch.cuda.current_stream().wait_stream(self._stream)
        self._held.clear()
