"""The tools by name."""

from plurigrid_ff.mcp_server import listing, working
from plurigrid_ff.mcp_server.answers import (
    DatasetList,
    ObjectiveList,
    RecipeList,
    RecipeText,
    ServerState,
    SkillList,
)
from plurigrid_ff.mcp_server.arguments import NoArguments, RecipeArguments
from plurigrid_ff.mcp_server.run_tools import RUN_TOOLS
from plurigrid_ff.mcp_server.tool import READS, Tool, looking
from plurigrid_ff.mcp_server.triad_tools import TRIAD_TOOLS

LISTS = (
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

TOOLS = {tool.name: tool for tool in (*RUN_TOOLS, *TRIAD_TOOLS, *LISTS)}
