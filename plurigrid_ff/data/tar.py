"""The files of a tar archive, read in one pass; nothing is written to the disk."""

import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from plurigrid_ff.data.unpacking import Forwards, unpacked
from plurigrid_ff.errors import DataError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")
MAX_FILES = 1 << 20
MAX_FILE_BYTES = 64 << 20
# What tarfile raises at headers it does not expect.
DAMAGE = (
    tarfile.TarError,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RecursionError,  # each extended header is read within the one before
    ValueError,
)


def is_tar(path: str | Path) -> bool:
    """Whether a name is that of a tar archive."""
    return str(path).lower().endswith(SUFFIXES)


def iterate_tar(path: Path, *, max_file_bytes: int = MAX_FILE_BYTES) -> Iterator[tuple[str, bytes]]:
    """Yield every file with its name, in the archive's order.

    Args:
        path: A tar archive: plain, gzip or xz.
        max_file_bytes: Most bytes of one file.

    Raises:
        DataError: Unreadable, damaged, truncated or too large; a link or a device in it; a
            name that leads out of it, or that is there twice.
    """
    with unpacked(path, at_once=max_file_bytes) as stream:
        try:
            yield from _members(stream, path)
        except DAMAGE as error:
            raise DataError(f"{path}: damaged tar archive ({error}); pack it again") from error
        if len(stream.last) < tarfile.BLOCKSIZE or any(stream.last):
            # tarfile takes a damaged header, and the end of a cut file, for the last member.
            raise DataError(
                f"{path}: damaged or truncated tar archive: it lacks the empty block at its end; "
                "download or pack it again"
            )
        stream.drain()


def _members(stream: Forwards, path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the regular files."""
    seen: set[str] = set()
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # a million take a gigabyte
            if member.isdir():
                continue
            name = _check_member(member, path)
            if name in seen:
                raise DataError(f"{path}: holds {name!r} twice; pack it again")
            seen.add(name)
            if len(seen) > MAX_FILES:
                raise DataError(f"{path}: holds more than {MAX_FILES} files; give fewer samples")
            stream.seek(member.offset_data)
            content = stream.read(member.size)
            if len(content) < member.size:
                raise DataError(
                    f"{path}: truncated: {name!r} needs {member.size} bytes, got {len(content)}; "
                    "download or pack it again"
                )
            yield name, content


def _check_member(member: tarfile.TarInfo, path: Path) -> str:
    """Return a regular file's name without a leading ``./``.

    Raises:
        DataError: Another kind of member, or a name that leads out of the archive.
    """
    if not member.isreg() or member.issparse():
        kind = "a link" if member.issym() or member.islnk() else "no plain file"
        raise DataError(
            f"{path}: {member.name!r} is {kind}, expected plain files; pack it again with "
            "--dereference"
        )
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    if member.name.startswith("/") or ".." in parts or not parts or "\0" in member.name:
        raise DataError(
            f"{path}: the name {member.name!r} leads out of the archive; pack it from within its "
            "folder"
        )
    return "/".join(parts)
