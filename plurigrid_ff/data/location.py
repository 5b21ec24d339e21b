"""Where data sets that have a name lie on this machine."""

import os
from pathlib import Path

FOLDER_VARIABLE = "PLURIGRID_FF_DATA"


def data_folder() -> Path:
    """Return where downloaded data sets lie: $PLURIGRID_FF_DATA, else the user's cache."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    from platformdirs import user_cache_path

    return user_cache_path("plurigrid-ff", appauthor=False)
