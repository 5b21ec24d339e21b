"""Find plugins, ask them for what they offer, and survive the broken ones."""

import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from plurigrid_ff.config import Settings
from plurigrid_ff.host import hookspecs
from plurigrid_ff.host.hook_calls import HookCall, watch
from plurigrid_ff.host.hook_versions import check_hooks_version
from plurigrid_ff.host.questions import answered_by, ask
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.selection import VARIABLE, Selection
from plurigrid_ff.host.skill import Skill
from plurigrid_ff.offers import (
    BLOCK,
    COMMAND,
    OBJECTIVE,
    TOOL,
    Home,
    Offer,
    OfferKind,
    check_offer,
)

Trace = Callable[[HookCall], None]


class PluginRecord(Settings):
    """What became of one plugin."""

    name: str
    distribution: str | None
    version: str | None
    module: str
    status: Literal["loaded", "failed", "disabled", "missing"]
    error: str | None = None
    skills: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    load_seconds: float = 0.0


@dataclass
class Host:
    """What is on offer, and what became of every plugin.

    Attributes:
        managers: The plugin manager of every loaded plugin, by its name, in loading order.
    """

    registry: Registry = field(default_factory=Registry)
    objectives: dict[str, Offer] = field(default_factory=dict)
    blocks: dict[str, Offer] = field(default_factory=dict)
    commands: dict[str, Offer] = field(default_factory=dict)
    tools: dict[str, Offer] = field(default_factory=dict)
    plugins: list[PluginRecord] = field(default_factory=list)
    managers: dict[str, pluggy.PluginManager] = field(default_factory=dict)

    def ask(self, question: str, **arguments: Any) -> Any:
        """Ask plugins a question, such as ``color_rank``; see :func:`~.questions.ask`."""
        return ask(self.managers, question, arguments)

    @property
    def failures(self) -> list[PluginRecord]:
        """Plugins that did not load."""
        return [record for record in self.plugins if record.status == "failed"]

    def offers(self, kind: OfferKind) -> dict[str, Offer]:
        """What plugins offer of one kind, by name."""
        return {
            OBJECTIVE: self.objectives,
            BLOCK: self.blocks,
            COMMAND: self.commands,
            TOOL: self.tools,
        }[kind]

    def take(self, item: Skill | Offer, *, provider: str) -> None:
        """Put one thing that a plugin registered on offer.

        Raises:
            PluginError: It is none, its name is taken, or it breaks the contract of its hook.
        """
        if isinstance(item, Offer):
            check_offer(item, self.offers(item.kind))
            self.offers(item.kind)[item.name] = item
        else:
            self.registry.register(item, provider=provider)

    def give_back(self, item: Skill | Offer) -> None:
        """Take one thing off offer again."""
        if isinstance(item, Offer):
            del self.offers(item.kind)[item.name]
        else:
            del self.registry.skills[item.name], self.registry.providers[item.name]


def load_host(*, allow_plugins: bool = True, trace: Trace | None = None) -> Host:
    """Load every plugin that may load, in name order, and collect what it offers.

    Entry points are loaded one by one: a plugin that raises is recorded and the rest go
    on. ``PLURIGRID_FF_PLUGINS`` says which may load: see :class:`Selection`.

    Args:
        allow_plugins: False loads nothing at all, first-party skills included.
        trace: Told of every call of a hook.
    """
    host = Host()
    selection = Selection.from_environment() if allow_plugins else Selection(only=frozenset())
    found = sorted(
        entry_points(group=hookspecs.PROJECT), key=lambda entry: (entry.name, entry.value)
    )
    for entry in found:
        if entry.name in selection:
            host.plugins.append(_load(entry, host, trace))
        else:
            host.plugins.append(_record(entry, "disabled"))
    names = {entry.name for entry in found}
    host.plugins += [_missing(name, names) for name in sorted(selection.named - names)]
    return host


def _load(entry: EntryPoint, host: Host, trace: Trace | None) -> PluginRecord:
    """Load one plugin and collect what it offers, or say why that failed."""
    started = time.perf_counter()
    taken: list[Skill | Offer] = []
    try:
        manager, offered = _offered(entry, trace)
        for item in offered:
            host.take(item, provider=entry.name)
            taken.append(item)
    # Foreign code enters here: whatever it raises, the host goes on without it.
    except (Exception, SystemExit) as error:
        for item in taken:
            host.give_back(item)
        reason = f"{type(error).__name__}: {error}"
        return _record(entry, "failed", error=reason, started=started)
    host.managers[entry.name] = manager
    return _record(
        entry,
        "loaded",
        skills=tuple(item.name for item in taken if isinstance(item, Skill)),
        objectives=_names(taken, OBJECTIVE),
        blocks=_names(taken, BLOCK),
        commands=_names(taken, COMMAND),
        tools=_names(taken, TOOL),
        answers=answered_by(manager),
        started=started,
    )


def _names(items: list[Skill | Offer], kind: OfferKind) -> tuple[str, ...]:
    """Name the offers of one kind."""
    return tuple(item.name for item in items if isinstance(item, Offer) and item.kind is kind)


def _offered(
    entry: EntryPoint, trace: Trace | None
) -> tuple[pluggy.PluginManager, list[Skill | Offer]]:
    """Call a plugin's hooks under a manager of its own, so that it can break no other."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    plugin = entry.load()
    # First, or a plugin for newer hooks would be told that it has misspelt them.
    check_hooks_version(plugin, entry.name)
    manager.register(plugin, name=entry.name)
    manager.check_pending()
    found: list[Skill | Offer] = []

    def noting(kind: OfferKind) -> Callable[[str, Home], None]:
        return lambda name, home: found.append(Offer(kind, name, home, entry.name))

    def note_command(name: str, home: Home, summary: str) -> None:
        found.append(Offer(COMMAND, name, home, entry.name, summary))

    if trace:
        watch(manager, entry.name, found, trace)
    manager.hook.register_skills(register=found.append)
    manager.hook.register_objectives(register=noting(OBJECTIVE))
    manager.hook.register_blocks(register=noting(BLOCK))
    manager.hook.register_commands(register=note_command)
    manager.hook.register_tools(register=noting(TOOL))
    return manager, found


def _record(
    entry: EntryPoint,
    status: Literal["loaded", "failed", "disabled"],
    *,
    started: float | None = None,
    **details: Any,
) -> PluginRecord:
    """Describe one entry point."""
    seconds = time.perf_counter() - started if started is not None else 0.0
    return PluginRecord(
        name=entry.name,
        distribution=entry.dist.name if entry.dist else None,
        version=entry.dist.version if entry.dist else None,
        module=entry.value,
        status=status,
        load_seconds=round(seconds, 4),
        **details,
    )


def _missing(name: str, installed: set[str]) -> PluginRecord:
    """Describe a name in the environment variable that no installed plugin has."""
    near = difflib.get_close_matches(name, sorted(installed), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    reason = f"named in {VARIABLE}, but no installed plugin has this name{hint}"
    return PluginRecord(
        name=name, distribution=None, version=None, module="", status="missing", error=reason
    )
