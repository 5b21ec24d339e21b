"""The persistence diagrams of every round, through interrupts and into the run folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import NonNegativeInt

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.files import written_beside
from plurigrid_ff.settings import Settings
from plurigrid_ff_persistent_homology.diagrams import Diagrams

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = "topology.safetensors"
UNTRAINED = 0
"""The round before the first: the networks as they were before any training."""

AgentDiagrams = Mapping[str, tuple[Diagrams, ...]]
"""Diagrams of every layer, first layer first, by agent."""

_KEY = "plurigrid_ff_persistent_homology"  # safetensors keeps one text; ours is JSON


class Origin(Settings):
    """What all kept diagrams are of.

    Attributes:
        probes: Digest of the probes that were looked at, in order.
        count: How many they were.
        landmarks: Most points that H1 was computed on.
    """

    probes: str
    count: NonNegativeInt
    landmarks: NonNegativeInt


class _Layers(Settings):
    """One agent's layers in one round, as the file names them."""

    round: NonNegativeInt
    agent: str
    layers: NonNegativeInt


class _Contents(Settings):
    """What the file says beside its arrays."""

    origin: Origin
    held: tuple[_Layers, ...]


@dataclass
class DiagramHistory:
    """Diagrams by round. Round 0 is before any training.

    Args:
        origin: What they are of; None as long as there are none.
        rounds: The diagrams.
    """

    origin: Origin | None = None
    rounds: dict[int, AgentDiagrams] = field(default_factory=dict)

    def before(self, round: int) -> tuple[int, AgentDiagrams] | None:
        """Return the last kept round before this one, and its diagrams; None if there is none."""
        earlier = [kept for kept in self.rounds if kept < round]
        return (max(earlier), self.rounds[max(earlier)]) if earlier else None

    def keep(self, round: int, diagrams: AgentDiagrams, *, only: bool = False) -> None:
        """Keep a round's diagrams; ``only`` forgets those of all rounds before."""
        if only:
            self.rounds.clear()
        self.rounds[round] = diagrams

    def write(self, path: Path) -> None:
        """Write everything that is kept into one safetensors file; nothing where nothing is."""
        if self.origin is None:
            return
        from safetensors.numpy import save_file

        arrays: dict[str, NDArray[np.float64]] = {}
        held: list[_Layers] = []
        for round, agents in sorted(self.rounds.items()):
            for agent, layers in agents.items():
                for place, found in enumerate(layers):
                    at = f"{len(held)}.{place}"
                    arrays[f"{at}.h0"] = np.ascontiguousarray(found.h0[:, 1])
                    arrays[f"{at}.h1"] = np.ascontiguousarray(found.h1)
                    arrays[f"{at}.radius"] = np.array([found.radius])
                held.append(_Layers(round=round, agent=agent, layers=len(layers)))
        contents = _Contents(origin=self.origin, held=tuple(held))
        with written_beside(path) as temporary:
            save_file(arrays, temporary, {_KEY: contents.model_dump_json()})

    @classmethod
    def read(cls, path: Path) -> "DiagramHistory":
        """Read what :meth:`write` wrote; an empty history where there is no file.

        Raises:
            CheckpointError: The file is damaged, or not one of ours.
        """
        if not path.exists():
            return cls()
        from safetensors import SafetensorError, safe_open

        rounds: dict[int, dict[str, tuple[Diagrams, ...]]] = {}
        try:
            with safe_open(path, framework="numpy") as file:
                contents = _Contents.model_validate_json((file.metadata() or {})[_KEY])
                for index, one in enumerate(contents.held):
                    rounds.setdefault(one.round, {})[one.agent] = tuple(
                        _diagrams(*(file.get_tensor(f"{index}.{place}.{name}") for name in _PARTS))
                        for place in range(one.layers)
                    )
        except (OSError, SafetensorError, KeyError, ValueError, RecursionError) as error:
            raise CheckpointError(
                f"{path}: holds no diagrams that can be read ({error}); restore the file, or make "
                "the run again"
            ) from error
        return cls(contents.origin, dict(rounds))


_PARTS = ("h0", "h1", "radius")


def _diagrams(
    deaths: "NDArray[np.float64]", loops: "NDArray[np.float64]", radius: "NDArray[np.float64]"
) -> Diagrams:
    """Put one layer's diagrams together again.

    Raises:
        ValueError: An array has another shape, or a number that is not finite.
    """
    if deaths.ndim != 1 or loops.ndim != 2 or loops.shape[1] != 2 or radius.shape != (1,):
        raise ValueError(f"arrays of shapes {deaths.shape}, {loops.shape} and {radius.shape}")
    if not all(np.isfinite(part).all() for part in (deaths, loops, radius)):
        raise ValueError("numbers that are not finite")
    return Diagrams(np.column_stack([np.zeros_like(deaths), deaths]), loops, float(radius[0]))
