"""Checks that plugin authors run on their own work, from a test of their own.

Each raises ``AssertionError`` with a sentence that says where, what was expected, what was
found and what to do next. Importing this package loads no torch; ``check_objective`` does.
"""

from typing import TYPE_CHECKING

from plurigrid_ff.lazy_names import lazy_names

if TYPE_CHECKING:
    from plurigrid_ff.testing.objective import check_objective
    from plurigrid_ff.testing.skill import check_skill
    from plurigrid_ff.testing.triad import check_triad

__all__ = ["check_objective", "check_skill", "check_triad"]

_HOMES = {"check_objective": "objective", "check_skill": "skill", "check_triad": "triad"}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
