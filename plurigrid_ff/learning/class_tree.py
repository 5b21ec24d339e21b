"""A tree over classes: like ones grouped together, by what the samples look like."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import ClusterNode

BATCH_SIZE = 2048


def class_means(
    x: Tensor, y: Tensor, num_classes: int, *, scale: Callable[[Tensor], Tensor]
) -> Tensor:
    """Average the samples of every class, ``(classes, features)``, float64.

    Args:
        x: Samples, shape ``(samples, *feature_shape)``.
        y: Their classes, shape ``(samples,)``; a class without samples has mean 0.
        num_classes: Number of classes.
        scale: Brings samples to the scale that a network reads, a batch at a time.
    """
    sums, counts = None, torch.zeros(num_classes, 1, dtype=torch.float64, device=y.device)
    for samples, labels in zip(torch.split(x, BATCH_SIZE), torch.split(y, BATCH_SIZE), strict=True):
        belongs = F.one_hot(labels, num_classes).T.double()  # (classes, batch)
        added = belongs @ scale(samples).flatten(1).double()
        sums = added if sums is None else sums + added
        counts += belongs.sum(dim=1, keepdim=True)
    assert sums is not None  # noqa: S101 - a data set has samples
    return sums / counts.clamp(min=1)


def class_levels(means: Tensor) -> Tensor:
    """Group classes into ever smaller super-classes, ``(levels, classes)``, int64.

    Class means, centred and brought to length 1, are joined two by two: Ward's method on
    their Euclidean distances. A level is the nodes at one depth of the resulting tree; who
    is single at one depth stays so at those below. The first level has two super-classes,
    the last one per class; the root tells nothing and is left out.

    Args:
        means: Shape ``(classes, features)``, at least two classes.

    Returns:
        The super-class of each class on each level, numbered by its first class.
    """
    from scipy.cluster.hierarchy import linkage, to_tree  # loads slowly; few networks have a tree

    centred = means.double().cpu() - means.double().cpu().mean(dim=0)
    unit = F.normalize(centred, dim=1)
    nodes = [to_tree(linkage(unit.numpy(), method="ward"))]
    levels = []
    while any(not node.is_leaf() for node in nodes):
        nodes = [child for node in nodes for child in _children(node)]
        levels.append(_numbered(nodes))
    return torch.tensor(levels)


def level_at(levels: Tensor, index: int, depth: int) -> Tensor:
    """Return the super-classes that a layer tells apart: coarse ones first, classes last.

    Args:
        levels: What :func:`class_levels` returns.
        index: Place of the layer, from 0.
        depth: Number of layers; a single one tells classes apart.
    """
    last = len(levels) - 1
    return levels[math.ceil(index * last / (depth - 1)) if depth > 1 else last]


def _children(node: "ClusterNode") -> "list[ClusterNode]":
    """Return the two nodes below, or a leaf itself."""
    if node.is_leaf():
        return [node]
    left, right = node.get_left(), node.get_right()
    assert left is not None and right is not None  # noqa: S101, PT018 - it is no leaf
    return [left, right]


def _numbered(nodes: "list[ClusterNode]") -> list[int]:
    """Number the nodes by their first class; return the number of every class's node."""
    groups = sorted(sorted(node.pre_order()) for node in nodes)
    place = {member: number for number, group in enumerate(groups) for member in group}
    return [place[member] for member in sorted(place)]
