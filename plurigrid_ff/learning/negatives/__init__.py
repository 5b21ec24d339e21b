"""Sources of negatives. Adding one is adding a class to a file here."""

import importlib
import inspect
import pkgutil
from functools import cache

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError, unknown_name
from plurigrid_ff.learning.negatives.base import Negatives
from plurigrid_ff.learning.objectives import Objective, find_objective
from plurigrid_ff.learning.objectives.base import Contrast

__all__ = ["Negatives", "accepted_negatives", "find_negatives", "known_negatives"]

NONE = "none"
DEFAULTS: dict[Contrast, str] = {
    "classes": NONE,
    "samples": "hardest-label",
    "pairs": "other-sample",
}


@cache
def known_negatives() -> dict[str, type[Negatives]]:
    """Collect the sources of this package by name."""
    found: dict[str, type[Negatives]] = {}
    for module in pkgutil.iter_modules(__path__):
        members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        for member in members:
            if (
                isinstance(member, type)
                and issubclass(member, Negatives)
                and not inspect.isabstract(member)
            ):
                found[member.name] = member
    return found


def accepted_negatives(objective: type[Objective]) -> tuple[str, ...]:
    """Name what an objective can learn from, its default first."""
    default = DEFAULTS[objective.contrast]
    suited = (n for n, kind in known_negatives().items() if kind.contrast == objective.contrast)
    return (default, *sorted(name for name in suited if name != default))


def find_negatives(config: NetworkConfig) -> type[Negatives] | None:
    """Return the source of a network's negatives; None where its objective needs none.

    Raises:
        UnknownNameError: There is none of that name; the nearest is suggested.
        ConfigError: The objective cannot learn from it, or nothing could read classes.
    """
    objective = find_objective(config.objective)
    accepted = accepted_negatives(objective)
    name = accepted[0] if config.negatives == "auto" else config.negatives
    if name not in (NONE, *known_negatives()):
        known = ("auto", NONE, *known_negatives())
        raise unknown_name("negatives", name, known, where="network.negatives: ")
    if name not in accepted:
        raise ConfigError(
            f"network.negatives: objective {config.objective!r} compares {objective.contrast} and "
            f"learns from {' or '.join(map(repr, accepted))}, got {name!r}; choose one of those"
        )
    if name == NONE:
        return None
    kind = known_negatives()[name]
    if config.recurrent is not None and not kind.recurrent:
        suited = (n for n in accepted if known_negatives()[n].recurrent)
        raise ConfigError(
            f"network.negatives: {name!r} asks a first layer that hears none above it, but "
            f"network.recurrent lets it; choose one of {', '.join(map(repr, suited))}"
        )
    if not kind.labelled and config.readout == "goodness":
        raise ConfigError(
            f"network.readout: negatives {name!r} put no label into the input, so goodness cannot "
            f'tell classes, got {config.readout!r}; set network.readout = "probe" or "head"'
        )
    return kind
