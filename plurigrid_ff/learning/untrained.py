"""What a read-out makes of layers that never learned: the floor under any claim for them."""

import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate
from plurigrid_ff.learning.rivals import share_right, stream


def untrained_accuracy(
    data: Dataset,
    network: NetworkConfig,
    training: TrainingConfig,
    *,
    seed: int,
    device: torch.device,
) -> float:
    """Train the probe of a network on layers left as they were drawn; return its test accuracy.

    The layers, the split and the batches are those of a run of this seed.

    Raises:
        ConfigError: The network has no probe.
    """
    model = FFNetwork(network, data.feature_shape, data.num_classes, seed=seed, role="agent-0")
    if model.probe is None:
        raise ConfigError(
            f"network.readout: untrained layers need one that learns, got {network.readout!r}; "
            "use 'probe' or 'head'"
        )
    x, y = (torch.from_numpy(part) for part in (data.train.x, data.train.y))
    model.prepare(x, y)
    model.to(device)
    plan = plan_rival(training)
    optimizer = plan.build(list(model.probe.parameters()))
    for rate, samples, labels in stream(x.to(device), y.to(device), training, seed=seed):
        set_rate(optimizer, rate)
        model.probe.learn(model.activities(samples), labels)
        optimizer.step()
    return share_right(model, data.test, rows=model.rows_per_pass, device=device)
