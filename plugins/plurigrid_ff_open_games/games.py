"""Finite games in strategic form: best responses as sets, pure Nash equilibria, regret."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

Profile = tuple[int, ...]
"""One action per player."""


@dataclass(frozen=True, slots=True)
class Game:
    """A finite game with simultaneous moves.

    Attributes:
        actions: Number of actions of each player; actions count from 0.
        utility: Maps a player and a profile to what the player gets.
        tolerance: Utilities no further apart than this are ties.
    """

    actions: tuple[int, ...]
    utility: Callable[[int, Profile], float]
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Play:
    """What best-response dynamics came to.

    Attributes:
        path: Profiles visited, the start first.
        converged: Whether the last profile is a Nash equilibrium; False for a cycle.
    """

    path: tuple[Profile, ...]
    converged: bool

    @property
    def end(self) -> Profile:
        """The last profile."""
        return self.path[-1]


def bimatrix(row: Sequence[Sequence[float]], column: Sequence[Sequence[float]]) -> Game:
    """Build a two-player game from the players' utility matrices.

    Args:
        row: Utilities of player 0, ``row[a][b]`` for its action a against action b.
        column: Utilities of player 1, of the same shape.
    """
    utilities = (row, column)
    return Game(
        actions=(len(row), len(row[0])),
        utility=lambda player, profile: utilities[player][profile[0]][profile[1]],
    )


def profiles(game: Game) -> Iterator[Profile]:
    """Yield every profile, in lexicographic order. There are ``prod(game.actions)``."""
    return product(*map(range, game.actions))


def deviate(profile: Profile, player: int, action: int) -> Profile:
    """Return the profile in which one player plays another action."""
    return (*profile[:player], action, *profile[player + 1 :])


def best_responses(game: Game, player: int, profile: Profile) -> frozenset[int]:
    """Return all of a player's best actions against the others' in a profile.

    A set, because ties are common: an argmax would silently pick one, and a profile in
    which a player is indifferent is as much an equilibrium as any.
    """
    values = _values(game, player, profile)
    best = max(values)
    return frozenset(a for a, value in enumerate(values) if best - value <= game.tolerance)


def is_nash(game: Game, profile: Profile) -> bool:
    """Whether no player gains by deviating alone.

    Nash, not subgame-perfect: order of moves and threats are not modelled.
    """
    return all(
        profile[player] in best_responses(game, player, profile)
        for player in range(len(game.actions))
    )


def pure_equilibria(game: Game) -> tuple[Profile, ...]:
    """Return all pure Nash equilibria, in lexicographic order; there may be none.

    Cost: every profile is visited, ``prod(game.actions)`` of them.
    """
    return tuple(profile for profile in profiles(game) if is_nash(game, profile))


def regret(game: Game, profile: Profile) -> float:
    """Return the most that any player could gain by deviating alone; 0 at an equilibrium."""
    gaps = []
    for player, action in enumerate(profile):
        values = _values(game, player, profile)
        gaps.append(max(values) - values[action])
    return max(gaps, default=0.0)


def best_response_dynamics(
    game: Game, start: Profile, *, potential: Callable[[Profile], float] | None = None
) -> Play:
    """Let players improve one at a time, until none can or a profile comes back.

    The first player that is not playing a best response moves to its lowest one. Profiles
    are finitely many, so the path ends or returns to a profile; a potential that rises
    with every move rules the return out, and so proves that the path ends at an
    equilibrium.

    Args:
        game: The game.
        start: Where to start.
        potential: Checked, where given, to rise with every move.

    Raises:
        ValueError: The potential did not rise with a move: it is not one of this game.
    """
    path = [start]
    visited = {start}
    while True:
        here = path[-1]
        there = _improve(game, here)
        if there is None:
            return Play(tuple(path), converged=True)
        if potential is not None and not potential(there) > potential(here):
            raise ValueError(
                f"potential must rise from {here} to {there}, which improves a player's "
                f"utility, got {potential(here)} and {potential(there)}"
            )
        path.append(there)
        if there in visited:
            return Play(tuple(path), converged=False)
        visited.add(there)


def _improve(game: Game, profile: Profile) -> Profile | None:
    """Return the profile after the first player's improvement, None at an equilibrium."""
    for player, action in enumerate(profile):
        best = best_responses(game, player, profile)
        if action not in best:
            return deviate(profile, player, min(best))
    return None


def _values(game: Game, player: int, profile: Profile) -> list[float]:
    """Return the player's utility for each of its actions, the others' held fixed."""
    return [
        game.utility(player, deviate(profile, player, action))
        for action in range(game.actions[player])
    ]
