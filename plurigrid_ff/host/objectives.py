"""Objectives that plugins offer: names and where the classes are, nothing loaded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plurigrid_ff.config import SKILL_NAME
from plurigrid_ff.errors import PluginError

Home = str | Callable[[], Any]


@dataclass(frozen=True, slots=True)
class ObjectiveOffer:
    """One objective on offer.

    Attributes:
        name: What run files call it.
        home: ``"package.module:Class"``, or a function that returns the class.
        provider: Name of the plugin.
    """

    name: str
    home: Home
    provider: str


def check_offer(offer: ObjectiveOffer, others: dict[str, ObjectiveOffer]) -> None:
    """Require a usable name and home, and that nobody else has the name.

    Raises:
        PluginError: What is wrong, and with which plugin.
    """
    who = f"plugin {offer.provider!r}"
    if not re.fullmatch(SKILL_NAME, str(offer.name)):
        raise PluginError(
            f"{who} offers an objective named {offer.name!r:.80}; expected lower-case words "
            "joined by hyphens, as in 'class-goodness'"
        )
    whole = isinstance(offer.home, str) and re.fullmatch(r"[\w.]+:\w+", offer.home)
    if not whole and not callable(offer.home):
        raise PluginError(
            f"{who} offers objective {offer.name!r} at {offer.home!r:.80}; expected "
            "'package.module:Class' or a function that returns the class"
        )
    if offer.name in others:
        raise PluginError(
            f"plugins {others[offer.name].provider!r} and {offer.provider!r} both offer an "
            f"objective named {offer.name!r}; disable one of them with PLURIGRID_FF_PLUGINS"
        )
