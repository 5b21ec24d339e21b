"""The gate: two claims about all layers, each proven, disproven or unclear.

1. *No layer mixes the classes more than before training*: every layer's avoidable
   cross-class share of H0 merges (see :mod:`.comparison`) is at most
   ``limit`` times the same layer's share before training.
2. *Something was learnt*: at least one layer's share fell by ``least_drop`` or more.

The first alone would wave through training that changes nothing to speak of: a network
fitted to shuffled labels mixes the true classes about as much as an untrained one. A run
passes if both claims are proven and fails if one of them is disproven.

A claim about *every* layer needs no correction for their number, because each of them has
to hold; a claim that holds if *some* layer does is tried once per layer and pays for it
(Bonferroni). Either way a claim is wrongly proven, or wrongly disproven, with a chance of
at most ``1 - confidence``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plurigrid_ff_persistent_homology.comparison import Answer, Comparison


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of one agent, compared with itself before training."""

    agent: str
    index: int
    comparison: Comparison

    @property
    def name(self) -> str:
        """The layer as reports name it; layers count from 1."""
        return f"layer {self.index + 1} of {self.agent}"

    @property
    def ratio(self) -> float:
        """Trained over untrained share; infinite where only the trained share is positive."""
        if self.comparison.ratio is not None:
            return self.comparison.ratio
        return float("inf") if self.comparison.trained.mean > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate makes of all layers.

    Attributes:
        passed: True, False, or None where neither can be said.
        layer: The layer it turns on.
        limit: Largest ratio of that layer that would have passed.
        because: The claim that decided.
    """

    passed: bool | None
    layer: Layer
    limit: float
    because: str


def rule(layers: Sequence[Layer], *, limit: float, least_drop: float, confidence: float) -> Ruling:
    """Decide whether training kept the classes apart.

    Args:
        layers: All layers of all agents, at least one.
        limit: Largest ratio that any layer may have.
        least_drop: Relative fall that at least one layer must show; 0 for none.
        confidence: In (0.5, 1).
    """
    alpha = 1 - confidence
    worst = max(layers, key=lambda layer: layer.ratio)
    best = min(layers, key=lambda layer: layer.ratio)
    mixes = _holds_for_all(layers, limit, alpha)
    if mixes == "no":
        return Ruling(False, worst, limit, "A layer mixes the classes more than before training")
    # Asked for no drop, the second claim would only repeat the first at limit 1.
    needed = 1 - least_drop
    learnt = _holds_for_some(layers, needed, alpha) if least_drop else "yes"
    if learnt == "no":
        return Ruling(False, best, needed, "No layer keeps the classes further apart")
    if mixes == "yes" and learnt == "yes":
        return Ruling(True, worst, limit, "No layer mixes the classes more than before training")
    if mixes == "unclear":
        return Ruling(None, worst, limit, "Too few merges to tell the ratio from the limit")
    return Ruling(None, best, needed, "Too few merges to tell whether any layer learnt")


def _holds_for_all(layers: Sequence[Layer], limit: float, alpha: float) -> Answer:
    """Answer whether every layer's ratio is at most ``limit``."""
    if _answers(layers, limit, alpha / len(layers)).count("no"):
        return "no"
    proven = _answers(layers, limit, alpha).count("yes") == len(layers)
    return "yes" if proven else "unclear"


def _holds_for_some(layers: Sequence[Layer], limit: float, alpha: float) -> Answer:
    """Answer whether at least one layer's ratio is at most ``limit``."""
    if _answers(layers, limit, alpha / len(layers)).count("yes"):
        return "yes"
    disproven = _answers(layers, limit, alpha).count("no") == len(layers)
    return "no" if disproven else "unclear"


def _answers(layers: Sequence[Layer], limit: float, alpha: float) -> list[Answer]:
    """Ask every layer the same question."""
    return [layer.comparison.at_most(limit, alpha=alpha) for layer in layers]
