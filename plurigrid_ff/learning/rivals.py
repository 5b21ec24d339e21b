"""What every rival of a figure shares with it: the batches, and how it is measured."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.optimizers import plan_rival


def batches(
    samples: int, training: TrainingConfig, *, seed: int, device: torch.device | None = None
) -> Iterator[tuple[float, Tensor]]:
    """Yield step size and sample indices of every batch, as a ``Trainer`` of this seed has them."""
    ids = torch.arange(samples, device=device)
    count = -(-samples // training.batch_size)
    rate = plan_rival(training).rate
    for epoch in range(training.epochs):
        order = draw_permutation(derive_key(seed, "agent-0", "order", epoch), ids)
        for batch, chosen in enumerate(torch.split(order, training.batch_size)):
            yield rate.at(epoch + batch / count), chosen


def stream(
    x: Tensor, y: Tensor, training: TrainingConfig, *, seed: int
) -> Iterator[tuple[float, Tensor, Tensor]]:
    """Yield step size, augmented samples and labels of every batch, as a ``Trainer`` has them.

    Args:
        x: Training samples, shape ``(samples, *feature_shape)``.
        y: Labels, shape ``(samples,)``.
        training: Epochs, batches, step sizes and augmentation.
        seed: Determines the order of samples and the augmentation.
    """
    augmentation = Augmentation(training.augmentation, tuple(x.shape[1:]))
    count = -(-len(y) // training.batch_size)
    for number, (rate, chosen) in enumerate(batches(len(y), training, seed=seed, device=x.device)):
        key = derive_key(seed, "agent-0", "augmentation", number // count)
        yield rate, augmentation(x.index_select(0, chosen), chosen, key=key), y[chosen]


@torch.no_grad()
def share_right(
    score: Callable[[Tensor], Tensor], split: Split, *, rows: int, device: torch.device
) -> float:
    """Return the share of samples whose own class is scored highest.

    Args:
        score: Maps ``(batch, *feature_shape)`` to ``(batch, classes)``.
        split: Labelled samples.
        rows: Samples per pass.
        device: Where to compute.
    """
    right = 0
    parts = (torch.split(torch.from_numpy(part), rows) for part in (split.x, split.y))
    for samples, labels in zip(*parts, strict=True):
        right += int((score(samples.to(device)).argmax(dim=1).cpu() == labels).sum())
    return right / len(split)
