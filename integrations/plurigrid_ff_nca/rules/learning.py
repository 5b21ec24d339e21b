"""Learn a rule from what was seen of it, and say how much of it that was."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.errors import DataError
from plurigrid_ff_nca.rules.config import RuleConfig, RuleReport
from plurigrid_ff_nca.rules.family import Family, choose_family
from plurigrid_ff_nca.rules.layer import RuleLayer, cumulative_shares, margins
from plurigrid_ff_nca.rules.notation import name_rule
from plurigrid_ff_nca.rules.observations import (
    Observations,
    Tally,
    Transition,
    read_transitions,
    tally,
)
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import Border, Space

CHECK_EVERY = 16  # steps
HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class LearnedRule:
    """A rule as a layer has learned it.

    Attributes:
        rule: The layer's answer for every neighbourhood, as a table; it steps and runs.
        confidence: Of each answer, from 0.5 up where there are two states: the logistic function
            of the goodness by which it leads. Not calibrated; ``report.held_out_right`` is what
            was measured.
        seen: Which entries were observed, shape ``(entries,)``.
        layer: Rates next states.
        report: What was learned, and from how much.
    """

    rule: Rule
    confidence: NDArray[np.float32]
    seen: NDArray[np.bool_]
    layer: RuleLayer
    report: RuleReport


def learn_rule(
    transitions: Observations | Iterable[Transition], config: RuleConfig | None = None
) -> LearnedRule:
    """Learn the rule behind observed transitions.

    A Forward-Forward layer reads a neighbourhood and a candidate next state; see
    :mod:`plurigrid_ff_nca.rules.layer`. Each step shows it every seen neighbourhood once.

    Args:
        transitions: Pairs of grids (before, after), all of one size, with states 0, 1, ...
        config: How to learn; the defaults fit Life-like and elementary rules.

    Raises:
        DataError: No or unequal grids, numbers that are no states, or more contradictions than
            ``config.max_contradictory`` allows.
        ConfigError: More neighbourhoods than a table may have.
    """
    config = config or RuleConfig()
    if not isinstance(transitions, Observations):
        transitions = read_transitions(transitions)
    family = choose_family(_space(transitions, config), config.family)
    counted = tally(transitions, family, config.border)
    _check_contradictions(counted, transitions, family, config)
    layer = RuleLayer(family, units=config.units, seed=config.seed)
    seen = np.flatnonzero(counted.seen)
    learning = _Learning(layer, counted, config)
    started = time.process_time()
    held_out = _held_out(seen, family, config.seed)
    held_out_right = 0
    if len(held_out):
        learning.fit(np.setdiff1d(seen, held_out))
        held_out_right = learning.right(held_out)
    converged = learning.fit(seen)
    table, confidence = _read_out(layer, family)
    rule = Rule(family, table)
    unseen = ~counted.seen
    report = RuleReport(
        name=name_rule(rule),
        family=family.name,
        neighbourhoods=family.entries,
        seen=len(seen),
        seen_right=int((table == counted.usual)[counted.seen].sum()),
        held_out=len(held_out),
        held_out_right=held_out_right,
        unseen_confidence=float(confidence[unseen].mean()) if unseen.any() else None,
        contradictory=counted.contradictory,
        first_contradiction=counted.first,
        steps=learning.steps,
        converged=converged,
        cpu_seconds=time.process_time() - started,
    )
    return LearnedRule(rule, confidence, counted.seen, layer, report)


class _Learning:
    """A layer, its optimizer, and what was observed."""

    def __init__(self, layer: RuleLayer, counted: Tally, config: RuleConfig) -> None:
        self.layer = layer
        self.config = config
        self.steps = 0
        self.usual = torch.from_numpy(counted.usual.astype(np.int64))
        self.counts = counted.counts
        self.contested = torch.from_numpy((counted.counts > 0).sum(axis=1) > 1)
        self.optimizer = torch.optim.Adam(layer.parameters(), lr=config.learning_rate, fused=True)
        # Without gradients it changes nothing, but torch loads a second's worth of modules.
        self.optimizer.step()

    def fit(self, entries: NDArray[np.int64]) -> bool:
        """Learn until all of these entries are right, or the steps are used up.

        Returns:
            Whether they are right.
        """
        shown = torch.from_numpy(entries)
        shares = cumulative_shares(self.counts[entries])
        last = self.steps + self.config.max_steps
        while self.steps < last:
            self.layer.learn(shown, shares, step=self.steps)
            self.optimizer.step()
            self.steps += 1
            if self.steps % CHECK_EVERY == 0 and self._is_learned(shown):
                return True
        return self._is_learned(shown)

    def right(self, entries: NDArray[np.int64]) -> int:
        """Count the entries that are answered as was observed most often."""
        return int((self._leads(torch.from_numpy(entries)) > 0).sum())

    def _leads(self, entries: Tensor) -> Tensor:
        """Return by how much the usual next state's goodness leads, ``(entries,)``."""
        return margins(self.layer.rate(entries), self.usual[entries])

    def _is_learned(self, entries: Tensor) -> bool:
        """Ask for a margin where what was observed agrees, and for the right answer elsewhere."""
        wanted = torch.where(self.contested[entries], 0.0, self.config.margin)
        return bool((self._leads(entries) > wanted).all())


def _space(seen: Observations, config: RuleConfig) -> Space:
    """Return the space of a rule, as told and as seen.

    Raises:
        DataError: More states are seen than the rule is said to have.
    """
    if config.states is not None and seen.states > config.states:
        raise DataError(
            f"transitions: expected states 0 to {config.states - 1}, got {seen.states - 1}; leave "
            "`states` out to take as many as are seen"
        )
    values = {
        "dimensions": seen.before.ndim - 1,
        "states": config.states or seen.states,
        "radius": config.radius,
        "shape": config.shape,
    }
    return Space.parse(values, where="transitions")


def _held_out(seen: NDArray[np.int64], family: Family, seed: int) -> NDArray[np.int64]:
    """Choose the seen entries that tell how the layer does on unseen ones."""
    if len(seen) == family.entries:
        return seen[:0]
    order = shuffled(derive_key(seed, "nca-rule", "held-out"), len(seen))
    return np.sort(seen[order[: int(HELD_OUT * len(seen))]])


@torch.no_grad()
def _read_out(layer: RuleLayer, family: Family) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the layer's answer for every entry, and the confidence in it."""
    goodness = layer.rate(torch.arange(family.entries))
    answers = goodness.argmax(dim=1)
    confidence: NDArray[np.float32] = margins(goodness, answers).sigmoid().numpy()
    return answers.numpy().astype(np.uint8), confidence


def _check_contradictions(
    counted: Tally, seen: Observations, family: Family, config: RuleConfig
) -> None:
    """Require that what was seen can be one rule's doing, give or take some noise.

    Raises:
        DataError: How many cells contradict, where the first is, and what may help.
    """
    cells = seen.before.size
    if counted.first is None or counted.contradictory <= config.max_contradictory * cells:
        return
    other: Border = "dead" if config.border == "periodic" else "periodic"
    elsewhere = tally(seen, family, other).contradictory
    hints = ["a larger radius", "noise"]
    if family.name != "any":
        hints.insert(0, "family = 'any'")
    if elsewhere < counted.contradictory:
        hints.insert(0, f"border = {other!r}, with which {elsewhere} do")
    first = counted.first
    raise DataError(
        f"transitions: {counted.contradictory} of {cells} cells contradict what their "
        f"neighbourhood usually becomes, the first in transition {first.transition} at "
        f"{first.place}: {first.seen}, usually {first.usual}; expected at most "
        f"{config.max_contradictory:.0%}; it may be {', or '.join(hints)}"
    )
