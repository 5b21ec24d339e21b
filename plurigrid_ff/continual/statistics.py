"""Rivals that learn sums only: they forget nothing, and no layer of theirs learns."""

from collections.abc import Callable

import torch
from torch import Tensor

from plurigrid_ff.continual.learner import Batch, Learner

SHRINKAGE = 1e-2


class NearestMean(Learner):
    """The class whose mean is nearest; means are sums, so no order of classes changes them.

    Remembered samples are not counted again.

    Args:
        read: Maps samples to what is averaged, ``(rows, features)``: the activity of layers that
            never learned, say, which is the control of those that do.
        features: How many numbers that gives.
        num_classes: Number of classes.
    """

    def __init__(self, read: Callable[[Tensor], Tensor], features: int, num_classes: int) -> None:
        self._read = read
        self._sums = torch.zeros(num_classes, features, dtype=torch.float64)
        self._counts = torch.zeros(num_classes, 1, dtype=torch.float64)

    @property
    def means(self) -> Tensor:
        """Mean of every class, ``(classes, features)``; zeros of one without samples."""
        return self._sums / self._counts.clamp(min=1)

    def learn(self, batch: Batch) -> None:
        """Count the new samples."""
        h, y = self._read(batch.x[: batch.fresh]).double(), batch.y[: batch.fresh]
        self._sums.index_add_(0, y, h)
        self._counts.index_add_(0, y, torch.ones(len(y), 1, dtype=torch.float64))

    def scores(self, x: Tensor) -> Tensor:
        """Return minus the distance to every mean."""
        return -torch.cdist(self._read(x).double(), self.means)


class StreamingLDA(NearestMean):
    """Linear discriminant analysis by sums: means, and one covariance within classes.

    Args:
        read: As of :class:`NearestMean`.
        features: How many numbers that gives.
        num_classes: Number of classes.

    Reference:
        Hayes & Kanan (2020), "Lifelong Machine Learning with Deep Streaming Linear Discriminant
        Analysis", arXiv:1909.01520, without its forgetting of the running covariance.
    """

    def __init__(self, read: Callable[[Tensor], Tensor], features: int, num_classes: int) -> None:
        super().__init__(read, features, num_classes)
        self._squares = torch.zeros(features, features, dtype=torch.float64)

    @property
    def covariance(self) -> Tensor:
        """Within classes, ``(features, features)``, over the number of samples."""
        between = self._sums.T @ self.means
        return (self._squares - between) / self._counts.sum().clamp(min=1)

    def learn(self, batch: Batch) -> None:
        """Count the new samples and their products."""
        super().learn(batch)
        h = self._read(batch.x[: batch.fresh]).double()
        self._squares += h.T @ h

    def scores(self, x: Tensor) -> Tensor:
        """Return the discriminant of every class, all classes equally likely."""
        own = self.covariance
        eye = torch.eye(len(own), dtype=own.dtype) * own.diagonal().mean()
        shrunk = (1 - SHRINKAGE) * own + SHRINKAGE * eye
        # A pseudo-inverse, because the first few samples may not vary at all.
        directions = torch.linalg.pinv(shrunk, hermitian=True) @ self.means.T  # (features, classes)
        constant = (self.means.T * directions).sum(dim=0) / 2
        found: Tensor = self._read(x).double() @ directions - constant
        return found
