"""Blocks by name: modules of your own that layers are made of. Settings hold names, never code."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plurigrid_ff.config import SKILL_NAME
from plurigrid_ff.errors import PluginError, unknown_name
from plurigrid_ff.offers import BLOCK, Offer, Offers

if TYPE_CHECKING:
    from torch import nn

BlockFactory = Callable[[tuple[int, ...]], "nn.Module"]

_registered: dict[str, BlockFactory] = {}
_offers = Offers("register_block", lambda: _registered)


def register_block(name: str, factory: BlockFactory) -> None:
    """Let settings make layers of a module of yours, in this process.

    Registered again, a name stands for the new factory, in networks that are built from then
    on. Programs that never run your code, such as the command line, find a block where a plugin
    offers it by the hook ``register_blocks``.

    Args:
        name: What ``block = "..."`` in the settings calls it: lower-case words joined by
            hyphens.
        factory: Called with the shape of one sample of what the layer reads, ``(features,)`` or
            ``(channels, *places)``; returns a new module that maps ``(rows, *in_shape)`` to
            ``(rows, *out_shape)``. The layer adds ReLU and objective itself.

    Raises:
        ValueError: A name of another form.
        TypeError: A factory that cannot be called.
        PluginError: A plugin offers a block of that name.
    """
    if not re.fullmatch(SKILL_NAME, name):
        raise ValueError(
            f"name must be lower-case words joined by hyphens, as in {BLOCK.example!r}, got "
            f"{name!r:.80}"
        )
    if not callable(factory):
        raise TypeError(
            f"factory must be a function of in_shape that returns a module, got {factory!r:.80}; "
            f"write lambda in_shape: ... around a module that is made anew"
        )
    if name in _offers:
        raise PluginError(
            f"plugin {_offers[name].provider!r} offers a block named {name!r} already; choose "
            "another name, or leave the plugin out with "
            f"PLURIGRID_FF_PLUGINS=-{_offers[name].provider}"
        )
    _registered[name] = factory


def offer_blocks(offers: Mapping[str, Offer]) -> None:
    """Take up what plugins offer, in place of what they offered before.

    Raises:
        PluginError: A name that is registered in this process.
    """
    _offers.take_up(offers)


def find_block(name: str, *, where: str) -> BlockFactory:
    """Return the factory of that name.

    Args:
        name: What the settings call it.
        where: Place of the settings, for errors.

    Raises:
        UnknownNameError: There is none; the nearest name is suggested.
        PluginError: A plugin offers it and it cannot be loaded.
    """
    if name in _registered:
        return _registered[name]
    if name not in _offers:
        known = [*_registered, *_offers]
        raise unknown_name(
            "block",
            name,
            known,
            where=f"{where}: ",
            remedy=f"known: {', '.join(sorted(known)) or 'none'}; call "
            f"plurigrid_ff.register_block({name!r:.80}, ...) first, or install the plugin that "
            "offers it",
        )
    factory: BlockFactory = _offers[name].load()
    if not callable(factory):
        raise PluginError(
            f"{_offers[name]} must be a function of in_shape that returns a module, got "
            f"{factory!r:.80}"
        )
    return factory
