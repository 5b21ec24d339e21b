"""What stages and replicas in processes of their own need of a run."""

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.requirements import require_stages


def require_divisible(
    network: FFNetwork, training: TrainingConfig, samples: int, *, stages: int, replicas: int
) -> None:
    """Refuse a network or batches that cannot be divided among so many processes.

    Args:
        network: The network.
        training: How it is trained.
        samples: How many there are to train on.
        stages: Runs of layers.
        replicas: Processes that learn the same layers.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    require_stages(network, stages, where="torchrun's processes")
    if training.workers > 1:
        raise ConfigError(
            f"training.workers: {training.workers} threads share the layers of one process; under "
            "torchrun processes do, so take 1"
        )
    if replicas == 1:
        return
    last = samples % training.batch_size
    least = min(training.batch_size, last or training.batch_size, samples)
    if least < replicas:
        raise ConfigError(
            f"training.batch_size: {training.batch_size} leaves {least} of {samples} samples for a "
            f"batch, and each of {replicas} replicas needs one at least; change it a little"
        )
    for name, holds in {
        "network.recurrent": network.config.recurrent is not None,
        "network.locality = 2": network.config.locality > 1,
        f"network.readout = {network.config.readout!r}": network.probe is not None,
    }.items():
        if holds:
            raise ConfigError(f"--replicas: {name} learns from whole batches; take 1 replica")
    for number, layer in enumerate(network.stack, start=1):
        if not layer.divisible:
            raise ConfigError(
                f"--replicas: layer {number} ({layer.transform.kind}, {layer.objective.name}) "
                "learns from whole batches, since their samples feel each other; take 1 replica"
            )
