"""What each layer may expect to gain: measured while it trains, remembered while it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.host.ports import LayerGain, PerAgent, Port


class GainEstimate(Settings):
    """What is known of one layer's gain."""

    gain: float | None = Field(
        description="Smoothed margin gain per update; None for a layer never measured."
    )
    rounds_out: int = Field(ge=0, description="Rounds since the layer last trained.")


GAIN_ESTIMATES: "Port[PerAgent[tuple[GainEstimate, ...]]]" = Port(
    "gain-estimates",
    dict[str, tuple[GainEstimate, ...]],
    "Smoothed gain of every layer, and how long it has sat out.",
)


@dataclass(frozen=True, slots=True)
class Bids:
    """The terms of the next round's game, in units of margin per update.

    Attributes:
        gains: One bid per layer.
        cost: What a layer pays for each other layer that trains.
    """

    gains: tuple[float, ...]
    cost: float


def update_estimate(
    estimate: GainEstimate | None, measured: LayerGain, *, memory: float
) -> GainEstimate:
    """Take one round's measurement into a layer's estimate.

    An exponential average: one unlucky round halves an estimate (at memory 0.5) instead of
    replacing it. A layer that sat out measured nothing, whatever happened to its margin
    while the layers below it moved: its estimate is kept, and the round counted.

    Args:
        estimate: The estimate so far; None in the first round.
        measured: What the layer did this round.
        memory: Weight of the past, in [0, 1).
    """
    known = estimate.gain if estimate else None
    if measured.updates == 0:
        return GainEstimate(gain=known, rounds_out=estimate.rounds_out + 1 if estimate else 1)
    gain = (measured.margin_after - measured.margin_before) / measured.updates
    smoothed = gain if known is None else memory * known + (1 - memory) * gain
    return GainEstimate(gain=smoothed, rounds_out=0)


def pool_estimates(
    estimates: Sequence[GainEstimate], teams: Sequence[Sequence[int]]
) -> list[GainEstimate]:
    """Pool the estimates of layers that train together into one per player.

    A player gains what its layers gain on average, of those that were ever measured, and
    has sat out for as long as the layer that trained last.

    Args:
        estimates: One per layer.
        teams: Layers of each player, at least one.
    """
    pooled = []
    for team in teams:
        members = [estimates[layer] for layer in team]
        known = [member.gain for member in members if member.gain is not None]
        gain = sum(known) / len(known) if known else None
        rounds_out = min(member.rounds_out for member in members)
        pooled.append(GainEstimate(gain=gain, rounds_out=rounds_out))
    return pooled


def make_bids(estimates: Sequence[GainEstimate], *, price: float, may_stop: bool = False) -> Bids:
    """Turn estimates into the gains and the cost of a budget game.

    The cost is ``price`` times the largest positive estimate, so the unit of margins drops
    out: doubling every margin changes nothing. A layer stays only while its bid is at
    least ``cost * (n - 1)``, and measured bids are at most ``cost / price``; so at most
    ``1 + 1/price`` measured layers train at once (5 at the default price of 0.25, all at
    price 0), fewer where some gain much more than the others.

    A layer that sat out bids its last estimate, or 0 if that was negative, plus one price
    per round out. Without this it would be judged for ever by a measurement that it has no
    chance to renew, though the layers below it have moved on. Among N layers it trains
    again after at most N rounds, because then its bid exceeds ``cost * (N - 1)``, the most
    that training can cost. At price 0, or where no layer gains and so none pays, one round
    out is enough; with ``may_stop`` layers do not come back where no layer gains.
    """
    known = [estimate.gain for estimate in estimates if estimate.gain is not None]
    largest = max(known, default=0.0)
    # Where no layer gains the cost is 0. The raise must not be, or the same layer would be
    # tried again and again; any positive raise will do.
    cost = price * max(largest, 0.0)
    step = cost or max((abs(gain) for gain in known), default=0.0) or 1.0
    if may_stop and largest <= 0:
        step = 0.0
    # A layer never measured is hoped to be as good as the best.
    gains = (largest if estimate.gain is None else estimate.gain for estimate in estimates)
    bids = tuple(
        max(gain, 0.0) + estimate.rounds_out * step if estimate.rounds_out else gain
        for gain, estimate in zip(gains, estimates, strict=True)
    )
    return Bids(bids, cost)
