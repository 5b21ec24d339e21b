"""Labels written into the input, for objectives that compare samples with labels."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def embed_labels(x: Tensor, y: Tensor, num_classes: int) -> Tensor:
    """Append each sample's label to its features, or as planes to its channels.

    The label part has the same root mean square as the features of a sample scaled to
    unit RMS, so that neither drowns the other.

    Args:
        x: Samples at unit RMS, shape ``(batch, features)`` or ``(batch, channels, *places)``.
        y: Labels, shape ``(batch,)``, int64.
        num_classes: Number of classes.

    Returns:
        Shape ``(batch, features + num_classes)``, or ``(batch, channels + num_classes,
        *places)``: one constant plane per class.
    """
    return _append(x, label_part(y, num_classes, x.dtype))


def label_part(y: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """Return labels as rows of unit RMS, ``(batch,) -> (batch, num_classes)``."""
    hot: Tensor = F.one_hot(y, num_classes).to(dtype)
    return hot * math.sqrt(num_classes)


def embed_neutral(x: Tensor, num_classes: int) -> Tensor:
    """Append a label part that favours no class, as in Hinton (2022), sec. 3.3."""
    return _append(x, x.new_full((len(x), num_classes), num_classes**-0.5))


def all_labels(num_classes: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return :func:`label_part` of every class, ``(num_classes, num_classes)``."""
    return torch.eye(num_classes, dtype=dtype, device=device) * math.sqrt(num_classes)


def over_places(label: Tensor, places: tuple[int, ...]) -> Tensor:
    """Repeat ``(rows, num_classes)`` at every place, ``(rows, num_classes, *places)``."""
    return label.reshape(*label.shape, *(1 for _ in places)).expand(*label.shape, *places)


def _append(x: Tensor, label: Tensor) -> Tensor:
    """Append ``(batch, num_classes)`` to every place of the samples."""
    return torch.cat([x, over_places(label, x.shape[2:])], dim=1)
