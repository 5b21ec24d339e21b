"""Layers over processes: each trains a run of them, on what the one before sends up.

``torchrun --nproc-per-node N -m plurigrid_ff.distributed RUN.toml`` is the command;
:class:`Fleet` is the same for a program.
"""

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.leader import Leader
from plurigrid_ff.distributed.meeting import Launch
from plurigrid_ff.distributed.worker import work

__all__ = ["Fleet", "Launch", "Leader", "work"]
