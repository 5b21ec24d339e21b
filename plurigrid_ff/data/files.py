"""Named files of a folder or a tar archive: which are samples, and of which kind."""

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from plurigrid_ff.data.tar import MAX_FILE_BYTES, MAX_FILES, is_tar, iterate_tar
from plurigrid_ff.errors import DataError

# As deep as FOLDER/train/CLASS/FILE; links may lead in circles.
MAX_DEPTH = 4
IGNORED_SUFFIXES = frozenset(("", ".md", ".txt", ".rst", ".csv", ".json", ".py", ".ini", ".db"))


class Kind(Enum):
    """What a file of samples is, by the end of its name."""

    IMAGE = frozenset(
        (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
    )
    WAV = frozenset((".wav",))


def kind_of(name: str | Path) -> Kind | None:
    """Return the kind of a file, or None for what is no sample."""
    suffix = os.path.splitext(str(name))[1].lower()
    return next((kind for kind in Kind if suffix in kind.value), None)


def iterate_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every sample of a folder or a tar archive.

    Names are relative, with slashes. A folder is read in sorted order, an archive in its
    own. Hidden files, and notes such as README.md, are passed over.

    Raises:
        DataError: Unreadable or damaged, or a file that is neither sample nor note.
    """
    if is_tar(path):
        for name, content in iterate_tar(path):
            if _is_sample(name, path):
                yield name, content
        return
    for name in list_files(path):
        yield name, read_file(path / name)


def list_files(folder: Path) -> list[str]:
    """Return the relative names of a folder's samples, sorted, with slashes.

    Raises:
        DataError: It cannot be read, or holds a file that is neither sample nor note.
    """
    names: list[str] = []
    for name in _walk(folder, "", 1):
        if _is_sample(name, folder):
            names.append(name)
        if len(names) > MAX_FILES:
            raise DataError(f"{folder}: holds more than {MAX_FILES} files; give fewer samples")
    return sorted(names, key=sort_key)


def holds_samples(folder: Path) -> bool:
    """Whether there is an image or a recording in a folder or in those below it.

    Raises:
        DataError: It cannot be read.
    """
    return any(kind_of(name) is not None for name in _walk(folder, "", 1, strict=False))


def sort_key(name: str) -> tuple[str, ...]:
    """Order names folder by folder, the same for a folder and for an archive of it."""
    return tuple(name.split("/"))


def read_file(path: Path) -> bytes:
    """Read a file of bounded size.

    Raises:
        DataError: It cannot be read or is larger than 64 MiB.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_FILE_BYTES:
        raise DataError(f"{path}: larger than {MAX_FILE_BYTES} bytes; leave that file out")
    return content


def _walk(folder: Path, prefix: str, depth: int, *, strict: bool = True) -> Iterator[str]:
    """Yield the relative names of all files of a folder that are not hidden."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror or error}") from error
    for entry in entries:
        name = prefix + entry.name
        if _is_hidden(name):
            continue
        if not entry.is_dir():
            yield name
        elif depth < MAX_DEPTH:
            yield from _walk(Path(entry.path), f"{name}/", depth + 1, strict=strict)
        elif strict:
            raise DataError(
                f"{entry.path}: a folder {depth} deep, expected CLASS/FILE or train/CLASS/FILE "
                "and test/CLASS/FILE; move its files up"
            )


def _is_hidden(name: str) -> bool:
    """Whether a system left the file there: .DS_Store, ._cat.png, __MACOSX."""
    return any(part.startswith((".", "__")) for part in name.split("/"))


def _is_sample(name: str, where: Path) -> bool:
    """Whether a file is a sample; False for a hidden file and a note.

    Raises:
        DataError: Neither, for passing it over could lose samples unseen; or a name that a
            terminal should not see.
    """
    if _is_hidden(name):
        return False
    if not name.isprintable():
        raise DataError(
            f"{where}: the name {name!r} holds signs that cannot be printed; rename that file"
        )
    if kind_of(name) is not None:
        return True
    suffix = os.path.splitext(name)[1].lower()
    if suffix in IGNORED_SUFFIXES:
        return False
    raise DataError(
        f"{where}: {name!r} is neither an image ({', '.join(sorted(Kind.IMAGE.value))}) nor a "
        ".wav file; convert it, or take it out"
    )
