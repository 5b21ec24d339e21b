"""One Forward-Forward layer that rates a next state for a neighbourhood.

Its input is a neighbourhood and one candidate next state, all -1 or +1. The observed next
state is the positive, another one the negative; the goodness of the first should exceed that
of the second: ``L = softplus(g_neg - g_pos)``, g = mean h^2. The candidate of highest goodness
is the prediction.

Hinton's threshold on each goodness also learns Life, but stalls on rules such as HighLife or
Day & Night, where neighbourhoods differ in how much they can excite the layer at all.

Reference:
    Hinton (2022), arXiv:2212.13345; Lee & Song (2023), "SymBa", arXiv:2303.08418.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_integers, draw_rows
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.objectives.symba import SymBa
from plurigrid_ff.learning.transforms import Linear
from plurigrid_ff_nca.rules.family import Family, one_hot

MAX_ROWS = 2048  # neighbourhoods per step; all of them where there are fewer


class RuleLayer(nn.Module):
    """Rates every next state of every entry of a family.

    Args:
        family: What is told apart.
        units: Width of the layer.
        seed: The initial weights and every draw are functions of it.
    """

    features: Tensor
    candidates: Tensor

    def __init__(self, family: Family, *, units: int, seed: int) -> None:
        super().__init__()
        states = family.space.states
        self.register_buffer("features", torch.from_numpy(family.features))
        candidates = torch.from_numpy(one_hot(np.arange(states), states))
        self.register_buffer("candidates", candidates)
        self.key = derive_key(seed, "nca-rule")
        width = family.features.shape[1] + states
        # Inputs of -1 and +1 have unit RMS as they are: the layer's own norm changes nothing.
        self.linear = Linear(width, units, key=derive_key(self.key, "weights"))
        self.layer = FFLayer(
            self.linear,
            SymBa(units, states, SymBa.Options(alpha=1.0), key=self.key),
        )

    def learn(self, entries: Tensor, shares: Tensor, *, step: int) -> None:
        """Set the gradient from neighbourhoods and what they were seen to become.

        Args:
            entries: Entries that were seen, shape ``(seen,)``, int64.
            shares: How often each took every next state, as cumulative shares, shape
                ``(seen, states)``.
            step: Number of the step, which the draws depend on.
        """
        key = derive_key(self.key, "step", step)
        if len(entries) > MAX_ROWS:
            drawn = draw_integers(derive_key(key, "rows"), torch.arange(MAX_ROWS), len(entries))
            entries, shares = entries[drawn], shares[drawn]
        # One of the observed next states, as often as it was observed; then any other state.
        level = draw_rows(derive_key(key, "positive"), entries, 1)
        y = (level >= shares).sum(dim=1)
        states = len(self.candidates)
        other = draw_integers(derive_key(key, "negative"), entries, states - 1)
        y_neg = (y + 1 + other) % states
        x = self.features[entries]
        rows = torch.cat([torch.cat([x, self.candidates[s]], dim=1) for s in (y, y_neg)])
        self.layer.learn(rows, y)

    @torch.no_grad()
    def rate(self, entries: Tensor) -> Tensor:
        """Return the goodness of every next state, ``(entries,) -> (entries, states)``."""
        weight, split = self.linear.weight, self.features.shape[1]
        # W [x; candidate] is a sum of two: x is multiplied once for all candidates.
        a = torch.addmm(self.linear.bias, self.features[entries], weight[:, :split].T)
        extra = self.candidates @ weight[:, split:].T
        return torch.stack([self.layer.goodness(torch.relu(a + c)) for c in extra], dim=1)


def margins(goodness: Tensor, states: Tensor) -> Tensor:
    """Return by how much one state's goodness exceeds the best other, ``(rows,)``.

    Args:
        goodness: Of every next state, shape ``(rows, states)``.
        states: The one state of each row, shape ``(rows,)``, int64.
    """
    own = goodness.gather(1, states.unsqueeze(1)).squeeze(1)
    others = goodness.scatter(1, states.unsqueeze(1), -torch.inf)
    return own - others.amax(dim=1)


def cumulative_shares(counts: NDArray[np.int64]) -> Tensor:
    """Return, for every row of counts, the cumulative share of each column, float32."""
    total = counts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float32] = (counts.cumsum(axis=1) / total).astype(np.float32)
    return torch.from_numpy(shares)
