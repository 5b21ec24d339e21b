"""What a file holds, before it is split: raw inputs, classes, and their names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UINT8_SCALE = np.float32(255)


@dataclass(frozen=True, slots=True)
class Samples:
    """Checked samples whose bytes are not scaled yet.

    Attributes:
        x: Inputs, shape ``(samples, *features)``, uint8 or finite float32.
        y: Classes, shape ``(samples,)``, int64.
    """

    x: NDArray[Any]
    y: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """A checked source of samples.

    Attributes:
        where: Prefix of messages: the file, the folder, or the name.
        train: Samples to learn from; all of them where the source has no test split.
        test: The source's own test split.
        class_names: The label of each class as the source wrote it.
        title: What reports call it; None for what the user called it.
    """

    where: str
    train: Samples
    test: Samples | None
    class_names: tuple[str, ...]
    title: str | None = None


def to_float(x: NDArray[Any]) -> NDArray[np.float32]:
    """Return inputs as float32: bytes scaled by 1/255, floats as they are."""
    if x.dtype != np.uint8:
        return np.ascontiguousarray(x, dtype=np.float32)
    scaled: NDArray[np.float32] = np.divide(x, UINT8_SCALE, dtype=np.float32, order="C")
    return scaled
