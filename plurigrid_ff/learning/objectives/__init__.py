"""Local objectives. Adding one is adding a file here that holds one ``Objective``.

A plugin adds one by the hook ``register_objectives``; it loads when a run asks for it.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from plurigrid_ff.config import OptionValue, Settings
from plurigrid_ff.errors import PluginError, unknown_name
from plurigrid_ff.learning.objectives.base import Objective

__all__ = [
    "Objective",
    "find_objective",
    "known_objectives",
    "objective_names",
    "offer_objectives",
    "parse_options",
    "provider_of",
]

LIBRARY = "plurigrid-ff"
_offers: dict[str, tuple[str | Callable[[], Any], str]] = {}


@cache
def known_objectives() -> dict[str, type[Objective]]:
    """Collect the objectives of this package by name."""
    found: dict[str, type[Objective]] = {}
    for module in pkgutil.iter_modules(__path__):
        members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        for member in members:
            if (
                isinstance(member, type)
                and issubclass(member, Objective)
                and not inspect.isabstract(member)
            ):
                found[member.name] = member
    return found


def offer_objectives(offers: dict[str, tuple[str | Callable[[], Any], str]]) -> None:
    """Take up what plugins offer, in place of what they offered before.

    Args:
        offers: By name: where the class is, and which plugin says so.

    Raises:
        PluginError: A name that the library has already.
    """
    for name, (_, provider) in offers.items():
        if name in known_objectives():
            raise PluginError(
                f"plugin {provider!r} offers an objective named {name!r}, which the library has; "
                "rename it, or leave the plugin out with PLURIGRID_FF_PLUGINS"
            )
    _offers.clear()
    _offers.update(offers)


def objective_names() -> list[str]:
    """Name every objective, the library's first."""
    return [*sorted(known_objectives()), *sorted(_offers)]


def provider_of(name: str) -> str:
    """Say who provides an objective: the library, or which plugin."""
    return _offers[name][1] if name in _offers else LIBRARY


def find_objective(name: str) -> type[Objective]:
    """Return the objective of that name.

    Raises:
        UnknownNameError: There is none; the nearest name is suggested.
        PluginError: A plugin offers it and it cannot be loaded.
    """
    if name in known_objectives():
        return known_objectives()[name]
    if name not in _offers:
        raise unknown_name("objective", name, objective_names(), where="network.objective: ")
    return _load(name, *_offers[name])


def _load(name: str, home: str | Callable[[], Any], provider: str) -> type[Objective]:
    """Load an objective that a plugin offers."""
    where = f"plugin {provider!r}: objective {name!r}"
    try:
        if isinstance(home, str):
            module, _, member = home.partition(":")
            found = getattr(importlib.import_module(module), member)
        else:
            found = home()
    # Foreign code enters here: whatever it raises becomes one sentence.
    except Exception as error:
        raise PluginError(
            f"{where} cannot be loaded from {home!r:.80}: {type(error).__name__}: {error}; "
            "repair the plugin or choose another objective"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Objective)):
        raise PluginError(f"{where} must be a subclass of Objective, got {found!r:.80}")
    if inspect.isabstract(found) or getattr(found, "name", None) != name:
        raise PluginError(
            f"{where} must be a complete class whose name is {name!r}, got {found.__name__} with "
            f"name {getattr(found, 'name', None)!r}"
        )
    return found


def parse_options(name: str, values: dict[str, OptionValue]) -> Settings:
    """Validate an objective's options.

    Raises:
        ConfigError: An option that the objective does not have, or out of range.
    """
    return find_objective(name).Options.parse(values, where=f"network.options of {name!r}")
