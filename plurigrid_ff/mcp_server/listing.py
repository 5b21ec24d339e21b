"""Tools that only look: quick, read in a thread, and torch stays out of them."""

from plurigrid_ff.config import Triad
from plurigrid_ff.data.found import find_datasets
from plurigrid_ff.host.enumeration import Enumeration, enumerate_triads
from plurigrid_ff.host.listing import list_skills
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.suggestion import Advice, suggest
from plurigrid_ff.host.triad import (
    TriadCheck,
    check_triad,
    compose_triad,
    shipped_triads,
    triad_from_arguments,
    write_triad,
)
from plurigrid_ff.mcp_server.answers import (
    DatasetList,
    RecipeList,
    RecipeText,
    ServerState,
    SkillList,
    TriadList,
    Work,
)
from plurigrid_ff.mcp_server.arguments import (
    ComposeArguments,
    EnumerateArguments,
    NoArguments,
    RecipeArguments,
    SuggestArguments,
    TriadArguments,
    TriadReference,
)
from plurigrid_ff.mcp_server.door import Door
from plurigrid_ff.recipes import find_recipe, shipped_recipes


def server_state(door: Door, host: Host, arguments: NoArguments) -> ServerState:
    """Say what this server allows and is doing."""
    training, computing = (
        Work(running=gate.inside, waiting=gate.waiting) for gate in (door.training, door.computing)
    )
    return ServerState(
        folder=str(door.folder.root),
        limits=door.limits,
        training=training,
        computing=computing,
        plugins=door.allow_plugins,
    )


def skills(door: Door, host: Host, arguments: NoArguments) -> SkillList:
    """List the skills that make up triads."""
    return SkillList(skills=tuple(list_skills(host.registry)))


def triads(door: Door, host: Host, arguments: NoArguments) -> TriadList:
    """List the shipped triads."""
    checks = (check_triad(triad, host.registry) for triad in shipped_triads().values())
    return TriadList(triads=tuple(checks))


def checked_triad(door: Door, host: Host, arguments: TriadArguments) -> TriadCheck:
    """Check one triad."""
    return check_triad(find_triad(door, host, arguments.triad), host.registry)


def find_triad(door: Door, host: Host, reference: TriadReference) -> Triad:
    """Look a triad up by name or file, or compose it of three skills."""
    if isinstance(reference, str):
        reference = (door.reference("triad", reference, shipped_triads(), where="triad"),)
    return triad_from_arguments(reference, host.registry)


def composed_triad(door: Door, host: Host, arguments: ComposeArguments) -> TriadCheck:
    """Put three skills into the slots of their roles, and write the triad if asked to."""
    triad = compose_triad(arguments.skills, host.registry, name=arguments.name)
    if arguments.out is not None:
        path = door.folder.file(arguments.out, ".toml", where="out")
        with door.claims.hold(path):
            write_triad(triad, door.absolute(path), overwrite=arguments.overwrite)
    return check_triad(triad, host.registry)


def enumerated_triads(door: Door, host: Host, arguments: EnumerateArguments) -> Enumeration:
    """List and count all triads that the skills at hand can make."""
    return enumerate_triads(host.registry, kind=arguments.kind, absent=arguments.absent)


def suggested_skills(door: Door, host: Host, arguments: SuggestArguments) -> Advice:
    """Say what a set of skills lacks to be triads."""
    return suggest(arguments.skills, host.registry)


def recipes(door: Door, host: Host, arguments: NoArguments) -> RecipeList:
    """List the shipped recipes."""
    return RecipeList(recipes=tuple(recipe.card for recipe in shipped_recipes().values()))


def shown_recipe(door: Door, host: Host, arguments: RecipeArguments) -> RecipeText:
    """Show one recipe with its file."""
    recipe = find_recipe(recipe_reference(door, arguments.name, where="name"))
    return RecipeText(**recipe.card.model_dump(), toml=recipe.text)


def recipe_reference(door: Door, text: str, *, where: str) -> str:
    """Return what finds a recipe: its name, or the path of a file in the working folder."""
    return door.reference("recipe", text, shipped_recipes(), where=where)


def datasets(door: Door, host: Host, arguments: NoArguments) -> DatasetList:
    """List the data sets that have a name."""
    return DatasetList(datasets=find_datasets())
