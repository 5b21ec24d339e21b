"""A few samples of every class, remembered for later."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plurigrid_ff.derivation import derive_key, draw, draw_array


class Memory:
    """A reservoir per class: of all that a class ever showed, every sample is as likely in it.

    What is kept and what is drawn is a function of the seed and of the order of samples.

    Args:
        per_class: Samples kept of every class; 0 keeps none.
        seed: Of the draws.

    Reference:
        Vitter (1985), "Random Sampling with a Reservoir", algorithm R.
    """

    def __init__(self, per_class: int, *, seed: int) -> None:
        self.per_class = per_class
        self._seed = seed
        self._kept: dict[int, list[Tensor]] = {}
        self._shown: dict[int, int] = {}
        self._draws = 0

    def __len__(self) -> int:
        """Count the samples kept."""
        return sum(map(len, self._kept.values()))

    @property
    def counts(self) -> dict[int, int]:
        """Samples kept of every class."""
        return {label: len(samples) for label, samples in sorted(self._kept.items())}

    def add(self, x: Tensor, y: Tensor) -> None:
        """Show samples once, shape ``(rows, *feature_shape)``, with their classes."""
        if not self.per_class:
            return
        for sample, label in zip(x, y.tolist(), strict=True):
            kept, shown = self._kept.setdefault(label, []), self._shown.get(label, 0)
            self._shown[label] = shown + 1
            if shown < self.per_class:
                kept.append(sample)
                continue
            place = draw(derive_key(self._seed, "memory", label), shown) % (shown + 1)
            if place < self.per_class:
                kept[place] = sample

    def recall(self, count: int) -> tuple[Tensor, Tensor] | None:
        """Draw samples with replacement, first a class and then one of its samples.

        Classes that are kept in larger numbers are drawn no more often. None: nothing is kept.
        """
        if not self._kept:
            return None
        key = derive_key(self._seed, "recall", self._draws)
        self._draws += 1
        bits: NDArray[np.uint64] = draw_array(key, np.arange(2 * count))
        labels = sorted(self._kept)
        drawn = [labels[int(b) % len(labels)] for b in bits[:count]]
        samples = [
            self._kept[label][int(b) % len(self._kept[label])]
            for label, b in zip(drawn, bits[count:], strict=True)
        ]
        return torch.stack(samples), torch.tensor(drawn)
