"""Open-endedness as an observer sees it: novelty times learnability, window by window.

*Behaviour* of an agent is what it would do in a fixed set of situations. *Novelty* of a window is
how far its agents' behaviours are from those in an archive of earlier windows: the share of
situations that are answered differently, mean over the nearest few. *Learnability* is how much
better a small predictor fitted in the window before foretells who does what, than the frequency of
each action there does. What is novel and cannot be learned is noise; what can be learned and is not
novel stands still.

None of it means anything by itself: behaviours drift without any selection. So a neutral shadow is
observed in the same way.

Reference:
    Hughes et al. (2024), "Open-Endedness is Essential for Artificial Superhuman Intelligence",
    arXiv:2406.04268: novelty and learnability. Lehman & Stanley (2011), "Abandoning Objectives":
    distance to the nearest in an archive. Bedau, Snyder & Packard (1998), "A Classification of
    Long-Term Evolutionary Dynamics": the neutral shadow.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, NUM_FEATURES, VIEW

NUM_PROBES = 64
WATCHED = 64
"""Agents whose behaviour is described in a window."""
KEPT = 8
"""Of them, those that go into the archive."""
NEAREST = 5
RIDGE = 100.0
"""Of 1 to 3000, about the best on held-out rows of a world and of its shadow alike."""

Behaviours = NDArray[np.int8]
"""What agents would do in every situation, ``(agents, NUM_PROBES)``: places of actions."""


def draw_situations(seed: int) -> NDArray[np.float32]:
    """Draw what an agent might see, not yet scaled, ``(NUM_PROBES, NUM_FEATURES)``.

    Food in three of ten cells and others in two of ten, any energy.
    """
    rng = np.random.default_rng(derive_key(seed, "situations"))
    food = rng.random((NUM_PROBES, VIEW)) < 0.3
    others = rng.random((NUM_PROBES, VIEW)) < 0.2
    others[:, VIEW // 2] = False
    energy = rng.random((NUM_PROBES, 1))
    seen = np.concatenate([food, others, energy, np.ones((NUM_PROBES, 1))], axis=1)
    return seen.astype(np.float32)


def choose_watched(alive: NDArray[np.bool_], seed: int, step: int) -> NDArray[np.int32]:
    """Draw the slots whose agents are described, ``(WATCHED,)``, twice where there are fewer.

    Args:
        alive: Which slots are taken, at least one.
        seed: Of the world.
        step: Of the world.
    """
    slots = np.flatnonzero(alive)
    rng = np.random.default_rng(derive_key(seed, "watched", step))
    return np.resize(rng.permutation(slots), WATCHED).astype(np.int32)


def novelty(behaviours: Behaviours, archive: Behaviours) -> float | None:
    """Return the mean distance to the nearest few in the archive; None while it has fewer.

    Args:
        behaviours: Of this window, ``(agents, NUM_PROBES)``.
        archive: Of earlier ones, ``(kept, NUM_PROBES)``.

    Returns:
        Within [0, 1]: the share of situations that are answered differently.
    """
    if len(archive) < NEAREST:
        return None
    differs = [(archive != one).mean(axis=1) for one in behaviours]  # (kept,) each
    return float(np.mean([np.partition(d, NEAREST - 1)[:NEAREST].mean() for d in differs]))


@dataclass(frozen=True, slots=True)
class Predictor:
    """A ridge regression of actions on what was seen, and how frequent each action was.

    Attributes:
        weights: Shape ``(NUM_FEATURES, actions)``.
        frequencies: Shape ``(actions,)``.
    """

    weights: NDArray[np.float64]
    frequencies: NDArray[np.float64]

    @classmethod
    def fit(cls, seen: NDArray[np.float32], actions: NDArray[np.int32]) -> "Predictor":
        """Fit to rows ``(agents, NUM_FEATURES)`` and what each did, ``(agents,)``."""
        x, hot = seen.astype(np.float64), _one_hot(actions)
        gram = x.T @ x + RIDGE * np.eye(NUM_FEATURES)
        weights: NDArray[np.float64] = np.asarray(np.linalg.solve(gram, x.T @ hot), np.float64)
        return cls(weights, np.asarray(hot.mean(axis=0), np.float64))

    def learnability(self, seen: NDArray[np.float32], actions: NDArray[np.int32]) -> float:
        """Return by which share the squared error of frequencies falls on later rows.

        Returns:
            Within [0, 1]; 0 where the regression is no better, or there is nothing to foretell.
        """
        hot = _one_hot(actions)
        plain = float(np.square(hot - self.frequencies).mean())
        fitted = float(np.square(hot - seen.astype(np.float64) @ self.weights).mean())
        return max(0.0, 1 - fitted / plain) if plain else 0.0


@dataclass(slots=True)
class Observer:
    """Watches one world, window by window.

    Attributes:
        archive: Behaviours of earlier windows.
        predictor: Fitted in the window before; None in the first.
    """

    archive: Behaviours = field(default_factory=lambda: np.empty((0, NUM_PROBES), np.int8))
    predictor: Predictor | None = None

    def observe(
        self, behaviours: Behaviours, seen: NDArray[np.float32], actions: NDArray[np.int32]
    ) -> tuple[float | None, float | None]:
        """Measure a window, then remember it.

        Args:
            behaviours: Of the agents watched, ``(WATCHED, NUM_PROBES)``.
            seen: What every living agent sees, at unit root mean square.
            actions: What each of them does.

        Returns:
            Novelty and learnability, each None where nothing came before.
        """
        new = novelty(behaviours, self.archive)
        before = self.predictor
        learnable = None if before is None else before.learnability(seen, actions)
        self.archive = np.concatenate([self.archive, behaviours[:KEPT]])
        self.predictor = Predictor.fit(seen, actions)
        return new, learnable

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is remembered, by name."""
        held: dict[str, NDArray[Any]] = {"archive": self.archive}
        if self.predictor is not None:
            held["weights"] = self.predictor.weights
            held["frequencies"] = self.predictor.frequencies
        return held

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> "Observer":
        """Take up what :meth:`arrays` returned."""
        known = "weights" in arrays
        predictor = Predictor(arrays["weights"], arrays["frequencies"]) if known else None
        return cls(arrays["archive"], predictor)


def _one_hot(actions: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return ``(agents,)`` as rows of zeros and a one, ``(agents, actions)``."""
    return np.eye(len(ACTIONS))[actions]
