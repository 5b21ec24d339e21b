"""Formats a trained network can be written in, one module each.

A module holds ``encode(source, name)``, which returns the content of every file by name;
``name`` is the one that was asked for, and others lie beside it. What needs a library that
only some users have says so when it is imported. ``plurigrid_ff.exports`` lists the modules.
"""

from dataclasses import dataclass
from pathlib import Path

from plurigrid_ff.learning.checkpoint import NetworkCard
from plurigrid_ff.learning.network import FFNetwork


@dataclass(frozen=True, slots=True)
class Source:
    """What there is to write.

    Attributes:
        network: The network, on the CPU.
        card: What its file says of it: shape of a sample, class names, data.
        path: Its file, which has been read without a fault.
    """

    network: FFNetwork
    card: NetworkCard
    path: Path
