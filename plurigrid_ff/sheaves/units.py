"""Which numbers of a network move along when its hidden units change places.

Goodness does not depend on the order of a layer's units, so a network may be written in as
many ways as its units can be ordered. Before parameters of two networks are compared or
averaged, one must be written in the order of the other.

Reference:
    Ainsworth, Hayase & Srinivasa (2023), "Git Re-Basin: Merging Models modulo Permutation
    Symmetries", arXiv:2209.04836, whose permutation specification this is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import AlignmentError

Permutation = NDArray[np.int64]
"""``p`` of shape ``(units,)``: unit ``p[i]`` of one network stands for unit ``i`` of another."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an axis that runs along the units of one layer.

    Attributes:
        size: Its length.
        layer: Whose units; None where nothing moves.
        repeat: Numbers per unit, side by side: the places of a map that was flattened.
    """

    size: int
    layer: int | None = None
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class UnitSymmetry:
    """The orders in which a network's units may be written.

    Attributes:
        units: Units of every layer; a unit of a convolution is a channel.
        groups: Equal runs of units per layer that a permutation may not leave: one per class
            where classes own units, 1 where any unit may take any place.
        cells: Numbers per unit in every layer's activities.
        axes: For each tensor, by name, what runs along each of its axes.
        readings: Per layer, the tensor by which its goodness is linear in what units say, if
            there is one; empty where there is none in any layer.
    """

    units: tuple[int, ...]
    groups: tuple[int, ...]
    cells: tuple[int, ...]
    axes: Mapping[str, tuple[tuple[Segment, ...], ...]]
    readings: tuple[str | None, ...] = ()

    @classmethod
    def rigid(cls, shapes: Mapping[str, tuple[int, ...]], widths: Sequence[int]) -> "UnitSymmetry":
        """Return the symmetry of a network whose units all stay where they are.

        Args:
            shapes: Shape of every tensor, by name.
            widths: Activities of every layer.
        """
        fixed = {
            name: tuple((Segment(extent),) for extent in shape) for name, shape in shapes.items()
        }
        return cls(tuple(widths), tuple(widths), (1,) * len(widths), fixed)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return tuple(sum(part.size for part in axis) for axis in self.axes[name])

    def require_parameters(self, agent: str, parameters: Mapping[str, NDArray[np.float32]]) -> None:
        """Refuse parameters of another architecture.

        Raises:
            AlignmentError: The agent, and the first tensor that differs.
        """
        for name, values in parameters.items():
            want = self.shape(name) if name in self.axes else "absent"
            if want != values.shape:
                raise AlignmentError(
                    f"agent {agent!r} has another architecture: {name!r} must have shape {want}, "
                    f"got {values.shape}; agents whose weights are averaged need the same layers"
                )

    def carried(
        self, parameters: Mapping[str, NDArray[np.generic]], order: Sequence[Permutation]
    ) -> dict[str, NDArray[np.generic]]:
        """Return the same network with unit ``order[layer][i]`` in place ``i`` of each layer.

        Args:
            parameters: Tensors by name, of any dtype.
            order: One permutation per layer.

        Raises:
            AlignmentError: A permutation of another length, or one that leaves its group.
        """
        for layer, p in enumerate(order):
            self._require_kept(layer, p)
        moved = {}
        for name, values in parameters.items():
            for axis, segments in enumerate(self.axes[name]):
                if any(part.layer is not None for part in segments):
                    values = values.take(_places(segments, order), axis=axis)
            moved[name] = values
        return moved

    def _require_kept(self, layer: int, p: Permutation) -> None:
        """Refuse what does not permute a layer's units within their groups.

        Raises:
            AlignmentError: It has another length, or takes a unit out of its group.
        """
        units, groups = self.units[layer], self.groups[layer]
        group = np.arange(units) // (units // groups)
        if len(p) != units or not np.array_equal(group[p], group):
            raise AlignmentError(
                f"layer {layer + 1} has {units} units in {groups} groups: expected a permutation "
                f"that keeps each unit in its group, got one of {len(p)} units that does not"
            )

    def number_order(self, names: Sequence[str], order: Sequence[Permutation]) -> NDArray[np.int64]:
        """Return what :meth:`carried` does to the tensors laid out flat, one behind the other.

        Args:
            names: The tensors, in their order.
            order: One permutation per layer.
        """
        sizes = [int(np.prod(self.shape(name))) for name in names]
        ends = np.cumsum(sizes)
        places = {
            name: np.arange(end - size, end).reshape(self.shape(name))
            for name, size, end in zip(names, sizes, ends, strict=True)
        }
        moved = self.carried(places, order)
        return np.concatenate([moved[name].ravel() for name in names]).astype(np.int64)


def spread(p: Permutation, cells: int) -> Permutation:
    """Return what a permutation of units does to activities that have several cells per unit."""
    return (p[:, None] * cells + np.arange(cells)).ravel()


def gathered(p: Permutation, cells: int) -> Permutation:
    """Return the permutation of units that :func:`spread` made one of activities of.

    Raises:
        AlignmentError: It moves the cells of a unit apart.
    """
    units = p[::cells] // cells
    if not np.array_equal(spread(units, cells), p):
        raise AlignmentError(
            f"an edge map of {len(p)} activities must move units of {cells} cells as a whole"
        )
    return units


def _places(segments: Sequence[Segment], order: Sequence[Permutation]) -> NDArray[np.int64]:
    """Return where each number along an axis comes from."""
    parts, start = [], 0
    for part in segments:
        inside = np.arange(part.size)
        if part.layer is not None:
            inside = spread(order[part.layer], part.repeat)
        parts.append(inside + start)
        start += part.size
    return np.concatenate(parts)
