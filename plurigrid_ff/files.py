"""Files that are whole or absent: written beside their place, then renamed into it."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_TEXT_BYTES = 1 << 28  # logs and reports; a thousand times what a long run writes


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder that replaces ``path`` on success.

    On any exception, an interrupt or a full disk included, the temporary file is
    removed and whatever was at ``path`` before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; a result file has the rights the user's umask gives.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_beside(path: Path) -> Iterator[Path]:
    """Yield a new folder in the same folder that replaces ``path`` on success.

    On any exception it is removed and what was at ``path`` is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: PATH.partial may be an unfinished run's.
    holder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    new, replaced = holder / "new", holder / "replaced"
    try:
        new.mkdir()  # inside, because mkdtemp makes folders private
        yield new
        if path.exists():
            path.rename(replaced)
        new.rename(path)
    finally:
        if replaced.exists() and not path.exists():  # died between the two renames
            replaced.rename(path)
        shutil.rmtree(holder, ignore_errors=True)


def read_text(path: Path, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Read a UTF-8 text file of bounded size.

    Raises:
        OSError: It cannot be read, or is larger than ``max_bytes``.
        UnicodeDecodeError: It is not UTF-8.
    """
    with path.open("rb") as file:
        raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes} bytes", str(path))
    return raw.decode()


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, or leave what was there."""
    with written_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _umask() -> int:
    """Read the process's umask (there is no call that only reads it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
