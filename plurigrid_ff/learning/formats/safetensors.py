"""The network's own file, for ``plurigrid_ff.learning.checkpoint.load_network``."""

from plurigrid_ff.learning.formats import Source


def encode(source: Source, name: str) -> dict[str, bytes]:
    """Return a copy of the file that the network was read from."""
    return {name: source.path.read_bytes()}
