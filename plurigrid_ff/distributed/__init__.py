"""Layers over processes: each trains a run of them, on what the one before sends up.

``torchrun --nproc-per-node N -m plurigrid_ff.distributed RUN.toml`` is the command; :class:`Fleet`
and :class:`Leader` are the same for a program. Names load on first use, so that ``--help`` does
not load torch.
"""

from typing import TYPE_CHECKING

from plurigrid_ff.lazy_names import lazy_names

if TYPE_CHECKING:
    from plurigrid_ff.distributed.fleet import Fleet
    from plurigrid_ff.distributed.leader import Leader
    from plurigrid_ff.distributed.meeting import Launch
    from plurigrid_ff.distributed.worker import work

__all__ = ["Fleet", "Launch", "Leader", "work"]

_HOMES = {"Fleet": "fleet", "Launch": "meeting", "Leader": "leader", "work": "worker"}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
