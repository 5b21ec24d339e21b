"""The tools: names, what agents read about them, and what each calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import anyio.to_thread
from mcp_types import Tool as ToolCard
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from plurigrid_ff.config import Settings
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.triad import TriadCheck
from plurigrid_ff.mcp_server import listing, working
from plurigrid_ff.mcp_server.answers import (
    DatasetList,
    ObjectiveList,
    Predictions,
    RecipeList,
    RecipeText,
    ServerState,
    SkillList,
    TriadList,
)
from plurigrid_ff.mcp_server.arguments import (
    ComposeArguments,
    EvaluateArguments,
    NoArguments,
    PredictArguments,
    RecipeArguments,
    ReproduceArguments,
    TrainArguments,
    TriadArguments,
)
from plurigrid_ff.mcp_server.door import Door, Report
from plurigrid_ff.reproduction import Reproduction
from plurigrid_ff.results import Assessment, RunReport

Call = Callable[[Door, Any, Report], Awaitable[BaseModel]]

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
# Destructive where overwrite is set, and only then.
WRITES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
GOES_ON = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: What clients call it.
        title: What people read.
        description: What agents read.
        arguments: Model of what it is called with; an unknown key is an error.
        result: Model of what it answers.
        annotations: Whether it writes.
        call: What it does.
    """

    name: str
    title: str
    description: str
    arguments: type[Settings]
    result: type[BaseModel]
    annotations: ToolAnnotations
    call: Call

    @cached_property
    def card(self) -> ToolCard:
        """Describe the tool to a client, computed fields of the answer included."""
        return ToolCard(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.result.model_json_schema(mode="serialization"),
            annotations=self.annotations,
        )


def looking(read: Callable[[Door, Host, Any], BaseModel]) -> Call:
    """Let a tool that only looks do so in a thread."""

    async def call(door: Door, arguments: Settings, report: Report) -> BaseModel:
        host = await door.host()
        return await anyio.to_thread.run_sync(read, door, host, arguments)

    return call


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "train",
            "Train a network",
            "Train a network layer by layer, without backprop, and write a run folder. Starts from "
            "defaults or a recipe. With a triad, a validator passes a verdict: 'failed' and "
            "'undecidable' are answers, not errors. A call that is cancelled or takes too long "
            "leaves OUT.partial; the same call with resume=true goes on. Takes seconds to minutes.",
            TrainArguments,
            RunReport,
            WRITES,
            working.train,
        ),
        Tool(
            "reproduce",
            "Reproduce a recipe",
            "Train a recipe on several seeds, beside backprop on the same splits and what was "
            "published. Finished seeds are kept: the same call again trains what is missing.",
            ReproduceArguments,
            Reproduction,
            GOES_ON,
            working.reproduce,
        ),
        Tool(
            "evaluate",
            "Evaluate a run",
            "Measure the network of a finished run on test samples: in all, and layer by layer.",
            EvaluateArguments,
            Assessment,
            READS,
            working.evaluate,
        ),
        Tool(
            "predict",
            "Label samples",
            "Label samples with the network of a finished run. Answers counts per label and the "
            "first predictions; out writes all of them. Probabilities are not calibrated.",
            PredictArguments,
            Predictions,
            WRITES,
            working.predict,
        ),
        Tool(
            "list_triads",
            "List triads",
            "List the shipped triads (validator, coordinator, generator) and whether each can run.",
            NoArguments,
            TriadList,
            READS,
            looking(listing.triads),
        ),
        Tool(
            "check_triad",
            "Check a triad",
            "Check a triad's arithmetic in GF(3), slots, installation and ports. It can run if "
            "faults is empty.",
            TriadArguments,
            TriadCheck,
            READS,
            looking(listing.checked_triad),
        ),
        Tool(
            "compose_triad",
            "Compose a triad",
            "Put three skills, in any order, into the slots of their roles. With out, write that.",
            ComposeArguments,
            TriadCheck,
            WRITES,
            looking(listing.composed_triad),
        ),
        Tool(
            "list_skills",
            "List skills",
            "List the skills that make up triads: role, trit, ports, and whether installed.",
            NoArguments,
            SkillList,
            READS,
            looking(listing.skills),
        ),
        Tool(
            "list_objectives",
            "List objectives",
            "List local objectives: what each tells apart, its negatives, options and paper.",
            NoArguments,
            ObjectiveList,
            READS,
            working.list_objectives,
        ),
        Tool(
            "list_recipes",
            "List recipes",
            "List recipes: settings with a source, what that published, what was reached here.",
            NoArguments,
            RecipeList,
            READS,
            looking(listing.recipes),
        ),
        Tool(
            "show_recipe",
            "Show a recipe",
            "Show one recipe with its TOML file, to save and change.",
            RecipeArguments,
            RecipeText,
            READS,
            looking(listing.shown_recipe),
        ),
        Tool(
            "list_datasets",
            "List data sets",
            "List the data sets that have a name, whether each is on this machine, and where it is "
            "published. Nothing is downloaded. Files in the working folder need no listing.",
            NoArguments,
            DatasetList,
            READS,
            looking(listing.datasets),
        ),
        Tool(
            "show_limits",
            "Show limits",
            "Show the working folder, the limits of this server, and what runs and waits.",
            NoArguments,
            ServerState,
            READS,
            looking(listing.server_state),
        ),
    )
}
