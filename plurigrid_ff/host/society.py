"""The agents of a run: who talks to whom, and the samples all of them are probed on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Society:
    """Agents on a communication graph, and shared held-out probes.

    Attributes:
        graph: Nodes are agent names. One agent and no edge is the ordinary case.
        probes: Held-out inputs that no agent trains on, ``(probes, *features)`` float32.
        labels: Their classes, shape ``(probes,)``, int64 in ``[0, num_classes)``.
        num_classes: Number of classes.
        seed: The run's seed; derive keys from it, never draw from it directly.
    """

    graph: "nx.Graph[str]"
    probes: "NDArray[np.float32]"
    labels: "NDArray[np.int64]"
    num_classes: int
    seed: int
