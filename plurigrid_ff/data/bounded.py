"""Reading that a hostile or damaged file cannot turn into a huge allocation."""

from typing import Protocol

# Twenty times MNIST as float32; more does not fit the memory of a machine for it.
MAX_BYTES = 4 << 30
CHUNK_BYTES = 1 << 20


class Readable(Protocol):
    """A stream of bytes: a plain file, a gzip file, a member of a zip file."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""


def read_up_to(stream: Readable, size: int) -> bytearray:
    """Return ``size`` bytes, or all there are if there are fewer.

    Memory grows with what the stream delivers, not with what a header promises. A
    bytearray, because arrays over ``bytes`` are read-only.
    """
    content = bytearray()
    while len(content) < size:
        chunk = stream.read(min(CHUNK_BYTES, size - len(content)))
        if not chunk:
            break
        content += chunk
    return content
