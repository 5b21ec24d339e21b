"""Ready-made watchers of a run: metrics in files, TensorBoard, and several at once.

A watcher is told what is going on and changes nothing: with one or without, a run ends in the
same bytes. Pass it to :func:`plurigrid_ff.train`; a bar on the terminal is
:func:`plurigrid_ff.cli.watching.watching`.
"""

from plurigrid_ff.callbacks.joined import joined
from plurigrid_ff.callbacks.metrics import metrics_file
from plurigrid_ff.callbacks.tensorboard import tensorboard

__all__ = ["joined", "metrics_file", "tensorboard"]
