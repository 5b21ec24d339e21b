"""Schedules: in which epochs each layer learns.

In every schedule an epoch is one pass over the training samples, and a layer that does not
learn only carries activity to those above it. With ``L`` layers, ``E`` epochs and stagger
``s``, layer ``l`` (from 0) learns in

==============  =============================  ==========================================
simultaneous    epochs ``0 ... E``             all layers in one sweep per batch
greedy          ``l E / L ... (l + 1) E / L``  one layer at a time, on layers that are done
staggered       ``l s ... E - (L - 1 - l) s``  each starts and stops ``s`` epochs after the
                                               one below, all learn for equally many
==============  =============================  ==========================================

so staggered lies between simultaneous (``s = 0``) and greedy (``s = E / L``).
"""

from dataclasses import dataclass

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Window:
    """The epochs in which a layer learns: from ``start`` up to, but without, ``stop``."""

    start: int
    stop: int

    def __contains__(self, epoch: int) -> bool:
        return self.start <= epoch < self.stop

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return self.stop - self.start


def layer_windows(training: TrainingConfig, num_layers: int) -> list[Window]:
    """Return each layer's window, first layer first.

    Raises:
        ConfigError: There are too few epochs for each layer to learn in one at least.
    """
    epochs, last = training.epochs, num_layers - 1
    if training.schedule == "greedy":
        if epochs < num_layers:
            raise ConfigError(
                f"training.epochs: schedule 'greedy' gives each of {num_layers} layers epochs of "
                f"its own, got {epochs}; train for at least {num_layers}"
            )
        edges = [index * epochs // num_layers for index in range(num_layers + 1)]
        return [Window(edges[index], edges[index + 1]) for index in range(num_layers)]
    stagger = training.stagger if training.schedule == "staggered" else 0
    share = epochs - last * stagger
    if share < 1:
        raise ConfigError(
            f"training.stagger: the last of {num_layers} layers would start after {last * stagger} "
            f"epochs, of {epochs}; lower training.stagger (now {stagger}) or train for at least "
            f"{last * stagger + 1}"
        )
    return [Window(index * stagger, index * stagger + share) for index in range(num_layers)]
