"""Typed ports: the named values that skills hand to each other within a round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import PluginError
from plurigrid_ff.results import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plurigrid_ff.host.society import Society

T = TypeVar("T")

PerAgent = Mapping[str, T]
"""One value per agent, by node name of the society's graph."""


@dataclass(frozen=True, slots=True)
class Port(Generic[T]):
    """A named, typed value. Skills meet in ports, never in each other's code.

    Attributes:
        name: Kebab-case name, as it stands on skill cards.
        type: The value's type. Ports that are fed back must have one that pydantic
            can write as JSON, so that an interrupted run can resume.
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


STANDARD_PORTS: dict[str, Port[Any]] = {
    port.name: port for port in (ACTIVITIES, INITIAL_ACTIVITIES, GAINS, SCHEDULE, VERDICT)
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
        done: A generator has nothing more to gain: this round is the last, though others see
            it through.
    """

    values: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, Port[Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    done: bool = False

    def put(self, port: Port[T], value: T) -> None:
        """Write a port."""
        self.values[port.name] = value
        self.ports[port.name] = port
