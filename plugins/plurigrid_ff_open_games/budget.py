"""The budget game: layers train or skip, and the more train, the dearer it is for each.

Layer i gets ``u_i(s) = s_i * (gain_i - cost * (n - 1))``, where n layers train. The change
of u_i by a deviation of layer i alone equals the change of
``potential(s) = sum(s_i * gain_i) - cost * n * (n - 1) / 2``: an exact potential game, so
every sequence of improvements ends, and it ends at a Nash equilibrium.

With distinct gains and a positive cost all equilibria have the same number of layers, save
where a gain is an exact multiple of the cost; *which* layers train may depend on the start.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff_open_games.games import Game, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BudgetGame:
    """A budget game between layers.

    Attributes:
        gains: What each layer expects to gain by training a round alone.
        cost: What it pays for each *other* layer that trains, in units of gain, >= 0.
    """

    gains: tuple[float, ...]
    cost: float

    def utility(self, layer: int, profile: Profile) -> float:
        """Return what a layer gets; 0 for a layer that skips."""
        return profile[layer] * (self.gains[layer] - self.cost * (sum(profile) - 1))

    def potential(self, profile: Profile) -> float:
        """Return the potential, which rises by exactly what the deviating layer gains."""
        training = sum(profile)
        gain = sum(g for g, trains in zip(self.gains, profile, strict=True) if trains)
        return gain - self.cost * (training * (training - 1) // 2)

    def as_game(self) -> Game:
        """Return the same game in strategic form: action 0 skips, 1 trains."""
        return Game(actions=(2,) * len(self.gains), utility=self.utility)

    def improvements(self, profile: "Profile | NDArray[np.int64]") -> "NDArray[np.float64]":
        """Return what each layer would gain by changing its mind alone, shape ``(layers,)``.

        Every layer has one deviation, so these are all unilateral deviations there are.
        """
        trains = np.asarray(profile, dtype=np.int64)
        others = trains.sum() - trains
        advantage = np.asarray(self.gains, dtype=np.float64) - self.cost * others
        improvements: NDArray[np.float64] = np.where(trains == 1, -advantage, advantage)
        return improvements

    def regret(self, profile: Profile) -> float:
        """Return the most that any layer could gain by deviating; 0 at an equilibrium."""
        return max(0.0, float(self.improvements(profile).max(initial=0.0)))


def find_equilibrium(game: BudgetGame, start: Profile) -> Profile:
    """Improve from a start, the layer with most to gain first, until none can.

    Equal improvements: a layer that leaves goes before one that joins, then the lower
    index goes first. So the result depends on the layers' order only where gains are equal.

    Ends in floating point too: the sign of ``gain - cost * k`` is that of comparing the
    gain with the rounded product, which is a potential game with those rounded costs.

    Cost: O(layers) per move; 1,000 layers take some 10 ms.
    """
    trains = np.array(start, dtype=np.int64)
    while trains.size:
        improvements = game.improvements(trains)
        most = improvements.max()
        if not most > 0:
            break
        eager = np.flatnonzero(improvements == most)
        leaving = eager[trains[eager] == 1]
        mover = leaving[0] if leaving.size else eager[0]
        trains[mover] = 1 - trains[mover]
    return tuple(int(s) for s in trains)
