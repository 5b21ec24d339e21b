"""Errors of files that grow beside a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plurigrid_ff.errors import RunFolderError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name the file or folder that could not be written in the middle of a run.

    Raises:
        RunFolderError: The disk is full, say; the run itself can go on.
    """
    try:
        yield
    except OSError as error:
        raise RunFolderError(
            f"{path}: cannot be written: {error.strerror or error}; put that right and go on with "
            "--resume"
        ) from error
