"""Where data sets that have a name lie on this machine."""

import os
from collections.abc import Sequence
from pathlib import Path

FOLDER_VARIABLE = "PLURIGRID_FF_DATA"


def data_folder() -> Path:
    """Return where downloaded data sets lie: $PLURIGRID_FF_DATA, else the user's cache."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    from platformdirs import user_cache_path

    return user_cache_path("plurigrid-ff", appauthor=False)


def first_found(folder: Path, names: Sequence[str]) -> Path | None:
    """Return the first of several files or folders that is there."""
    # os.path answers False where Path would raise: a folder that may not be entered.
    return next((folder / name for name in names if os.path.exists(folder / name)), None)
