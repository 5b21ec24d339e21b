"""What learns as it goes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """New samples, and below them remembered ones.

    Attributes:
        x: Samples, shape ``(rows, *feature_shape)``, float32.
        y: Their classes, shape ``(rows,)``, int64.
        fresh: The first so many rows are new; the others come from a memory.
    """

    x: Tensor
    y: Tensor
    fresh: int

    @property
    def present(self) -> Tensor:
        """The classes that the batch has samples of, ascending."""
        found: Tensor = torch.unique(self.y)
        return found

    @property
    def arriving(self) -> Tensor:
        """The classes that the batch has new samples of, ascending."""
        found: Tensor = torch.unique(self.y[: self.fresh])
        return found


class Learner(ABC):
    """Learns from one batch after the other, and can be asked at any time."""

    def begin(self, x: Tensor) -> None:  # noqa: B027 - most learners need nothing
        """Take from the first samples what stays fixed from then on, such as a scaling.

        Args:
            x: Shape ``(samples, *feature_shape)``.
        """

    @abstractmethod
    def learn(self, batch: Batch) -> None:
        """Take one step on a batch."""

    @abstractmethod
    def scores(self, x: Tensor) -> Tensor:
        """Score every class, ``(rows, *feature_shape) -> (rows, classes)``, higher is likelier."""
