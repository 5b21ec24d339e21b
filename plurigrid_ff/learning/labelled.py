"""Samples and their labels apart, for a first layer that maps both and sums.

Positives and negatives are then the same samples, and so are all candidates at prediction: an
affine map of a sample with label k is ``T(x, 0) + T(0, k) - T(0, 0)``, and the first term, which
is nearly all the work, is computed once. So is its gradient, of the sum of both rails.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.learning.labels import embed_labels, embed_nothing
from plurigrid_ff.learning.transforms import Pullback, Transform


@dataclass(frozen=True, slots=True)
class LabelledRails:
    """What :func:`~plurigrid_ff.learning.labels.embed_labels` would write, not written out.

    Attributes:
        samples: Samples with a label part of zeros, shape ``(batch, *in_shape)``.
        labels: Labels of all positives, then of all negatives, shape ``(rails, batch)``.
        num_classes: Number of classes.
    """

    samples: Tensor
    labels: Tensor
    num_classes: int

    @classmethod
    def of(cls, x: Tensor, labels: Tensor, num_classes: int) -> "LabelledRails":
        """Join samples ``(batch, *shape)`` and labels ``(rails, batch)``."""
        return cls(embed_nothing(x, num_classes), labels, num_classes)

    def __len__(self) -> int:
        """Count the rows of all rails."""
        return self.labels.numel()

    def part(self, chosen: slice) -> "LabelledRails":
        """Return some of the samples, on all rails."""
        return LabelledRails(self.samples[chosen], self.labels[:, chosen], self.num_classes)

    def written_out(self) -> Tensor:
        """Return the rails as one tensor, ``(rails * batch, *in_shape)``."""
        x = self.samples.narrow(1, 0, self.samples.shape[1] - self.num_classes)
        return torch.cat([embed_labels(x, labels, self.num_classes) for labels in self.labels])

    def map_by(self, transform: Transform) -> Tensor:
        """Map by an affine transform, ``(rails * batch, *out_shape)``."""
        alone = labels_alone(self.samples, self.num_classes)
        return self._joined(transform(self.samples), transform(alone))

    def with_pullback(self, transform: Transform) -> tuple[Tensor, Pullback]:
        """Map by an affine transform, and return what sets the gradient of its parameters."""
        of_sample, pull_sample = transform.with_pullback(self.samples)
        alone = labels_alone(self.samples, self.num_classes)
        of_label, pull_label = transform.with_pullback(alone)

        @torch.no_grad()
        def pull(da: Tensor, *, add: bool = False) -> None:
            pull_sample(da.view(*self.labels.shape, *da.shape[1:]).sum(dim=0), add=add)
            # One product instead of an indexed sum, whose order a GPU does not fix.
            rows = F.one_hot(self.labels.flatten(), self.num_classes).to(da.dtype)
            by_label = (rows.T @ da.flatten(1)).reshape(-1, *da.shape[1:])
            nothing = -by_label.sum(dim=0, keepdim=True)
            pull_label(torch.cat([by_label, nothing]), add=True)

        return self._joined(of_sample, of_label), pull

    def _joined(self, of_sample: Tensor, of_label: Tensor) -> Tensor:
        """Sum the parts of sample and label."""
        parts = of_label[:-1] - of_label[-1:]
        a = parts.index_select(0, self.labels.flatten())  # (rails * batch, *out_shape)
        a.view(*self.labels.shape, *a.shape[1:]).add_(of_sample)
        return a


Reading = Tensor | LabelledRails


def as_rows(x: Reading) -> Tensor:
    """Return what a layer reads as one tensor, ``(rails * batch, *in_shape)``."""
    return x.written_out() if isinstance(x, LabelledRails) else x


def labels_alone(x: Tensor, num_classes: int) -> Tensor:
    """Return every label with no sample, and in the last row no label either.

    Args:
        x: Anything that has a label part, shape ``(rows, *in_shape)``.
        num_classes: Number of classes.

    Returns:
        Shape ``(num_classes + 1, *in_shape)``.
    """
    nothing = x.new_zeros(num_classes + 1, x.shape[1] - num_classes, *x.shape[2:])
    labels = torch.arange(num_classes, device=x.device)
    written = embed_labels(nothing[:-1], labels, num_classes)
    return torch.cat([written, embed_nothing(nothing[-1:], num_classes)])


def map_candidates(transform: Transform, x: Tensor, num_classes: int) -> Iterator[Tensor]:
    """Yield an affine map of the samples with every label, ``(batch, *out_shape)`` each.

    Args:
        transform: Maps samples with a label part.
        x: Samples without one, shape ``(batch, *shape)``.
        num_classes: Number of classes.
    """
    samples = embed_nothing(x, num_classes)
    of_sample = transform(samples)
    of_label = transform(labels_alone(samples, num_classes))
    for part in of_label[:-1] - of_label[-1:]:
        yield of_sample + part
