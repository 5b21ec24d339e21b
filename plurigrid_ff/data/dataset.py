"""Labelled samples in three splits."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """Samples and their classes.

    Attributes:
        x: Inputs, shape ``(samples, *features)``, float32, finite.
        y: Classes, shape ``(samples,)``, int64 in ``[0, num_classes)``.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.y)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set, split once and for all.

    Attributes:
        name: What the user called it.
        train: Samples to learn from.
        validation: Held out from the training samples; probes come from here.
        test: Looked at once, at the end.
        class_names: One name per class; the label as the source wrote it.
        digest: Hash of the samples and the split, for the run's report.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    digest: str

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def num_samples(self) -> int:
        """Number of samples in all splits."""
        return len(self.train) + len(self.validation) + len(self.test)

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.train.x.shape[1:]

    def shard(self, places: NDArray[np.intp]) -> "Dataset":
        """Return the data set with some of its training samples only.

        Args:
            places: Which, shape ``(samples,)``.
        """
        return replace(self, train=Split(self.train.x[places], self.train.y[places]))

    def read_as(self, feature_shape: tuple[int, ...]) -> "Dataset":
        """Return the samples in another shape, if rows of features and images hold the same.

        Where either shape has one dimension and both as many features, samples are reshaped;
        otherwise they stay as they are.
        """
        flat = 1 in (len(self.feature_shape), len(feature_shape))
        if not flat or prod(self.feature_shape) != prod(feature_shape):
            return self
        train, validation, test = (
            Split(split.x.reshape(len(split), *feature_shape), split.y)
            for split in (self.train, self.validation, self.test)
        )
        return replace(self, train=train, validation=validation, test=test)
