"""Samples and their labels apart, for a first layer that maps both and sums.

Positives and negatives are then the same samples, and so are all candidates at prediction: an
affine map of a sample with label k is ``T(x, 0) + T(0, k) - T(0, 0)``, and the first term, nearly
all of the work, is computed once. So is its gradient, from the sum of both rails.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from plurigrid_ff.learning.labels import all_labels, embed_labels, over_places
from plurigrid_ff.learning.transforms import Pullback, Transform


@dataclass(frozen=True, slots=True)
class LabelledRails:
    """What :func:`~plurigrid_ff.learning.labels.embed_labels` would write, not written out.

    Attributes:
        samples: Samples without a label, shape ``(batch, *shape)``.
        labels: Labels of all positives, then of all negatives, shape ``(rails, batch)``.
        num_classes: Number of classes.
    """

    samples: Tensor
    labels: Tensor
    num_classes: int

    def __len__(self) -> int:
        """Count the rows of all rails."""
        return self.labels.numel()

    def part(self, chosen: slice) -> "LabelledRails":
        """Return some of the samples, on all rails."""
        return LabelledRails(self.samples[chosen], self.labels[:, chosen], self.num_classes)

    def written_out(self) -> Tensor:
        """Return the rails as one tensor, ``(rails * batch, *in_shape)``."""
        each = [embed_labels(self.samples, labels, self.num_classes) for labels in self.labels]
        return torch.cat(each)

    def map_by(self, transform: Transform) -> Tensor:
        """Map by an affine transform, ``(rails * batch, *out_shape)``."""
        return self._joined(transform.leading(self.samples), map_labels(transform, self)[0])

    def with_pullback(self, transform: Transform) -> tuple[Tensor, Pullback]:
        """Map by an affine transform, and return what sets the gradient of its parameters."""
        of_sample, pull_sample = transform.leading_with_pullback(self.samples)
        of_label, pull_label = map_labels(transform, self)

        def pull(da: Tensor, *, add: bool = False) -> None:
            pull_sample(_summed(da.view(*self.labels.shape, *da.shape[1:])), add=add)
            # One product instead of an indexed sum, whose order a GPU does not fix.
            classes = torch.arange(self.num_classes, device=da.device).unsqueeze(1)
            hot = (classes == self.labels.flatten()).to(da.dtype)  # (classes, rails * batch)
            summed = (hot @ da.flatten(1)).to(of_label.dtype)
            pull_label(summed.view(-1, *da.shape[1:]), add=add)

        return self._joined(of_sample, of_label), pull

    def _joined(self, of_sample: Tensor, of_label: Tensor) -> Tensor:
        """Sum the parts of sample and label."""
        of_label = of_label.to(of_sample.dtype)
        a = of_label.index_select(0, self.labels.flatten())  # (rails * batch, *out_shape)
        a.view(*self.labels.shape, *a.shape[1:]).add_(of_sample)
        return a


def _summed(rails: Tensor) -> Tensor:
    """Sum over the first axis; two rails by an addition, which is faster than a reduction."""
    return rails[0] + rails[1] if len(rails) == 2 else rails.sum(dim=0)


Reading = Tensor | LabelledRails


def as_rows(x: Reading) -> Tensor:
    """Return what a layer reads as one tensor, ``(rails * batch, *in_shape)``."""
    return x.written_out() if isinstance(x, LabelledRails) else x


def map_labels(transform: Transform, rails: LabelledRails) -> tuple[Tensor, Pullback]:
    """Map every label alone, ``(num_classes, *out_shape)``, with its pullback."""
    # In the precision of the weights, whatever that of the samples is: it costs nothing.
    first = next(transform.parameters())
    labels = all_labels(rails.num_classes, first.dtype, first.device)
    return transform.trailing_with_pullback(over_places(labels, rails.samples.shape[2:]))


@torch.no_grad()
def map_candidates(transform: Transform, x: Tensor, num_classes: int) -> Iterator[Tensor]:
    """Yield an affine map of the samples with every label, ``(batch, *out_shape)`` each.

    Args:
        transform: Maps samples with a label part.
        x: Samples without one, shape ``(batch, *shape)``.
        num_classes: Number of classes.
    """
    rails = LabelledRails(x, torch.empty(1, len(x)), num_classes)
    of_sample = transform.leading(x)
    for part in map_labels(transform, rails)[0]:
        yield of_sample + part
