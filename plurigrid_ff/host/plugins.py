"""Find plugins, ask them for skills, objectives and blocks, and survive the broken ones."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from plurigrid_ff.config import Settings
from plurigrid_ff.host import hookspecs
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Skill
from plurigrid_ff.offers import BLOCK, OBJECTIVE, Home, Offer, OfferKind, check_offer

ALLOW_VARIABLE = "PLURIGRID_FF_PLUGINS"


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
    load_seconds: float = 0.0


@dataclass
class Host:
    """The skills, objectives and blocks on offer, and what became of every plugin."""

    registry: Registry = field(default_factory=Registry)
    objectives: dict[str, Offer] = field(default_factory=dict)
    blocks: dict[str, Offer] = field(default_factory=dict)
    plugins: list[PluginRecord] = field(default_factory=list)

    @property
    def failures(self) -> list[PluginRecord]:
        """Plugins that did not load."""
        return [record for record in self.plugins if record.status == "failed"]

    def offers(self, kind: OfferKind) -> dict[str, Offer]:
        """What plugins offer of one kind, by name."""
        return {OBJECTIVE: self.objectives, BLOCK: self.blocks}[kind]


def load_host(*, allow_plugins: bool = True) -> Host:
    """Load every allowed plugin, in name order, and collect what it offers.

    Entry points are loaded one by one: a plugin that raises is recorded and the rest go
    on. ``PLURIGRID_FF_PLUGINS`` holds the names that may load, separated by commas; unset
    means all, empty means none.

    Args:
        allow_plugins: False loads nothing at all, first-party skills included.
    """
    host = Host()
    allowed = _allowed_names() if allow_plugins else set()
    found = sorted(entry_points(group=hookspecs.PROJECT), key=lambda entry: entry.name)
    for entry in found:
        if allowed is not None and entry.name not in allowed:
            host.plugins.append(_record(entry, "disabled"))
        else:
            host.plugins.append(_load(entry, host))
    for name in sorted((allowed or set()) - {entry.name for entry in found}):
        host.plugins.append(_missing(name))
    return host


def _allowed_names() -> set[str] | None:
    """Read the allow-list; None where there is none."""
    text = os.environ.get(ALLOW_VARIABLE)
    if text is None:
        return None
    return {name.strip() for name in text.split(",") if name.strip()}


def _load(entry: EntryPoint, host: Host) -> PluginRecord:
    """Load one plugin and collect what it offers, or say why that failed."""
    started = time.perf_counter()
    skills: list[Skill] = []
    offers: list[Offer] = []
    try:
        found_skills, found_offers = _offers(entry)
        for skill in found_skills:
            host.registry.register(skill, provider=entry.name)
            skills.append(skill)
        for offer in found_offers:
            others = host.offers(offer.kind)
            check_offer(offer, others)
            others[offer.name] = offer
            offers.append(offer)
    # Foreign code enters here: whatever it raises, the host goes on without it.
    except (Exception, SystemExit) as error:
        for skill in skills:
            del host.registry.skills[skill.name], host.registry.providers[skill.name]
        for offer in offers:
            del host.offers(offer.kind)[offer.name]
        reason = f"{type(error).__name__}: {error}"
        return _record(entry, "failed", error=reason, started=started)
    return _record(
        entry,
        "loaded",
        skills=tuple(skill.name for skill in skills),
        objectives=tuple(offer.name for offer in offers if offer.kind is OBJECTIVE),
        blocks=tuple(offer.name for offer in offers if offer.kind is BLOCK),
        started=started,
    )


def _offers(entry: EntryPoint) -> tuple[list[Skill], list[Offer]]:
    """Call a plugin's hooks under a manager of its own, so that it can break no other."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(entry.load(), name=entry.name)
    manager.check_pending()
    skills: list[Skill] = []
    offers: list[Offer] = []

    def noting(kind: OfferKind) -> Callable[[str, Home], None]:
        return lambda name, home: offers.append(Offer(kind, name, home, entry.name))

    manager.hook.register_skills(register=skills.append)
    manager.hook.register_objectives(register=noting(OBJECTIVE))
    manager.hook.register_blocks(register=noting(BLOCK))
    return skills, offers


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


def _missing(name: str) -> PluginRecord:
    """Describe a name on the allow-list that no installed plugin has."""
    reason = f"named in {ALLOW_VARIABLE}, but no installed plugin has this name"
    return PluginRecord(
        name=name, distribution=None, version=None, module="", status="missing", error=reason
    )
