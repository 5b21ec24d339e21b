"""Checks that plugin authors run on their own work, from a test of their own.

Each raises ``AssertionError`` with a sentence that says where, what was expected, what was
found and what to do next. Importing this package loads no torch; ``check_objective`` does.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plurigrid_ff.testing.objective import check_objective
    from plurigrid_ff.testing.skill import check_skill
    from plurigrid_ff.testing.triad import check_triad

__all__ = ["check_objective", "check_skill", "check_triad"]

_HOMES = {"check_objective": "objective", "check_skill": "skill", "check_triad": "triad"}


def __getattr__(name: str) -> Any:
    """Load a check from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
