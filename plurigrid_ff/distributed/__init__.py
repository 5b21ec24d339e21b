"""Layers over processes: each trains a run of them, on what the one before sends up.

``torchrun --nproc-per-node N -m plurigrid_ff.distributed RUN.toml`` is the command; :class:`Fleet`
and :class:`Leader` are the same for a program. Names load on first use, so that ``--help`` does
not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plurigrid_ff.distributed.fleet import Fleet
    from plurigrid_ff.distributed.leader import Leader
    from plurigrid_ff.distributed.meeting import Launch
    from plurigrid_ff.distributed.worker import work

__all__ = ["Fleet", "Launch", "Leader", "work"]

_HOMES = {"Fleet": "fleet", "Launch": "meeting", "Leader": "leader", "work": "worker"}


def __getattr__(name: str) -> Any:
    """Import the module that a public name lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
