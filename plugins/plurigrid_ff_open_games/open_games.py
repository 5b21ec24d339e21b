"""Open games: what players choose, and how it fits together, before any payoff is known.

An open game from (X, S) to (Y, R) has strategies, a play ``X -> Y`` and a coplay
``X x R -> S`` for each, and best responses in a context: a history ``x`` and a continuation
``Y -> R`` that says what every outcome is worth. Whether a strategy is an equilibrium is a
question about a context; games have equilibria only once one is given.

Best responses are sets: a player that is indifferent has several.

Reference:
    Ghani, Hedges, Winschel & Zahn (2018), "Compositional Game Theory", definitions 3 to 6.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

Strategy = Hashable
Continuation = Callable[[Any], Any]
Refinement = Literal["nash", "subgame-perfect"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a game is played in.

    Attributes:
        history: What was observed before, ``x``.
        continuation: What an outcome ``y`` is worth, ``r``.
    """

    history: Any
    continuation: Continuation


@dataclass(frozen=True, slots=True)
class OpenGame:
    """A game with its ends open.

    Attributes:
        strategies: All of them, finitely many.
        play: Maps a strategy and a history to an outcome.
        coplay: Maps a strategy, a history and what the outcome was worth to what the
            history was worth.
        best_responses: Maps a context and a strategy to the strategies that would do best
            against it. Those of one player do not depend on its own strategy; those of
            several answer what the others do.
    """

    strategies: tuple[Strategy, ...]
    play: Callable[[Any, Any], Any]
    coplay: Callable[[Any, Any, Any], Any]
    best_responses: Callable[[Context, Any], frozenset[Any]]


def decision(
    observations: Iterable[Hashable], actions: Sequence[Hashable], *, tolerance: float = 0.0
) -> OpenGame:
    """One player that sees an observation and picks an action.

    A strategy is a tuple of actions, one per observation, in the given order. The player
    compares what the continuation says its actions are worth, a number each, at the
    history alone: what a strategy does at other observations is all the same to it.

    Args:
        observations: What may be seen, distinct; ``(None,)`` for nothing.
        actions: What may be done, the same after every observation.
        tolerance: Worths no further apart than this are ties.
    """
    place = {seen: index for index, seen in enumerate(observations)}
    strategies = tuple(product(actions, repeat=len(place)))

    def best_responses(context: Context, strategy: Any) -> frozenset[Any]:
        worth = {action: context.continuation(action) for action in actions}
        best = max(worth.values())
        here = place[context.history]
        return frozenset(s for s in strategies if best - worth[s[here]] <= tolerance)

    return OpenGame(
        strategies=strategies,
        play=lambda strategy, x: strategy[place[x]],
        coplay=lambda strategy, x, r: None,
        best_responses=best_responses,
    )


def lens(play: Callable[[Any], Any], coplay: Callable[[Any, Any], Any]) -> OpenGame:
    """Make a game without players: it only carries outcomes on and worths back.

    Args:
        play: ``X -> Y``.
        coplay: ``X x R -> S``.
    """
    return OpenGame(
        strategies=((),),
        play=lambda strategy, x: play(x),
        coplay=lambda strategy, x, r: coplay(x, r),
        best_responses=lambda context, strategy: frozenset({()}),
    )


def identity() -> OpenGame:
    """Make the game that changes nothing; sequential composition leaves others as they are."""
    return lens(lambda x: x, lambda x, r: r)


def copy() -> OpenGame:
    """Make the game that shows an outcome to two games; the first one's worth goes back."""
    return lens(lambda x: (x, x), lambda x, r: r[0])


def sequential(first: OpenGame, second: OpenGame, *, refinement: Refinement = "nash") -> OpenGame:
    """Play one game, then another that sees its outcome.

    The first is played in the continuation ``y -> coplay_second(t, y, k(play_second(t, y)))``,
    the second in the history ``play_first(s, x)``.

    Args:
        first: From (X, S) to (Y, R).
        second: From (Y, R) to (Z, Q).
        refinement: ``nash`` asks the second for a best response to the outcome that the
            first's strategy leads to, so its equilibria may rest on threats that would
            never be carried out. ``subgame-perfect`` asks for one to every outcome that
            some strategy of the first leads to; all compositions in sequence must ask so.
    """

    def play(strategy: Any, x: Any) -> Any:
        s, t = strategy
        return second.play(t, first.play(s, x))

    def coplay(strategy: Any, x: Any, q: Any) -> Any:
        s, t = strategy
        return first.coplay(s, x, second.coplay(t, first.play(s, x), q))

    def best_responses(context: Context, strategy: Any) -> frozenset[Any]:
        s, t = strategy
        x, k = context.history, context.continuation
        before = first.best_responses(
            Context(x, lambda y: second.coplay(t, y, k(second.play(t, y)))), s
        )
        led_by = (s,) if refinement == "nash" else first.strategies
        answers = [second.best_responses(Context(first.play(s2, x), k), t) for s2 in led_by]
        return frozenset(product(before, frozenset.intersection(*answers)))

    strategies = tuple(product(first.strategies, second.strategies))
    return OpenGame(strategies, play, coplay, best_responses)


def parallel(left: OpenGame, right: OpenGame) -> OpenGame:
    """Play two games at once: histories, outcomes and worths are pairs.

    Each is played in the continuation that holds the other's outcome fixed.
    """

    def play(strategy: Any, x: Any) -> Any:
        return left.play(strategy[0], x[0]), right.play(strategy[1], x[1])

    def coplay(strategy: Any, x: Any, r: Any) -> Any:
        return left.coplay(strategy[0], x[0], r[0]), right.coplay(strategy[1], x[1], r[1])

    def best_responses(context: Context, strategy: Any) -> frozenset[Any]:
        (x_left, x_right), k = context.history, context.continuation
        y_left, y_right = play(strategy, context.history)
        return frozenset(
            product(
                left.best_responses(Context(x_left, lambda y: k((y, y_right))[0]), strategy[0]),
                right.best_responses(Context(x_right, lambda y: k((y_left, y))[1]), strategy[1]),
            )
        )

    strategies = tuple(product(left.strategies, right.strategies))
    return OpenGame(strategies, play, coplay, best_responses)


def equilibria(game: OpenGame, context: Context) -> tuple[Any, ...]:
    """Return the strategies that are best responses to themselves, in order; maybe none.

    Nash equilibria, or subgame-perfect ones where the game was composed so.

    Cost: best responses of every strategy; their number is the product of the players'.
    """
    return tuple(s for s in game.strategies if s in game.best_responses(context, s))


def leader_and_follower(
    leads: Sequence[Hashable],
    follows: Sequence[Hashable],
    *,
    refinement: Refinement,
    tolerance: float = 0.0,
) -> OpenGame:
    """Compose two players of whom the second sees what the first does.

    The continuation maps the pair of actions to a pair of worths. An equilibrium is
    ``(((lead,), ()), ((), answers))`` with one answer per lead.
    """
    shown = sequential(decision((None,), leads, tolerance=tolerance), copy(), refinement=refinement)
    answer = parallel(identity(), decision(leads, follows, tolerance=tolerance))
    return sequential(shown, answer, refinement=refinement)


def payoffs(table: Mapping[Any, Any]) -> Continuation:
    """Return the continuation that reads worths off a table of outcomes."""
    return lambda outcome: table[outcome]
