"""What became of a society: agents, edges, and all of them together."""

from pydantic import Field, computed_field

from plurigrid_ff.settings import Result
from plurigrid_ff.society_config import AGENT_NAME


class AgentReport(Result):
    """One agent of a society.

    Attributes:
        name: Its node in the graph, and the name of its file: ``agents/NAME.safetensors``.
        samples: Training samples in its shard.
        classes: Names of the classes in its shard.
        validation_accuracy: Of its network in the end; None for one that was excluded.
        test_accuracy: The same on the test split, which is the same for all.
        parameters: Digest of its trained weights in the end.
        excluded: Why it no longer took part; None: it did to the end.
    """

    name: str = Field(pattern=f"^{AGENT_NAME}$")
    samples: int
    classes: tuple[str, ...]
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    parameters: str | None = None
    excluded: str | None = None


class EdgeMeasure(Result):
    """One number of an edge, in the rounds in which a coordinator told it."""

    name: str = Field(description="What it is, such as 'discord'.")
    rounds: tuple[int, ...]
    values: tuple[float, ...]


class EdgeReport(Result):
    """One edge of a society's graph, and what its coordinator wants shown of it."""

    between: tuple[str, str]
    measures: tuple[EdgeMeasure, ...] = ()


class Spread(Result):
    """Mean, lowest and highest of one number over agents."""

    mean: float
    min: float
    max: float


class SocietyReport(Result):
    """Several agents: who they were, who talked to whom, and what each came to."""

    graph: str = Field(description="As it stands in the run file.")
    shards: str
    start: str
    best: str | None = Field(
        description="The agent with the best validation accuracy, whose network the rest of the "
        "report describes; None where no network was trained."
    )
    agents: tuple[AgentReport, ...]
    edges: tuple[EdgeReport, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def test_accuracy(self) -> Spread | None:
        """Over the agents that took part to the end."""
        found = [a.test_accuracy for a in self.agents if a.test_accuracy is not None]
        if not found:
            return None
        return Spread(mean=sum(found) / len(found), min=min(found), max=max(found))
