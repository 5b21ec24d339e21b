"""The space of a rule: how many states, and which cells a cell sees."""

from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from plurigrid_ff.settings import Settings

Border = Literal["periodic", "dead"]
Shape = Literal["moore", "von-neumann"]
Grids = NDArray[np.uint8]

MAX_STATES = 256


class Space(Settings):
    """States and neighbourhood of a rule. Hashable, equal where it means the same.

    In one dimension the two shapes are the same, and ``moore`` is what it is called.
    """

    dimensions: Literal[1, 2] = Field(2, description="1: rows of cells; 2: grids.")
    states: int = Field(2, ge=2, le=MAX_STATES, description="States of a cell: 0, 1, ...")
    radius: int = Field(1, ge=1, le=10, description="How far a cell sees.")
    shape: Shape = Field("moore", description="A square of cells, or those within RADIUS steps.")

    @field_validator("shape")
    @classmethod
    def _one_name_in_one_dimension(cls, shape: Shape, info: ValidationInfo) -> Shape:
        """Call an interval by one name."""
        return "moore" if info.data.get("dimensions") == 1 else shape

    @property
    def offsets(self) -> list[tuple[int, ...]]:
        """Places of the cells seen, the cell itself among them, in reading order."""
        reach = range(-self.radius, self.radius + 1)
        places = product(reach, repeat=self.dimensions)
        if self.shape == "moore":
            return list(places)
        return [place for place in places if sum(map(abs, place)) <= self.radius]

    @property
    def cells(self) -> int:
        """Number of cells seen, the cell itself among them."""
        return len(self.offsets)

    @property
    def centre(self) -> int:
        """Place of the cell itself in :attr:`offsets`."""
        return self.cells // 2

    def neighbours(self, grids: Grids, border: Border) -> list[Grids]:
        """Return what every cell sees, one array per offset, each the shape of ``grids``.

        Args:
            grids: Shape ``(grids, *extents)``.
            border: What lies beyond an edge: the opposite edge, or state 0.
        """
        radius, extents = self.radius, grids.shape[1:]
        margin = [(0, 0)] + [(radius, radius)] * self.dimensions

        def _window(step: int, extent: int) -> slice:
            return slice(radius + step, radius + step + extent)

        padded = np.pad(grids, margin, mode="wrap" if border == "periodic" else "constant")
        return [padded[(slice(None), *map(_window, offset, extents))] for offset in self.offsets]
