"""Settings of a society: how many agents, who talks to whom, and who learns from what."""

from typing import Literal

from pydantic import Field

from plurigrid_ff.settings import Settings

SHARDS = r"^(iid|classes:[1-9][0-9]{0,3})$"
AGENT_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""What an agent may be called, as a regular expression: its weights lie in a file of that name."""
ALONE = "agent-0"
"""Name of a single agent, and of the first of several."""
START = "common"
"""Whose initial weights all agents take under ``start = "common"``."""


class SocietyConfig(Settings):
    """The agents that learn. One agent with all samples is the ordinary case."""

    agents: int = Field(1, ge=1, le=1000, description="Networks, each with a shard of its own.")
    graph: str = Field(
        "complete",
        min_length=1,
        description="Who talks to whom: 'complete', 'cycle', 'path', 'star', 'circulant:1,2', "
        "'grid:2x4', 'hypercube:3', 'regular:3', 'erdos-renyi:0.4', or a path to a file: .graphml, "
        "or an edge list, two names a line.",
    )
    shards: str = Field(
        "iid",
        pattern=SHARDS,
        description="'iid': samples are dealt at random. 'classes:5': each agent sees 5 of the "
        "classes, and an equal share of the samples of each.",
    )
    start: Literal["different", "common"] = Field(
        "different", description="Whether agents begin with weights of their own or the same ones."
    )

    def whose_start(self, agent: str) -> str:
        """Return the role that an agent's initial weights are drawn for."""
        return agent if self.start == "different" else START
