"""What a run file costs: memory and speed of the engine, and of backprop at the same shape."""

from plurigrid_ff.profiling.measuring import measure_run
from plurigrid_ff.profiling.results import CONTENDERS, ContenderProfile, RunProfile

__all__ = ["CONTENDERS", "ContenderProfile", "RunProfile", "measure_run"]
