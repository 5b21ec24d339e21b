"""Which plugins may load, as the user says in an environment variable."""

import os
from dataclasses import dataclass

VARIABLE = "PLURIGRID_FF_PLUGINS"


@dataclass(frozen=True, slots=True)
class Selection:
    """The plugins that may load.

    Attributes:
        only: Names that may load; None where all may.
        without: Names that may not load, whatever ``only`` says.
    """

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls) -> "Selection":
        """Read ``PLURIGRID_FF_PLUGINS``: names separated by commas, ``-name`` leaves one out.

        Unset means all plugins, empty means none. Where every name has a minus, all others load.
        """
        text = os.environ.get(VARIABLE)
        if text is None:
            return cls()
        words = [word.strip() for word in text.split(",") if word.strip()]
        without = frozenset(word[1:].strip() for word in words if word.startswith("-")) - {""}
        only = frozenset(word for word in words if not word.startswith("-"))
        return cls(None if without and not only else only, without)

    def __contains__(self, name: str) -> bool:
        """Say whether a plugin may load."""
        return name not in self.without and (self.only is None or name in self.only)

    @property
    def named(self) -> frozenset[str]:
        """Every name the user wrote."""
        return self.without | (self.only or frozenset())
