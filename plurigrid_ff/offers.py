"""What plugins offer by name: to networks, to users and to agents.

Nothing loads until it is asked for.
"""

import importlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from plurigrid_ff.command_names import COMMANDS
from plurigrid_ff.config import SKILL_NAME
from plurigrid_ff.errors import PluginError

Home = str | Callable[..., Any]


@dataclass(frozen=True, slots=True)
class OfferKind:
    """What can be offered.

    Attributes:
        noun: What one is called.
        one: The noun with its article.
        homes: Which homes are right, for messages.
        example: A name that is right, for messages.
        deferred: A home that is a function returns what is offered; otherwise it is that.
        names: Pattern of the names that are right.
        joined: What joins the words of such a name, for messages.
    """

    noun: str
    one: str
    homes: str
    example: str
    deferred: bool
    names: str = SKILL_NAME
    joined: str = "hyphens"


OBJECTIVE = OfferKind(
    noun="objective",
    one="an objective",
    homes="'package.module:Class' or a function that returns the class",
    example="class-goodness",
    deferred=True,
)
BLOCK = OfferKind(
    noun="block",
    one="a block",
    homes="'package.module:factory' or the factory itself",
    example="residual-block",
    deferred=False,
)
COMMAND = OfferKind(
    noun="command",
    one="a command",
    homes="'package.module:command' or a function that returns the command",
    example="topology",
    deferred=True,
)
TOOL = OfferKind(
    noun="tool",
    one="a tool",
    homes="'package.module:TOOL' or a function that returns the AgentTool",
    example="check_drift",
    deferred=True,
    names=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
    joined="underscores",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing on offer.

    Attributes:
        kind: What it is.
        name: What run files call it.
        home: Where it is; see :attr:`OfferKind.homes`.
        provider: Name of the plugin.
        summary: One sentence, shown where it is listed without being loaded.
    """

    kind: OfferKind
    name: str
    home: Home
    provider: str
    summary: str = ""

    def __str__(self) -> str:
        """Say whose it is."""
        return f"plugin {self.provider!r}: {self.kind.noun} {self.name!r:.80}"

    def load(self) -> Any:
        """Import what is offered.

        Raises:
            PluginError: It is not where the plugin says, or its module raises.
        """
        try:
            if not isinstance(self.home, str):
                return self.home() if self.kind.deferred else self.home
            module, _, member = self.home.partition(":")
            return getattr(importlib.import_module(module), member)
        # Foreign code enters here: whatever it raises becomes one sentence.
        except Exception as error:
            raise PluginError(
                f"{self} cannot be loaded from {self.home!r:.80}: {type(error).__name__}: {error}; "
                f"repair the plugin or choose another {self.kind.noun}"
            ) from error


def check_offer(offer: Offer, others: Mapping[str, Offer]) -> None:
    """Require a usable name and home, and that nobody else has the name.

    Args:
        offer: What a plugin offers.
        others: What other plugins offer of that kind, by name.

    Raises:
        PluginError: What is wrong, and with which plugin.
    """
    kind, who = offer.kind, f"plugin {offer.provider!r}"
    if not re.fullmatch(kind.names, str(offer.name)):
        raise PluginError(
            f"{who} offers {kind.one} named {offer.name!r:.80}; expected lower-case words joined "
            f"by {kind.joined}, as in {kind.example!r}"
        )
    whole = isinstance(offer.home, str) and re.fullmatch(r"[\w.]+:\w+", offer.home)
    if not whole and not callable(offer.home):
        raise PluginError(
            f"{who} offers {kind.noun} {offer.name!r} at {offer.home!r:.80}; expected {kind.homes}"
        )
    if kind is COMMAND:
        _check_command(offer, who)
    if offer.name in others:
        raise PluginError(
            f"plugins {others[offer.name].provider!r} and {offer.provider!r} both offer "
            f"{kind.one} named {offer.name!r}; leave one of them out, as in "
            f"PLURIGRID_FF_PLUGINS=-{offer.provider}"
        )


def _check_command(offer: Offer, who: str) -> None:
    """Require a name that the library does not have, and a line for ``--help``.

    Raises:
        PluginError: Which of the two is not so.
    """
    if offer.name in COMMANDS:
        raise PluginError(
            f"{who} offers a command named {offer.name!r}, which plurigrid-ff has; rename it"
        )
    # str: a plugin's own code says what it is.
    if offer.summary != str(offer.summary) or len(str(offer.summary).splitlines()) != 1:
        raise PluginError(
            f"{who} offers command {offer.name!r} with the summary {offer.summary!r:.80}; "
            "expected one line of text, which `plurigrid-ff --help` shows"
        )


class Offers(dict[str, Offer]):
    """The offers of one kind that networks may use, by name.

    Args:
        owner: Who else gives such names, for messages.
        taken: Returns the names that the owner has.
    """

    def __init__(self, owner: str, taken: Callable[[], Collection[str]]) -> None:
        super().__init__()
        self._owner = owner
        self._taken = taken

    def take_up(self, offers: Mapping[str, Offer]) -> None:
        """Hold these offers in place of what was held before.

        Raises:
            PluginError: A name that the owner has already.
        """
        for offer in offers.values():
            if offer.name in self._taken():
                raise PluginError(
                    f"plugin {offer.provider!r} offers {offer.kind.one} named {offer.name!r}, "
                    f"which {self._owner} has; rename it, or leave the plugin out with "
                    f"PLURIGRID_FF_PLUGINS=-{offer.provider}"
                )
        self.clear()
        self.update(offers)
