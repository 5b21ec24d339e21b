"""A packed stream, unpacked piece by piece and forwards only.

Whatever the packed bytes claim, no more than ``MAX_BYTES`` come out, and memory holds one
piece at a time.
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from plurigrid_ff.data.bounded import CHUNK_BYTES, MAX_BYTES, Readable
from plurigrid_ff.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
XZ_MAGIC = b"\xfd7zXZ\x00"
# xz -9 needs 65 MiB to unpack; a header may ask for 4 GiB.
XZ_MEMORY = 256 << 20
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


class XzStream:
    """The content of an xz file, one or several streams of it.

    ``lzma.LZMAFile`` would do, but it sets no limit to the memory that a header asks for.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = self._new()

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end.

        Raises:
            EOFError: The file ends within a stream.
            lzma.LZMAError: It is damaged, or asks for too much memory.
        """
        while True:
            packed = b""
            if self._decoder.eof:
                # Streams may follow each other, and zeros may fill a block up.
                packed = self._decoder.unused_data.lstrip(b"\0") or self._file.read(CHUNK_BYTES)
                packed = packed.lstrip(b"\0")
                if not packed:
                    return b""
                self._decoder = self._new()
            elif self._decoder.needs_input:
                packed = self._file.read(CHUNK_BYTES)
                if not packed:
                    raise EOFError("it ends too early")
            content = self._decoder.decompress(packed, size)
            if content:
                return content

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        """Build a decoder of one stream."""
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)


class Forwards:
    """A stream that counts what it delivers and skips by reading.

    The two methods beside ``read`` are what :mod:`tarfile` asks of a file.

    Args:
        stream: What to read from.
        where: Prefix of messages.
        limit: Most bytes in all.
        at_once: Most bytes of one read: a tar header may ask for any number.
    """

    def __init__(self, stream: Readable, *, where: str, limit: int, at_once: int) -> None:
        self._stream = stream
        self._where = where
        self._limit = limit
        self._at_once = at_once
        self._place = 0
        self.last = b""

    def tell(self) -> int:
        """Return how many bytes were delivered or skipped."""
        return self._place

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Skip to a place that lies ahead.

        Raises:
            DataError: The place was passed already.
        """
        if whence or place < self._place:
            raise DataError(f"{self._where}: points back into itself; pack it again")
        while self._place < place:
            if not self._take(min(CHUNK_BYTES, place - self._place)):
                break
        return self._place

    def read(self, size: int, /) -> bytes:
        """Return ``size`` bytes, or all there are if there are fewer.

        Raises:
            DataError: More is asked for at once, or was in all, than is allowed.
        """
        if size > self._at_once:
            raise DataError(
                f"{self._where}: holds a piece of {size} bytes, expected at most {self._at_once}; "
                "leave that file out"
            )
        content = bytearray()
        while len(content) < size:
            part = self._take(min(CHUNK_BYTES, size - len(content)))
            if not part:
                break
            content += part
        self.last = bytes(content)
        return self.last

    def drain(self) -> None:
        """Read to the very end, where a checksum is compared."""
        while self._take(CHUNK_BYTES):
            pass

    def _take(self, size: int) -> bytes:
        """Read one piece and count it."""
        part = self._stream.read(size)
        self._place += len(part)
        if self._place > self._limit:
            raise DataError(
                f"{self._where}: unpacks to more than {self._limit} bytes; give fewer samples"
            )
        return part


@contextmanager
def unpacked(path: Path, *, at_once: int, limit: int = MAX_BYTES) -> Iterator[Forwards]:
    """Open a file that is plain, gzip or xz, recognised by content, not by name.

    Args:
        path: The file.
        at_once: Most bytes of one read.
        limit: Most bytes in all, unpacked.

    Raises:
        DataError: Unreadable, damaged or too large, also while it is being read.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(XZ_MAGIC))
            file.seek(0)
            stream: Readable = file
            if magic == XZ_MAGIC:
                stream = XzStream(file)
            elif magic.startswith(GZIP_MAGIC):
                stream = gzip.GzipFile(fileobj=file)
            yield Forwards(stream, where=str(path), limit=limit, at_once=at_once)
    except DAMAGE as error:
        raise DataError(f"{path}: damaged ({error}); download or pack it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
