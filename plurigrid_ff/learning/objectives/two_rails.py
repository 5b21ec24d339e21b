"""What objectives over two rails share: a goodness, and a loss over pairs of goodness."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field, field_validator
from torch import Tensor

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.goodness import find_goodness
from plurigrid_ff.learning.objectives.base import Contrast, Objective


class TwoRails(Objective):
    """A loss over (goodness of the positive, goodness of the negative), pair by pair.

    A subclass says what a pair costs and how that changes with each goodness; the rest
    follows by the chain rule from the goodness chosen in ``network.options``.
    """

    contrast: ClassVar[Contrast] = "samples"
    feature_axes: ClassVar[Mapping[str, int]] = {}
    separable = True

    class Options(Settings):
        """Options of every objective over two rails."""

        goodness: str = Field(
            "squares",
            description="Score of a row: 'squares', 'plain', 'top-k' or 'entmax' activity.",
        )
        share: float = Field(
            0.1, gt=0, le=1, description="Share of the units that 'top-k' goodness counts."
        )

        @field_validator("goodness")
        @classmethod
        def _is_known(cls, name: str) -> str:
            """Refuse an unknown goodness as soon as it is read."""
            find_goodness(name, share=1.0)
            return name

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = TwoRails.Options.model_validate(
            {name: getattr(options, name) for name in TwoRails.Options.model_fields}
        )
        self.kind = find_goodness(options.goodness, share=options.share)

    @property
    def vanishes(self) -> bool:
        """As the goodness says, with this class's own closed form."""
        return self.kind.vanishes and type(self).evaluate is TwoRails.evaluate

    @abstractmethod
    def cost(self, g_pos: Tensor, g_neg: Tensor) -> Tensor:
        """Return the loss of each pair, ``(batch,)``; differentiable."""

    @abstractmethod
    def slopes(self, g_pos: Tensor, g_neg: Tensor) -> tuple[Tensor, Tensor]:
        """Return the derivatives of :meth:`cost` by both arguments, each ``(batch,)``."""

    def goodness(self, h: Tensor) -> Tensor:
        """Score every row, ``(rows, features) -> (rows,)``."""
        return self.kind.score(h)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean cost of the pairs."""
        g_pos, g_neg = self.goodness(h).chunk(2)
        return self.cost(g_pos, g_neg).mean()

    @torch.no_grad()
    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and ``dL/dh = dL/dg dg/dh``."""
        g_pos, g_neg = self.goodness(h).chunk(2)
        loss = self.cost(g_pos, g_neg).mean()
        dg = torch.cat(self.slopes(g_pos, g_neg)) / len(g_pos)  # (2 * batch,)
        return loss, self.kind.pull(dg, h)
