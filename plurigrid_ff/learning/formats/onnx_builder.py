"""Nodes and constants of an ONNX graph, in the order they are added."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from plurigrid_ff.errors import MissingExtraError
from plurigrid_ff.learning.norms import EPSILON

try:
    import onnx
    import onnx.reference
    from onnx import helper, numpy_helper
except ImportError as error:
    raise MissingExtraError("--format onnx needs onnx: pip install 'plurigrid-ff[onnx]'") from error


__all__ = ["Builder", "averaging", "helper", "onnx"]


class Builder:
    """Collects a graph; every result has a name, and a name stands for its result.

    Attributes:
        nodes: What is computed, in order.
        constants: What is known, by name.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(
        self, operator: str, *inputs: str, to: str = "", **attributes: int | Sequence[int]
    ) -> str:
        """Add a node and return the name of its result."""
        to = to or f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, inputs, [to], name=to)
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(node)
        return to

    def constant(self, name: str, value: Tensor | float | list[int]) -> str:
        """Add a constant, float32 but for lists of integers, and return its name."""
        if isinstance(value, Tensor):
            array = np.ascontiguousarray(value.detach().float().numpy())
        else:
            array = np.array(value, np.int64 if isinstance(value, list) else np.float32)
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def reshape(self, x: str, shape: list[int]) -> str:
        """Give another shape; 0 keeps the size of that axis, an empty one included."""
        name = "shape_" + "_".join(map(str, shape)).replace("-", "n")
        return self.add("Reshape", x, self.constant(name, shape))

    def mean(self, x: str, *, keep: bool = False) -> str:
        """Average over the last axis, which goes unless it is kept."""
        axis = self.constant("last_axis", [-1])
        return self.add("ReduceMean", x, axis, keepdims=int(keep))

    def unit_rms(self, x: str) -> str:
        """Scale along the last axis as ``norms.unit_rms`` does, guarded against zero."""
        mean = self.mean(self.add("Mul", x, x), keep=True)
        return self.add("Div", x, self.add("Sqrt", self.add("Add", mean, self._guard())))

    def unit_variance(self, x: str) -> str:
        """Bring the last axis to mean 0 and variance 1, as ``norms.unit_variance`` does."""
        centred = self.add("Sub", x, self.mean(x, keep=True))
        variance = self.mean(self.add("Mul", centred, centred), keep=True)
        return self.add("Div", centred, self.add("Sqrt", self.add("Add", variance, self._guard())))

    def _guard(self) -> str:
        """Return what is added below a root."""
        return self.constant("epsilon", EPSILON)


def averaging(places: Sequence[int], cells: Sequence[int]) -> Tensor:
    """Return the matrix that averages a map over a grid of cells, ``(places, cells)``.

    Cells are those of torch's adaptive pooling: they may differ in size, and overlap.
    """
    matrix = torch.ones(1, 1)
    for extent, count in zip(places, cells, strict=True):
        one = torch.zeros(extent, count)
        for cell in range(count):
            first, last = cell * extent // count, -(-(cell + 1) * extent // count)
            one[first:last, cell] = 1 / (last - first)
        matrix = torch.kron(matrix, one)
    return matrix
