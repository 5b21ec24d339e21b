"""The coordinator: measured gains in, next round's schedule out."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import GAINS, SCHEDULE, Inbox, LayerGain, LayerSchedule, Outbox
from plurigrid_ff_open_games import OpenGamesConfig
from plurigrid_ff_open_games.budget import BudgetGame, find_equilibrium
from plurigrid_ff_open_games.estimates import (
    GAIN_ESTIMATES,
    Bids,
    GainEstimate,
    make_bids,
    pool_estimates,
    update_estimate,
)
from plurigrid_ff_open_games.games import Profile

T = TypeVar("T")


class BudgetCoordinator:
    """Lets all layers of all agents, or the agents, play the budget game once a round.

    Keeps no state: what it must remember comes back through its feedback ports.

    Args:
        config: Terms of the game.
    """

    def __init__(self, config: OpenGamesConfig) -> None:
        self.config = config

    def coordinate(self, inbox: Inbox) -> Outbox:
        """Put the schedule of the next round, an equilibrium, into its port."""
        gains = inbox[GAINS]
        layers = {agent: len(gains[agent]) for agent in sorted(gains)}
        estimates = self._update(layers, gains, inbox.get(GAIN_ESTIMATES))
        teams = self._teams(layers)
        bids = make_bids(
            pool_estimates(estimates, teams),
            price=self.config.price,
            may_stop=self.config.may_stop,
        )
        game = BudgetGame(bids.gains, bids.cost)
        before = _previous(layers, inbox.get(SCHEDULE))
        # A player that trained in part, after a change of settings, counts as training.
        played = tuple(int(any(before[layer] for layer in team)) for team in teams)
        equilibrium = find_equilibrium(game, played)
        forced = None if self.config.may_stop else choose_forced(equilibrium, bids)
        chosen = [s == 1 or player == forced for player, s in enumerate(equilibrium)]
        trains = [False] * len(estimates)
        for team, in_it in zip(teams, chosen, strict=True):
            for layer in team:
                trains[layer] = in_it

        outbox = Outbox()
        schedule = _split(layers, trains)
        outbox.put(SCHEDULE, {a: LayerSchedule(trains=t) for a, t in schedule.items()})
        outbox.put(GAIN_ESTIMATES, _split(layers, estimates))
        # Agents that play hold one action each, layers one per layer of their agent.
        players = dict.fromkeys(layers, 1) if self.config.players == "agents" else layers
        outbox.summary = _summarise(players, game, played, equilibrium, forced)
        gained = _split(layers, [estimate.gain for estimate in estimates])
        outbox.summary["estimates"] = {agent: list(values) for agent, values in gained.items()}
        return outbox

    def _teams(self, layers: Mapping[str, int]) -> list[range]:
        """Say which layers each player trains, all agents' layers in a row."""
        total = sum(layers.values())
        if self.config.players == "layers":
            return [range(layer, layer + 1) for layer in range(total)]
        teams, start = [], 0
        for count in layers.values():
            teams.append(range(start, start + count))
            start += count
        return teams

    def _update(
        self,
        layers: Mapping[str, int],
        gains: Mapping[str, Sequence[LayerGain]],
        known: Mapping[str, Sequence[GainEstimate]] | None,
    ) -> list[GainEstimate]:
        """Take this round's gains into the estimates, agent by agent."""
        updated = []
        for agent, count in layers.items():
            before: Sequence[GainEstimate | None] = [None] * count
            if known is not None:
                before = known.get(agent, ())
                _check_count(GAIN_ESTIMATES.name, agent, len(before), count)
            for estimate, measured in zip(before, gains[agent], strict=True):
                updated.append(update_estimate(estimate, measured, memory=self.config.memory))
        return updated


def choose_forced(equilibrium: Profile, bids: Bids) -> int | None:
    """Return the player that must train although none wants to; None if one does.

    Measurements are noisy: a round in which every layer lost is no reason to stop for
    good. The highest bid trains; among equals, the first.
    """
    if any(equilibrium) or not equilibrium:
        return None
    return max(range(len(equilibrium)), key=lambda layer: (bids.gains[layer], -layer))


def _previous(layers: Mapping[str, int], schedule: Mapping[str, LayerSchedule] | None) -> Profile:
    """Return the profile to start from: last round's, or all layers in the first round."""
    if schedule is None:
        return (1,) * sum(layers.values())
    profile: list[int] = []
    for agent, count in layers.items():
        trains = schedule[agent].trains if agent in schedule else ()
        _check_count(SCHEDULE.name, agent, len(trains), count)
        profile.extend(map(int, trains))
    return tuple(profile)


def _check_count(port: str, agent: str, found: int, expected: int) -> None:
    """Check that a port speaks of as many layers as the gains do.

    Raises:
        PluginError: It does not.
    """
    if found != expected:
        raise PluginError(
            f"open-games: port {port!r} must hold {expected} layers of agent {agent!r}, as "
            f"'gains' does, got {found}"
        )


def _split(layers: Mapping[str, int], values: Sequence[T]) -> dict[str, tuple[T, ...]]:
    """Deal one value per layer back to the agents."""
    split, start = {}, 0
    for agent, count in layers.items():
        split[agent] = tuple(values[start : start + count])
        start += count
    return split


def _summarise(
    players: Mapping[str, int],
    game: BudgetGame,
    played: Profile,
    equilibrium: Profile,
    forced: int | None,
) -> dict[str, Any]:
    """Return the numbers for the log. Regrets are computed, never assumed to be 0.

    The set D of deviations is each player's other action, so ``epsilon`` makes what is
    chosen for the next round an epsilon-Nash equilibrium with respect to all deviations of
    this game; ``regrets`` are hindsight: what each player would have gained by the other
    action in the round just played, as estimated after it.
    """
    names = [(agent, index) for agent, count in players.items() for index in range(count)]
    chosen = tuple(int(s or player == forced) for player, s in enumerate(equilibrium))
    regrets = [max(0.0, float(gain)) for gain in game.improvements(played)]
    return {
        "equilibrium": {agent: list(s) for agent, s in _split(players, equilibrium).items()},
        "regret": game.regret(equilibrium),
        "epsilon": game.regret(chosen),
        "regrets": {agent: list(values) for agent, values in _split(players, regrets).items()},
        "deviations_checked": len(equilibrium),
        "cost": game.cost,
        "training": sum(chosen),
        "forced": None if forced is None else list(names[forced]),
        "bids": {agent: list(values) for agent, values in _split(players, game.gains).items()},
    }
