"""Read TOML that anybody may have written: bounded in size, in depth and in time."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.files import read_text

MAX_CONFIG_BYTES = 1 << 20
MAX_CONFIG_DEPTH = 32

# A dotted key that is deeper than allowed. tomllib takes quadratic time for those, which would
# be half an hour for one that fills a file.
_KEY = r"""(?:"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|[A-Za-z0-9_-]++)"""
_TOO_DEEP = re.compile(rf"(?<![A-Za-z0-9_-]){_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{MAX_CONFIG_DEPTH}}}")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of at most 1 MiB, with at most 32 tables or arrays within each other.

    Raises:
        ConfigError: The file is missing, too large, not UTF-8, not TOML, or too deep.
    """
    try:
        text = read_text(path, max_bytes=MAX_CONFIG_BYTES)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; is it a run file?") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    return parse_toml(text, where=str(path))


def parse_toml(text: str, *, where: str) -> dict[str, Any]:
    """Parse TOML of bounded depth.

    Raises:
        ConfigError: It is not TOML, holds a number of thousands of digits, or is too deep.
    """
    if _TOO_DEEP.search(text):
        raise _too_deep(where)
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise _too_deep(where) from error
    except ValueError as error:
        raise ConfigError(f"{where}: not valid TOML: {error}") from error
    level: list[Any] = [values]
    for _ in range(MAX_CONFIG_DEPTH + 1):
        level = [inner for value in level for inner in _children(value)]
    if level:
        raise _too_deep(where)
    return values


def _children(value: Any) -> Iterable[Any]:
    """Return what a TOML value holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(where: str) -> ConfigError:
    """Build the error for values that lie too deep within each other."""
    return ConfigError(
        f"{where}: expected at most {MAX_CONFIG_DEPTH} tables or arrays within each other"
    )
