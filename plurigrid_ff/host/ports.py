"""Typed ports: the named values that skills hand to each other within a round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, PlainSerializer

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.arrays import Float32Array, Int64Array
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.lineage import Lineage
from plurigrid_ff.results import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plurigrid_ff.host.society import Society

T = TypeVar("T")

PerAgent = Mapping[str, T]
"""One value per agent, by node name of the society's graph."""

Edge = tuple[str, str]
"""An edge of the society's graph, by the names of its agents, in an order of its own."""

Parameters = Mapping[str, Float32Array]
"""Trained weights of one network, by their name in its file: ``layers.0.transform.weight``,
shape ``(out_features, in_features)`` for a linear layer, ``layers.0.transform.bias``, shape
``(out_features,)``. What an objective or a read-out learns beside is in it too, such as
``layers.0.objective.directions``, shape ``(classes, out_features)``; fixed buffers are not."""

EdgeMaps = Mapping[Edge, tuple[Int64Array, ...]]
"""For an edge (u, v), per layer, a permutation ``p`` of shape ``(out_features,)``: unit ``p[i]``
of v stands for unit ``i`` of u, so ``h_v[:, p]`` is aligned to ``h_u``. The way back, (v, u), is
the inverse permutation and is not listed."""


@dataclass(frozen=True, slots=True)
class Port(Generic[T]):
    """A named, typed value. Skills meet in ports, never in each other's code.

    Attributes:
        name: Kebab-case name, as it stands on skill cards.
        type: The value's type. Ports that are fed back must have one that pydantic
            can write as JSON, so that an interrupted run can resume; arrays in it are
            those of :mod:`plurigrid_ff.host.arrays`.
        summary: One sentence.
    """

    name: str
    type: Any
    summary: str


@dataclass(frozen=True, slots=True)
class LayerActivities:
    """Activities of one network on the society's probes.

    Attributes:
        inputs: What the first layer reads, shape ``(probes, in_features)``, float32.
        layers: One ``(probes, out_features)`` float32 array per layer.
    """

    inputs: "NDArray[np.float32]"
    layers: "tuple[NDArray[np.float32], ...]"


class LayerGain(Settings):
    """What one layer gained in one round, measured on held-out probes.

    Attributes:
        updates: Optimizer steps the layer took this round; 0 if it sat out.
        margin_before: Mean margin over the probes before the round. A margin is the
            log-probability of the true class, under the layer's own goodness.
        margin_after: The same, after the round.
    """

    updates: int
    margin_before: float
    margin_after: float


class LayerSchedule(Settings):
    """Which layers train in the next round, first layer first."""

    trains: tuple[bool, ...]


ACTIVITIES: "Port[PerAgent[LayerActivities]]" = Port(
    "activities", Any, "Activities of every layer on the probes, after the round."
)
INITIAL_ACTIVITIES: "Port[PerAgent[LayerActivities]]" = Port(
    "initial-activities", Any, "Activities of the same networks before any training."
)
GAINS: "Port[PerAgent[tuple[LayerGain, ...]]]" = Port(
    "gains", dict[str, tuple[LayerGain, ...]], "Held-out margin gain of every layer this round."
)
SCHEDULE: "Port[PerAgent[LayerSchedule]]" = Port(
    "schedule", dict[str, LayerSchedule], "Which layers train in the next round."
)
VERDICT: "Port[Verdict]" = Port("verdict", Verdict, "What the validator said of the round.")
MARGINS: "Port[PerAgent[Float32Array]]" = Port(
    "margins",
    dict[str, Float32Array],
    "Score of the true class minus the best other one on every probe, shape (probes,); positive "
    "where the agent is right.",
)
PARAMETERS: "Port[PerAgent[Parameters]]" = Port(
    "parameters", dict[str, dict[str, Float32Array]], "Trained weights, after the round."
)
MIXED_PARAMETERS: "Port[PerAgent[Parameters]]" = Port(
    "mixed-parameters",
    dict[str, dict[str, Float32Array]],
    "Weights that each agent takes up before the next round, unless the verdict is that this "
    "round failed.",
)
EDGE_MAPS: "Port[EdgeMaps]" = Port(
    "edge-maps",
    Annotated[
        dict[Edge, tuple[Int64Array, ...]],
        # JSON has no pairs for keys.
        BeforeValidator(
            lambda value: {tuple(k): v for k, v in value} if isinstance(value, list) else value
        ),
        PlainSerializer(
            lambda value: list(value.items()),
            return_type=list[tuple[Edge, tuple[Int64Array, ...]]],
        ),
    ],
    "Per edge and layer, the permutation that aligns the second agent's units to the first's.",
)
LINEAGE: "Port[Lineage]" = Port("lineage", Lineage, "Which networks descend from which.")
DERIVATIONS: "Port[tuple[Derivation, ...]]" = Port(
    "derivations", tuple[Derivation, ...], "Keys derived this round, and what from."
)
WARM_START: "Port[PerAgent[Mapping[str, NDArray[Any]]]]" = Port(
    "warm-start",
    Any,
    "Weights and buffers of the run that this one begins with, by their name in its file; in the "
    "first round, and only where there is such a run.",
)


STANDARD_PORTS: dict[str, Port[Any]] = {
    port.name: port
    for port in (
        ACTIVITIES,
        INITIAL_ACTIVITIES,
        GAINS,
        MARGINS,
        PARAMETERS,
        SCHEDULE,
        MIXED_PARAMETERS,
        EDGE_MAPS,
        LINEAGE,
        DERIVATIONS,
        VERDICT,
        WARM_START,
    )
}
"""Ports that skills of different plugins meet in."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a skill sees in one round: the society, and the ports its card names."""

    skill: str
    round: int
    society: "Society"
    values: Mapping[str, Any]

    def __getitem__(self, port: Port[T]) -> T:
        """Read a port that the card consumes.

        Raises:
            PluginError: The skill's card does not name this port.
        """
        if port.name not in self.values:
            raise PluginError(
                f"skill {self.skill!r} reads port {port.name!r}, which is not in its inbox; "
                "name it under consumes or feedback on the card"
            )
        value: T = self.values[port.name]
        return value

    def get(self, port: Port[T]) -> T | None:
        """Read a feedback port; None in the first round."""
        return self.values.get(port.name)


@dataclass(slots=True)
class Outbox:
    """What a skill hands on, and the few numbers it wants in the log.

    Attributes:
        values: Port values by port name.
        summary: JSON-ready numbers for the log and the progress line.
        edges: Numbers per edge of the society's graph, by their names, that people should see:
            ``{("a", "b"): {"discord": 0.3}}``. They go into the log and, round by round, into
            the report.
        excluded: Agents that a generator could not go on with, and why. From here on they
            are in no port and not in the society's graph.
        done: A generator has nothing more to gain: this round is the last, though others see
            it through.
    """

    values: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, Port[Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    edges: dict[Edge, dict[str, float]] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    done: bool = False

    def put(self, port: Port[T], value: T) -> None:
        """Write a port."""
        self.values[port.name] = value
        self.ports[port.name] = port
