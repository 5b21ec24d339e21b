"""Local objectives. Adding one is adding a file here that holds one ``Objective``.

A plugin adds one by the hook ``register_objectives``; it loads when a run asks for it.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache

from plurigrid_ff.config import OptionValue, Settings
from plurigrid_ff.errors import PluginError, unknown_name
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.offers import Offer, Offers

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


_offers = Offers("the library", known_objectives)


def offer_objectives(offers: Mapping[str, Offer]) -> None:
    """Take up what plugins offer, in place of what they offered before.

    Raises:
        PluginError: A name that the library has already.
    """
    _offers.take_up(offers)


def objective_names() -> list[str]:
    """Name every objective, the library's first."""
    return [*sorted(known_objectives()), *sorted(_offers)]


def provider_of(name: str) -> str:
    """Say who provides an objective: the library, or which plugin."""
    return _offers[name].provider if name in _offers else LIBRARY


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
    return _load(_offers[name])


def _load(offer: Offer) -> type[Objective]:
    """Load an objective that a plugin offers."""
    found = offer.load()
    if not (isinstance(found, type) and issubclass(found, Objective)):
        raise PluginError(f"{offer} must be a subclass of Objective, got {found!r:.80}")
    if inspect.isabstract(found) or getattr(found, "name", None) != offer.name:
        raise PluginError(
            f"{offer} must be a complete class whose name is {offer.name!r}, got {found.__name__} "
            f"with name {getattr(found, 'name', None)!r}"
        )
    return found


def parse_options(name: str, values: dict[str, OptionValue]) -> Settings:
    """Validate an objective's options.

    Raises:
        ConfigError: An option that the objective does not have, or out of range.
    """
    return find_objective(name).Options.parse(values, where=f"network.options of {name!r}")
