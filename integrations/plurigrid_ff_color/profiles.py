"""Profiles on disk: one JSON file with every answer."""

import json
from pathlib import Path

from plurigrid_ff.colors.messages import PROFILE_FORMAT, PROFILE_VERSION, ColorProfile
from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.files import read_text, write_text

MAX_BYTES = 4_000_000


class ProfileError(PlurigridError):
    """A file that holds no profile of colours, or one of another version."""


def load_profile(path: Path) -> ColorProfile:
    """Read a profile.

    Raises:
        ProfileError: No such file, no profile, or one of another version.
        ConfigError: A profile with an answer that makes no sense.
    """
    try:
        text = read_text(path, max_bytes=MAX_BYTES)
        found = json.loads(text)
    except FileNotFoundError as error:
        raise ProfileError(
            f"{path}: no such profile; `plurigrid-ff color like COLOR` starts one"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ProfileError(f"{path}: not a profile of colours: not JSON") from error
    if not isinstance(found, dict) or found.get("format") != PROFILE_FORMAT:
        raise ProfileError(f"{path}: not a profile of colours: no 'format': {PROFILE_FORMAT!r}")
    if found.get("version") != PROFILE_VERSION:
        raise ProfileError(
            f"{path}: a profile of version {found.get('version')!r:.40}, and this "
            f"plurigrid-ff reads version {PROFILE_VERSION}; use the release that "
            "wrote it, or start a new profile"
        )
    return ColorProfile.parse_json(text, where=str(path))


def save_profile(profile: ColorProfile, path: Path) -> None:
    """Write a profile, or leave what was there."""
    write_text(path, profile.model_dump_json(indent=1) + "\n")
