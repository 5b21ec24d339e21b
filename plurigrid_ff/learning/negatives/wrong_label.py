"""Wrong labels: any but the true one."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from plurigrid_ff.learning.draws import draw_integers
from plurigrid_ff.learning.negatives.base import LabelNegatives

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork


class WrongLabel(LabelNegatives):
    """The same sample with one of the other labels, all equally likely.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.3.
    """

    name = "wrong-label"
    summary = "the sample with a wrong label in the input"

    def __init__(self, pool: Tensor, num_classes: int, *, key: int) -> None:
        super().__init__(pool, num_classes, key=key)
        self._drawn: tuple[int, Tensor] | None = None  # a key, and what was drawn by it

    def labels(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Draw a wrong label for each sample, shape ``(batch,)``.

        Drawn for all samples of the pool at once, when a key is new: a draw is many short
        operations.
        """
        if self._drawn is None or self._drawn[0] != key:
            everyone = torch.arange(len(self.pool), device=y.device)
            self._drawn = key, distances(self.num_classes, key=key, sample_ids=everyone)
        return (y + self._drawn[1].index_select(0, sample_ids)) % self.num_classes


def wrong_labels(y: Tensor, num_classes: int, *, key: int, sample_ids: Tensor) -> Tensor:
    """Draw, for each sample, one of the other labels, all equally likely.

    Args:
        y: True labels, shape ``(batch,)``, int64 in ``[0, num_classes)``.
        num_classes: Number of classes, at least 2.
        key: Derived from (seed, role, epoch).
        sample_ids: Place of each sample in the training set, shape ``(batch,)``, int64.
            A draw depends on the sample, not on its place in the batch.

    Returns:
        Labels, shape ``(batch,)``, none equal to its ``y``.
    """
    return (y + distances(num_classes, key=key, sample_ids=sample_ids)) % num_classes


def distances(num_classes: int, *, key: int, sample_ids: Tensor) -> Tensor:
    """Draw how far each sample's wrong label lies above the true one, around the circle.

    Args:
        num_classes: Number of classes, at least 2.
        key: Derived from (seed, role, epoch).
        sample_ids: Place of each sample in the training set, shape ``(batch,)``, int64.
    """
    if num_classes < 2:
        raise ValueError(f"a wrong label needs at least 2 classes, got {num_classes}")
    return 1 + draw_integers(key, sample_ids, num_classes - 1)
