"""What a source of negatives is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.objectives.base import Contrast

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork


class Negatives(nn.Module, ABC):
    """Says what the first layer reads in training: positives, and their negatives.

    A draw is a function of (seed, role, epoch, sample), never of the sample's place in the
    batch. A source may own parameters; they learn from nothing but the first layer's
    goodness, and are no part of the network.

    Attributes:
        name: What ``network.negatives`` calls it.
        contrast: The contrast of the objectives that it suits.
        labelled: The label is part of the input, and the wrong label makes the negative.
        recurrent: A network whose layers hear each other can learn from it.
        summary: What a negative is, for people.
        view: Turns samples, and their places in the pool, into what an epoch shows of them;
            a partner must not be told by its lack of augmentation.

    Args:
        pool: All training samples, shape ``(samples, *feature_shape)``.
        num_classes: Number of classes.
        key: Derived from (seed, role); parameters are a function of it.
    """

    name: ClassVar[str]
    contrast: ClassVar[Contrast] = "samples"
    labelled: ClassVar[bool] = False
    recurrent: ClassVar[bool] = True
    summary: ClassVar[str]

    def __init__(self, pool: Tensor, num_classes: int, *, key: int) -> None:
        super().__init__()
        self.pool = pool
        self.num_classes = num_classes
        self.view: Callable[[Tensor, Tensor], Tensor] = lambda x, sample_ids: x

    def partners(self, sample_ids: Tensor) -> Tensor:
        """Return samples of the pool as this epoch shows them, ``(batch, *feature_shape)``."""
        return self.view(self.pool[sample_ids], sample_ids)

    @classmethod
    def require(cls, feature_shape: tuple[int, ...]) -> None:
        """Raise a ``ConfigError`` where samples of that shape have no such negatives."""

    @abstractmethod
    def rails(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Reading:
        """Return positives above negatives, ``(2 * batch, in_features)``, detached.

        A source with parameters also sets their ``grad``.

        Args:
            network: The network that learns.
            x: Samples, shape ``(batch, *feature_shape)``.
            y: True labels, shape ``(batch,)``.
            key: Derived from (seed, role, name, epoch).
            sample_ids: Place of each sample in the pool, shape ``(batch,)``, int64.
        """


class LabelNegatives(Negatives):
    """The same sample with another label written into the input."""

    labelled = True

    @abstractmethod
    def labels(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Return a wrong label for each sample, shape ``(batch,)``."""

    @torch.no_grad()
    def rails(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Reading:
        """Write right and wrong labels into the input, or beside it."""
        wrong = self.labels(network, x, y, key=key, sample_ids=sample_ids)
        return network.rails_of(x, y, wrong)


class SampleNegatives(Negatives):
    """Another sample, and no label anywhere: a probe must read the classes."""

    @abstractmethod
    def samples(self, x: Tensor, *, key: int, sample_ids: Tensor) -> Tensor:
        """Return a negative for each sample, shape ``(batch, *feature_shape)``."""

    @torch.no_grad()
    def rails(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Stack samples and their negatives."""
        negative = self.samples(x, key=key, sample_ids=sample_ids)
        return torch.cat([network.scale(x), network.scale(negative)])

    def value_range(self) -> tuple[Tensor, Tensor]:
        """Return every feature's lowest and highest value in the pool."""
        return self.pool.amin(dim=0), self.pool.amax(dim=0)
