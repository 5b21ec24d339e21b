"""Local objectives. Adding one is adding a file here that holds one ``Objective``."""

import importlib
import inspect
import pkgutil
from functools import cache

from plurigrid_ff.config import OptionValue, Settings
from plurigrid_ff.errors import unknown_name
from plurigrid_ff.learning.objectives.base import Objective

__all__ = ["Objective", "find_objective", "known_objectives", "parse_options"]


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


def find_objective(name: str) -> type[Objective]:
    """Return the objective of that name.

    Raises:
        UnknownNameError: There is none; the nearest name is suggested.
    """
    objectives = known_objectives()
    if name not in objectives:
        raise unknown_name("objective", name, objectives, where="network.objective: ")
    return objectives[name]


def parse_options(name: str, values: dict[str, OptionValue]) -> Settings:
    """Validate an objective's options.

    Raises:
        ConfigError: An option that the objective does not have, or out of range.
    """
    return find_objective(name).Options.parse(values, where=f"network.options of {name!r}")
