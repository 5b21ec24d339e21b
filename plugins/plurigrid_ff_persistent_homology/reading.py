"""What a finished run's network makes of held-out samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.inference import open_run
from plurigrid_ff.observation import Observation, observe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plurigrid_ff.config import DataConfig
    from plurigrid_ff.host.plugins import Host
    from plurigrid_ff.learning.network import FFNetwork


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A run's network and samples that it did not learn from.

    Attributes:
        run: The folder.
        data: Name of the data set.
        config: How its samples are read; others are to be prepared alike.
        network: The network, on the CPU.
        class_names: One name per class.
        x: Shape ``(samples, *feature_shape)``, in an order drawn from the seed.
    """

    run: str
    data: str
    config: "DataConfig"
    network: "FFNetwork"
    class_names: tuple[str, ...]
    x: "NDArray[np.float32]"

    def observe(self) -> Observation:
        """Show the samples to the network."""
        return observe(self.network, self.x)


def read_held_out(folder: Path | str, *, most: int, seed: int, host: "Host") -> HeldOut:
    """Open a run with at most ``most`` of its validation and test samples.

    Args:
        folder: The run folder.
        most: Most samples to take.
        seed: Which are taken is a function of it.
        host: Objectives and blocks to choose from.

    Raises:
        PlurigridError: No finished run lies there, its weights are damaged, or its data set
            has changed.
    """
    opened = open_run(folder, host=host)
    x = np.concatenate([opened.data.validation.x, opened.data.test.x])
    chosen = shuffled(derive_key(seed, "held-out"), len(x))[:most]
    return HeldOut(
        run=str(folder),
        data=opened.data.name,
        config=opened.config.data,
        network=opened.network,
        class_names=opened.data.class_names,
        x=x[chosen],
    )
