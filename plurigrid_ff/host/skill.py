"""The unit a plugin contributes: a card that says what it is, and how to build it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import Field, computed_field

from plurigrid_ff.config import SKILL_NAME, RunConfig, Settings
from plurigrid_ff.results import Assessment, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.host.ports import Inbox, Outbox, Port
    from plurigrid_ff.host.society import Society


class Role(IntEnum):
    """Place of a skill in a triad. The value is its trit, an element of GF(3)."""

    VALIDATOR = -1
    COORDINATOR = 0
    GENERATOR = 1

    @property
    def slot(self) -> str:
        """The role's name in a triad file: ``validator``, ``coordinator``, ``generator``."""
        return self.name.lower()


class SkillCard(Settings):
    """What a skill says of itself.

    Attributes:
        consumes: Names of ports read in the round they are written.
        feedback: Names of ports read one round late; absent in the first round.
        produces: Names of ports written. Every validator also produces ``verdict``.
    """

    name: str = Field(pattern=SKILL_NAME, max_length=64)
    version: str
    role: Role
    consumes: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    summary: str = Field(min_length=1, max_length=1024)
    references: tuple[str, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def trit(self) -> int:
        """The role as an element of GF(3)."""
        return int(self.role)


@runtime_checkable
class Generator(Protocol):
    """Trains for one round (+1)."""

    def generate(self, inbox: "Inbox") -> "Outbox":
        """Train on what the inbox says and put the results into ports."""
        ...


@runtime_checkable
class Coordinator(Protocol):
    """Decides what the next round does (0)."""

    def coordinate(self, inbox: "Inbox") -> "Outbox":
        """Read this round's results and put what follows from them into ports."""
        ...


@runtime_checkable
class Validator(Protocol):
    """Can say no (-1)."""

    def validate(self, inbox: "Inbox") -> Verdict:
        """Read this round's ports and judge them."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A built skill whose state must survive an interrupt."""

    def save_state(self, folder: "Path") -> None:
        """Write the state into an empty folder."""
        ...

    def load_state(self, folder: "Path") -> None:
        """Take up the state that :meth:`save_state` wrote."""
        ...


@runtime_checkable
class Settles(Protocol):
    """A built skill that has something to take up from the last round."""

    def settle(self, inbox: "Inbox") -> None:
        """Take up what the last round fed back. Called once, after it, without a new round.

        Nothing is saved afterwards, so a run that is interrupted here settles again.
        """
        ...


@runtime_checkable
class Trained(Protocol):
    """A built generator that ends with a network worth saving."""

    @property
    def num_parameters(self) -> int:
        """Trained numbers, read-outs included."""
        ...

    def assess(self) -> Assessment:
        """Measure the network on the test split. Called once, after the last round."""
        ...

    def save_network(self, path: "Path") -> None:
        """Write the network as one safetensors file that carries its config."""
        ...


@runtime_checkable
class TrainedAgent(Trained, Protocol):
    """One agent's network."""

    def validation_accuracy(self) -> float:
        """Share of validation samples that it gets right."""
        ...

    def parameters(self) -> "Mapping[str, NDArray[np.float32]]":
        """Return the trained weights, as in the port ``parameters``."""
        ...


@runtime_checkable
class TrainedSociety(Protocol):
    """A built generator that ends with a network per agent."""

    @property
    def networks(self) -> Mapping[str, TrainedAgent]:
        """The agents' networks, by name; those of excluded agents may be among them."""
        ...


@runtime_checkable
class Documents(Protocol):
    """A built skill that leaves files of its own in the run folder."""

    def save_files(self, folder: "Path") -> None:
        """Write them. Called once, when settings, log and networks of the run lie there."""
        ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a skill may use to build itself.

    Attributes:
        run: The resolved settings of the whole run.
        data: The data set.
        society: The agents' graph and probes.
        progress: Call it with the share of this round's work that is done.
        pipeline: Builds what spreads a network's layers over processes, for the generator; None:
            they are all in this one.
    """

    run: RunConfig
    data: "Dataset"
    society: "Society"
    progress: Callable[[float], None] = lambda share: None
    pipeline: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Skill:
    """A named capability with validated settings.

    Attributes:
        card: What the skill says of itself.
        config: Model that parses the skill's own table of a run file.
        build: Turns parsed settings and the run's context into the working object, which
            has the one method of its role. Import heavy libraries in here, not above.
        ports: Ports of its own that the skill produces; those of
            :mod:`plurigrid_ff.host.ports` are known without being listed.
    """

    card: SkillCard
    config: type[Settings]
    build: Callable[[Any, RunContext], Any]
    ports: "tuple[Port[Any], ...]" = ()

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name

    def parse_config(self, tables: Mapping[str, dict[str, Any]], *, where: str) -> Settings:
        """Parse this skill's table of ``[skills]``; an absent table gives the defaults."""
        return self.config.parse(tables.get(self.name, {}), where=f"{where}: skills.{self.name}")
