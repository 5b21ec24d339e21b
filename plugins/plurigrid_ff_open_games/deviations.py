"""How near to an equilibrium, where players have more deviations than can be tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EpsilonNash:
    """A claim about a finite set D of deviations, and about no other.

    Attributes:
        epsilon: The most that one player gains by one of its deviations alone, >= 0.
        regrets: The same for each player.
        deviations: How many each player tried.
    """

    epsilon: float
    regrets: tuple[float, ...]
    deviations: tuple[int, ...]

    def __str__(self) -> str:
        """Say it with its proviso."""
        tried = sum(self.deviations)
        return f"{self.epsilon:.4g}-Nash with respect to {tried} declared deviations"


def epsilon_nash(
    utility: Callable[[int, tuple[Any, ...]], float],
    profile: Sequence[Any],
    deviations: Sequence[Sequence[Any]],
) -> EpsilonNash:
    """Measure how much a player gains by a deviation of its own from a declared set.

    Strategies may be anything: weights of a network, say, whose set D is a few steps of
    training. A profile that is best against D need not be against other deviations.

    Args:
        utility: Maps a player and a profile to what the player gets.
        profile: One strategy per player.
        deviations: For each player, the strategies that it might change to.

    Raises:
        ValueError: Not one set of deviations per player, or a utility is not finite.
    """
    if len(deviations) != len(profile):
        raise ValueError(
            f"expected a set of deviations for each of the {len(profile)} players, got "
            f"{len(deviations)}"
        )
    here = tuple(profile)
    regrets = []
    for player, others in enumerate(deviations):
        got = _finite(utility(player, here), player)
        gains = [
            _finite(utility(player, (*here[:player], other, *here[player + 1 :])), player) - got
            for other in others
        ]
        regrets.append(max([0.0, *gains]))
    return EpsilonNash(max(regrets, default=0.0), tuple(regrets), tuple(map(len, deviations)))


def _finite(value: float, player: int) -> float:
    """Refuse a utility that compares with nothing."""
    if not abs(value) < float("inf"):
        raise ValueError(f"utility of player {player} must be a finite number, got {value}")
    return value
